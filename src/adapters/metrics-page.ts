import type { Instrument } from './instruments';
import { BUCKETS, INSTRUMENTS, LABELS, SCALER_INSTRUMENTS } from './instruments';

const ALL: readonly Instrument[] = Object.values(INSTRUMENTS);

function row({ name, type, labels, meaning }: Instrument): string {
  return `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${meaning} |`;
}

/** The text of docs/metrics.md. */
export function metricsPage(): string {
  const { hold, coldStart, rejections, linesDropped } = INSTRUMENTS;
  return `# Metrics

<!-- Made from src/adapters/instruments.ts by \`npm run generate\`. -->

\`GET /metrics\` on the status listener (\`SERVERLESS_STATUS_LISTEN\`, by default 127.0.0.1:9542) answers in Prometheus' text format. Each gateway
node counts for itself, from 0 when its plugin server starts. Where one stands by, ask the active one: only its numbers move.

| metric | type | labels | what it says |
|---|---|---|---|
${ALL.map(row).join('\n')}

\`serverless scaler\` has some of its own, at \`/metrics\` of its HTTP listener (\`SERVERLESS_SCALER_HTTP_LISTEN\`):

| metric | type | labels | what it says |
|---|---|---|---|
${Object.values(SCALER_INSTRUMENTS).map(row).join('\n')}

The buckets of the histograms end at ${BUCKETS.join(', ')} seconds.

## Labels

A label takes its values from the configuration and from the plugin itself, never from a client, so no client can make series.

| label | value |
|---|---|
${Object.entries(LABELS)
  .map(([label, meaning]) => `| \`${label}\` | ${meaning} |`)
  .join('\n')}

Values of \`outcome\`:

${ALL.flatMap(({ name, outcomes }) => (outcomes === undefined ? [] : [`- of \`${name}\`: ${outcomes}.`])).join('\n')}

## What to ask

\`\`\`
# 95 % of cold starts are faster than this, in seconds, per backend
histogram_quantile(0.95, sum by (backend, le) (rate(${coldStart.name}_bucket[1h])))

# Requests per second that were held in vain, per backend: they timed out, or were one too many
sum by (backend, outcome) (rate(${hold.name}_count{outcome=~"SERVERLESS_.*"}[5m]))

# Requests that the plugin answered with an error, by code: worth an alert, but for SERVERLESS_NO_WAKE
sum by (code) (increase(${rejections.name}[5m])) > 0

# The log is not whole
increase(${linesDropped.name}[1h]) > 0
\`\`\`
`;
}
