import { type Caller, whyNot } from '../../../src/status/who-may';

const local: Caller = { peer: '127.0.0.1', host: '127.0.0.1:9542', origin: undefined, authorization: undefined };
const remote: Caller = { ...local, peer: '10.0.0.9', host: 'gateway:9542' };

test.each([
  ['a process of this machine', local, undefined],
  ['one by IPv6', { ...local, peer: '::1', host: '[::1]:9542' }, undefined],
  ['one by a mapped address', { ...local, peer: '::ffff:127.0.0.1', host: 'localhost:9542' }, undefined],
  ['the page itself', { ...local, origin: 'http://127.0.0.1:9542' }, undefined],
  ['whoever has the token', { ...remote, authorization: 'Bearer hunter2' }, 'hunter2'],
] as [string, Caller, string | undefined][])('%s may', (_, caller, token) => {
  expect(whyNot(caller, token)).toBeUndefined();
});

test.each([
  ['another machine', remote, undefined, 'set SERVERLESS_STATUS_TOKEN'],
  ['another machine without the token', remote, 'hunter2', 'takes the token of SERVERLESS_STATUS_TOKEN'],
  ['another token', { ...remote, authorization: 'Bearer hunter3' }, 'hunter2', 'the token is not that'],
  ['a token of another length', { ...remote, authorization: 'Bearer h' }, 'hunter2', 'the token is not that'],
  ['a token where there is none', { ...remote, authorization: 'Bearer x' }, undefined, 'the token is not that'],
  ['a wrong token from here', { ...local, authorization: 'Bearer x' }, 'hunter2', 'the token is not that'],
  [
    'a page of another site',
    { ...local, origin: 'https://evil.example' },
    undefined,
    'a page of "https://evil.example"',
  ],
  ['a page of nowhere', { ...local, origin: 'null' }, undefined, 'a page of "null"'],
  [
    'a name that was made to lead here',
    { ...local, host: 'evil.example:9542' },
    undefined,
    'the Host "evil.example:9542"',
  ],
  ['no Host', { ...local, host: undefined }, undefined, 'the Host ""'],
] as [string, Caller, string | undefined, string][])('%s may not', (_, caller, token, why) => {
  expect(whyNot(caller, token)).toContain(why);
});
