import { createHash } from 'node:crypto';
import type { WaitingPage } from '../core/waiting-page';
import { chooseLanguage } from './accept';
import type { Estimate } from './estimate';
import { escapeHtml, percent, SCRIPT, style } from './parts';
import { DEFAULT_TEMPLATE, fill } from './template';
import { type Failure, type Language, LANGUAGES, type Texts, TEXTS } from './texts';

/** An answer, complete. */
export interface PageAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** How the wake-up goes. */
export type Progress =
  | { readonly kind: 'waking'; readonly estimate: Estimate }
  | { readonly kind: 'failed'; readonly failure: Failure; /** Seconds. */ readonly retryAfter: number };

export interface PageFacts {
  readonly page: WaitingPage;
  /** One's own template; undefined: the built-in page. */
  readonly template?: string | undefined;
  readonly acceptLanguage: string | undefined;
  /** With which the page may ask how it goes. */
  readonly token: string;
  readonly progress: Progress;
}

const VARY = 'Accept, Sec-Fetch-Mode, Accept-Language';
/** Another try makes sense after so long at most, seconds. */
const RETRY_AFTER = { least: 1, most: 60 };

export function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** The page, in the client's language. Asks nothing of any other host, and runs nothing but its own script. */
export function render(facts: PageFacts): PageAnswer {
  const { page, acceptLanguage, token, progress } = facts;
  const language = chooseLanguage(acceptLanguage, LANGUAGES);
  const texts = TEXTS[language];
  const isFailed = progress.kind === 'failed';
  const css = isFailed
    ? style(page.color, 0, 0)
    : style(page.color, progress.estimate.progress, progress.estimate.endsInMs);
  // Without JavaScript the page asks for its successor, which is held: the browser shows this one meanwhile. Not at once: a browser that
  // is told to leave a page at once may never draw it.
  const refresh = isFailed ? '' : '<noscript><meta http-equiv="refresh" content="1"></noscript>';
  // A failed page asks for nothing: to try again is for its reader to decide.
  const script = isFailed ? '' : `<script id="serverless" data-token="${escapeHtml(token)}">${SCRIPT}</script>`;
  const template = facts.template ?? DEFAULT_TEMPLATE;
  const body = fill(template, {
    lang: language,
    dir: texts.direction,
    title: escapeHtml(titleOf(texts, page, progress)),
    text: isFailed ? '' : escapeHtml(page.text ?? texts.text),
    message: `<p id="serverless-message" role="status" aria-live="polite">${escapeHtml(messageOf(texts, progress))}</p>`,
    logo: page.logo === undefined ? '' : `<img id="serverless-logo" src="${escapeHtml(page.logo)}" alt="">`,
    progress: isFailed ? '' : bar(texts, progress.estimate),
    retry: `<a id="serverless-retry" href=""${isFailed ? '' : ' hidden'}>${escapeHtml(texts.retry)}</a>`,
    head: `<meta name="robots" content="noindex"><style>${css}</style>${refresh}`,
    script,
  });
  return { status: 503, headers: headersOf(language, progress, policy(template, css)), body };
}

/** What the script of the page is told. */
export interface PageStatus {
  readonly message: string;
  readonly title?: string;
  /** From 0 to 1. */
  readonly progress?: number | undefined;
  /** How long it is to wait until it asks again, milliseconds. */
  readonly pause?: number;
}

export function statusOf(acceptLanguage: string | undefined, page: WaitingPage, progress: Progress): PageStatus {
  const texts = TEXTS[chooseLanguage(acceptLanguage, LANGUAGES)];
  const message = messageOf(texts, progress);
  if (progress.kind === 'failed') return { message, title: titleOf(texts, page, progress) };
  return { message, progress: progress.estimate.progress };
}

function titleOf(texts: Texts, page: WaitingPage, progress: Progress): string {
  if (progress.kind !== 'failed') return page.title ?? texts.title;
  return progress.failure === 'maintenance' ? texts.maintenance : texts.failed;
}

function messageOf(texts: Texts, progress: Progress): string {
  if (progress.kind === 'failed') return texts.failures[progress.failure];
  const { kind, secondsLeft } = progress.estimate;
  return texts[kind].replace('{n}', String(secondsLeft ?? ''));
}

function bar(texts: Texts, { progress }: Estimate): string {
  const now = progress === undefined ? '' : ` aria-valuenow="${percent(progress).slice(0, -1)}"`;
  const label = escapeHtml(texts.progress);
  return `<div id="serverless-progress" role="progressbar" aria-label="${label}" aria-valuemin="0" aria-valuemax="100"${now}><i></i></div>`;
}

/** Its own script and style, by their hashes, and those that stand in the template: its author wrote them. */
function policy(template: string, css: string): string {
  const inTemplate = (tag: string): string[] =>
    [...template.matchAll(new RegExp(`<${tag}\\b[^>]*>([^]*?)</${tag}>`, 'gi'))].map(([, text = '']) => hashOf(text));
  return [
    "default-src 'none'",
    `script-src ${[hashOf(SCRIPT), ...inTemplate('script')].join(' ')}`,
    `style-src ${[hashOf(css), ...inTemplate('style')].join(' ')}`,
    "img-src 'self' data:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    // Not frame-ancestors: who may frame the backend's pages is the backend's to say.
  ].join('; ');
}

function headersOf(language: Language, progress: Progress, csp: string): Record<string, string> {
  const seconds = progress.kind === 'failed' ? progress.retryAfter : Math.ceil(progress.estimate.endsInMs / 1000);
  return {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Language': language,
    'Content-Security-Policy': csp,
    'Cache-Control': 'no-store',
    'Retry-After': String(Math.min(RETRY_AFTER.most, Math.max(RETRY_AFTER.least, seconds))),
    // The page without JavaScript is known by it.
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
    Vary: VARY,
  };
}
