import type { FieldSchema, NumberSchema } from './field-schema';

/** The limits of a number, in words. */
export function numberRange(schema: NumberSchema): string {
  const { minimum, exclusiveMinimum, maximum } = schema;
  return minimum === undefined
    ? `above ${String(exclusiveMinimum)}, at most ${maximum}`
    : `from ${minimum} to ${maximum}`;
}

/** What to write into a field: completes "write …". Made from type and limits where the definition says no more. */
export function expectation(schema: FieldSchema): string {
  if ('x-write' in schema) return schema['x-write'];
  if (schema.type === 'boolean') return 'true or false';
  if (schema.type === 'string') return `one of ${schema.enum.map((choice) => JSON.stringify(choice)).join(', ')}`;
  const unit = schema['x-unit'] === undefined ? '' : ` (${schema['x-unit']})`;
  return `a ${schema.type === 'integer' ? 'whole number' : 'number'} ${numberRange(schema)}${unit}`;
}
