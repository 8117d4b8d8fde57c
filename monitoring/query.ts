import { INSTRUMENTS, SCALER_INSTRUMENTS } from '../src/adapters/instruments';

/** Names of the metrics, so that one that is renamed cannot be forgotten here. */
export const M = Object.fromEntries(Object.entries(INSTRUMENTS).map(([key, { name }]) => [key, name])) as Readonly<
  Record<keyof typeof INSTRUMENTS, string>
>;
export const S = Object.fromEntries(
  Object.entries(SCALER_INSTRUMENTS).map(([key, { name }]) => [key, name]),
) as Readonly<Record<keyof typeof SCALER_INSTRUMENTS, string>>;

/** A quantile of a histogram over a range, by these labels. */
export function quantile(q: number, histogram: string, range: string, by: readonly string[], matchers = ''): string {
  const labels = ['le', ...by].join(', ');
  return `histogram_quantile(${q}, sum by (${labels}) (rate(${histogram}_bucket${matchers}[${range}])))`;
}
