import type { Activity } from '../../../src/core/publish-pace';
import {
  activityDueAt,
  countRequests,
  messageSent,
  NO_ACTIVITY,
  requestsForMessage,
} from '../../../src/core/publish-pace';

type Rates = Parameters<typeof activityDueAt>[1];

const rated = (requestsPerMessage: number, maxMessageRate: number): Rates => ({
  requestsPerMessage,
  maxMessageRate,
  messageTtlMs: 30_000,
});

/** Sends what is due from `from` on for `ms`, and answers how many requests each message stood for. */
function send(activity: Activity, rates: Rates, from: number, ms: number): { sent: number[]; left: Activity } {
  const sent: number[] = [];
  let left = activity;
  for (let due = activityDueAt(left, rates); due !== undefined; due = activityDueAt(left, rates)) {
    const now = Math.max(from, due);
    if (now >= from + ms) break;
    const requests = requestsForMessage(left, rates);
    sent.push(requests);
    left = messageSent(left, requests, now, rates);
  }
  return { sent, left };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

test('nothing is due where nothing was requested', () => {
  expect(activityDueAt(NO_ACTIVITY, rated(1, 10))).toBeUndefined();
});

test('below the cap there is one message per request', () => {
  const rates = rated(1, 10);
  expect(send(countRequests(NO_ACTIVITY, 7), rates, 1000, 1000).sent).toEqual([1, 1, 1, 1, 1, 1, 1]);
});

test('one message stands for as many requests as configured, and fewer wait for more', () => {
  const rates = rated(5, 10);
  const { sent, left } = send(countRequests(NO_ACTIVITY, 13), rates, 1000, 1000);
  expect(sent).toEqual([5, 5]);
  expect(left.pending).toBe(3);
  expect(send(countRequests(left, 2), rates, 3000, 1000).sent).toEqual([5]);
});

test('messages are spaced by the rate cap', () => {
  const rates = rated(1, 4);
  const after = messageSent(countRequests(NO_ACTIVITY, 3), 1, 1000, rates);
  expect(activityDueAt(after, rates)).toBe(1250);
});

test('what the cap holds back is carried off by bigger messages, all of it, in seconds', () => {
  const rates = rated(1, 10);
  const { sent, left } = send(countRequests(NO_ACTIVITY, 1000), rates, 1000, 6000);
  expect(sum(sent)).toBe(1000);
  expect(left.pending).toBe(0);
  expect(sent.length).toBeLessThanOrEqual(60);
});

test('the messages of a second follow the requests of that second, up to the cap', () => {
  const rates = rated(10, 10);
  const perSecond = [10, 50, 100, 1000].map((requests) => {
    let left = NO_ACTIVITY;
    let messages = 0;
    // The tenth second, when what is behind has settled into a steady flow.
    for (let second = 1; second <= 10; second++) {
      const step = send(countRequests(left, requests), rates, second * 1000, 1000);
      left = step.left;
      messages = step.sent.length;
    }
    return messages;
  });
  expect(perSecond).toEqual([1, 5, 10, 10]);
});

test('a cap below one per second still carries everything', () => {
  const rates = rated(1, 0.5);
  expect(send(countRequests(NO_ACTIVITY, 40), rates, 1000, 10_000).sent).toEqual([40]);
});

test('a message for more than was counted leaves nothing behind', () => {
  const rates = rated(1, 10);
  expect(messageSent(NO_ACTIVITY, 1, 1000, rates).pending).toBe(0);
});

test('fewer requests than a message stands for keep the queue from running empty', () => {
  const rates = rated(100, 10);
  // One request a second for ten minutes: at no time is the last message older than its time to live.
  let left = NO_ACTIVITY;
  const sentAt: number[] = [];
  for (let now = 0; now <= 600_000; now += 1000) {
    left = countRequests(left, 1);
    const due = activityDueAt(left, rates);
    if (due === undefined || due > now) continue;
    left = messageSent(left, requestsForMessage(left, rates), now, rates);
    sentAt.push(now);
  }
  const gaps = sentAt.slice(1).map((at, n) => at - sentAt[n]!);
  expect(Math.max(...gaps)).toBeLessThan(rates.messageTtlMs);
  expect(sentAt[0]).toBe(0);
  expect(sentAt.length).toBeLessThan(50);
});

test('a message never stands for more requests than there were', () => {
  expect(requestsForMessage(countRequests(NO_ACTIVITY, 3), rated(100, 10))).toBe(3);
});

test('no rate keeps the queue from having a message', () => {
  const rates = rated(1, 0.01);
  const left = messageSent(countRequests(NO_ACTIVITY, 2), 1, 1000, rates);
  expect(activityDueAt(left, rates)).toBe(1000 + rates.messageTtlMs / 2);
});
