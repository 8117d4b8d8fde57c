import { examinations } from './checks/index';
import { doctorHelp } from './doctor-help';

/** The text of docs/doctor.md. */
export function doctorPage(): string {
  return `# serverless doctor

<!-- Made from src/doctor by \`npm run generate\`. -->

\`serverless check\` reads files; \`serverless doctor\` looks at a gateway that runs. It runs beside the gateway, in its pod or on its machine, and
looks at each part that a cold start needs, in the order in which a request meets them. What it cannot reach from there it leaves out and
says so. It wakes no backend and publishes nothing, unless it is told to with \`--publish\`.

\`\`\`console
$ kubectl exec -n kong deploy/kong -c proxy -- serverless doctor
$ serverless doctor --config manifests/base/kong-plugin.yaml --publish kong-serverless-plugin/serverless \\
    --rabbitmq-management-url http://USER:PASSWORD@localhost:15672
\`\`\`

## Command line

\`\`\`
${doctorHelp()}\`\`\`

## Output

Progress is on standard error, findings are on standard output: \`ok\`, \`WARNING\`, \`ERROR\`, and \`-\` for what was not looked at. Each warning
and error says why it matters and what to do. With \`-o json\` the report is one object: \`findings\` (\`check\`, \`title\`, \`outcome\`: \`ok\`,
\`warning\`, \`error\` or \`skipped\`, \`message\`, \`why\`, \`fix\`) and \`summary\`, the number of each outcome.

## What it looks at

| check | what must be so | why |
|---|---|---|
${examinations.map(({ id, title, why }) => `| \`${id}\` | ${title} | ${why} |`).join('\n')}

- The gateway is asked with a Host header that nginx itself refuses with 400: the question reaches no route, so it cannot wake a backend.
- A test message has a TTL of 1 s. It may start the backend all the same, as any message does. Dapr answers 204 also for a message that no queue
  gets; only \`rabbitmq-queue\` tells the difference.
- A stream of KEDA leads to one replica of the scaler. Where the scaler has \`SERVERLESS_SCALER_PEERS\`, each replica of that name is asked;
  else only the one that answers, and the finding says so.
- The limits of nginx and of the plugin server are read from \`/proc\`, so only processes of the same container or machine are seen. Kong's
  settings are read from the files in its prefix, else from its environment variables.
`;
}
