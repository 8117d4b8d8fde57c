import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../unit/manifests/documents';

const folder = mkdtempSync(join(tmpdir(), 'serverless-image-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Stands in for docker: knows the platforms of some images, and notes the builds. */
const DOCKER = `#!/bin/sh
case "$*" in
*'imagetools inspect'*)
  case "$4" in
  kong:2.8.5-ubuntu) echo 'linux/amd64 unknown/unknown ' ;;
  gone) echo 'not found' >&2; exit 1 ;;
  *) echo 'linux/amd64 linux/arm64 ' ;;
  esac ;;
*) echo "$*" >> '${join(folder, 'builds')}' ;;
esac
`;

function image(...args: string[]) {
  const log = join(folder, 'builds');
  rmSync(log, { force: true });
  writeFileSync(join(folder, 'docker'), DOCKER);
  chmodSync(join(folder, 'docker'), 0o755);
  const { status, stderr } = spawnSync(join(root, 'scripts/image.sh'), args, {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}` },
  });
  return { status, stderr, builds: existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [] };
}

describe('npm run image', () => {
  test('builds the three images for this machine', () => {
    const { status, builds } = image();
    expect(status).toBe(0);
    expect(builds).toEqual([
      expect.stringMatching(/^build --tag kong-serverless:\S+ --target gateway /),
      expect.stringMatching(/^build --tag kong-serverless-plugin:\S+ --target plugin /),
      expect.stringMatching(/^build --tag kong-serverless-sample:\S+ --file sample\/Dockerfile /),
    ]);
  });

  test('pushes all three for both platforms from the default base images', () => {
    const { status, builds } = image('--push', 'registry.example');
    expect(status).toBe(0);
    expect(builds).toHaveLength(3);
    for (const line of builds) {
      expect(line).toMatch(
        /^buildx build --platform linux\/amd64,linux\/arm64 --push --tag registry\.example\/kong-serverless/,
      );
    }
  });

  test('says which base image lacks which platform, before it builds anything', () => {
    const { status, stderr, builds } = image(
      '--push',
      'registry.example',
      '--build-arg',
      'KONG_IMAGE=kong:2.8.5-ubuntu',
    );
    expect(status).toBe(1);
    expect(stderr).toContain('kong:2.8.5-ubuntu is not there for linux/arm64, only for linux/amd64');
    expect(builds).toEqual([]);
  });

  test('takes that base image for the platform that it has', () => {
    const args = [
      '--push',
      'registry.example',
      '--platform',
      'linux/amd64',
      '--build-arg=KONG_IMAGE=kong:2.8.5-ubuntu',
    ];
    expect(image(...args).status).toBe(0);
  });

  test('says which base image the registry does not know', () => {
    const { status, stderr } = image('--push', 'registry.example', '--build-arg', 'NODE_IMAGE=gone');
    expect(status).toBe(1);
    expect(stderr).toContain('gone');
  });
});
