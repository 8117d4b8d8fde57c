import { expectation } from './expectation';
import type { FieldSchema, ObjectSchema } from './field-schema';
import { configSchema } from './schema';

/**
 * The attributes of a field that this plugin gives to Kong: a part of what Kong 2.8.1's and 3.9's metaschema accept
 * (kong/db/schema/metaschema.lua). No functions: the schema reaches Kong as JSON (K20).
 */
export interface KongField {
  type: 'array' | 'boolean' | 'integer' | 'number' | 'record' | 'string';
  required?: boolean;
  default?: unknown;
  fields?: readonly Readonly<Record<string, KongField>>[];
  elements?: KongField;
  entity_checks?: readonly { at_least_one_of: readonly string[] }[];
  between?: readonly [number, number];
  gt?: number;
  one_of?: readonly string[];
  len_min?: number;
  len_max?: number;
  match?: string;
  not_match?: string;
  /** Kong's message when a limit is broken. */
  err?: string;
}

type KongFields = readonly Readonly<Record<string, KongField>>[];

function fieldsOf(schema: ObjectSchema): KongFields {
  return Object.entries(schema.properties).map(([name, property]) => {
    const field = kongField(property);
    // Kong fills the defaults of a nested record in only where the record itself is required.
    const required = property.type === 'object' || schema.required?.includes(name) === true;
    return { [name]: required ? { ...field, required } : field };
  });
}

function kongField(schema: FieldSchema): KongField {
  if (schema.type === 'object') {
    const names = schema['x-at-least-one-of'];
    return {
      type: 'record',
      fields: fieldsOf(schema),
      ...(names !== undefined && { entity_checks: [{ at_least_one_of: names }] }),
    };
  }
  return {
    type: schema.type,
    ...(schema.default !== undefined && { default: schema.default }),
    ...limits(schema),
    err: `write ${expectation(schema)}`,
  };
}

function limits(schema: Exclude<FieldSchema, ObjectSchema>): Partial<KongField> {
  switch (schema.type) {
    case 'array':
      return {
        elements: kongField(schema.items),
        ...(schema.minItems !== undefined && { len_min: schema.minItems }),
        len_max: schema.maxItems,
      };
    case 'string':
      if (schema.enum !== undefined) return { one_of: schema.enum };
      return {
        // Kong's own default is 1.
        len_min: schema.minLength,
        len_max: schema.maxLength,
        match: schema.pattern,
        ...(schema.not !== undefined && { not_match: schema.not.pattern }),
      };
    case 'boolean':
      return {};
    case 'integer':
    case 'number':
      return {
        ...(schema.exclusiveMinimum !== undefined && { gt: schema.exclusiveMinimum }),
        // Two integers in 2.8, for type number as well.
        between: [schema.minimum ?? 0, schema.maximum],
      };
  }
}

/** The `fields` of Kong's schema record `config`, made from the definition. */
export const kongFields: KongFields = fieldsOf(configSchema);
