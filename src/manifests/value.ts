import { isRecord } from '../core/types';

// Reads untyped YAML without ever throwing: a check must survive any document.

/** The value at a path; undefined where a step is missing. */
export function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  let here = value;
  for (const step of path) {
    if (Array.isArray(here)) here = (here as readonly unknown[])[Number(step)];
    else if (isRecord(here) && Object.hasOwn(here, step)) here = here[step];
    else return undefined;
  }
  return here;
}

/** A string; numbers and booleans as YAML would print them, since `value: 1` and `value: "1"` mean the same to KEDA and Dapr. */
export function text(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** A finite number, also when it is written as a string. */
export function numeric(value: unknown): number | undefined {
  const written = text(value)?.trim();
  if (written === undefined || written === '') return undefined;
  const number = Number(written);
  return Number.isFinite(number) ? number : undefined;
}

/** The elements of a list; none for anything else. */
export function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

/** The entries of a map; none for anything else. */
export function entries(value: unknown): readonly (readonly [string, unknown])[] {
  return isRecord(value) ? Object.entries(value) : [];
}

/** A map of texts; what is no text is empty. */
export function strings(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(entries(value).map(([key, item]) => [key, text(item) ?? '']));
}

/** The words of a comma-separated annotation. */
export function words(value: unknown): readonly string[] {
  return (text(value) ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** True for `true` and `"true"`. */
export function isTrue(value: unknown): boolean {
  return text(value)?.toLowerCase() === 'true';
}
