import { pages, prose, read } from './repository';

/** Words that have another one in the glossary of docs/architecture.md. */
const INSTEAD: readonly (readonly [RegExp, string])[] = [
  [/\btime-?outs?\b(?<!timeouts?)/i, 'timeout'],
  [/\bfarewell\b/i, 'close notice'],
  [/\b(hand|take|stand)-?over\b(?<!hand-over)/i, 'hand-over'],
];

/** What may be refused: a message by Dapr, and a TCP connection. Requests are rejected. */
const MAY_REFUSE = /Dapr|WAKE_REFUSED|ECONNREFUSED|wake-up was refused|connection|kube-proxy/;

const paragraphs = pages.flatMap((page) =>
  prose(read(page))
    .split(/\n\n|\n(?=\||- |\d\. )/)
    .map((text) => ({ page, text })),
);

test.each(INSTEAD)('%p is written as "%s"', (word) => {
  expect(paragraphs.filter(({ text }) => word.test(text))).toEqual([]);
});

test('only Dapr refuses; we reject', () => {
  expect(paragraphs.filter(({ text }) => /refus/i.test(text) && !MAY_REFUSE.test(text))).toEqual([]);
});
