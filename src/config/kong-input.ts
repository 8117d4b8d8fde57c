import { isRecord } from '../core/types';
import type { FieldSchema, ObjectSchema } from './field-schema';

/** Keys that Kong adds to a plugin's configuration (K13), besides those that start with `__`. */
const HOST_KEYS = new Set(['route_id', 'service_id', 'consumer_id', 'plugin_instance_name']);

function isEmptyObject(value: unknown): boolean {
  return isRecord(value) && Object.keys(value).length === 0;
}

function isEmptyArray(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/**
 * A copy of a value as Lua meant it: null is absent, and an empty table is whatever the definition wants, as Lua's JSON writes `{}`
 * for both. Descends along the definition, not along the value: what is unknown is left as it is, however deep.
 */
function asMeant(schema: FieldSchema, value: unknown): unknown {
  if (schema.type === 'array') {
    if (isEmptyObject(value)) return [];
    // One item too many is enough to refuse the rest unread.
    return Array.isArray(value)
      ? value.slice(0, schema.maxItems + 1).map((item) => asMeant(schema.items, item))
      : value;
  }
  if (schema.type !== 'object') return value;
  if (isEmptyArray(value)) return {};
  return isRecord(value) ? fields(schema, Object.entries(value)) : value;
}

function fields(schema: ObjectSchema, entries: [string, unknown][]): object {
  const properties = new Map(Object.entries(schema.properties));
  return Object.fromEntries(
    entries
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => {
        const property = properties.get(name);
        return [name, property === undefined ? value : asMeant(property, value)];
      }),
  );
}

/** A copy of the configuration as the user wrote it: without Kong's own keys and without what Lua's JSON adds. */
export function fromKong(schema: ObjectSchema, config: Readonly<Record<string, unknown>>): object {
  const entries = Object.entries(config).filter(([name]) => !name.startsWith('__') && !HOST_KEYS.has(name));
  return fields(schema, entries);
}

/** What Kong says of a plugin configuration beside what the user wrote (K13). */
export interface ConfigOrigin {
  /** Which plugin configuration it is: the same for all its instances, and for those that replace them after a push. */
  readonly source: string;
  /** Whether Kong runs it for the requests of one route only. */
  readonly ofOneRoute: boolean;
}

export function originOfConfig(config: Readonly<Record<string, unknown>>): ConfigOrigin {
  const { __plugin_id: id, __key__: key, route_id: route, service_id: service, consumer_id: consumer } = config;
  return {
    source: JSON.stringify(id ?? key ?? [route ?? null, service ?? null, consumer ?? null]),
    ofOneRoute: typeof route === 'string' && route !== '',
  };
}
