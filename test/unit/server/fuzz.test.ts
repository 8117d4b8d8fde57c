import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { ServerRig } from './server-rig';

const METHODS = [
  ...['StartInstance', 'CloseInstance', 'InstanceStatus', 'GetStatus', 'GetPluginInfo', 'HandleEvent', 'Step'],
  ...['StepError', 'StepCredential', 'StepMultiMap', 'constructor', '__proto__', 'toString', ''],
].map((name) => `plugin.${name}`);
/** Fields that Kong's calls have, with whatever value. */
const argument = fc.oneof(
  fc.record(
    {
      Name: fc.oneof(fc.constant('serverless'), fc.anything()),
      Config: fc.oneof(fc.constantFrom('{}', '{"a":1}', '{', 'null'), fc.anything()),
      InstanceId: fc.oneof(fc.integer(), fc.anything()),
      EventName: fc.oneof(fc.constantFrom('access', 'log', 'rewrite', '__proto__'), fc.anything()),
      EventId: fc.oneof(fc.integer(), fc.anything()),
      Data: fc.anything(),
    },
    { requiredKeys: [] },
  ),
  fc.anything(),
);
/** A call of Kong's, of which any part may be something else. */
const call = fc.tuple(
  fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, fc.anything()),
  fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 0, max: 2 ** 32 - 1 }) }, fc.anything()),
  fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...METHODS) }, fc.anything()),
  fc.oneof({ weight: 8, arbitrary: fc.array(argument, { maxLength: 2 }) }, fc.anything()),
);
const frame = fc
  .oneof({ weight: 8, arbitrary: call }, fc.array(fc.anything(), { maxLength: 6 }), fc.anything())
  .map((value) => {
    try {
      return encode(value);
    } catch {
      // MessagePack has no such value.
      return encode(null);
    }
  });
/** Bytes of a frame with one of them changed, or without its end. */
const bytes = fc.oneof(
  { weight: 4, arbitrary: frame },
  fc.tuple(frame, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([one, at, value]) => {
    const changed = Uint8Array.from(one);
    changed[at % changed.length] = value;
    return changed;
  }),
  fc.tuple(frame, fc.nat()).map(([one, at]) => one.slice(0, at % one.length)),
);

test('whatever comes on a connection, the others go on: a request there is served, and nothing is left over', async () => {
  const rig = await new ServerRig(() => undefined).start();
  try {
    const instance = await rig.client.startInstance('serverless', { a: 1 });
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { minLength: 1, maxLength: 8 }), async (frames) => {
        const raw = await rig.connect();
        raw.write(...frames);
        expect((await rig.client.handleEvent(instance)).exit).toBeUndefined();
        raw.socket.destroy();
      }),
      { numRuns: 400 },
    );
    const well = await rig.connect();
    well.write(encode([0, 7, 'plugin.GetPluginInfo', ['serverless']]));
    expect(await well.received(1)).toEqual([[1, 7, null, expect.objectContaining({ Name: 'serverless' })]]);
  } finally {
    await rig.stop();
  }
});
