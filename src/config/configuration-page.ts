import { crossFieldRules } from './cross-field';
import { numberRange } from './expectation';
import { processSettings } from './process-settings';
import type { FieldSchema, ObjectSchema } from './field-schema';
import { configSchema } from './schema';

/** Kept valid by a test, which parses it. */
const EXAMPLE = `apiVersion: configuration.konghq.com/v1
kind: KongPlugin
metadata:
  name: serverless
plugin: serverless
config:
  count: 30
  interval: 1000
  backend:
    - target: /kong
      health: /healthz.html
      pubsub: kong-serverless-plugin
      topic: serverless
`;

const FULL_EXAMPLE = `apiVersion: configuration.konghq.com/v1
kind: KongPlugin
metadata:
  name: serverless-shop
plugin: serverless
config:
  hold_timeout: 90000
  interval: 500
  on_timeout: reject
  max_held: 500
  lease: 10000
  probe:
    timeout: 2000
    settle: 1500
    statuses: [200, 204]
    grpc: false
    successes: 2
    host: shop.example.com
  message_ttl: 60
  requests_per_message: 5
  max_message_rate: 2.5
  no_wake:
    - path: /shop/metrics
    - method: GET
      user_agent: Googlebot
    - class: preflight
      status: 204
      headers: ['Access-Control-Allow-Origin: https://shop.example.com']
  no_wake_status: 404
  no_wake_body: The shop is closed for robots.
  no_wake_headers: ['Content-Type: text/plain']
  max_wakes: 20
  max_failed_wakes: 3
  maintenance: false
  min_hold_timeout: 10000
  release_rate: 50
  respond_async: true
  fallback:
    address: sorry.default.svc:8080
    on: [timeout, overflow]
  backend:
    - target: /shop/cart
      health: /healthz
      pubsub: kong-serverless-plugin
      topic: cart
      waiting_page:
        enabled: true
        after: 2000
        title: The shop is opening
        color: '#0f766e'
    - target: /shop
      health: /healthz
      pubsub: kong-serverless-plugin
      topic: shop
`;

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
}

/** Type and limits of a field, in words. */
function form(schema: FieldSchema): string {
  switch (schema.type) {
    case 'object':
      return 'object';
    case 'array':
      return `list of ${schema.minItems === undefined ? 'up to' : `${schema.minItems} to`} ${schema.maxItems}: ${form(schema.items)}`;
    case 'string':
      if (schema.enum !== undefined) return schema.enum.map((choice) => `\`${choice}\``).join(' or ');
      return `${schema['x-form'] ?? 'text'}, at most ${schema.maxLength} characters`;
    case 'boolean':
      return 'true or false';
    case 'integer':
    case 'number':
      return `${schema.type === 'integer' ? 'whole number' : 'number'} ${numberRange(schema)}`;
  }
}

function defaultOf(schema: FieldSchema, required: boolean): string {
  if (required) return '**required**';
  if (schema.default !== undefined && schema.type !== 'object') return `\`${JSON.stringify(schema.default)}\``;
  return schema['x-default'] ?? '–';
}

function fieldTable(schema: ObjectSchema, prefix: string): string {
  const rows = Object.entries(schema.properties).map(([name, property]) => [
    `\`${prefix}${name}\``,
    form(property),
    'x-unit' in property ? property['x-unit'] : '–',
    defaultOf(property, schema.required?.includes(name) === true),
    property.description,
  ]);
  return table(['Field', 'Type', 'Unit', 'Default', 'Meaning'], rows);
}

/** The tables of the nested objects, each under its heading: `probe`, `backend[]`. */
function nestedSections(schema: ObjectSchema, prefix = ''): string[] {
  return Object.entries(schema.properties).flatMap(([name, property]) => {
    const [place, inner] =
      property.type === 'array' ? [`${prefix}${name}[]`, property.items] : [`${prefix}${name}`, property];
    if (inner.type !== 'object') return [];
    return [
      `### \`${place}\``,
      inner.description,
      fieldTable(inner, `${place}.`),
      ...nestedSections(inner, `${place}.`),
    ];
  });
}

function settingsTable(): string {
  const rows = processSettings.map(({ name, option, default: fallback, meaning }) => [
    `\`${name}\``,
    `\`--${option}\``,
    fallback,
    meaning,
  ]);
  return table(['Environment', 'Option', 'Default', 'Meaning'], rows);
}

/** docs/configuration.md, made from the definition, the rules between fields and the table of process settings. */
export function referencePage(): string {
  const paragraphs = [
    '# Configuration',
    '<!-- Made by `npm run generate` from src/config. Edit there. -->',
    'The plugin is configured per route, service or Ingress like any Kong plugin; the process that runs it has a few settings of its own.',
    '## The plugin',
    'The least that works, here as a resource of the ingress controller:',
    `\`\`\`yaml\n${EXAMPLE}\`\`\``,
    "Kong checks types, limits and forms when the configuration is applied. The rules between fields need more than Kong's schema can say: " +
      '`serverless check FILE...` checks them before you apply a file, and the plugin answers every request with 503 ' +
      '`SERVERLESS_CONFIG_INVALID` and logs what is wrong if you apply it all the same. Unknown fields are refused.',
    '### Top level',
    fieldTable(configSchema, ''),
    ...nestedSections(configSchema),
    '### Rules between fields',
    crossFieldRules.map(({ says }) => `- ${says}`).join('\n'),
    '### With every kind of field',
    `\`\`\`yaml\n${FULL_EXAMPLE}\`\`\``,
    '## The process',
    'Each setting is an environment variable or an option of `serverless`; the option wins. Kong gives a plugin server that it starts itself ' +
      'almost no environment, so use options there. An invalid value ends the process with exit code 2 and a message that quotes it. ' +
      'An empty variable counts as unset.',
    settingsTable(),
    'Traces have the variables of OpenTelemetry, such as `OTEL_EXPORTER_OTLP_ENDPOINT`, and no option: see [traces](guides/tracing.md).',
  ];
  return `${paragraphs.join('\n\n')}\n`;
}
