import { execFile } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { crossFieldRules } from '../../../src/config/cross-field';
import { processSettings } from '../../../src/config/process-settings';
import { referencePage } from '../../../src/config/configuration-page';
import {
  activityDueAt,
  countRequests,
  messageSent,
  NO_ACTIVITY,
  requestsForMessage,
} from '../../../src/core/publish-pace';
import type { Policy } from '../../../src/core/backend';
import { configSchema } from '../../../src/config/schema';
import { backendsOf } from './configs';

const page = referencePage();
const repository = resolve(__dirname, '../../..');

const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map((match) => parseYaml(match[1]!) as { config: unknown });

/** The longest time between two messages for a backend under ten minutes of steady traffic. */
function longestGapMs(policy: Policy, everyMs: number): number {
  let activity = NO_ACTIVITY;
  const sent: number[] = [];
  for (let now = 0; now < 600_000; now += everyMs) {
    activity = countRequests(activity, 1);
    for (let due = activityDueAt(activity, policy); due !== undefined && due < now + everyMs;) {
      const at = Math.max(due, now);
      sent.push(at);
      activity = messageSent(activity, requestsForMessage(activity, policy), at, policy);
      due = activityDueAt(activity, policy);
    }
  }
  return Math.max(...sent.slice(1).map((at, index) => at - (sent[index] ?? 0)));
}

describe('the reference page', () => {
  test('has a row with default and unit for every field', () => {
    const nested = [
      ...Object.keys(configSchema.properties.backend.items.properties).map((name) => `backend[].${name}`),
      ...Object.keys(configSchema.properties.probe.properties).map((name) => `probe.${name}`),
      ...Object.keys(configSchema.properties.no_wake.items.properties).map((name) => `no_wake[].${name}`),
    ];
    for (const field of [...Object.keys(configSchema.properties), ...nested])
      expect(page).toContain(`\n| \`${field}\` |`);
    expect(page).toContain('| `interval` | whole number from 10 to 60000 | ms | `100` |');
    expect(page).toContain('| `backend[].target` | path, at most 1024 characters | – | **required** |');
    expect(page).toContain('| `on_timeout` | `reject` or `pass` | – | `"reject"` |');
    expect(page).toContain('| `hold_timeout` | whole number from 10 to 3600000 | ms | `count` × `interval` |');
  });

  test('has every rule between fields and every process setting', () => {
    expect(crossFieldRules.map(({ says }) => says).filter((says) => !page.includes(says))).toEqual([]);
    expect(processSettings.filter(({ name, option }) => !page.includes(`| \`${name}\` | \`--${option}\` |`))).toEqual(
      [],
    );
  });

  test('has examples that the plugin accepts', () => {
    expect(examples.map(({ config }) => backendsOf(config).length)).toEqual([1, 2]);
  });

  test.each([10, 100, 1000, 5000, 20_000])(
    'has examples whose queue never runs empty under steady traffic: one request every %i ms',
    (everyMs) => {
      for (const { config } of examples) {
        for (const { policy } of backendsOf(config)) {
          expect(longestGapMs(policy, everyMs)).toBeLessThan(policy.messageTtlMs);
        }
      }
    },
  );

  test('uses every kind of top-level field in its examples', () => {
    const examples = page.slice(page.indexOf('### With every kind of field'));
    const unused = Object.keys(configSchema.properties).filter((name) => !examples.includes(`\n  ${name}:`));
    expect(unused).toEqual(['count']);
  });
});

describe('npm run generate', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'serverless-generate-'));
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  const generate = (...args: string[]) =>
    new Promise<{ code: number; stderr: string }>((done) => {
      execFile(process.execPath, ['scripts/generate.mjs', ...args], { cwd: repository }, (error, _stdout, stderr) => {
        done({ code: typeof error?.code === 'number' ? error.code : 0, stderr });
      });
    });

  test('writes the page, finds it unchanged, and finds the drift once somebody edits it', async () => {
    expect(await generate('--root', root)).toEqual({ code: 0, stderr: '' });
    const file = join(root, 'docs/configuration.md');
    expect(readFileSync(file, 'utf8')).toBe(page);
    expect(await generate('--check', '--root', root)).toEqual({ code: 0, stderr: '' });

    appendFileSync(file, 'edited by hand\n');
    expect(await generate('--check', '--root', root)).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^docs\/configuration\.md .*run `npm run generate`/),
    });
    expect(readFileSync(file, 'utf8')).toContain('edited by hand');
  }, 20_000);

  test('finds a page that is missing', async () => {
    expect((await generate('--check', '--root', root)).code).toBe(1);
  });

  test('the page in the repository is up to date', () => {
    expect(readFileSync(join(repository, 'docs/configuration.md'), 'utf8')).toBe(page);
  });
});
