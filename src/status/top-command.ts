import { HttpFailure, request } from '../adapters/http-client';
import { type CommandIo, EXIT, withUsage } from '../command-line/command-io';
import { optionTable, readWords, refuseWords, UsageError } from '../command-line/read-words';
import type { Status } from '../core/status';
import { type Node, top } from './top';

const EVERY_MS = 1000;
const TIMEOUT_MS = 2000;
const MAX_BYTES = 16 * 1024 * 1024;
const DEFAULT_URL = 'http://127.0.0.1:9542';
/** Where nobody says how wide the terminal is. */
const WIDTH = 80;

/** What `serverless top --help` prints. */
export const TOP_HELP = `Usage:
  serverless top [OPTION...]   Show what each backend of a gateway does now, once a second

${optionTable([
  ['--url URL', `Status listener of a gateway node (default: ${DEFAULT_URL}); give it once for each node`],
  ['--once', 'Print it once and end; so it does where standard output is no terminal'],
  ['-h, --help', 'Print this'],
])}
q or Ctrl-C ends it. NO_COLOR=1 leaves the colours out.
`;

/** The terminal, or what stands for it. */
export interface Terminal {
  readonly isTerminal: boolean;
  size(): { readonly columns: number; readonly rows: number | undefined };
  /** Calls back at q and at Ctrl-C. Returns how to give the keyboard back. */
  onQuit(quit: () => void): () => void;
}

/** Runs `serverless top` until its user ends it; returns its exit code. */
export function runTop(argv: readonly string[], io: CommandIo, terminal: Terminal = processTerminal): Promise<number> {
  return withUsage('top', io, async () => {
    const { values, positionals } = readWords(argv, {
      url: { type: 'string', multiple: true },
      once: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    });
    if (values.help === true) {
      io.stdout(TOP_HELP);
      return EXIT.ok;
    }
    refuseWords(positionals);
    const urls = (values.url ?? [DEFAULT_URL]).map(statusUrl);
    if (values.once === true || !terminal.isTerminal) return once(urls, io);
    await keepShowing(urls, io, terminal);
    return EXIT.ok;
  });
}

function statusUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new UsageError(`--url: '${text}' is no URL such as ${DEFAULT_URL}`);
  return url.origin;
}

async function once(urls: readonly string[], io: CommandIo): Promise<number> {
  const nodes = await Promise.all(urls.map(ask));
  io.stdout(`${top(nodes, { width: Infinity, height: undefined, colour: false }).join('\n')}\n`);
  return nodes.some((node) => 'problem' in node) ? EXIT.failed : EXIT.ok;
}

/** On the terminal's other screen, so that what was on it before is there again afterwards. */
async function keepShowing(urls: readonly string[], io: CommandIo, terminal: Terminal): Promise<void> {
  const colour = (io.env['NO_COLOR'] ?? '') === '';
  let wake = (): void => undefined;
  const over = new AbortController();
  const release = terminal.onQuit(() => {
    over.abort();
    wake();
  });
  io.stdout('\u001B[?1049h\u001B[?25l');
  try {
    while (!over.signal.aborted) {
      const nodes = await Promise.all(urls.map(ask));
      const { columns, rows } = terminal.size();
      const lines = top(nodes, { width: columns, height: rows, colour });
      // Each line is ended by what clears the rest of it, and the last by what clears the rest of the screen.
      io.stdout(`\u001B[H${lines.map((line) => `${line}\u001B[K`).join('\n')}\u001B[J`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, EVERY_MS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
        if (over.signal.aborted) wake();
      });
    }
  } finally {
    io.stdout('\u001B[?25h\u001B[?1049l');
    release();
  }
}

async function ask(url: string): Promise<Node> {
  try {
    const { status, body } = await request({
      method: 'GET',
      url: `${url}/status`,
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_BYTES,
    });
    if (status !== 200)
      return { url, problem: `answers ${status}: is this the status listener (SERVERLESS_STATUS_LISTEN)?` };
    return { url, status: JSON.parse(body) as Status };
  } catch (error) {
    if (error instanceof HttpFailure)
      return { url, problem: `${error.code}: is the plugin server running, and is this its SERVERLESS_STATUS_LISTEN?` };
    return { url, problem: 'does not answer as the status listener does' };
  }
}

/** Standard input and output of this process. */
export const processTerminal: Terminal = {
  get isTerminal() {
    return process.stdout.isTTY;
  },
  size: () => ({ columns: process.stdout.columns || WIDTH, rows: process.stdout.rows || undefined }),
  onQuit(quit) {
    const { stdin } = process;
    const pressed = (key: Buffer): void => {
      // Ctrl-C comes as a key in raw mode.
      if (key.includes('q') || key.includes(0x03)) quit();
    };
    process.once('SIGINT', quit);
    process.once('SIGTERM', quit);
    if (stdin.isTTY) stdin.setRawMode(true);
    stdin.on('data', pressed);
    stdin.resume();
    return () => {
      process.off('SIGINT', quit);
      process.off('SIGTERM', quit);
      stdin.off('data', pressed);
      if (stdin.isTTY) stdin.setRawMode(false);
      stdin.pause();
    };
  },
};
