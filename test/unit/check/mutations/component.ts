import { type Mutation, RABBIT } from './sets';

const COMPONENT = /component\.yaml$/;

export const componentMutations: readonly Mutation[] = [
  {
    name: 'a Component in another namespace',
    in: COMPONENT,
    find: /namespace: kong\n/,
    replace: 'namespace: default\n',
    rule: 'component-namespace',
  },
  {
    name: 'scopes without the gateway',
    in: COMPONENT,
    find: /- serverless\n/,
    replace: '- worker\n',
    rule: 'component-scope',
  },
  {
    name: 'a topic that the gateway may not publish to',
    in: COMPONENT,
    find: / {2}metadata:\n/,
    replace: '  metadata:\n    - name: publishingScopes\n      value: serverless=other\n',
    rule: 'topic-scope',
  },
  {
    name: 'a password in the Component',
    in: COMPONENT,
    find: / {2}metadata:\n/,
    replace: '  metadata:\n    - name: password\n      value: secret\n',
    rule: 'inline-secret',
    severity: 'warning',
  },
  {
    name: 'a Component for another broker',
    in: COMPONENT,
    find: /type: pubsub\..*/,
    replace: 'type: pubsub.azure.servicebus.topics',
    rule: 'broker-type',
    only: [...RABBIT, 'SNS and SQS', 'Pub/Sub', 'Redis Streams'],
  },
  {
    name: 'an exchange that is deleted',
    in: COMPONENT,
    find: /value: 'false'/,
    replace: "value: 'true'",
    rule: 'exchange-auto-delete',
    only: RABBIT,
  },
  {
    name: 'a Component as the predecessor had it',
    in: COMPONENT,
    find: / *- name: deletedWhenUnused\n.*\n/,
    replace: '',
    rule: 'exchange-auto-delete',
    only: RABBIT,
  },
  {
    name: 'the default wait before reconnecting',
    in: COMPONENT,
    find: / *- name: reconnectWaitSeconds\n.*\n/,
    replace: '',
    rule: 'reconnect-wait',
    severity: 'warning',
    only: RABBIT,
  },
  {
    name: 'a stream that nobody trims',
    in: COMPONENT,
    find: / *- name: streamTTL\n.*\n/,
    replace: '',
    rule: 'stream-trim',
    severity: 'warning',
    only: ['Redis Streams'],
  },
];
