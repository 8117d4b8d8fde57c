import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KernelConnections } from '../../../src/adapters/open-connections';

const folder = mkdtempSync(join(tmpdir(), 'tables-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const table = (name: string, ...rows: string[]): string => {
  const file = join(folder, name);
  writeFileSync(file, ['  sl  local_address rem_address   st tx_queue', ...rows, ''].join('\n'));
  return file;
};
const row = (remote: string, state = '01'): string => `   0: 0100007F:8000 ${remote} ${state} 00000000:00000000`;

test('the connections of this machine are seen, as long as they are open', async () => {
  let now = 0;
  const connections = new KernelConnections(() => now);
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  expect(await connections.to([`127.0.0.1:${port}`])).toBe(0);
  const sockets = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  // Read once for all that look at the same time.
  expect(await connections.to([`127.0.0.1:${port}`])).toBe(0);
  now = 2000;
  expect(await connections.to([`127.0.0.1:${port}`, '127.0.0.1:1'])).toBe(2);
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, 'close');
});

test('those count that are established, over IPv4 and as IPv4 within IPv6', async () => {
  const tables = [
    table('tcp', row('0A00F40A:1388'), row('0A00F40A:1388', '06'), row('0A00F40A:1389')),
    table('tcp6', row('0000000000000000FFFF00000A00F40A:1388'), row('B80D0120000000000000000001000000:1388'), 'odd'),
  ];
  expect(await new KernelConnections(() => 0, tables).to(['10.244.0.10:5000'])).toBe(2);
});

test('a table of megabytes is read to its end', async () => {
  const rows = Array.from({ length: 50_000 }, (_, n) =>
    row(`0A00F40A:${(n % 50).toString(16).padStart(4, '0').toUpperCase()}`),
  );
  const tables = [table('large', ...rows)];
  expect(await new KernelConnections(() => 0, tables).to(['10.244.0.10:49'])).toBe(1000);
});

test('where the tables cannot be read nothing is open', async () => {
  expect(await new KernelConnections(() => 0, [join(folder, 'none')]).to(['10.0.0.1:80'])).toBe(0);
});
