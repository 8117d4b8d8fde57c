/** Keys and indices that lead from the root of a document to a field. */
export type Path = readonly (string | number)[];

/** `spec.rules[0].host`, `metadata.annotations["konghq.com/plugins"]`. */
export function formatPath(path: Path): string {
  let out = '';
  for (const step of path) {
    if (typeof step === 'number') out += `[${step}]`;
    else if (/^[\w$-]+$/.test(step)) out += out === '' ? step : `.${step}`;
    else out += `[${JSON.stringify(step)}]`;
  }
  return out;
}
