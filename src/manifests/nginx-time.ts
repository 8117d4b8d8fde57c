const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a time as nginx writes it: `300s`, `5m`, `500ms`; a bare number is seconds. Undefined: it is no time. */
export function nginxMs(written: string): number | undefined {
  const [, number, unit = 's'] = /^(\d+)(ms|s|m|h)?$/.exec(written.trim()) ?? [];
  const factor = UNITS[unit];
  return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}
