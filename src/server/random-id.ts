/** A number to count from, different in every process, and far enough below 2^53 to count for ever: Lua's numbers are exact up to there. */
export function randomId(): number {
  return 1 + Math.floor(Math.random() * 2 ** 48);
}
