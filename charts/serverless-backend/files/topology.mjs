// Declares what definitions.json lists on a broker that is already there, by its management API. Repeating it changes nothing.
//   MANAGEMENT_URL=http://user:password@host:15672 node topology.mjs definitions.json
// An object that exists with other settings is refused by RabbitMQ (400), and named here: messages without a TTL keep a backend up.
import { readFileSync } from 'node:fs';

const base = new URL(process.env.MANAGEMENT_URL);
const authorization = `Basic ${btoa(`${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`)}`;
const { exchanges, queues, bindings } = JSON.parse(readFileSync(process.argv[2], 'utf8'));

async function call(method, path, body) {
  const url = new URL(`/api/${path.map(encodeURIComponent).join('/')}`, base.origin);
  const response = await fetch(url, {
    method,
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  console.log(`${response.status} ${method} ${url.pathname} ${response.ok ? '' : text}`.trimEnd());
  return response.ok;
}

let ok = true;
for (const { name, vhost, ...settings } of exchanges) ok &= await call('PUT', ['exchanges', vhost, name], settings);
for (const { name, vhost, ...settings } of queues) ok &= await call('PUT', ['queues', vhost, name], settings);
for (const { source, vhost, destination, routing_key, arguments: args } of bindings) {
  ok &= await call('POST', ['bindings', vhost, 'e', source, 'q', destination], { routing_key, arguments: args });
}
process.exitCode = ok ? 0 : 1;
