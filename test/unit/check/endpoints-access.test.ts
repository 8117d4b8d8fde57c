import { found } from './edited';

/** A gateway of ours, by its values. */
const values = (more: string): string => `env:
  plugins: bundled, serverless
  pluginserver_names: serverless
podAnnotations: {dapr.io/enabled: 'true', dapr.io/app-id: serverless}
terminationGracePeriodSeconds: 60
${more}`;
const MOUNT =
  'deployment: {userDefinedVolumeMounts: [{name: a, mountPath: /var/run/secrets/kubernetes.io/serviceaccount}]}\n';
const NO_CONTROLLER = 'ingressController: {enabled: false}\n';
const ROLE = `---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: kong}
rules: [{apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [get, list, watch]}]
`;
/** The gateway as a Deployment. */
const deployment = (pod: string, container = ''): string => `apiVersion: apps/v1
kind: Deployment
metadata: {name: kong, namespace: kong}
spec:
  template:
    metadata: {annotations: {dapr.io/enabled: 'true', dapr.io/app-id: serverless}}
    spec:
      terminationGracePeriodSeconds: 60
${pod}      containers:
        - name: proxy
          env:
            - {name: KONG_PLUGINS, value: 'bundled,serverless'}
            - {name: KONG_PLUGINSERVER_NAMES, value: serverless}
${container}`;
const NOT_AUTOMATIC = '      automountServiceAccountToken: false\n';

test.each([
  ['a token is mounted', values(MOUNT)],
  ['it is off on purpose', values("customEnv: {serverless_kubernetes: 'off'}\n")],
  ['another file mounts it', `${values('')}---\n${MOUNT}proxy: {type: NodePort}\n`],
  [
    'it is mounted where the setting says',
    values(
      'customEnv: {serverless_kubernetes: /run/account}\ndeployment: {userDefinedVolumeMounts: [{name: a, mountPath: /run/account}]}\n',
    ),
  ],
  ['a Role grants it', values(MOUNT + NO_CONTROLLER) + ROLE],
  ['a Deployment has it by itself', deployment('')],
  [
    'a Deployment mounts it',
    deployment(
      NOT_AUTOMATIC,
      '          volumeMounts: [{name: a, mountPath: /var/run/secrets/kubernetes.io/serviceaccount}]\n',
    ),
  ],
  ['a Deployment has it off', deployment(NOT_AUTOMATIC, "            - {name: SERVERLESS_KUBERNETES, value: 'off'}\n")],
])('nothing is said where %s', (_, add) => {
  expect(found({ add })).toEqual([]);
});

test.each([
  ['no token is mounted', values(''), 'No service account is mounted'],
  ['a token is mounted elsewhere', values(MOUNT.replace('/var/run', '/run')), 'No service account is mounted'],
  ['no controller is in the pod, and no Role', values(MOUNT + NO_CONTROLLER), 'may not read EndpointSlices'],
  ['a Deployment does not mount it', deployment(NOT_AUTOMATIC), 'No service account is mounted'],
])('a warning is given where %s', (_, add, message) => {
  expect(found({ add })).toEqual([expect.stringContaining('warning endpoints-access')]);
  expect(found({ add })[0]).toContain(message);
});
