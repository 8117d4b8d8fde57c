import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serverlessFile } from '../../../real-parts/serverless';

test('the executable alone says what it needs to be a scaler', () => {
  const folder = mkdtempSync(join(tmpdir(), 'serverless-alone-'));
  try {
    const file = join(folder, 'serverless');
    copyFileSync(serverlessFile, file);
    const { status, stderr } = spawnSync(process.execPath, [file, 'scaler'], { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toBe(
      'serverless scaler: scaler.js is not beside this executable: take the image, or copy both files of dist/\n',
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
