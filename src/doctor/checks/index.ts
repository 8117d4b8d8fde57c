import type { Examination } from '../diagnosis';
import { clientAbort } from './client-abort';
import { clock } from './clock';
import { connectionLimits } from './connection-limits';
import { daprComponents } from './dapr-components';
import { daprHealth } from './dapr-health';
import { endpointSlices } from './endpoint-slices';
import { gateway } from './gateway';
import { listenBacklog } from './listen-backlog';
import { pluginSocket } from './plugin-socket';
import { pushStream } from './push-stream';
import { rabbitmqQueue } from './rabbitmq-queue';
import { socketReadTimeout } from './socket-read-timeout';
import { statusListener } from './status-listener';
import { testPublish } from './test-publish';

/** All examinations, in the order of a request. */
export const examinations: readonly Examination[] = [
  gateway,
  pluginSocket,
  statusListener,
  endpointSlices,
  daprHealth,
  daprComponents,
  testPublish,
  pushStream,
  rabbitmqQueue,
  connectionLimits,
  clientAbort,
  socketReadTimeout,
  listenBacklog,
  clock,
];
