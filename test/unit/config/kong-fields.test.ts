import { parseConfig } from '../../../src/config/parse';
import { type KongField, kongFields } from '../../../src/config/kong-fields';
import { configSchema } from '../../../src/config/schema';

/**
 * What a field may have when the schema comes from JSON: the attributes of Kong 2.8.1's metaschema
 * (kong/db/schema/metaschema.lua, `validators` and `field_schema`), all of which 3.9 has as well, without those that take a function.
 */
const METASCHEMA_ATTRIBUTES = [
  ...['type', 'required', 'reference', 'auto', 'unique', 'unique_across_ws', 'on_delete', 'default', 'abstract'],
  ...['generate_admin_api', 'legacy', 'immutable', 'err', 'encrypted', 'referenceable'],
  ...[
    'between',
    'eq',
    'ne',
    'gt',
    'len_eq',
    'len_min',
    'len_max',
    'match',
    'not_match',
    'match_all',
    'match_none',
    'match_any',
  ],
  ...['starts_with', 'one_of', 'not_one_of', 'contains', 'is_regex', 'timestamp', 'uuid', 'mutually_exclusive_subsets'],
  ...['elements', 'keys', 'values', 'fields', 'entity_checks'],
];

/** The metaschema's `attribute_types`: attributes that only some types may have. */
const TYPES_OF_ATTRIBUTE: Record<string, string[]> = {
  between: ['integer', 'number'],
  match: ['string'],
  one_of: ['string', 'number', 'integer'],
};

interface Found {
  readonly path: string;
  readonly field: KongField;
}

function walk(path: string, field: KongField): Found[] {
  const nested = (field.fields ?? []).flatMap((one) =>
    Object.entries(one).flatMap(([name, inner]) => walk(`${path}.${name}`, inner)),
  );
  return [{ path, field }, ...nested, ...(field.elements === undefined ? [] : walk(`${path}[]`, field.elements))];
}

const all = kongFields.flatMap((one) => Object.entries(one).flatMap(([name, field]) => walk(name, field)));
const at = (path: string) => all.find((found) => found.path === path)!.field;

/** The part of Lua's patterns that Kong gets from us, as a JavaScript expression: the same text, on bytes. */
const matches = (field: KongField, text: string) =>
  new RegExp(field.match!, 's').test(text) &&
  (field.not_match === undefined || !new RegExp(field.not_match, 's').test(text));

describe("Kong's schema fields", () => {
  test('hold every field of the definition, in its order', () => {
    expect(kongFields.flatMap((one) => Object.keys(one))).toEqual(Object.keys(configSchema.properties));
    expect(all.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['backend[].target', 'probe.statuses[]', 'no_wake[].user_agent']),
    );
  });

  test.each(all)('$path has only attributes that the metaschema accepts, on a type that may have them', ({ field }) => {
    for (const attribute of Object.keys(field)) {
      expect(METASCHEMA_ATTRIBUTES).toContain(attribute);
      expect(TYPES_OF_ATTRIBUTE[attribute] ?? [field.type]).toContain(field.type);
    }
    expect(['array', 'boolean', 'integer', 'number', 'record', 'string']).toContain(field.type);
    expect(field.type === 'array').toBe(field.elements !== undefined);
    expect(field.type === 'record').toBe(field.fields !== undefined);
  });

  test('have no description, which Kong 2.8 rejects, and survive JSON', () => {
    expect(JSON.stringify(kongFields)).not.toContain('"description"');
    expect(JSON.parse(JSON.stringify(kongFields))).toEqual(kongFields);
  });

  test('limit numbers by two integers, which is all that 2.8 takes', () => {
    const limits = all.flatMap(({ field }) => field.between ?? []);
    expect(limits.length).toBeGreaterThan(10);
    expect(limits.every(Number.isInteger)).toBe(true);
    expect(at('count').between).toEqual([1, 360_000]);
    expect(at('max_message_rate')).toMatchObject({ type: 'number', gt: 0, between: [0, 1000] });
  });

  test('fill in the defaults of the definition', () => {
    expect(at('count').default).toBe(300);
    expect(at('backend[].health')).toMatchObject({ default: '', len_min: 0 });
    expect(at('probe')).toMatchObject({ type: 'record', required: true });
    expect(at('probe.statuses').default).toEqual([200]);
  });

  test.each(['probe.timeout', 'hold_timeout'])('leave %s empty, whose default depends on other fields', (path) => {
    expect(at(path).default).toBeUndefined();
    expect(at(path).required).toBeUndefined();
  });

  test('require what has no default', () => {
    const required = all.filter(({ field }) => field.required).map(({ path }) => path);
    expect(required).toEqual([
      ...['backend', 'backend[].target', 'backend[].pubsub', 'backend[].topic', 'backend[].wakes_with[].topic'],
      'backend[].waiting_page',
      'probe',
      'fallback',
    ]);
  });

  test('refuse an empty matcher and an empty list of backends', () => {
    expect(at('no_wake[]').entity_checks).toEqual([{ at_least_one_of: ['path', 'method', 'user_agent', 'class'] }]);
    expect(at('backend')).toMatchObject({ len_min: 1, len_max: 100 });
    expect(at('on_timeout').one_of).toEqual(['reject', 'pass']);
  });

  test('say what to write where Kong refuses a value', () => {
    const withLimits = all.filter(({ field }) => field.type !== 'record');
    expect(withLimits.every(({ field }) => field.err?.startsWith('write ') === true)).toBe(true);
    expect(at('interval').err).toBe('write a whole number from 10 to 60000 (ms)');
  });
});

describe('patterns', () => {
  const patterns = all.flatMap(({ path, field }) =>
    [field.match, field.not_match].filter((text) => text !== undefined).map((text) => ({ path, text })),
  );

  test.each(patterns)(
    '$text of $path means the same in Lua: no backslash, escape, alternation or group',
    ({ text }) => {
      expect(text).not.toMatch(/[\\%|(){}]/);
    },
  );

  test.each([
    ['backend[].target', '/', true],
    ['backend[].target', '/kong/~a.b-c_d%20[e]=f:g;@&+,*!$\'()"<>^`{|}', true],
    ['backend[].target', 'kong', false],
    ['backend[].target', '/kong//a', false],
    ['backend[].target', '/kong?a', false],
    ['backend[].target', '/kong#a', false],
    ['backend[].target', '/kong a', false],
    ['backend[].health', '', true],
    ['backend[].health', '/healthz?full=1', true],
    ['backend[].health', 'healthz', false],
    ['backend[].health', '/a#b', false],
    ['backend[].topic', 'my-topic/1', true],
    ['backend[].topic', 'my topic', false],
    ['probe.host', 'Shop-1.example_x.com:8443', true],
    ['probe.host', 'shop/x', false],
    ['probe.url', 'https://a.example:8443/b?c=d', true],
    ['probe.url', 'ftp://a.example/', false],
    ['no_wake[].method', 'M-SEARCH', true],
    ['no_wake[].method', 'GET /', false],
    ['no_wake[].user_agent', 'Googlebot/2.1 (+http://a)', true],
    ['no_wake[].user_agent', 'a\tb', false],
  ])('%s %j: %s, for Kong and for the validator alike', (path, text, accepted) => {
    const [top, leaf] = path.split(/\[\]\.|\./) as [string, string];
    const entry = { target: '/kong', health: '/up', pubsub: 'p', topic: 't' };
    const nested = { backend: [{ ...entry, [leaf]: text }], probe: { [leaf]: text }, no_wake: [{ [leaf]: text }] };
    const value = nested[top as keyof typeof nested];
    expect(parseConfig({ backend: [entry], [top]: value }).ok).toBe(accepted);
    expect(matches(at(path), text)).toBe(accepted);
  });
});
