/** One choice of a header such as `Accept`: what it names, and how much it is wanted, from 0 (never) to 1. */
export interface Preference {
  /** Lower case, without parameters. */
  readonly name: string;
  readonly quality: number;
}

/** A client writes a handful; what is longer is not read. */
const LONGEST = 1024;
const QVALUE = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;

/** Reads `Accept` or `Accept-Language` (RFC 9110, 12.4 and 12.5), in the client's order. What is malformed is left out. */
export function preferences(header: string | undefined): Preference[] {
  if (header === undefined || header.length > LONGEST) return [];
  return header.split(',').flatMap((part) => {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    if (!/^[\w*+./-]+$/.test(name)) return [];
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    if (weight !== undefined && !QVALUE.test(weight)) return [];
    return [{ name, quality: weight === undefined ? 1 : Number(weight) }];
  });
}

/** Whether a client names HTML, and wants nothing else more. Any type at all is no wish for a page: so do programs ask. */
export function prefersHtml(accept: string | undefined): boolean {
  const all = preferences(accept);
  const html = Math.max(0, ...all.filter(isHtml).map(({ quality }) => quality));
  return html > 0 && all.every((one) => one.quality <= html || isHtml(one));
}

function isHtml({ name }: Preference): boolean {
  return name === 'text/html' || name === 'application/xhtml+xml';
}

/**
 * The language that a client wants most among those that there are; the first of them where it wants none.
 *
 * @param languages primary subtags, such as `pt`
 */
export function chooseLanguage<L extends string>(header: string | undefined, languages: readonly [L, ...L[]]): L {
  const ranges = preferences(header);
  let best: { readonly language: L; readonly quality: number; readonly place: number } | undefined;
  for (const language of languages) {
    const { quality, place } = wishFor(language, ranges);
    const better = best === undefined || quality > best.quality || (quality === best.quality && place < best.place);
    if (quality > 0 && better) best = { language, quality, place };
  }
  return best?.language ?? languages[0];
}

/** `de` is wanted as much as the range of German that is wanted most, whichever its region; else as `*` says. */
function wishFor(language: string, ranges: readonly Preference[]): { quality: number; place: number } {
  const of = (test: (name: string) => boolean): { quality: number; place: number } | undefined => {
    let found: { quality: number; place: number } | undefined;
    ranges.forEach(({ name, quality }, place) => {
      if (test(name) && (found === undefined || quality > found.quality)) found = { quality, place };
    });
    return found;
  };
  const none = { quality: 0, place: ranges.length };
  return of((name) => name === language || name.startsWith(`${language}-`)) ?? of((name) => name === '*') ?? none;
}
