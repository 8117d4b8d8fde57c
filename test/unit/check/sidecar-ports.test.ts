import { found } from './edited';

const SIDECAR = /( {6}labels:\n {8}app: consumer\n)/;
const port = (number: string): [RegExp, string] => [
  /( {8}- name: consumer\n)/,
  `$1          ports: [{containerPort: ${number}}]\n`,
];
const sidecar = (more = ''): [RegExp, string] => [
  SIDECAR,
  `$1      annotations: {dapr.io/enabled: 'true', dapr.io/app-id: consumer${more}}\n`,
];

test.each([
  ['9090', '', 'metrics'],
  ['9095', ", dapr.io/metrics-port: '9095'", 'metrics'],
  ['3500', '', 'HTTP API'],
  ['50001', '', 'gRPC API'],
])('a container with port %s is told that it is the sidecar’s%s', (number, more, use) => {
  const lines = found({ replace: [sidecar(more), port(number)] }).filter((line) => line.includes('sidecar-ports'));
  expect(lines).toEqual([expect.stringContaining(`Port ${number} is the sidecar's, for its ${use}`)]);
});

test.each([
  ['no sidecar', [port('9090')]],
  ['metrics moved away', [sidecar(", dapr.io/metrics-port: '9095'"), port('9090')]],
  ['no metrics', [sidecar(", dapr.io/enable-metrics: 'false'"), port('9090')]],
] as [string, [RegExp, string][]][])('and left alone with %s', (_, replace) => {
  expect(found({ replace }).filter((line) => line.includes('sidecar-ports'))).toEqual([]);
});
