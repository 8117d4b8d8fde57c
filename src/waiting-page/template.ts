/** What stands in a template of one's own, as `{{name}}`, and what is put there. */
export const PLACEHOLDERS = {
  lang: 'the language of the texts, for `<html lang>`',
  dir: '`ltr` or `rtl`, for `<html dir>`',
  title: 'the title',
  text: 'what happens, in a sentence or two',
  message: 'how it goes: the estimate, or what went wrong. Changes while the page is open',
  logo: 'the logo as an image, or nothing',
  progress: 'the bar of the progress, or nothing',
  retry: 'the link to try again, after a failure only',
  head: 'what the page needs in its head: its style, and how it goes on without JavaScript',
  script: 'what makes it go on at once, at the end of the body',
} as const;

export type Placeholder = keyof typeof PLACEHOLDERS;
const NEEDED: readonly Placeholder[] = ['head', 'message', 'script'];

/** With the longest texts and a logo the page still fits one round trip. Bytes. */
export const LONGEST_TEMPLATE = 5000;

const MARK = /\{\{\s*(\w+)\s*\}\}/g;

/** Puts values, which are HTML already, in their places. What the template does not know is left as it is. */
export function fill(template: string, values: Readonly<Record<Placeholder, string>>): string {
  return template.replace(MARK, (mark, name: string) => (name in PLACEHOLDERS ? values[name as Placeholder] : mark));
}

/** What is wrong with a template of one's own; empty: nothing. */
export function templateProblems(template: string): string[] {
  const problems: string[] = [];
  const size = Buffer.byteLength(template);
  if (size > LONGEST_TEMPLATE) problems.push(`it has ${size} bytes; write at most ${LONGEST_TEMPLATE}`);
  const marks = [...template.matchAll(MARK)].map(([, name = '']) => name);
  for (const name of NEEDED) if (!marks.includes(name)) problems.push(`{{${name}}} is missing`);
  for (const name of new Set(marks)) {
    if (!(name in PLACEHOLDERS))
      problems.push(`{{${name}}} is not known; there are ${Object.keys(PLACEHOLDERS).join(', ')}`);
  }
  // A sleeping page must not wait for another host, nor tell it who waits; the policy would block it in any case.
  const foreign =
    /(?:\bsrc(?:set)?|<link\b[^>]*\bhref)\s*=\s*["']?\s*((?:https?:)?\/\/[^\s"'>]+)|(?:url\(|@import)\s*["']?((?:https?:)?\/\/[^\s"')]+)/i.exec(
      template,
    );
  if (foreign !== null)
    problems.push(
      `it loads ${foreign[1] ?? foreign[2] ?? ''} from elsewhere; only this origin and data: URLs can be loaded`,
    );
  if (/\son\w+\s*=/i.test(template))
    problems.push('it has a handler such as onclick, which the page’s policy blocks; write a <script>');
  if (/\sstyle\s*=/i.test(template))
    problems.push('it has a style attribute, which the page’s policy blocks; write a <style>');
  return problems;
}

export const DEFAULT_TEMPLATE = `<!doctype html>
<html lang="{{lang}}" dir="{{dir}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>{{title}}</title>
{{head}}
</head>
<body>
<main>
{{logo}}
<h1 id="serverless-title">{{title}}</h1>
<p id="serverless-text">{{text}}</p>
{{progress}}
{{message}}
{{retry}}
</main>
{{script}}
</body>
</html>
`;
