import type { FieldSchema, ObjectSchema } from './field-schema';
import { configSchema } from './schema';

/** Number of insertions, deletions and replacements between two words. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = Number(previous[column - 1]) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, Number(previous[column]) + 1, Number(current[column - 1]) + 1));
    }
    previous = current;
  }
  return Number(previous.at(-1));
}

/** `maxHeld`, `max-held` and `MAX_HELD` as `max_held`. */
function snakeCase(name: string): string {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase();
}

/** Every field of the definition with the place it is written at: `probe.timeout`, `backend[].target`. */
function places(schema: FieldSchema, at: string): [name: string, place: string][] {
  if (schema.type === 'array') return places(schema.items, `${at}[]`);
  if (schema.type !== 'object') return [];
  return Object.entries(schema.properties).flatMap(([name, property]) => {
    const place = at === '' ? name : `${at}.${name}`;
    return [[name, place] as [string, string], ...places(property, place)];
  });
}

/** What to do about a field that the definition does not have: the nearest name, its right place, or the names there are. */
export function adviceOnUnknownField(name: string, schema: ObjectSchema): string {
  const known = Object.keys(schema.properties);
  const list = `known are ${known.join(', ')}`;
  if (name.length > 40) return `remove it: ${list}`;
  const wanted = snakeCase(name);
  const ranked = known.map((candidate) => ({ candidate, apart: distance(wanted, candidate) }));
  const nearest = ranked.reduce((best, next) => (next.apart < best.apart ? next : best));
  if (nearest.apart <= Math.max(1, Math.floor(wanted.length / 3))) return `unknown field: write ${nearest.candidate}`;
  const elsewhere = places(configSchema, '').find(([other]) => other === wanted);
  if (elsewhere !== undefined) return `unknown field here: write it as ${elsewhere[1]}`;
  return `unknown field: remove it; ${list}`;
}
