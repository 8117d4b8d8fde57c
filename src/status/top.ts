import type { KnownBackend, Status } from '../core/status';
import { duration, inOrder, STATES, trouble } from './view';

/** A gateway node that was asked. */
export type Node =
  { readonly url: string; readonly status: Status } | { readonly url: string; readonly problem: string };

export interface Screen {
  readonly width: number;
  /** Undefined: as many as there are. */
  readonly height: number | undefined;
  readonly colour: boolean;
}

const COLOURS: Readonly<Record<KnownBackend['state'], number>> = {
  asleep: 90,
  idle: 90,
  probing: 33,
  waking: 33,
  ready: 32,
};
const BOLD = 1;
const RED = 31;

/** What `serverless top` shows: each node in one line, and its backends below. Lines without line breaks at their ends. */
export function top(nodes: readonly Node[], { width, height, colour }: Screen): readonly string[] {
  const paint = (text: string, code: number): string => (colour ? `\u001B[${code}m${text}\u001B[0m` : text);
  const lines: string[] = [];
  for (const node of nodes) {
    if ('problem' in node) {
      lines.push(paint(cut(`${node.url}  ${node.problem}`, width), RED), '');
      continue;
    }
    lines.push(paint(cut(nodeLine(node.url, node.status), width), BOLD));
    lines.push(
      cut(
        `  ${pad('STATE', 13)}${pad('HELD', 6)}${pad('PODS', 6)}${pad('ASLEEP', 9)}${pad('LAST START', 12)}BACKEND`,
        width,
      ),
    );
    for (const backend of inOrder(node.status.backends)) {
      lines.push(paint(cut(backendLine(backend), width), COLOURS[backend.state]));
      const problem = trouble(backend);
      if (problem !== '') lines.push(paint(cut(`    ${problem}`, width), RED));
    }
    lines.push('');
  }
  lines.pop();
  if (height === undefined || lines.length <= height) return lines;
  return [...lines.slice(0, height - 1), `... ${lines.length - height + 1} lines more`];
}

function nodeLine(url: string, { server, held, maxHeld }: Status): string {
  const standby = server.standby ? 'standby waits' : 'NO STANDBY';
  const draining = server.draining ? ', draining' : '';
  return `${url}  ${server.role}${draining}, held ${held} of ${maxHeld}, ${standby}, up ${duration(server.uptimeSeconds * 1000)}`;
}

function backendLine({ target, state, held, addresses, asleepSeconds, coldStarts }: KnownBackend): string {
  const { symbol, words } = STATES[state];
  const last = coldStarts.at(-1);
  return [
    `${symbol} ${pad(words, 13)}`,
    pad(String(held), 6),
    pad(addresses === undefined ? '?' : String(addresses.length), 6),
    pad(asleepSeconds === undefined ? '?' : duration(asleepSeconds * 1000), 9),
    pad(last === undefined ? '' : duration(last.readyMs), 12),
    target,
  ].join('');
}

function pad(text: string, width: number): string {
  return text.padEnd(width);
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
