import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { ALERTS } from '../../../monitoring/alerts';
import { M, S } from '../../../monitoring/query';
import { findPart } from '../../../real-parts/find';
import { makeFolder, projectRoot, removeFolder } from '../../../real-parts/guard';
import { describeWith } from '../../support/suite';

/** Samples of a series, one a minute, in promtool's words: `0+1x60` grows by 1 for 60 minutes. */
type Series = readonly (readonly [series: string, values: string])[];

interface Case {
  readonly fires: Series;
  readonly quiet: Series;
  /** When it is looked. */
  readonly at?: string;
}

const of = (metric: string, labels: string): string => `${metric}{${labels}}`;
const backend = 'backend="/foo",instance="a"';
const buckets = (values: (le: string) => string): Series =>
  ['1', '2.5', '5', '10', '+Inf'].map((le) => [
    of(`${M.coldStart}_bucket`, `backend="/foo",phase="released",le="${le}"`),
    values(le),
  ]);

const CASES: Readonly<Record<string, Case>> = {
  ServerlessHoldsTimeOut: {
    fires: [[of(`${M.hold}_count`, `${backend},outcome="SERVERLESS_HOLD_TIMEOUT"`), '0+1x60']],
    quiet: [
      [of(`${M.hold}_count`, `${backend},outcome="SERVERLESS_HOLD_TIMEOUT"`), '5+0x60'],
      [of(`${M.hold}_count`, `${backend},outcome="released"`), '0+9x60'],
    ],
  },
  ServerlessDaprRefuses: {
    fires: [[of(M.messages, `${backend},reason="cold-start",outcome="refused"`), '0+1x60']],
    quiet: [[of(M.messages, `${backend},reason="cold-start",outcome="accepted"`), '0+1x60']],
  },
  ServerlessDaprUnreachable: {
    fires: [[of(M.messages, `${backend},reason="cold-start",outcome="retry"`), '0+1x60']],
    quiet: [
      [of(M.messages, `${backend},reason="cold-start",outcome="retry"`), '0+1x60'],
      [of(M.messages, `${backend},reason="activity",outcome="accepted"`), '0+1x60'],
    ],
  },
  ServerlessRejects: {
    fires: [[of(M.rejections, 'code="SERVERLESS_CONFIG_INVALID",instance="a"'), '0+1x60']],
    quiet: [
      [of(M.rejections, 'code="SERVERLESS_CONFIG_INVALID",instance="a"'), '0+0x60'],
      [of(M.rejections, 'code="SERVERLESS_NO_WAKE",instance="a"'), '0+9x60'],
    ],
  },
  ServerlessHeldBudgetExhausted: {
    fires: [
      [of(M.held, 'instance="a"'), '850+0x60'],
      [of(M.heldLimit, 'instance="a"'), '1000+0x60'],
    ],
    quiet: [
      [of(M.held, 'instance="a"'), '700+0x60'],
      [of(M.heldLimit, 'instance="a"'), '1000+0x60'],
    ],
  },
  ServerlessBackendFlaps: {
    fires: [[of(M.coldStarts, `${backend},outcome="ready"`), '0+1x120']],
    quiet: [[of(M.coldStarts, `${backend},outcome="ready"`), '0+0.1x120']],
    at: '100m',
  },
  ServerlessColdStartSlow: {
    fires: buckets((le) =>
      le === '1' ? '0+1x1400 1400+0x60' : ['2.5', '5'].includes(le) ? '0+1x1400 1400+0x60' : '0+1x1460',
    ),
    quiet: buckets(() => '0+1x1460'),
    at: '1450m',
  },
  ServerlessStandbyMissing: {
    fires: [[of(M.standby, 'instance="a"'), '0+0x60']],
    quiet: [[of(M.standby, 'instance="a"'), '1+0x60']],
  },
  ServerlessPluginServerDown: {
    fires: [['up{job="kong/serverless",instance="a"}', '0+0x60']],
    quiet: [
      ['up{job="kong/serverless",instance="a"}', '1+0x60'],
      ['up{job="other",instance="a"}', '0+0x60'],
    ],
  },
  ServerlessLogNotWhole: {
    fires: [[of(M.linesDropped, 'instance="a"'), '0+1x60']],
    quiet: [[of(M.linesDropped, 'instance="a"'), '7+0x60']],
  },
  ServerlessScalerWithoutStreams: {
    fires: [
      [of(S.streams, 'instance="a"'), '0+0x60'],
      [of(S.streams, 'instance="b"'), '0+0x60'],
    ],
    quiet: [
      [of(S.streams, 'instance="a"'), '0+0x60'],
      [of(S.streams, 'instance="b"'), '3+0x60'],
    ],
  },
};

/** The first in the life of a plugin server: the series of the hold appears with it. */
const FIRST: Case['fires'] = [
  [of(`${M.hold}_count`, `${backend},outcome="SERVERLESS_HOLD_TIMEOUT"`), '_x47 1x12'],
  [of(M.coldStarts, `${backend},outcome="SERVERLESS_HOLD_TIMEOUT"`), '0x47 1x12'],
];

test('every alert has a case', () => {
  expect(Object.keys(CASES).sort()).toEqual(ALERTS.map(({ name }) => name).sort());
});

describeWith(['promtool'], 'the alerts, by promtool', () => {
  let folder: string;
  beforeAll(() => {
    folder = makeFolder('alerts');
  });
  afterAll(() => removeFolder(folder));

  /** Which alerts fire. */
  const firing = (name: string, series: Series, at: string): boolean => {
    const found = findPart('promtool');
    const input_series = series.map(([one, values]) => ({ series: one, values }));
    const file = join(folder, 'test.yaml');
    // promtool says what it got where that is not what was expected: nothing is.
    const alert_rule_test = [{ eval_time: at, alertname: name, exp_alerts: [] }];
    writeFileSync(
      file,
      stringify({
        rule_files: [join(projectRoot, 'monitoring/alerts.yaml')],
        tests: [{ interval: '1m', input_series, alert_rule_test }],
      }),
    );
    const { status, stdout, stderr } = spawnSync(found.how === 'binary' ? found.path : '', ['test', 'rules', file], {
      encoding: 'utf8',
    });
    if (status !== 0 && !`${stdout}${stderr}`.includes(`alertname="${name}"`)) throw new Error(stdout + stderr);
    return status !== 0;
  };

  test.each(Object.entries(CASES))('%s fires, and does not', (name, { fires, quiet, at = '50m' }) => {
    expect(firing(name, fires, at)).toBe(true);
    expect(firing(name, quiet, at)).toBe(false);
  });

  test('the very first request that times out is told of', () => {
    expect(firing('ServerlessHoldsTimeOut', FIRST, '50m')).toBe(true);
    expect(firing('ServerlessHoldsTimeOut', FIRST, '55m')).toBe(false);
  });
});
