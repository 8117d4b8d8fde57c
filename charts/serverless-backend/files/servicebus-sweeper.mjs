// Makes Azure Service Bus drop messages that have expired. It removes them when somebody receives, and may count them until then (D14).
// Nobody consumes the wake-ups: without this the depth of the queue that KEDA reads might never fall, and the backend never sleep.
//   SERVICE_BUS=my-bus.servicebus.windows.net QUEUES='serverless foo' node sweeper.mjs
// Signs in by workload identity (AZURE_*, which AKS sets), with the role "Azure Service Bus Data Receiver".
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { URLSearchParams } from 'node:url';

const { SERVICE_BUS, QUEUES = '', PERIOD = '5' } = process.env;
const { AZURE_AUTHORITY_HOST, AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_FEDERATED_TOKEN_FILE } = process.env;
/** How often an empty queue is looked at, and one that could not be. */
const PERIOD_MS = Number(PERIOD) * 1000;
/** For a message without an end. */
const DAY_MS = 86_400_000;

const bus = SERVICE_BUS.includes('://') ? SERVICE_BUS : `https://${SERVICE_BUS}`;
let token = { text: '', until: 0 };

async function request(url, options) {
  const response = await fetch(url, { ...options, signal: AbortSignal.timeout(30_000) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${options.method} ${url}: ${response.status} ${text.slice(0, 200)}`);
  return { status: response.status, headers: response.headers, text };
}

/** A token of this pod's identity for Service Bus. */
async function signIn() {
  if (Date.now() < token.until) return token.text;
  const { text } = await request(new URL(`${AZURE_TENANT_ID}/oauth2/v2.0/token`, AZURE_AUTHORITY_HOST), {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: AZURE_CLIENT_ID,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      // The kubelet renews the file.
      client_assertion: readFileSync(AZURE_FEDERATED_TOKEN_FILE, 'utf8').trim(),
      scope: 'https://servicebus.azure.net/.default',
    }),
  });
  const answer = JSON.parse(text);
  token = { text: answer.access_token, until: Date.now() + (answer.expires_in - 120) * 1000 };
  return token.text;
}

/**
 * Receives once: that drops what has expired. What has not is given back at once, and nothing behind it expires before it does. So it
 * is received once more when its time is over, and not again: each delivery counts, and after ten of them Service Bus would take the
 * message away. Resolves with the time until the next look.
 */
async function sweep(queue) {
  const headers = { authorization: `Bearer ${await signIn()}` };
  const received = await request(`${bus}/${queue}/messages/head?timeout=1`, { method: 'POST', headers });
  if (received.status === 204) return PERIOD_MS;
  await request(received.headers.get('location'), { method: 'PUT', headers });
  const { EnqueuedTimeUtc, TimeToLive } = JSON.parse(received.headers.get('brokerproperties'));
  // The broker's own clock, in whole seconds: ours may differ.
  const ageMs = Date.parse(received.headers.get('date')) - Date.parse(EnqueuedTimeUtc);
  const leftMs = TimeToLive * 1000 - ageMs + 1000;
  return leftMs >= 0 && leftMs < DAY_MS ? leftMs : DAY_MS;
}

async function keepSwept(queue) {
  for (;;) {
    const waitMs = await sweep(queue).catch((error) => {
      console.error(`${queue}: ${error.cause?.message ?? error.message}`);
      return PERIOD_MS;
    });
    await sleep(waitMs);
  }
}

// Node as a container's first process would not end otherwise.
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
for (const queue of QUEUES.split(/\s+/).filter((name) => name !== '')) void keepSwept(queue);
