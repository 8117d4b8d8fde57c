import type { Event } from '../../../src/core/state';
import { wakeWindowMs } from '../../../src/core/publish-pace';
import { IDLE } from '../../../src/core/state';
import { POLICY } from './example-backend';
import type { DistributiveOmit } from '../../../src/core/types';
import { A, B, Machine, probe, published, rejected, released } from './machine';

describe('idle', () => {
  test('the first request is held while a probe through its worker tells whether the backend is up', () => {
    const machine = new Machine().arrive(0, 1, A);
    expect(machine.effects).toEqual([probe('any', A)]);
    expect(machine.due).toBeUndefined();
  });

  test('what comes late from an activation that is over changes nothing', () => {
    const late: DistributiveOmit<Event, 'now' | 'jitter'>[] = [
      { type: 'leave', worker: A, wakes: true },
      { type: 'renew', worker: A },
      { type: 'tick' },
      { type: 'published', wokenAt: 5, outcome: 'refused' },
      { type: 'probed', scope: 'any', outcome: 'failed', worker: A, last: true },
    ];
    for (const event of late) {
      const machine = new Machine().at(50, event);
      expect([machine.state, machine.effects, machine.due]).toEqual([IDLE, [], undefined]);
    }
  });
});

describe('probing', () => {
  test('others join the probe that is in flight', () => {
    const machine = new Machine().arrive(0, 1, A).arrive(1, 2, B);
    expect(machine.effects).toEqual([]);
    expect(machine.probed(10, 'failed').effects).toEqual([published(10)]);
  });

  test('a backend that is up releases at once, and nothing is published', () => {
    const machine = new Machine().arrive(0, 1, A).probed(10, 'passed', A);
    expect(machine.effects).toEqual([released(1)]);
    expect(machine.isOpen(A, 10)).toBe(true);
  });

  test('a request that must not wake gets its answer from a failed probe, and the backend is forgotten', () => {
    const machine = new Machine().arrive(0, 1, A, { wakes: false }).probed(10, 'failed');
    expect(machine.effects).toEqual([rejected('SERVERLESS_NO_WAKE', 1)]);
    expect(machine.state).toEqual(IDLE);
  });

  test('a request that must not wake goes on where the backend is up', () => {
    expect(new Machine().arrive(0, 1, A, { wakes: false }).probed(10, 'passed').effects).toEqual([released(1)]);
  });

  test('one that wakes wakes also when it joined one that must not', () => {
    const machine = new Machine().arrive(0, 1, A, { wakes: false }).arrive(1, 2).probed(10, 'failed');
    expect(machine.effects).toEqual([rejected('SERVERLESS_NO_WAKE', 1), published(10)]);
  });

  test('of several connections in one round, one that fails first leaves the others their say', () => {
    const one = { type: 'probed', scope: 'any', worker: A } as const;
    const machine = new Machine().arrive(0, 1).at(10, { ...one, outcome: 'failed', last: false });
    expect(machine.effects).toEqual([]);
    expect(machine.at(11, { ...one, outcome: 'passed', last: true }).effects).toEqual([released(1)]);
  });
});

describe('several passed probes in a row, where they are wanted', () => {
  test('before any wake-up they follow each other at once', () => {
    const machine = new Machine({ successes: 3 }).arrive(0, 1);
    expect(machine.probed(10, 'passed').effects).toEqual([probe('any', A)]);
    expect(machine.probed(20, 'passed').effects).toEqual([probe('any', A)]);
    expect(machine.probed(30, 'passed').effects).toEqual([released(1)]);
  });

  test('connections of one round count too', () => {
    const one = { type: 'probed', scope: 'any', outcome: 'passed', worker: A } as const;
    const machine = new Machine({ successes: 2 }).arrive(0, 1).at(10, { ...one, last: false });
    expect(machine.effects).toEqual([]);
    expect(machine.at(11, { ...one, last: true }).effects).toEqual([released(1)]);
  });

  test('while the backend wakes they come one per period, and one that fails starts the count again', () => {
    const machine = Machine.waking({ successes: 2 }).published(20, 'accepted').tick(110);
    expect(machine.effects).toEqual([probe('any', A)]);
    expect(machine.probed(120, 'passed').effects).toEqual([]);
    expect(machine.tick(210).effects).toEqual([probe('any', A)]);
    expect(machine.probed(220, 'failed').tick(310).probed(320, 'passed').effects).toEqual([]);
    expect(machine.tick(410).probed(420, 'passed').effects).toEqual([released(1)]);
  });
});

describe('waking', () => {
  test('one wake-up goes out, and the next probe follows after the period, give or take a tenth', () => {
    const machine = Machine.waking().published(20, 'accepted');
    expect(machine.due).toBe(110);
    expect(new Machine().arrive(0, 1).at(10, failed, 0.5).published(20, 'accepted').due).toBe(115);
    expect(new Machine().arrive(0, 1).at(10, failed, -1).published(20, 'accepted').due).toBe(100);
  });
  const failed = { type: 'probed', scope: 'any', outcome: 'failed', worker: A, last: true } as const;

  test('others join without a probe or a wake-up of their own', () => {
    expect(Machine.waking().arrive(15, 2, B).effects).toEqual([]);
    expect(Machine.waking().published(20, 'accepted').arrive(30, 2, B).effects).toEqual([]);
  });

  test('the next probe may go through the worker of anyone who waits', () => {
    const machine = Machine.waking().published(20, 'accepted').arrive(30, 2, B).tick(110);
    expect(machine.effects).toEqual([probe('any', A, B)]);
  });

  test('one that must not wake is answered at once', () => {
    const machine = Machine.waking().arrive(15, 2, A, { wakes: false });
    expect(machine.effects).toEqual([rejected('SERVERLESS_NO_WAKE', 2)]);
  });

  test('the wake-up is repeated before its message expires, as long as probes fail', () => {
    const machine = Machine.waking().published(20, 'accepted');
    const again = 20 + wakeWindowMs(POLICY);
    expect(again).toBeLessThan(POLICY.messageTtlMs);
    expect(machine.tick(again - 1).probed(again - 1, 'failed').effects).toEqual([]);
    expect(machine.due).toBe(again);
    expect(machine.tick(again).effects).toEqual([published(10)]);
  });

  test('it is not repeated while a probe is in flight that may make it needless', () => {
    const machine = Machine.waking().published(20, 'accepted').tick(110);
    const again = 20 + wakeWindowMs(POLICY);
    expect(machine.tick(again).effects).toEqual([]);
    expect(machine.probed(again + 5, 'unanswered').effects).toContainEqual(published(10));
  });

  test('while a publish is under way there is no second one', () => {
    const machine = Machine.waking();
    expect(machine.tick(40_000 - 10_001).effects).toEqual([probe('any', A)]);
  });

  test('a publish that failed is tried again with growing distance, up to 5 s, and from the start once one was taken', () => {
    const machine = Machine.waking({ intervalMs: 1e6, holdTimeoutMs: 1e6 });
    const distances = [];
    let now = 20;
    for (let attempt = 2; attempt <= 8; attempt++) {
      machine.published(now, 'retry');
      const next = machine.due!;
      distances.push(next - now);
      expect(machine.tick(next).effects).toEqual([published(10)]);
      now = next + 1;
    }
    expect(distances).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000]);
    machine.published(now, 'accepted').tick(now + wakeWindowMs(POLICY));
    machine.published(now + 20_000, 'retry');
    expect(machine.due).toBe(now + 20_250);
  });

  test('a refusal answers all that wait, also those who came meanwhile, and the next one tries anew', () => {
    const machine = Machine.waking().arrive(15, 2, B).published(20, 'refused');
    expect(machine.effects).toEqual([rejected('SERVERLESS_WAKE_REFUSED', 1, 2)]);
    expect(machine.state).toEqual(IDLE);
    expect(machine.arrive(30, 3).effects).toEqual([probe('any', A)]);
    expect(machine.probed(40, 'failed').effects).toEqual([published(40)]);
  });

  test('after a refusal a probe that was in flight is joined, not doubled', () => {
    const machine = Machine.waking().tick(110).published(120, 'refused');
    expect(machine.effects).toEqual([rejected('SERVERLESS_WAKE_REFUSED', 1)]);
    expect(machine.due).toBeUndefined();
    expect(machine.arrive(130, 2).effects).toEqual([]);
    expect(machine.probed(140, 'passed').effects).toEqual([released(2)]);
  });

  test('a probe that was left over and fails leaves nothing behind when nobody came', () => {
    const machine = Machine.waking().tick(110).published(120, 'refused').probed(130, 'failed');
    expect([machine.state, machine.effects]).toEqual([IDLE, []]);
  });

  test('what Dapr says to an earlier activation is not heard', () => {
    const machine = Machine.waking().at(20, { type: 'published', wokenAt: 9, outcome: 'refused' });
    expect(machine.effects).toEqual([]);
    expect(machine.state.kind).toBe('waking');
  });

  test('with nobody left it owns no timer, and one who comes soon goes on with the same wake-up', () => {
    const machine = Machine.waking().published(20, 'accepted').leave(30, 1);
    expect(machine.due).toBeUndefined();
    expect(machine.arrive(500, 2).effects).toEqual([probe('any', A)]);
    expect(machine.probed(510, 'failed').effects).toEqual([]);
  });

  test('a probe that ends with nobody left starts no other', () => {
    const machine = Machine.waking().published(20, 'accepted').tick(110).leave(115, 1).probed(120, 'failed');
    expect([machine.effects, machine.due]).toEqual([[], undefined]);
  });

  test('a probe that passes with nobody left still makes it ready', () => {
    const machine = Machine.waking().published(20, 'accepted').tick(110).leave(115, 1).probed(120, 'passed');
    expect(machine.isOpen(A, 130)).toBe(true);
    expect(machine.due).toBeUndefined();
  });

  test('one who comes when the wake-up may have expired asks first, and wakes anew', () => {
    const machine = Machine.waking().published(20, 'accepted').leave(30, 1);
    const late = 20 + wakeWindowMs(POLICY);
    expect(machine.arrive(late, 2).effects).toEqual([probe('any', A)]);
    expect(machine.probed(late + 10, 'failed').effects).toEqual([published(late + 10)]);
  });

  test('one that must not wake asks too, when it is long since anybody knew', () => {
    const machine = Machine.waking().published(20, 'accepted').leave(30, 1);
    const late = 3_600_000;
    expect(machine.arrive(late, 2, A, { wakes: false }).effects).toEqual([probe('any', A)]);
    expect(machine.probed(late + 10, 'passed').effects).toEqual([released(2)]);
  });
});

describe('overflow', () => {
  test('one for whom there is no room is rejected, and those who wait stay', () => {
    const machine = new Machine().arrive(0, 1).arrive(2, 3, A, { room: false });
    expect(machine.effects).toEqual([rejected('SERVERLESS_HOLD_OVERFLOW', 3)]);
    expect(machine.probed(10, 'passed').effects).toEqual([released(1)]);
  });

  test('one for whom there is no room starts nothing', () => {
    const machine = new Machine().arrive(0, 1, A, { room: false });
    expect([machine.state, machine.effects]).toEqual([IDLE, [rejected('SERVERLESS_HOLD_OVERFLOW', 1)]]);
  });
});

describe('what is known of pods', () => {
  const up = { up: true } as const;

  test('a backend that is asleep when its lease has ended is woken without a probe', () => {
    const machine = new Machine().arrive(0, 1, A).probed(10, 'passed', A);
    const later = 10 + POLICY.leaseMs;
    machine.at(later, { type: 'arrive', worker: A, wakes: true, room: true, asleep: true });
    expect(machine.effects).toEqual([published(later)]);
  });

  test('one that is up at its address is not woken again, until that pod leaves', () => {
    const machine = new Machine().arrive(0, 1, A).probed(10, 'failed');
    machine.at(20, { type: 'published', wokenAt: 10, outcome: 'accepted' });
    const due = 20 + wakeWindowMs(POLICY);
    machine.at(due, { type: 'tick', ...up });
    expect(machine.effects).toEqual([probe('any', A)]);
    machine.at(due + 10, { type: 'probed', scope: 'any', outcome: 'failed', worker: A, last: true, ...up });
    expect(machine.effects).toEqual([]);
    machine.at(due + 20, { type: 'withdrawn' });
    expect(machine.effects).toEqual([published(10)]);
    machine.at(due + 30, { type: 'withdrawn' });
    expect(machine.effects).toEqual([]);
  });

  test('one whose pods came, served everybody at their addresses and have gone is woken at once by whoever comes next', () => {
    const machine = new Machine().arrive(0, 1, A).probed(10, 'failed');
    machine.at(20, { type: 'published', wokenAt: 10, outcome: 'accepted' });
    machine.at(30, { type: 'leave', worker: A, wakes: true, ...up });
    machine.at(40, { type: 'withdrawn' });
    expect(machine.effects).toEqual([]);
    // Well before a wake-up would be repeated.
    machine.at(50, { type: 'arrive', worker: A, wakes: true, room: true, asleep: true });
    expect(machine.effects).toEqual([published(50)]);
  });

  test('one that must not wake it does not, then', () => {
    const machine = new Machine().arrive(0, 1, A).probed(10, 'failed');
    machine.at(20, { type: 'published', wokenAt: 10, outcome: 'accepted' });
    machine.at(30, { type: 'leave', worker: A, wakes: true, ...up });
    machine.at(40, { type: 'withdrawn' });
    machine.at(50, { type: 'arrive', worker: A, wakes: false, room: true, asleep: true });
    expect(machine.effects).toEqual([expect.objectContaining({ type: 'reject', code: 'SERVERLESS_NO_WAKE' })]);
    expect(machine.state.kind).toBe('idle');
  });

  test('nor is one that its probe finds asleep', () => {
    const machine = new Machine().arrive(0, 1, A);
    machine.at(10, { type: 'probed', scope: 'any', outcome: 'failed', worker: A, last: true, ...up });
    expect(machine.effects).toEqual([]);
    expect(machine.state).toMatchObject({ kind: 'waking', spared: true });
  });
});

test.each(['timed-out', 'unanswered'] as const)('a probe that is %s leaves a ready backend its lease', (outcome) => {
  const machine = new Machine().arrive(0, 1, A).probed(10, 'passed', A).arrive(20, 2, B);
  machine.at(30, { type: 'probed', scope: B, outcome, worker: B, last: true });
  expect(machine.state.kind).toBe('ready');
  expect(machine.isOpen(A, 30)).toBe(true);
});
