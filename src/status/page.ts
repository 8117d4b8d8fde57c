import { createHash } from 'node:crypto';
import type { ColdStart } from '../core/ports';
import { type Html, html } from './html';
import { SCRIPT, STYLE } from './page-assets';
import type { KnownBackend, Status } from '../core/status';
import { duration, inOrder, STATES, trouble } from './view';

/** More would make the page slow to make and to read; `/status` has all of them. */
const MOST_ROWS = 200;
/** Cold starts of a backend that are drawn. */
const BARS = 5;
const BAR_WIDTH = 160;

const PHASES = [
  { name: 'woken', end: 'wakeMs' },
  { name: 'address', end: 'addressMs' },
  { name: 'pod ready', end: 'podReadyMs' },
  { name: 'released', end: 'readyMs' },
] as const;

function hash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** Nothing is loaded from anywhere, and nothing runs but what is in the page. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src ${hash(STYLE)}`,
  `script-src ${hash(SCRIPT)}`,
  "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
].join('; ');

/** The whole page. @param filter part of the targets to show */
export function page(view: Status, filter: string): string {
  return [
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="dark light">',
    '<title>Serverless: what sleeps, what wakes</title>',
    '<noscript><meta http-equiv="refresh" content="5"></noscript>',
    `<style>${STYLE}</style></head><body><header><h1>What sleeps, what wakes</h1>`,
    html`<form class="filter" method="get" action="/">
      <label for="q">Targets with</label> <input id="q" name="q" type="search" value="${filter}" />
      <button>Show</button>
    </form>`.text,
    `</header><main id="live">${fragment(view, filter)}</main>`,
    `<script>${SCRIPT}</script></body></html>\n`,
  ].join('');
}

/** What changes of it. */
export function fragment(view: Status, filter: string): string {
  const shown = inOrder(view.backends.filter(({ target }) => target.includes(filter)));
  const rows = shown.slice(0, MOST_ROWS);
  return html`${summary(view)}
    <table>
      <caption>
        ${shown.length === 1 ? '1 backend' : `${shown.length} backends`}${shown.length > MOST_ROWS ? `, the first ${MOST_ROWS} of them; /status has all` : ''}
      </caption>
      <thead>
        <tr>
          <th scope="col">Backend</th>
          <th scope="col">State</th>
          <th scope="col">Held</th>
          <th scope="col">Pods</th>
          <th scope="col">Asleep</th>
          <th scope="col">Last cold starts</th>
          <th scope="col">Trouble</th>
          <th scope="col">Do</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(row)}
      </tbody>
    </table>`.text;
}

function summary({ server, held, maxHeld, kubernetes }: Status): Html {
  const watched =
    typeof kubernetes === 'string'
      ? kubernetes
      : Object.entries(kubernetes)
          .map(([name, state]) => `${name}: ${state}`)
          .join(', ');
  return html`<dl>
    <div>
      <dt>Held</dt>
      <dd>${held} of ${maxHeld}</dd>
    </div>
    <div>
      <dt>This plugin server</dt>
      <dd>
        ${server.role}${server.draining ? ', draining' : ''}, pid ${server.pid}, up
        ${duration(server.uptimeSeconds * 1000)}
      </dd>
    </div>
    <div class="${server.standby ? '' : 'bad'}">
      <dt>Standby</dt>
      <dd>${server.standby ? 'waits to take over' : 'none: requests fail while this one is gone'}</dd>
    </div>
    <div>
      <dt>EndpointSlices</dt>
      <dd>${watched === '' ? 'nothing to watch yet' : watched}</dd>
    </div>
  </dl>`;
}

function row(backend: KnownBackend): Html {
  const { key, target, state, held, addresses, asleepSeconds, coldStarts } = backend;
  const { symbol, words } = STATES[state];
  const action = `/backends/${encodeURIComponent(key)}`;
  const problem = trouble(backend);
  return html`<tr class="${state}">
    <th scope="row">${target}</th>
    <td><span aria-hidden="true">${symbol}</span> ${words}</td>
    <td class="number">${held}</td>
    <td class="number">${addresses === undefined ? '?' : addresses.length}</td>
    <td class="number">${asleepSeconds === undefined ? '?' : duration(asleepSeconds * 1000)}</td>
    <td>
      ${coldStarts
        .slice(-BARS)
        .reverse()
        .map((one) => bar(one, longest(coldStarts)))}
    </td>
    <td class="${problem === '' ? '' : 'bad'}">${problem}</td>
    <td>
      <form method="post" action="${action}/wake"><button aria-label="Wake: ${target}">Wake</button></form>
      <form method="post" action="${action}/sleep"><button aria-label="Let sleep: ${target}">Let sleep</button></form>
    </td>
  </tr>`;
}

function longest(coldStarts: readonly ColdStart[]): number {
  return Math.max(1, ...coldStarts.slice(-BARS).map(({ readyMs }) => readyMs));
}

/** A cold start as a bar of its phases, and in words. A phase whose end is not known counts towards the next one. */
function bar(coldStart: ColdStart, longestMs: number): Html {
  let from = 0;
  const rects: Html[] = [];
  const words: string[] = [];
  for (const { name, end } of PHASES) {
    const at = coldStart[end];
    if (at === undefined || at < from || at > coldStart.readyMs) continue;
    const [x, width] = [from, at - from].map((ms) => Math.round((ms / longestMs) * BAR_WIDTH));
    rects.push(html`<rect class="${end}" x="${x}" width="${width}" height="10" />`);
    words.push(`${name} ${duration(at)}`);
    from = at;
  }
  const { at, held, lane, reason } = coldStart;
  const title = `${at}: ${words.join(', ')}; ${held} held, found asleep by ${reason === 'probe' ? 'a probe' : 'Kubernetes'}, let go by ${lane}`;
  return html`<div class="start">
    <svg role="img" aria-label="${title}" width="${BAR_WIDTH}" height="10">
      <title>${title}</title>
      ${rects}
    </svg>
    ${duration(coldStart.readyMs)}
  </div>`;
}
