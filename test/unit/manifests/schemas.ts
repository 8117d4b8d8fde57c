import { ScaledJob, ScaledObject, TriggerAuthentication } from '@kubernetes-models/keda/keda.sh/v1alpha1';
import Ajv from 'ajv';
import { DaemonSet, Deployment, StatefulSet } from 'kubernetes-models/apps/v1';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { CronJob, Job } from 'kubernetes-models/batch/v1';
import { Ingress, IngressClass } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from 'kubernetes-models/rbac.authorization.k8s.io/v1';
import { ConfigMap, Secret, Service, ServiceAccount } from 'kubernetes-models/v1';
import { parseConfig, formatProblems } from '../../../src/config/parse';
import { crds } from './crds';
import type { KubernetesObject } from './documents';

interface Model {
  readonly apiVersion: string;
  readonly kind: string;
  new (data: never): { validate(): void };
}

const models = new Map(
  (
    [
      ...[ConfigMap, CronJob, DaemonSet, Deployment, HorizontalPodAutoscaler, Ingress, IngressClass, Job],
      ...[
        PodDisruptionBudget,
        Secret,
        Service,
        ServiceAccount,
        StatefulSet,
        ClusterRole,
        ClusterRoleBinding,
        Role,
        RoleBinding,
      ],
      ...[ScaledJob, ScaledObject, TriggerAuthentication],
    ] as readonly Model[]
  ).map((model) => [`${model.apiVersion} ${model.kind}`, model]),
);

const ajv = new Ajv({ allErrors: true, strict: true, strictRequired: false });
const validators = new Map(Object.entries(crds).map(([kind, schema]) => [kind, ajv.compile(schema)]));

/** `apps/v1 Deployment` */
export const kindOf = ({ apiVersion, kind }: KubernetesObject): string => `${apiVersion} ${kind}`;

/** Whether a kind's schema comes from a package, with types that know every field. */
export const isTyped = (object: KubernetesObject): boolean => models.has(kindOf(object));

/** What a schema of the object's kind has against it: nothing, if it is right. A kind without a schema is wrong. */
export function problemsOf(object: KubernetesObject): readonly string[] {
  const kind = kindOf(object);
  const model = models.get(kind);
  if (model !== undefined) {
    try {
      new model(object as never).validate();
      return [];
    } catch (error) {
      return [error instanceof Error ? error.message : String(error)];
    }
  }
  const validate = validators.get(kind);
  if (validate === undefined) return [`no schema for ${kind}`];
  if (!validate(object)) return [ajv.errorsText(validate.errors)];
  return kind.endsWith(' KongPlugin') && object['plugin'] === 'serverless' ? configProblems(object['config']) : [];
}

function configProblems(config: unknown): readonly string[] {
  const parsed = parseConfig(config);
  return parsed.ok ? [] : [formatProblems(parsed.problems)];
}
