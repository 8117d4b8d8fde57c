import { randomUUID } from 'node:crypto';

/** Wraps a payload as Dapr does before it publishes (D7). */
export function cloudEvent(event: {
  readonly body: string;
  readonly contentType: string;
  readonly pubsub: string;
  readonly topic: string;
  readonly appId: string;
  readonly traceparent: string | undefined;
  readonly now: number;
}): string {
  return JSON.stringify({
    data: dataOf(event.body, event.contentType),
    datacontenttype: event.contentType,
    id: randomUUID(),
    pubsubname: event.pubsub,
    source: event.appId,
    specversion: '1.0',
    time: new Date(event.now).toISOString(),
    topic: event.topic,
    traceid: event.traceparent ?? '',
    traceparent: event.traceparent ?? '',
    tracestate: '',
    type: 'com.dapr.event.sent',
  });
}

/** JSON becomes part of the event; anything else, broken JSON too, goes as text. */
function dataOf(body: string, contentType: string): unknown {
  if (!/^application\/(.+\+)?json\b/i.test(contentType)) return body;
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return body;
  }
}
