import type { ScalarTag } from 'yaml';
import { isRecord } from '../core/types';
import type { Topology } from './broker-objects';
import { SQS } from './host-defaults';
import { CLOUDFORMATION } from './kinds';
import type { Manifest } from './manifest';
import type { Path } from './path';
import { entries, numeric, text } from './value';

/** CloudFormation's short forms, read as their long ones; without them `!Ref Name` would be the text "Name". */
export const cloudFormationTags: ScalarTag[] = [
  { tag: '!Ref', resolve: (name) => ({ Ref: name }) },
  { tag: '!GetAtt', resolve: (name) => ({ 'Fn::GetAtt': name.split('.') }) },
  { tag: '!Sub', resolve: (pattern) => ({ 'Fn::Sub': pattern }) },
];

/** What a template declares: SQS queues, and the subscriptions that bind them to SNS topics. Nothing for any other document. */
export function cloudFormationTopology(manifest: Manifest): Topology {
  if (manifest.kind !== CLOUDFORMATION) return { queues: [], exchanges: [], bindings: [] };
  const resources = entries(manifest.get('Resources'));
  const of = (type: string): Path[] =>
    resources
      .filter(([, resource]) => isRecord(resource) && resource.Type === type)
      .map(([id]) => ['Resources', id, 'Properties']);
  return {
    queues: of('AWS::SQS::Queue').map((at) => {
      const seconds = numeric(resolved(manifest, manifest.get(...at, 'MessageRetentionPeriod')));
      return {
        broker: 'sqs',
        name: nameOf(manifest, manifest.get(...at, 'QueueName')),
        place: manifest.place(...at, 'QueueName'),
        ttlMs: (seconds ?? SQS.messageRetentionSeconds) * 1000,
        ttlPlace: manifest.place(...at, 'MessageRetentionPeriod'),
      };
    }),
    exchanges: [],
    bindings: of('AWS::SNS::Subscription').map((at) => ({
      broker: 'sqs',
      source: nameOf(manifest, manifest.get(...at, 'TopicArn')),
      destination: nameOf(manifest, manifest.get(...at, 'Endpoint')),
      place: manifest.place(...at, 'TopicArn'),
    })),
  };
}

/** A parameter's default in place of a reference to it; anything else as it is. */
function resolved(manifest: Manifest, value: unknown): unknown {
  const parameter = isRecord(value) ? text(value.Ref) : undefined;
  return parameter === undefined ? value : (manifest.get('Parameters', parameter, 'Default') ?? value);
}

/** The name behind a name, a parameter, a reference to a resource, or an ARN; empty when only AWS knows it. */
function nameOf(manifest: Manifest, value: unknown): string {
  const direct = text(resolved(manifest, value));
  if (direct !== undefined) return direct.slice(direct.lastIndexOf(':') + 1);
  const attribute = isRecord(value) && Array.isArray(value['Fn::GetAtt']) ? text(value['Fn::GetAtt'][0]) : undefined;
  const resource = attribute ?? (isRecord(value) ? text(value.Ref) : undefined);
  if (resource === undefined) return '';
  const properties = manifest.get('Resources', resource, 'Properties');
  const name = isRecord(properties) ? (properties.QueueName ?? properties.TopicName) : undefined;
  return text(resolved(manifest, name)) ?? '';
}
