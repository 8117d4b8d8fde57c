import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../real-parts/guard';

/**
 * Puts figures that a run measured into a page, between its marks `<!-- NAME -->` and `<!-- end of NAME -->`.
 *
 * @param page from the top of the repository
 */
export const writeSection = (page: string, name: string, text: string): void => {
  const file = join(projectRoot, page);
  const before = readFileSync(file, 'utf8');
  const section = new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- end of ${name} -->)`);
  if (!section.test(before)) throw new Error(`${page} has no section '${name}'`);
  writeFileSync(
    file,
    before.replace(section, (_, begin: string, end: string) => `${begin}\n${text}\n\n${end}`),
  );
};
