import type { RequestListener } from 'node:http';
import { answerJson } from './serve';
import type { Settings } from './settings';

/**
 * The asynchronous case: Dapr takes jobs from a queue and posts them here, one by one. The worker knows neither the broker nor the
 * queue, and sleeps at zero replicas while the queue is empty.
 */
export function worker(settings: Settings): RequestListener {
  const subscriptions = [{ pubsubname: settings.pubsub, topic: settings.topic, route: '/jobs' }];
  return (request, response) => {
    if (request.url === '/healthz') {
      answerJson(response, 200, { status: 'ok' });
    } else if (request.method === 'GET' && request.url === '/dapr/subscribe') {
      answerJson(response, 200, subscriptions);
    } else if (request.method === 'POST' && request.url === '/jobs') {
      request.resume().on('end', () => {
        // Dapr acknowledges the message once this answers 200; killed before that, the message goes to another replica.
        setTimeout(() => {
          answerJson(response, 200, { status: 'SUCCESS' });
        }, settings.workMs);
      });
    } else {
      answerJson(response, 404, { error: 'the worker takes POST /jobs' });
    }
  };
}
