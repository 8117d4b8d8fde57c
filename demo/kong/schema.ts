import type { Field } from '../manifests/field';

/** One field of Kong's plugin schema, as `serverless -dump` prints it (K20). */
export interface KongField {
  readonly type: string;
  readonly required?: boolean;
  readonly default?: unknown;
  readonly elements?: KongField;
  readonly values?: KongField;
  readonly fields?: KongFields;
  readonly one_of?: readonly unknown[];
  readonly between?: readonly [number, number];
  readonly len_min?: number;
}

/** Kong writes the fields of a record as a list of maps with one entry each. */
export type KongFields = readonly Readonly<Record<string, KongField>>[];

/**
 * A plugin's configuration as Kong passes it to the plugin: with defaults and required records, without absent fields
 * (kong/db/schema/init.lua, `process_auto_fields`). Throws ManifestError for what Kong would not accept.
 */
export function withDefaults(fields: KongFields, config: Field): Record<string, unknown> {
  const definitions = new Map(fields.flatMap((field) => Object.entries(field)));
  for (const name of Object.keys(config.record())) {
    if (!definitions.has(name)) config.get(name).fail('unknown field');
  }
  const complete: Record<string, unknown> = {};
  for (const [name, definition] of definitions) {
    const value = completed(definition, config.get(name));
    if (value !== undefined) complete[name] = value;
  }
  return complete;
}

function completed(definition: KongField, field: Field): unknown {
  if (field.isAbsent()) {
    if (definition.default !== undefined) return definition.default;
    // In Kong's metaschema a record is required unless it says otherwise, and a required record is created.
    if (definition.type === 'record') {
      return definition.required === false ? undefined : withDefaults(definition.fields ?? [], field);
    }
    return definition.required === true ? field.fail('required field missing') : undefined;
  }
  check(definition, field);
  switch (definition.type) {
    case 'record':
      return withDefaults(definition.fields ?? [], field);
    case 'array':
    case 'set': {
      const { elements } = definition;
      return field.items().map((item) => (elements === undefined ? item.value : completed(elements, item)));
    }
    default:
      return field.value;
  }
}

const lua: Readonly<Record<string, (field: Field) => unknown>> = {
  string: (field) => field.string(),
  integer: (field) => (typeof field.value === 'string' ? field.fail('expected an integer') : field.integer()),
  number: (field) => (typeof field.value === 'number' ? field.value : field.fail('expected a number')),
  boolean: (field) => (typeof field.value === 'boolean' ? field.value : field.fail('expected a boolean')),
  record: (field) => field.record(),
  map: (field) => field.record(),
  array: (field) => field.items(),
  set: (field) => field.items(),
};

function check(definition: KongField, field: Field): void {
  const type = lua[definition.type];
  if (type === undefined) field.fail(`the demo does not know Kong's type '${definition.type}'`);
  type(field);
  if (definition.one_of !== undefined && !definition.one_of.includes(field.value)) {
    field.fail(`expected one of: ${definition.one_of.map(String).join(', ')}`);
  }
  const [least, most] = definition.between ?? [-Infinity, Infinity];
  if (Number(field.value) < least || Number(field.value) > most) {
    field.fail(`value should be between ${least} and ${most}`);
  }
  if (definition.type === 'string' && field.string().length < (definition.len_min ?? 1)) {
    field.fail(`length must be at least ${definition.len_min ?? 1}`);
  }
}
