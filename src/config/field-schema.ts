/** What to write into the field, to complete the sentence "write …", where type and limits do not say it. */
type WhatToWrite = string;

interface AnyField {
  /** What the field means, for the reference page. Kong never sees it: 2.8 rejects the attribute (K20). */
  readonly description: string;
  readonly default?: unknown;
  /** A default that depends on other fields, for the reference page. Kong must not fill it in: the plugin could not tell. */
  readonly 'x-default'?: string;
}

export interface ObjectSchema extends AnyField {
  readonly type: 'object';
  readonly additionalProperties: false;
  readonly properties: Readonly<Record<string, FieldSchema>>;
  readonly required?: readonly string[];
  /** Of these at least one is given. */
  readonly 'x-at-least-one-of'?: readonly string[];
  readonly 'x-write': WhatToWrite;
}

export interface ArraySchema extends AnyField {
  readonly type: 'array';
  readonly items: FieldSchema;
  readonly minItems?: number;
  readonly maxItems: number;
  readonly 'x-write': WhatToWrite;
}

export interface TextSchema extends AnyField {
  readonly type: 'string';
  readonly enum?: undefined;
  readonly minLength: number;
  readonly maxLength: number;
  readonly pattern: string;
  readonly not?: { readonly pattern: string };
  readonly format?: 'http-url';
  readonly 'x-write': WhatToWrite;
  /** One word for the field's form, where "text" does not say it. */
  readonly 'x-form'?: string;
}

export interface ChoiceSchema extends AnyField {
  readonly type: 'string';
  readonly enum: readonly string[];
}

export interface NumberSchema extends AnyField {
  readonly type: 'integer' | 'number';
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum: number;
  readonly 'x-unit'?: 'ms' | 's' | 'per second';
}

export interface FlagSchema extends AnyField {
  readonly type: 'boolean';
  readonly default: boolean;
}

/**
 * One field of the plugin's configuration: JSON Schema, of which only the keywords named here are used, plus five of our own.
 * Patterns are written so that they mean the same as a JavaScript expression (for ajv) and as a Lua pattern (for Kong, K20):
 * classes, ranges and anchors only; no backslash, no `%`, no alternation.
 */
export type FieldSchema = ObjectSchema | ArraySchema | TextSchema | ChoiceSchema | NumberSchema | FlagSchema;

/** The keywords of `FieldSchema` that JSON Schema does not have. */
export const ownKeywords = ['x-unit', 'x-write', 'x-default', 'x-form'] as const;

/** One that ajv has to be told of. */
export const atLeastOneOf = {
  keyword: 'x-at-least-one-of',
  type: 'object',
  errors: false,
  validate: (names: readonly string[], value: Readonly<Record<string, unknown>>): boolean =>
    names.some((name) => value[name] !== undefined),
} as const;
