import { parseOptions } from '../../../demo/options';

describe('the command line', () => {
  test('without options: port 8080, times and manifests as written', () => {
    expect(parseOptions([])).toMatchObject({
      port: 8080,
      bootMs: undefined,
      fast: false,
      scaleInWindowMs: undefined,
      kong: false,
      manifests: expect.arrayContaining(['manifests/base', 'keda/rabbitmq']),
    });
  });

  test('all options', () => {
    const args = ['--port', '9000', '--boot-time', '2.5', '--scale-in-window', '30', '--fast', '--quiet', '--json'];
    expect(parseOptions([...args, '--kong', '--rabbitmq', '--dapr', '--no-kubernetes', 'my/manifests'])).toEqual({
      port: 9000,
      bootMs: 2500,
      scaleInWindowMs: 30_000,
      ...{
        fast: true,
        quiet: true,
        json: true,
        kong: true,
        rabbitmq: true,
        dapr: true,
        push: false,
        kubernetes: false,
      },
      kongVersion: expect.objectContaining({ number: '2.8.1' }),
      manifests: ['my/manifests'],
    });
  });

  test('--push: the manifests of the smallest installation, and no broker', () => {
    expect(parseOptions(['--push'])).toMatchObject({
      push: true,
      manifests: ['manifests/base', 'keda/push', 'sample/consumer'],
    });
    expect(() => parseOptions(['--push', '--rabbitmq'])).toThrow(/--push: needs no broker/);
  });

  test('--kong-version: which Kong the built-in gateway plays', () => {
    expect(parseOptions(['--kong-version', '3.9'])).toMatchObject({ kongVersion: { number: '3.9.1' } });
  });

  test('--help', () => {
    expect(parseOptions(['--help'])).toBe('help');
  });

  test.each([
    [['--port', 'http'], '--port', "'http'"],
    [['--port', '70000'], '--port', "'70000'"],
    [['--boot-time', 'soon'], '--boot-time', "'soon'"],
    [['--scale-in-window', '-1'], '--scale-in-window', ''],
    [['--scale-in-window', '2147484'], '--scale-in-window', 'more than a day'],
    [['--fast', '--boot-time', '20'], '--boot-time', '--fast'],
    [['--dapr'], '--dapr', '--rabbitmq'],
    [['--kong-version', '1.5'], '--kong-version', "'1.5'"],
    [['--kong-version', '3.9', '--kong'], '--kong-version', '--kong'],
    [['--colour'], '--colour', ''],
  ])('%j is refused by name', (args, option, more) => {
    expect(() => parseOptions(args)).toThrow(option);
    expect(() => parseOptions(args)).toThrow(more);
  });
});
