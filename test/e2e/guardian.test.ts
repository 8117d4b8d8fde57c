import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../real-parts/guard';
import { until } from '../../real-parts/wait';

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('a test run that is interrupted', () => {
  test('leaves no process and no folder behind, but what was given back stays untouched', async () => {
    const guardian = spawn(process.execPath, [join(projectRoot, 'real-parts/guardian.cjs')], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    const start = () => spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
    const [kept, returned] = [start(), start()];
    const gone = new Promise((resolve) =>
      kept.once('exit', (_code, signal) => {
        resolve(signal);
      }),
    );
    const folder = mkdtempSync(join(tmpdir(), 'ks-guardian-'));
    try {
      guardian.stdin.write(`+group ${kept.pid ?? 0}\n+group ${returned.pid ?? 0}\n+folder ${folder}\n`);
      guardian.stdin.write(`-group ${returned.pid ?? 0}\n`);
      // What happens to the pipe when the run is killed.
      guardian.stdin.end();
      expect(await gone).toBe('SIGKILL');
      await until('the folder is gone', () => !existsSync(folder));
      expect(isAlive(returned.pid ?? 0)).toBe(true);
    } finally {
      kept.kill('SIGKILL');
      returned.kill('SIGKILL');
    }
  });
});
