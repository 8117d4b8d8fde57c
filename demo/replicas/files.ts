import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Workload } from '../manifests/workload';

/** Arguments of a workload's process. Writes the files of its ConfigMap volumes below `folder`, as the kubelet does. */
export function argumentsOf(workload: Workload, folder: string): string[] {
  const { args, files } = workload.process;
  if (args[0] !== 'pages') return [...args];
  const root = join(folder, workload.name);
  mkdirSync(root, { recursive: true });
  for (const [path, content] of files) {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return ['pages', root];
}
