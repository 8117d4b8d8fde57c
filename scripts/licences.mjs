// Says what of others is in the files that we ship, and under which licence. Ends with 1 where one is not known to be permissive.
// --write FILE puts their licences into a file that is to go with ours: each asks for that.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { optionsOf, targets } from './targets.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const { values: options } = parseArgs({ options: { write: { type: 'string' } } });

/** They ask for nothing but to be named, or for nothing at all. */
const PERMISSIVE = ['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'Unlicense', 'BlueOak-1.0.0'];

/** The folder of the package that a bundled file is from. */
const packageOf = (file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];

const found = new Map();
for (const target of targets.filter(({ packages, entry }) => packages !== 'external' && existsSync(entry))) {
  const { metafile } = await build({ ...optionsOf(target), write: false, metafile: true, outfile: target.out });
  // Not what was read: what is left of it.
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs));
  for (const [file, { bytesInOutput }] of inputs) {
    const folder = bytesInOutput > 0 ? packageOf(file) : undefined;
    if (folder === undefined) continue;
    const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
    const row = found.get(folder) ?? { name, version, license, folder, files: new Set() };
    row.files.add(target.out);
    found.set(folder, row);
  }
}

const rows = [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
for (const { name, version, license, files } of rows)
  console.log(`${name}@${version} ${license} in ${[...files].join(', ')}`);
const unknown = rows.filter(({ license }) => !PERMISSIVE.includes(license));
for (const { name, license } of unknown)
  console.error(`licences: ${name} is under '${license}', which is not known here`);
process.exitCode = unknown.length > 0 ? 1 : 0;

/** The texts that a package comes with. One that comes with none names its licence in its package.json. */
const textsOf = ({ folder, license }) => {
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
  return files.length === 0
    ? license
    : files.map((file) => readFileSync(`${folder}/${file}`, 'utf8').trim()).join('\n\n');
};
if (options.write !== undefined) {
  const parts = rows.map((row) => `${row.name} ${row.version} (${row.license})\n\n${textsOf(row)}\n`);
  writeFileSync(options.write, parts.join(`\n${'-'.repeat(78)}\n\n`));
}
