import type { Field } from './field';

/** What a field must be for the demo to honour it. Throws ManifestError. An absent field is right unless it is `required`. */
export type Shape = (field: Field) => void;

/** A map's fields, by name. */
export type Fields = Readonly<Record<string, Shape>>;

/** Honoured whatever it says, or without meaning on one machine. */
export const anything: Shape = () => undefined;

export const string: Shape = (field) => {
  if (!field.isAbsent()) field.string();
};

export const integer: Shape = (field) => {
  if (!field.isAbsent()) field.integer();
};

/** One day: Node's timers end at 24.8 of them, and fire at once beyond that. */
const LONGEST_SECONDS = 86_400;

/** A time that the demo waits for, whole seconds. */
export const seconds: Shape = (field) => {
  if (field.isAbsent()) return;
  const value = field.integer();
  if (value < 0 || value > LONGEST_SECONDS) field.fail(`expected 0 to ${LONGEST_SECONDS} seconds, got ${value}`);
};

export const required =
  (shape: Shape): Shape =>
  (field) => {
    if (field.isAbsent()) field.fail('expected a value, got nothing');
    shape(field);
  };

/** A map in which a field that is not named here is an error. */
export const record =
  (fields: Fields): Shape =>
  (field) => {
    field.only(...Object.keys(fields));
    loose(fields)(field);
  };

/** A map in which the fields that are not named here mean nothing. */
export const loose =
  (fields: Fields): Shape =>
  (field) => {
    for (const [name, shape] of Object.entries(fields)) shape(field.get(name));
  };

/** A map whose values are all of one shape. */
export const mapOf =
  (shape: Shape): Shape =>
  (field) => {
    for (const name of Object.keys(field.record())) shape(field.get(name));
  };

export const list =
  (shape: Shape): Shape =>
  (field) => {
    field.items().forEach(shape);
  };

/** A list of exactly one item. */
export const single =
  (shape: Shape): Shape =>
  (field) => {
    const [only, second] = field.items();
    if (only === undefined) return field.fail('expected one item, got none');
    second?.fail('the demo takes one item here');
    shape(only);
  };

/** One of some words; the first is what an absent field means, if it may be absent. */
export const oneOf =
  (
    words: readonly string[],
    complaint: (got: string) => string = () => `expected one of: ${words.join(', ')}`,
  ): Shape =>
  (field) => {
    if (!field.isAbsent() && !words.includes(field.string())) field.fail(complaint(field.string()));
  };

/** Fields that mean nothing here, each by its name. */
export function withoutMeaning(...names: readonly string[]): Fields {
  return Object.fromEntries(names.map((name) => [name, anything]));
}
