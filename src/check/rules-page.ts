import { CHECK_HELP } from './check-help';
import { rules } from './rules/index';

/** The text of docs/check.md. */
export function checkPage(): string {
  return `# serverless check

<!-- Made from src/check by \`npm run generate\`. -->

A scale-to-zero backend is described in four places that do not know each other: the gateway's KongPlugin and Ingress, Dapr's Component,
the broker's queue, and KEDA's ScaledObject. A name that differs in one of them is not an error anywhere: the request is held, a message is
published, and nothing happens. \`serverless check\` reads them together and reports what does not agree, before it is applied.

\`\`\`console
$ serverless check manifests keda sample kong
$ kubectl kustomize manifests/overlays/aws | serverless check -
$ helm template charts/serverless-backend --values my-backends.yaml | serverless check -
\`\`\`

## Command line

\`\`\`
${CHECK_HELP}\`\`\`

## What it reads

- YAML with one or several documents, JSON, \`List\` objects. Text that is neither is an error (\`unreadable\`). Kinds that it does not know are ignored.
- \`KongPlugin\`, \`KongClusterPlugin\`, \`Ingress\`, \`HTTPRoute\`, \`Service\`, \`Deployment\` and \`StatefulSet\`, the sweepers' \`CronJob\`,
  \`HorizontalPodAutoscaler\`; Dapr's \`Component\` and \`Subscription\`; KEDA's
  \`ScaledObject\` and \`TriggerAuthentication\`.
- The broker's topology: RabbitMQ definitions (a JSON file, or inside a ConfigMap or Secret), the resources of RabbitMQ's topology operator,
  SQS queues and SNS subscriptions of a CloudFormation template.
- Values for Kong's chart, or the Deployment that they render to; Kong's own declarative configuration (\`_format_version\`).

In a folder it leaves out hidden files, \`node_modules\`, a chart's templates and values, kustomization files and the patches that they name:
pieces of objects, which are judged once they are rendered. Several objects of the same kind, namespace and name in one run, as with a
folder per broker, count as alternatives: of the Components and ScaledObjects one pair must fit, and each pair that fits is checked.

A rule is silent where the documents that it compares are not all there; the report ends with what could not be checked.

## Output

Each finding names the file and line, the document, the field, why it matters and the fix. With \`-o json\` the report is one object:
\`findings\` (\`rule\`, \`severity\`, \`file\`, \`line\`, \`document\`, \`field\`, \`message\`, \`why\`, \`fix\`), \`notChecked\`, and
\`summary\` (\`files\`, \`documents\`, \`errors\`, \`warnings\`). Nothing in it repeats a password.

## Rules

Some errors are reported as warnings where they are only likely, and the other way round.

${rules.map(({ id, severity, title }) => `- [${id}](#${id}) (${severity}): ${title}.`).join('\n')}
${rules.map(section).join('')}`;
}

function section({ id, title, why, fix }: (typeof rules)[number]): string {
  return `
### ${id}

${title}. ([broken example](../src/check/rules/${id}.broken.yaml))

*Why.* ${why}

*Fix.* ${fix}
`;
}
