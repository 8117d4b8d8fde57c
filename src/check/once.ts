import type { Problem } from './rule';

/** Each problem once: two backends or two paths of one Ingress may lead to the same place. */
export function* once(problems: Iterable<Problem>): Generator<Problem> {
  const seen = new Map<unknown, Set<string>>();
  for (const problem of problems) {
    const { manifest, path } = problem.at;
    const places = seen.get(manifest) ?? new Set<string>();
    seen.set(manifest, places);
    const key = JSON.stringify([path, problem.message]);
    if (places.has(key)) continue;
    places.add(key);
    yield problem;
  }
}
