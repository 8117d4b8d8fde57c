import { processSettings } from '../config/process-settings';
import { optionTable } from '../command-line/read-words';
import { PREFIX_HELP, SOCKET_HELP } from '../command-line/kong-place';

/** The process settings that tell doctor where the parts are; the others mean nothing to it. */
export const SETTINGS = processSettings.filter(({ option }) => option !== 'log-level' && option !== 'socket-mode');

/** What `serverless doctor --help` prints. */
export function doctorHelp(): string {
  const options = [
    ['-o, --output FORMAT', 'text (the default) or json'],
    ['    --config FILE', 'KongPlugin manifests: the components, topics and limits to look for; may be repeated'],
    ['    --component NAME', 'a Component that must be loaded; may be repeated'],
    ['    --publish PUBSUB/TOPIC', 'publish a message with a TTL of 1 s; it may start the backend'],
    ['    --rabbitmq-management-url URL', 'look at exchanges and queues, http://USER:PASSWORD@HOST:15672'],
    ['    --rabbitmq-vhost NAME', 'virtual host of the exchanges (default: /)'],
    [
      '    --scaler-url URL',
      'HTTP listener of the scaler, where it subscribes to Dapr (default: where the gateway publishes to)',
    ],
    ['    --socket FILE', SOCKET_HELP],
    ['    --kong-prefix DIR', PREFIX_HELP],
    ...SETTINGS.map(
      ({ option, name, default: fallback }) => [`    --${option} VALUE`, `${name} (default: ${fallback})`] as const,
    ),
    ['-h, --help', 'this text'],
  ] as const;
  return `Usage: serverless doctor [OPTION...]

Run it beside a gateway, for instance: kubectl exec -n kong deploy/kong -c proxy -- serverless doctor
It looks at what it can reach, and says what is wrong and what to do about it. It wakes nothing, unless --publish is given.

${optionTable(options)}
Exit code: 0 nothing wrong, or warnings only; 1 errors; 2 a command line that makes no sense.
`;
}
