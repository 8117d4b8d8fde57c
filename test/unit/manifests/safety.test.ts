import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type KubernetesObject, manifests, repositoryFiles, root } from './documents';

interface Container {
  readonly name: string;
  readonly image: string;
  readonly readinessProbe?: object;
  readonly resources?: { readonly requests?: object; readonly limits?: { readonly memory?: string } };
  readonly securityContext?: Record<string, unknown>;
  readonly lifecycle?: { readonly preStop?: object };
}

interface PodSpec {
  readonly automountServiceAccountToken?: boolean;
  readonly securityContext?: Record<string, unknown>;
  readonly containers: readonly Container[];
}

const podSpecOf = ({ kind, spec }: KubernetesObject): PodSpec | undefined => {
  const template = (of: unknown): PodSpec => (of as { template: { spec: PodSpec } }).template.spec;
  if (kind === 'Deployment' || kind === 'StatefulSet' || kind === 'Job') return template(spec);
  return kind === 'CronJob' ? template((spec as { jobTemplate: { spec: unknown } }).jobTemplate.spec) : undefined;
};

const pods = manifests().flatMap(({ place, object }) => {
  const pod = podSpecOf(object);
  return pod === undefined ? [] : [[place, pod, object] as const];
});

describe('every pod', () => {
  test('is looked at', () => {
    expect(pods.length).toBeGreaterThanOrEqual(8);
  });

  test.each(pods)('%s runs as somebody who may do nothing', (_, pod) => {
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    for (const { securityContext } of pod.containers) {
      expect(securityContext).toMatchObject({ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } });
    }
  });

  // RabbitMQ's entry point writes its own configuration.
  test.each(pods.filter(([place]) => !place.startsWith('manifests/rabbitmq-broker/')))(
    '%s cannot write to its image',
    (_, pod) => {
      for (const { securityContext } of pod.containers) {
        expect(securityContext).toMatchObject({ readOnlyRootFilesystem: true });
      }
    },
  );

  test.each(pods)('%s says what it needs, and names an image by a tag that means something', (_, pod) => {
    for (const { resources, image } of pod.containers) {
      expect(resources?.requests).toEqual({ cpu: expect.any(String), memory: expect.any(String) });
      expect(resources?.limits?.memory).toBeDefined();
      expect(image).toMatch(/:(?!latest$)[\w.-]+$/);
    }
  });

  test.each(pods.filter(([place]) => place.startsWith('sample/')))(
    '%s tells when it is ready, and lets requests end',
    (_, pod) => {
      for (const { readinessProbe, lifecycle } of pod.containers) {
        expect(readinessProbe).toMatchObject({ periodSeconds: 1 });
        expect(lifecycle?.preStop).toBeDefined();
      }
    },
  );

  test.each(pods.filter(([place]) => place.startsWith('sample/')))(
    '%s leaves the number of its replicas to KEDA',
    (_, _pod, object) => {
      expect(object['spec']).not.toHaveProperty('replicas');
    },
  );
});

describe('secrets', () => {
  test('none is in a file: only names of Kubernetes secrets', () => {
    const kinds = manifests().map(({ object }) => object.kind);
    expect(kinds).not.toContain('Secret');
    const withPassword = [...repositoryFiles(), 'manifests/rabbitmq/definitions.json'].filter((file) =>
      /\w+:\/\/[^\s/:]+:[^\s/@]+@|password(_hash)?["']?\s*:\s*["']?[^\s{]/i.test(
        readFileSync(join(root, file), 'utf8').replaceAll(/^\s*(#|\/\/).*$/gm, ''),
      ),
    );
    expect(withPassword).toEqual([]);
  });

  test('only the gateway may publish wake-ups', () => {
    const components = manifests().filter(
      ({ object }) => object.kind === 'Component' && object.metadata.name !== 'jobs',
    );
    expect(components).toHaveLength(6);
    for (const { object } of components) {
      const { metadata } = object['spec'] as { metadata: readonly { name: string; value?: string }[] };
      const publishing = metadata.find(({ name }) => name === 'publishingScopes')?.value ?? '';
      // Whoever is named there with nothing behind it only listens.
      const mute = publishing.split(';').flatMap((entry) => /^([^=]+)=$/.exec(entry)?.[1] ?? []);
      const scopes = object['scopes'] as readonly string[];
      expect(scopes.filter((app) => !mute.includes(app))).toEqual(['serverless']);
    }
  });
});

describe('files that must be the same, or small enough', () => {
  test.each([
    ['topology.mjs', 'manifests/rabbitmq/topology.mjs'],
    ['servicebus-sweeper.mjs', 'keda/servicebus/sweeper.mjs'],
  ])("the chart's %s is %s", (copy, original) => {
    expect(readFileSync(join(root, 'charts/serverless-backend/files', copy), 'utf8')).toBe(
      readFileSync(join(root, original), 'utf8'),
    );
  });

  const folders = repositoryFiles()
    .filter((file) => file.endsWith('/kustomization.yaml'))
    .map((file) => file.slice(0, -'/kustomization.yaml'.length));

  test.each(folders)('%s names files that are there, and every file beside its kustomization', (folder) => {
    const text = readFileSync(join(root, folder, 'kustomization.yaml'), 'utf8');
    const named = [...text.matchAll(/^\s*- (?:path: )?([\w./-]+)$/gm)].map((match) => match[1]!);
    expect(named.filter((name) => !existsSync(join(root, folder, name)))).toEqual([]);
    const beside = readdirSync(join(root, folder)).filter((name) => name.endsWith('.yaml'));
    // CloudFormation's template is for AWS, not for kustomize.
    const notForKustomize = ['kustomization.yaml', ...(folder.endsWith('/snssqs') ? ['topology.yaml'] : [])];
    expect(beside.filter((name) => !named.includes(name))).toEqual(notForKustomize);
  });
});
