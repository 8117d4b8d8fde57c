import { ERROR_CODES } from '../core/errors';

const text = { type: 'string' };
const whole = { type: 'integer', minimum: 0 };
const milliseconds = { type: 'number', minimum: 0 };
const json = (schema: object): object => ({ 'application/json': { schema } });
const ref = (name: string): object => ({ $ref: `#/components/schemas/${name}` });
const problem = (description: string): object => ({ description, content: json(ref('Problem')) });

function action(summary: string, description: string, operationId: string): object {
  return {
    post: {
      operationId,
      summary,
      description,
      security: [{}, { token: [] }],
      parameters: [
        { name: 'key', in: 'path', required: true, schema: text, description: 'Of the backend, by /status.' },
      ],
      responses: {
        202: {
          description: 'It was taken over.',
          content: json({
            type: 'object',
            required: ['state', 'message'],
            properties: { state: ref('State'), message: text },
          }),
        },
        303: { description: 'The same, for a form of the page.' },
        403: problem('Neither from this machine nor with the token.'),
        404: problem('No request has come for such a backend yet.'),
        409: problem('Requests are held for it.'),
        503: problem('It cannot be held for now: this process drains, or holds as much as it may.'),
      },
    },
  };
}

/** The status listener as an OpenAPI document: docs/openapi.json, and `GET /openapi.json`. */
export function openApi(): object {
  const page = (summary: string, type: string): object => ({
    get: { summary, responses: { 200: { description: 'It.', content: { [type]: { schema: text } } } } },
  });
  return {
    openapi: '3.1.0',
    info: {
      title: 'Status listener of the plugin server',
      version: '1',
      description:
        'Served at SERVERLESS_STATUS_LISTEN, by default http://127.0.0.1:9542, by each gateway node for itself.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: 'http://127.0.0.1:9542' }],
    paths: {
      '/': page('The status as a page for people', 'text/html'),
      '/events': page('What changes of the page, as server-sent events', 'text/event-stream'),
      '/metrics': page('Metrics for Prometheus', 'text/plain'),
      '/healthz': {
        get: {
          summary: 'Whether calls of Kong come to this process',
          responses: { 200: { description: 'They do.' }, 503: { description: 'It stands by.' } },
        },
      },
      '/openapi.json': page('This document', 'application/json'),
      '/status': {
        get: {
          operationId: 'status',
          summary: 'What each backend does now',
          responses: { 200: { description: 'It.', content: json(ref('Status')) } },
        },
      },
      '/backends/{key}/wake': action(
        'Wakes a backend before anybody asks for it',
        'As a request would: one cold-start message, and probes until it is ready. Repeated while it wakes it changes nothing.',
        'wake',
      ),
      '/backends/{key}/sleep': action(
        'Lets a backend sleep',
        'A hint: nothing is published for earlier requests any more. When its replicas go is up to KEDA and its cooldown.',
        'sleep',
      ),
    },
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } }, schemas: schemas() },
  };
}

const backend = {
  type: 'object',
  required: ['key', 'target', 'pubsub', 'topic', 'state', 'held', 'maxHeld', 'coldStarts'],
  properties: {
    ...{ key: text, target: text, pubsub: text, topic: text, state: ref('State'), held: whole, maxHeld: whole },
    addresses: { type: 'array', items: text, description: 'Of pods that run or start; left out: not known.' },
    openAddresses: { type: 'array', items: text, description: 'Of pods that passed a probe at their own address.' },
    asleepSeconds: { type: 'number', description: 'Without a pod, in all; left out: nobody knows.' },
    lastProbe: { type: 'object' },
    lastPublish: { type: 'object' },
    lastRejection: {
      type: 'object',
      required: ['at', 'code'],
      properties: { at: { ...text, format: 'date-time' }, code: { type: 'string', enum: [...ERROR_CODES] } },
    },
    coldStarts: { type: 'array', items: ref('ColdStart'), description: 'The newest last.' },
  },
};

const coldStart = {
  type: 'object',
  description: 'Milliseconds from its first request; what is not known is left out.',
  required: ['at', 'reason', 'held', 'readyMs', 'lane', 'probes', 'messages'],
  properties: {
    at: { ...text, format: 'date-time' },
    reason: { type: 'string', enum: ['no-pod', 'probe'] },
    host: { type: 'string', enum: ['configured', 'client'] },
    traceId: text,
    held: whole,
    ...{ wakeMs: milliseconds, addressMs: milliseconds, podReadyMs: milliseconds, readyMs: milliseconds },
    lane: { type: 'string', enum: ['address', 'worker', 'settle'] },
    ...{ probes: whole, messages: whole },
  },
};

function schemas(): object {
  return {
    Problem: { type: 'object', required: ['code', 'message'], properties: { code: text, message: text } },
    State: {
      type: 'string',
      enum: ['asleep', 'idle', 'probing', 'waking', 'ready'],
      description: 'asleep: Kubernetes shows no pod. idle: nothing is known, for nobody asks.',
    },
    Status: {
      type: 'object',
      required: ['server', 'held', 'maxHeld', 'draining', 'kubernetes', 'backends'],
      properties: {
        server: {
          type: 'object',
          required: ['pid', 'role', 'standby', 'draining', 'uptimeSeconds'],
          properties: {
            pid: whole,
            role: { type: 'string', enum: ['starting', 'active', 'standby', 'stopped'] },
            standby: { type: 'boolean', description: 'Another process waits to take over.' },
            draining: { type: 'boolean' },
            uptimeSeconds: whole,
          },
        },
        held: { ...whole, description: 'Requests held now.' },
        maxHeld: whole,
        draining: { type: 'boolean' },
        kubernetes: {
          description: 'State of the watch by namespace; or why there is none.',
          oneOf: [text, { type: 'object', additionalProperties: text }],
        },
        backends: { type: 'array', items: ref('Backend') },
      },
    },
    Backend: backend,
    ColdStart: coldStart,
  };
}

/** The text of docs/openapi.json. */
export function openApiFile(): string {
  return `${JSON.stringify(openApi(), null, 2)}\n`;
}
