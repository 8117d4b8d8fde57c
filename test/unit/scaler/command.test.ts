import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { main } from '../../../src/bin/main';

const run = async (...argv: string[]): Promise<{ code: number; out: string; err: string }> => {
  const printed = { out: '', err: '' };
  const io = {
    stdout: (text: string) => void (printed.out += text),
    stderr: (text: string) => void (printed.err += text),
    env: {},
  };
  return { code: await main(['scaler', ...argv], io), ...printed };
};

test('--help names every setting, with its variable and its default', async () => {
  const { code, out } = await run('-help');
  expect(code).toBe(0);
  expect(out).toMatch(/--grpc-listen VALUE .*SERVERLESS_SCALER_GRPC_LISTEN; default: 0\.0\.0\.0:9090/);
});

test('what makes no sense ends with 2, and says what does', async () => {
  expect(await run('--grpc-listen', 'nowhere')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/^serverless scaler: --grpc-listen: "nowhere": write host:port/) as string,
  });
  expect((await run('word')).err).toContain("Unknown argument 'word'");
});

test('a port that is taken ends with 1, and with the other one free', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as AddressInfo;
  const { code, err } = await run(
    '--grpc-listen',
    '127.0.0.1:0',
    '--http-listen',
    `127.0.0.1:${port}`,
    '--log-level',
    'silent',
  );
  taken.close();
  expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/it cannot start: .*EADDRINUSE/) as string });
});
