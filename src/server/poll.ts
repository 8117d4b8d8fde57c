const POLL_MS = 5;

/** Waits until it is done, but not beyond `end` on `performance.now()`'s clock. */
export async function pollUntil(done: () => boolean, end: number): Promise<void> {
  while (!done() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}
