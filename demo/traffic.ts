import { Agent, request } from 'node:http';
import { CRAWLER_AGENT, OWN_AGENT } from './access-log';
import type { Journal } from './journal';

/** Requests sent at the same moment, and their outcome. */
export interface Run {
  readonly id: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly path: string;
  readonly total: number;
  done: number;
  /** Responses by status; 0 means no response. */
  readonly statuses: Record<string, number>;
  slowestMs: number;
  /** The reason of the last rejection, otherwise the beginning of the last response. */
  detail: string;
}

/** How many runs the page shows. */
const KEPT = 12;

/** Sends requests to the gateway as separate clients would: each on its own connection. */
export class Traffic {
  readonly runs: Run[] = [];
  #count = 0;
  readonly #agent = new Agent({ keepAlive: false, maxSockets: Infinity });
  readonly #port: number;
  readonly #journal: Journal;

  constructor(port: number, journal: Journal) {
    this.#port = port;
    this.#journal = journal;
  }

  /** Sends `total` requests at once. Resolves when all have a response. @param as how they name themselves */
  async send(path: string, total: number, as: 'client' | 'crawler' = 'client'): Promise<Run> {
    const run: Run = {
      id: ++this.#count,
      at: Date.now(),
      path,
      total,
      done: 0,
      statuses: {},
      slowestMs: 0,
      detail: '',
    };
    this.runs.unshift(run);
    this.runs.splice(KEPT);
    this.#journal.info(
      'traffic',
      `GET ${path}${total === 1 ? '' : ` x ${total}`}${as === 'crawler' ? ' as a crawler' : ''}`,
    );
    await Promise.all(Array.from({ length: total }, () => this.#one(run, as)));
    const statuses = Object.entries(run.statuses).map(
      ([status, times]) => `${times} x ${status === '0' ? 'none' : status}`,
    );
    const text = `GET ${path} answered: ${statuses.join(', ')}, the slowest after ${(run.slowestMs / 1000).toFixed(1)} s`;
    if (run.statuses['200'] === total) this.#journal.info('traffic', text);
    else this.#journal.warn('traffic', `${text}: ${run.detail}`);
    return run;
  }

  async #one(run: Run, as: 'client' | 'crawler'): Promise<void> {
    const { status, body } = await this.#get(run.path, as === 'crawler' ? CRAWLER_AGENT : OWN_AGENT);
    run.done++;
    run.statuses[status] = (run.statuses[status] ?? 0) + 1;
    run.slowestMs = Math.max(run.slowestMs, Date.now() - run.at);
    if (run.detail === '' || status !== 200) run.detail = detailOf(body);
  }

  async #get(path: string, userAgent: string): Promise<{ status: number; body: string }> {
    return new Promise((resolve) => {
      const headers = { 'User-Agent': userAgent };
      const sent = request({ host: '127.0.0.1', port: this.#port, path, headers, agent: this.#agent }, (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (body += chunk));
        response.on('close', () => {
          resolve({ status: response.statusCode ?? 0, body });
        });
      });
      sent.on('error', (error) => {
        resolve({ status: 0, body: error.message });
      });
      sent.end();
    });
  }
}

/** A problem document's detail with Dapr's error, a message, or the text without its markup. */
function detailOf(body: string): string {
  try {
    const { detail, message, lastPublish } = JSON.parse(body) as Problem;
    const { outcome, message: why, error } = lastPublish ?? {};
    const publish =
      outcome === undefined || outcome === 'accepted' ? '' : ` The wake-up was not published: ${why ?? error ?? ''}`;
    if (detail !== undefined) return `${detail}${publish}`;
    if (message !== undefined) return message;
  } catch {
    // Not JSON.
  }
  const text = body.replace(/<head>[\s\S]*<\/head>/i, '').replace(/<[^>]*>/g, ' ');
  return text.replace(/\s+/g, ' ').trim().slice(0, 160);
}

/** The plugin's problem document, or a response of Kong's own. */
interface Problem {
  readonly detail?: string;
  readonly message?: string;
  readonly lastPublish?: { readonly outcome?: string; readonly message?: string; readonly error?: string };
}
