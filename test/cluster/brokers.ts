import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { projectRoot } from '../../real-parts/guard';
import { send } from '../../real-parts/http';
import { REDIS_PASSWORD } from '../../real-parts/servers';
import type { BrokerName } from '../support/broker-chain';
import { AWS_KEYS } from '../support/broker-chain';
import { objectIn } from '../unit/manifests/documents';
import { NAMESPACE } from './cluster-rig';

/** As short as possible, so that nobody need wait long for a backend to sleep. */
const COOLDOWN_S = 2;
const REGION = 'ap-northeast-1';

/** A Deployment at zero replicas. */
export const sleeper = (name: string, image: string): object[] => [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name, image }] } },
    },
  },
];

interface ScaledObject {
  readonly spec: {
    readonly triggers: readonly { readonly metadata: object; readonly authenticationRef?: { readonly name: string } }[];
  };
}

/** Our ScaledObject for this Deployment, with this metadata over its trigger's own. */
export const scaledObjectOf = (file: string, name: string, metadata: object, authentication?: string): object => {
  const written = parse(readFileSync(join(projectRoot, file), 'utf8')) as ScaledObject;
  const triggers = written.spec.triggers.map((trigger) => ({
    ...trigger,
    metadata: { ...trigger.metadata, ...metadata },
    ...(authentication === undefined ? {} : { authenticationRef: { name: authentication } }),
  }));
  return {
    ...written,
    metadata: { name, namespace: NAMESPACE },
    spec: { ...written.spec, scaleTargetRef: { name }, cooldownPeriod: COOLDOWN_S, triggers },
  };
};

/** A Secret, and a TriggerAuthentication that reads it. */
const authentication = (name: string, values: Readonly<Record<string, string>>): object[] => [
  { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: NAMESPACE }, stringData: values },
  {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'TriggerAuthentication',
    metadata: { name, namespace: NAMESPACE },
    spec: { secretTargetRef: Object.keys(values).map((key) => ({ parameter: key, name, key })) },
  },
];

interface OwnScaler {
  readonly objects: readonly object[];
  /** Ends the life of the messages, where what stands for the broker does not. */
  readonly expire: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

const nothing = (): Promise<void> => Promise.resolve();

/** The sweeper of keda/redis, with the redis-cli of this machine. */
const sweeper = (address: string): (() => Promise<void>) => {
  const { spec } = objectIn('keda/redis/sweeper.yaml', 'Deployment', 'serverless-sweeper') as unknown as {
    spec: { template: { spec: { containers: readonly { command: readonly string[] }[] } } };
  };
  const [shell = 'sh', ...args] = spec.template.spec.containers[0]?.command ?? [];
  const env = { ...process.env, ADDRESS: address, STREAMS: 'serverless', REDISCLI_AUTH: REDIS_PASSWORD };
  const child = spawn(shell, args, { env, stdio: 'ignore', detached: true });
  return () => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    return Promise.resolve();
  };
};

/** A call of AWS' query API. moto looks at the service in the signature's scope, and not at the signature. */
const aws = async (
  address: string,
  service: 'sns' | 'sqs',
  call: Readonly<Record<string, string>>,
): Promise<string> => {
  const [host = '', port] = address.split(':');
  const scope = `${AWS_KEYS.accessKey}/20260101/${REGION}/${service}/aws4_request`;
  const answer = await send({
    ...{ host, port: Number(port), path: '/', method: 'POST' },
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
    },
    body: new URLSearchParams(call).toString(),
  });
  if (answer.status !== 200) throw new Error(`${call['Action'] ?? ''}: ${answer.status} ${answer.body}`);
  return answer.body;
};

/** Topic, queue and subscription, as manifests/brokers/snssqs/topology.yaml makes them. */
const topology = async (address: string): Promise<void> => {
  const topic = /<TopicArn>(.*?)</.exec(await aws(address, 'sns', { Action: 'CreateTopic', Name: 'serverless' }))?.[1];
  await aws(address, 'sqs', {
    ...{ Action: 'CreateQueue', QueueName: 'serverless' },
    ...{ 'Attribute.1.Name': 'MessageRetentionPeriod', 'Attribute.1.Value': '60' },
  });
  await aws(address, 'sns', {
    ...{ Action: 'Subscribe', TopicArn: topic ?? '', Protocol: 'sqs' },
    Endpoint: `arn:aws:sqs:${REGION}:123456789012:serverless`,
    ...{ 'Attributes.entry.1.key': 'RawMessageDelivery', 'Attributes.entry.1.value': 'true' },
  });
};

/** KEDA's own scaler of a broker, by our ScaledObject: only where the broker is, and who reads it, are this test's. */
export const ownScaler = async (broker: BrokerName, name: string, address: string): Promise<OwnScaler> => {
  if (broker === 'redis') {
    const objects = [
      ...authentication(name, { address, password: REDIS_PASSWORD }),
      scaledObjectOf('keda/redis/scaled-object.yaml', name, {}, name),
    ];
    return { objects, expire: nothing, stop: sweeper(address) };
  }
  await topology(address);
  const { accessKey: awsAccessKeyID, secretKey: awsSecretAccessKey } = AWS_KEYS;
  const objects = [
    ...authentication(name, { awsAccessKeyID, awsSecretAccessKey }),
    scaledObjectOf('keda/sqs/scaled-object.yaml', name, { awsEndpoint: `http://${address}` }, name),
  ];
  const queue = `http://${address}/123456789012/serverless`;
  // moto keeps messages for ever, whatever their queue's retention is.
  const expire = async (): Promise<void> => {
    await aws(address, 'sqs', { Action: 'PurgeQueue', QueueUrl: queue });
  };
  return { objects, expire, stop: nothing };
};
