import { randomUUID } from 'node:crypto';

/** Wraps a payload as Dapr does before it publishes (D7). */
export function cloudEvent(message: {
  readonly body: string;
  readonly contentType: string;
  readonly pubsub: string;
  readonly topic: string;
  readonly appId: string;
  readonly traceparent: string | undefined;
  readonly now: number;
}): string {
  return JSON.stringify({
    data: dataOf(message.body, message.contentType),
    datacontenttype: message.contentType,
    id: randomUUID(),
    pubsubname: message.pubsub,
    source: message.appId,
    specversion: '1.0',
    time: new Date(message.now).toISOString(),
    topic: message.topic,
    traceid: message.traceparent ?? '',
    traceparent: message.traceparent ?? '',
    tracestate: '',
    type: 'com.dapr.event.sent',
  });
}

/** JSON is embedded as JSON; anything else, broken JSON included, as text. */
function dataOf(body: string, contentType: string): unknown {
  if (!/^application\/(.+\+)?json\b/i.test(contentType)) return body;
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return body;
  }
}
