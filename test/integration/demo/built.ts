import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../../real-parts/guard';

/** A file of `npm run build`. Throws where it has not been made. */
export function built(name: string): string {
  const file = join(projectRoot, 'dist', name);
  if (!existsSync(file)) throw new Error(`${file} is missing: npm run build`);
  return file;
}
