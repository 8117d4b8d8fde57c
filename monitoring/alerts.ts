import { M, quantile, S } from './query';

/** Something that somebody has to look at. */
export interface Alert {
  readonly name: string;
  readonly expr: string;
  /** How long it has to be so. */
  readonly for: string;
  readonly severity: 'critical' | 'warning';
  readonly summary: string;
  readonly description: string;
}

/** Every gateway node is scraped by a job with this in its name. */
const PLUGIN_JOB = '.*serverless.*';

const TIMED_OUT = '{outcome="SERVERLESS_HOLD_TIMEOUT"}';

/** In the order of docs/guides/operating.md, which has a section for each. */
export const ALERTS: readonly Alert[] = [
  {
    name: 'ServerlessHoldsTimeOut',
    // The second is there before the first request times out, so that its first increase is seen.
    expr:
      `sum by (backend) (increase(${M.hold}_count${TIMED_OUT}[5m])) > 0 ` +
      `or sum by (backend) (increase(${M.coldStarts}${TIMED_OUT}[5m])) > 0`,
    for: '0m',
    severity: 'critical',
    summary: 'Requests for {{ $labels.backend }} are held until their deadline, and rejected',
    description:
      'The backend was not ready in time: {{ $value | humanize }} requests in 5 minutes. Does KEDA scale its Deployment, does the pod start, does its health path pass?',
  },
  {
    name: 'ServerlessDaprRefuses',
    expr: `sum by (backend) (increase(${M.messages}{outcome="refused"}[5m])) > 0`,
    for: '0m',
    severity: 'critical',
    summary: 'Dapr refuses the wake-ups of {{ $labels.backend }}',
    description:
      'It cannot be woken: check the names of pubsub component and topic, its scopes, and the API token (serverless doctor).',
  },
  {
    name: 'ServerlessDaprUnreachable',
    expr:
      `sum by (instance) (rate(${M.messages}{outcome="retry"}[5m])) > 0 ` +
      `unless sum by (instance) (rate(${M.messages}{outcome="accepted"}[5m])) > 0`,
    for: '1m',
    severity: 'critical',
    summary: 'No wake-up of {{ $labels.instance }} gets through',
    description: 'Neither Dapr nor the scaler takes a message: does the sidecar run, and does it reach its broker?',
  },
  {
    name: 'ServerlessRejects',
    expr: `sum by (code) (increase(${M.rejections}{code!~"SERVERLESS_(NO_WAKE|HOLD_TIMEOUT|WAKE_REFUSED)"}[5m])) > 0`,
    for: '0m',
    severity: 'warning',
    summary: 'Requests are rejected: {{ $labels.code }}',
    description: '{{ $value | humanize }} requests in 5 minutes; docs/errors.md says what each code asks for.',
  },
  {
    name: 'ServerlessHeldBudgetExhausted',
    expr: `${M.held} > 0.8 * ${M.heldLimit}`,
    for: '0m',
    severity: 'critical',
    summary: '{{ $labels.instance }} holds nearly as many requests as it may',
    description:
      'Above the limit requests are rejected at once (SERVERLESS_HOLD_OVERFLOW): which backend does not get ready?',
  },
  {
    name: 'ServerlessBackendFlaps',
    expr: `sum by (backend) (increase(${M.coldStarts}{outcome="ready"}[1h])) > 12`,
    for: '0m',
    severity: 'warning',
    summary: '{{ $labels.backend }} was woken {{ $value | humanize }} times within an hour',
    description:
      'It sleeps for less than it takes to wake: a longer cooldownPeriod costs less, or a crawler wakes it (no_wake).',
  },
  {
    name: 'ServerlessColdStartSlow',
    expr:
      `${quantile(0.9, M.coldStart, '30m', ['backend'], '{phase="released"}')} > ` +
      `2 * ${quantile(0.9, M.coldStart, '1d', ['backend'], '{phase="released"}')} + 1`,
    for: '5m',
    severity: 'warning',
    summary: '{{ $labels.backend }} takes twice as long to wake as it did',
    description:
      'Nine of ten cold starts end within {{ $value | humanizeDuration }}. The phases say which part grew: image, node, or application.',
  },
  {
    name: 'ServerlessStandbyMissing',
    expr: `${M.standby} == 0`,
    for: '10m',
    severity: 'warning',
    summary: 'No second plugin server stands by at {{ $labels.instance }}',
    description: 'While this one is gone, Kong 2.8 lets requests through to backends that sleep (K6).',
  },
  {
    name: 'ServerlessPluginServerDown',
    expr: `up{job=~"${PLUGIN_JOB}"} == 0`,
    for: '1m',
    severity: 'critical',
    summary: 'The plugin server of {{ $labels.instance }} does not answer',
    description: 'Nothing is held and nothing is woken there: look at the log of the container.',
  },
  {
    name: 'ServerlessLogNotWhole',
    expr: `increase(${M.linesDropped}[1h]) > 0`,
    for: '0m',
    severity: 'warning',
    summary: 'The log of {{ $labels.instance }} is not whole',
    description: 'Standard error takes no lines: a full disk, or nobody who reads.',
  },
  {
    name: 'ServerlessScalerWithoutStreams',
    expr: `sum(${S.streams}) == 0`,
    for: '5m',
    severity: 'critical',
    summary: 'KEDA has no stream open to the scaler',
    description: 'A push tells nobody: does KEDA reach scalerAddress? (kubectl describe scaledobject)',
  },
];

const RUNBOOK = 'https://github.com/kong-serverless/kong-serverless/blob/main/docs/guides/operating.md';

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function groups(indent: string): string {
  const lines = ['groups:', '  - name: serverless', '    rules:'];
  for (const { name, expr, for: wait, severity, summary, description } of ALERTS)
    lines.push(
      `      - alert: ${name}`,
      `        expr: ${quoted(expr)}`,
      `        for: ${wait}`,
      `        labels:`,
      `          severity: ${severity}`,
      `        annotations:`,
      `          summary: ${quoted(summary)}`,
      `          description: ${quoted(description)}`,
      `          runbook_url: ${RUNBOOK}#${name.toLowerCase()}`,
    );
  return `${lines.map((line) => indent + line).join('\n')}\n`;
}

/** The text of monitoring/alerts.yaml, as Prometheus reads it. */
export function rulesFile(): string {
  return `# Made from alerts.ts by \`npm run generate\`.\n${groups('')}`;
}

/** The text of manifests/monitoring/prometheus-rule.yaml. */
export function prometheusRule(): string {
  return `# Made from monitoring/alerts.ts by \`npm run generate\`.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: serverless
  namespace: kong
spec:
${groups('  ')}`;
}
