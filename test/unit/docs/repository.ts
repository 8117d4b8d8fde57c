import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

export const root = join(__dirname, '../../..');

/** Folders that hold nothing of ours, or nothing that a person wrote. */
const NOT_OURS = new Set(['node_modules', 'dist', 'coverage', 'images']);

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return NOT_OURS.has(entry.name) || entry.name === '.git' ? [] : filesBelow(path);
    return entry.isFile() && entry.name !== 'package-lock.json' ? [relative(root, path)] : [];
  });
}

export const read = (file: string): string => readFileSync(join(root, file), 'utf8');

export const exists = (file: string): boolean => existsSync(join(root, file));

/** Every text file of the repository, from its top. */
export const files: readonly string[] = filesBelow(root).sort();

/** Pages that a person wrote; those made by `npm run generate` are the code's own words. */
export const pages: readonly string[] = files.filter(
  (file) => file.endsWith('.md') && !/<!-- Made (by|from) /.test(read(file)),
);

export interface Line {
  readonly file: string;
  readonly number: number;
  readonly text: string;
}

export function linesOf(file: string): Line[] {
  return read(file)
    .split('\n')
    .map((text, at) => ({ file, number: at + 1, text }));
}

export const placeOf = ({ file, number }: Line): string => `${file}:${String(number)}`;

/** A page without its fenced blocks: what is in those is code, not prose. */
export const prose = (text: string): string => text.replace(/^ *```[^]*?^ *```$/gm, '');

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(text: string): string[] {
  const seen = new Map<string, number>();
  return [...prose(text).matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading]) => {
    const slug = heading!
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_\- ]/gu, '')
      .replaceAll(' ', '-');
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    return times === 0 ? slug : `${slug}-${String(times)}`;
  });
}

/** The mermaid blocks of a page that begin with this word. */
export function diagramsOf(text: string, kind: string): string[] {
  return [...text.matchAll(/^```mermaid\n([^]*?)^```/gm)]
    .map(([, diagram]) => diagram!)
    .filter((diagram) => diagram.startsWith(kind));
}
