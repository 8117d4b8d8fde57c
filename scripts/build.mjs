// Bundles what `dist/` ships.
import { chmodSync, existsSync, renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { optionsOf, targets } from './targets.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

for (const target of targets) {
  const { entry, out, executable } = target;
  if (!existsSync(entry)) continue;
  // Renamed into place: a build beside a running test or server must not leave it half a file.
  const unfinished = `${out}.${process.pid}.new`;
  await build({ ...optionsOf(target), outfile: unfinished });
  if (executable) chmodSync(unfinished, 0o755);
  renameSync(unfinished, out);
}
