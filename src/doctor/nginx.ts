import { join } from 'node:path';
import type { Surroundings } from './diagnosis';

/** Kong writes its nginx configuration into these files of its prefix. */
const FILES = ['nginx.conf', 'nginx-kong.conf'];

/** An nginx directive of the running Kong, from its prefix; undefined when it is not set there, or Kong's files are not here. */
export function directive(at: Surroundings, name: string): string | undefined {
  for (const file of FILES) {
    const text = at.readFile(join(at.prefix, file)) ?? '';
    const found = new RegExp(`^[ \\t]*${name}[ \\t]+([^;#\\n]+);`, 'm').exec(text);
    if (found?.[1] !== undefined) return found[1].trim();
  }
  return undefined;
}

/** Whether Kong's files can be read at all. */
export function seesKong(at: Surroundings): boolean {
  return FILES.some((file) => at.readFile(join(at.prefix, file)) !== undefined);
}

/** A directive from Kong's files or, where they are not here, from the environment variables that set it. */
export function setting(at: Surroundings, name: string, variables: readonly string[]): string | undefined {
  return directive(at, name) ?? variables.map((variable) => at.env[variable]).find((value) => value !== undefined);
}

/** A process as /proc shows it. */
export interface ProcessFacts {
  readonly pid: number;
  readonly command: string;
  /** Most open files; undefined when it may not be read. */
  readonly openFiles: number | undefined;
  readonly parent: number | undefined;
}

/** The processes of this machine or container whose command line matches. None where there is no /proc. */
export function processes(at: Surroundings, pattern: RegExp): ProcessFacts[] {
  return (at.readFolder('/proc') ?? [])
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({
      pid: Number(pid),
      command: (at.readFile(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ').trim(),
      openFiles: openFiles(at.readFile(`/proc/${pid}/limits`)),
      parent: numberIn(/^PPid:\s+(\d+)/m, at.readFile(`/proc/${pid}/status`)),
    }))
    .filter(({ command }) => pattern.test(command));
}

/** The workers of the Kong whose prefix this is; where that cannot be told, of every nginx. A machine may run more than one. */
export function workers(at: Surroundings): ProcessFacts[] {
  const all = processes(at, /^nginx: worker process/);
  const master = numberIn(/^(\d+)/, at.readFile(join(at.prefix, 'pids/nginx.pid')));
  const own = all.filter(({ parent }) => parent === master);
  return master === undefined || all.every(({ parent }) => parent === undefined) ? all : own;
}

function numberIn(pattern: RegExp, text: string | undefined): number | undefined {
  const found = pattern.exec(text ?? '')?.[1];
  return found === undefined ? undefined : Number(found);
}

function openFiles(limits: string | undefined): number | undefined {
  const soft = /^Max open files\s+(\S+)/m.exec(limits ?? '')?.[1];
  if (soft === undefined) return undefined;
  return soft === 'unlimited' ? Infinity : Number(soft);
}
