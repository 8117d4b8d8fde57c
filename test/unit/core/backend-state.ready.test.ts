import type { Ready } from '../../../src/core/state';
import { renewalDueAt } from '../../../src/core/schedule';
import { IDLE } from '../../../src/core/state';
import { UNKNOWN_WORKER } from '../../../src/core/reports';
import { POLICY } from './example-backend';
import { A, B, Machine, probe, published, rejected, released } from './machine';

describe('ready', () => {
  test('requests on a proven worker pass until the lease ends', () => {
    const machine = Machine.ready();
    expect(machine.arrive(20, 2, A).effects).toEqual([released(2)]);
    expect(machine.isOpen(A, 10 + POLICY.leaseMs - 1)).toBe(true);
    expect(machine.isOpen(A, 10 + POLICY.leaseMs)).toBe(false);
  });

  test('after the lease the next request is verified first', () => {
    const machine = Machine.ready().arrive(10 + POLICY.leaseMs, 2, A);
    expect(machine.effects).toEqual([probe('any', A)]);
    expect(machine.state.kind).toBe('probing');
  });

  test('the second half of the lease is renewed by the first request that passes in it, in the background and once', () => {
    const machine = Machine.ready();
    const due = renewalDueAt(machine.state as Ready, POLICY);
    expect(due).toBe(10 + POLICY.leaseMs / 2);
    expect(machine.renew(due - 1).effects).toEqual([]);
    expect(machine.renew(due).effects).toEqual([probe(A, A)]);
    expect(machine.renew(due + 1).effects).toEqual([]);
    expect(machine.probed(due + 20, 'passed', A, A).effects).toEqual([]);
    expect(machine.isOpen(A, due + 20 + POLICY.leaseMs - 1)).toBe(true);
  });

  test('a renewal without an answer keeps the lease, and is tried again after a period', () => {
    const machine = Machine.ready().renew(2510).probed(2520, 'unanswered', UNKNOWN_WORKER, A);
    expect(machine.effects).toEqual([]);
    expect(machine.isOpen(A, 5009)).toBe(true);
    expect(machine.renew(2609).effects).toEqual([]);
    expect(machine.renew(2610).effects).toEqual([probe(A, A)]);
  });

  test('a failure on a worker that had passed ends readiness: the next request is verified', () => {
    const machine = Machine.ready().renew(2510).probed(2520, 'failed', A, A);
    expect([machine.state, machine.effects]).toEqual([IDLE, []]);
  });

  test('a failure on a worker that had passed wakes the backend for those who wait', () => {
    const machine = Machine.ready().arrive(20, 2, B).arrive(21, 3, B, { wakes: false });
    machine.probed(30, 'failed', A, B);
    expect(machine.effects).toEqual([rejected('SERVERLESS_NO_WAKE', 3), published(30)]);
    expect(machine.state).toMatchObject({ kind: 'waking', waiting: new Map([[B, { wakes: 1, others: 0 }]]) });
  });

  test('a failure on a worker that had passed lets other probes in flight have their say first', () => {
    const machine = Machine.ready().arrive(20, 2, B).arrive(21, 3, 13).probed(30, 'failed', A, B);
    expect(machine.effects).toEqual([]);
    expect(machine.state).toMatchObject({ kind: 'probing', inFlight: [13], wake: true });
    expect(machine.probed(40, 'failed', 13, 13).effects).toEqual([published(40)]);
  });

  test('a probe that does not come by the plugin counts for the backend while nothing else is known', () => {
    const machine = new Machine().arrive(0, 1, A).probed(10, 'passed', UNKNOWN_WORKER);
    expect(machine.effects).toEqual([probe(A, A)]);
    expect(machine.probed(20, 'failed', UNKNOWN_WORKER, A).effects).toEqual([published(20)]);
  });
});

describe('the other nginx workers', () => {
  test('their requests stay held, and a probe through each goes out at once', () => {
    const machine = new Machine().arrive(0, 1, A).arrive(1, 2, B).arrive(2, 3, 13).probed(10, 'passed', A);
    expect(machine.effects).toEqual([released(1), probe(B, B), probe(13, 13)]);
    expect(machine.probed(20, 'passed', B, B).effects).toEqual([released(2)]);
  });

  test('one that has not followed yet does not end readiness, and is asked again within the settle limit', () => {
    const machine = Machine.ready().arrive(20, 2, B);
    expect(machine.effects).toEqual([probe(B, B)]);
    expect(machine.probed(30, 'failed', B, B).effects).toEqual([]);
    expect(machine.isOpen(A, 31)).toBe(true);
    expect(machine.due).toBe(120);
    expect(machine.tick(120).effects).toEqual([probe(B, B)]);
  });

  test('one that does not answer is asked again when it is time', () => {
    const machine = Machine.ready().arrive(20, 2, B);
    expect(machine.probed(500, 'unanswered', UNKNOWN_WORKER, B).effects).toEqual([probe(B, B)]);
  });

  test('a second request on such a worker joins the first, one on yet another is asked for at once', () => {
    const machine = Machine.ready().arrive(20, 2, B).probed(30, 'failed', B, B);
    expect(machine.arrive(40, 3, B).effects).toEqual([]);
    expect(machine.arrive(41, 4, 13).effects).toEqual([probe(13, 13)]);
  });

  test('after the settle limit all go on of which nothing else is known', () => {
    const machine = Machine.ready().arrive(20, 2, B).probed(900, 'unanswered', UNKNOWN_WORKER, B);
    expect(machine.isOpen(B, 1009)).toBe(false);
    expect(machine.tick(1010).effects).toEqual([released(2)]);
    expect(machine.arrive(1011, 3, 13).effects).toEqual([released(3)]);
  });

  test('one whose own probes fail beyond the settle limit is not let go: the backend is asleep again', () => {
    const machine = Machine.ready().arrive(20, 2, B).probed(30, 'failed', B, B).probed(950, 'failed', B, B);
    expect(machine.effects).toEqual([probe(B, B)]);
    expect(machine.due).toBeUndefined();
    expect(machine.tick(1010).effects).toEqual([]);
    expect(machine.isOpen(B, 1010)).toBe(false);
    expect(machine.isOpen(13, 1010)).toBe(true);
    expect(machine.probed(1050, 'failed', B, B).effects).toEqual([published(1050)]);
    expect(machine.state).toMatchObject({ kind: 'waking', waiting: new Map([[B, { wakes: 1, others: 0 }]]) });
    expect(machine.probed(3000, 'passed', B).effects).toEqual([released(2)]);
  });

  test('a failure of which the worker is not known is held against none', () => {
    const machine = Machine.ready().arrive(20, 2, B).probed(30, 'failed', UNKNOWN_WORKER, B);
    expect(machine.state.kind).toBe('ready');
    expect(machine.tick(1010).effects).toEqual([released(2)]);
  });

  test('one that follows just after the settle limit is let go then', () => {
    const machine = Machine.ready().arrive(20, 2, B).probed(30, 'failed', B, B).probed(950, 'failed', B, B);
    expect(machine.probed(1040, 'passed', B, B).effects).toEqual([released(2)]);
    expect(machine.isOpen(A, 1040)).toBe(true);
  });

  test('a settle limit of zero waits for nobody', () => {
    const machine = new Machine({ settleMs: 0 }).arrive(0, 1, A).arrive(1, 2, B).probed(10, 'passed', A);
    expect(machine.effects).toEqual([released(1, 2)]);
  });

  test('a lease shorter than the settle limit does not end while the other workers are waited for', () => {
    const machine = Machine.ready({ settleMs: 1000, leaseMs: 300 }).arrive(20, 2, B);
    machine.probed(30, 'unanswered', UNKNOWN_WORKER, B);
    expect(machine.tick(1009).effects).toEqual([probe(B, B)]);
    expect(machine.tick(1010).effects).toEqual([released(2)]);
  });

  test('one who is found waiting after the lease, because time was lost, is verified again', () => {
    const machine = Machine.ready({ settleMs: 1000, leaseMs: 300 }).arrive(20, 2, B);
    machine.probed(30, 'failed', B, B);
    expect(machine.tick(2010).state.kind).toBe('probing');
    expect(machine.effects).toEqual([probe('any', B)]);
    expect(machine.probed(2020, 'passed', B).effects).toEqual([released(2)]);
  });

  test('one who waits beyond the lease joins the probe that is in flight', () => {
    const machine = Machine.ready({ settleMs: 1000, leaseMs: 300 }).arrive(20, 2, B).tick(2010);
    expect(machine.effects).toEqual([]);
    expect(machine.state).toMatchObject({ kind: 'probing', inFlight: [B] });
  });
});

describe('probation', () => {
  /** Ready at 10 on worker A; asked for again after a gap in which KEDA may have scaled it in. */
  const GAP_END = 10 + POLICY.messageTtlMs;
  const onProbation = (): Machine =>
    Machine.ready()
      .arrive(GAP_END, 2, A)
      .probed(GAP_END + 5, 'passed', A);

  test('begins after a gap as long as a message lives: a passed probe is trusted for a moment', () => {
    const machine = onProbation();
    expect(machine.effects).toEqual([released(2)]);
    expect(machine.isOpen(A, GAP_END + 24)).toBe(true);
    expect(machine.isOpen(A, GAP_END + 25)).toBe(false);
  });

  test('does not begin after a shorter gap', () => {
    const soon = GAP_END - 1;
    const machine = Machine.ready()
      .arrive(soon, 2, A)
      .probed(soon + 5, 'passed', A);
    expect(machine.isOpen(A, soon + 1000)).toBe(true);
  });

  test('has each request wait for a probe through its own worker; those that come together share it', () => {
    const machine = onProbation().arrive(GAP_END + 100, 3, A);
    expect(machine.effects).toEqual([probe(A, A)]);
    expect(machine.arrive(GAP_END + 101, 4, A).effects).toEqual([]);
    expect(machine.probed(GAP_END + 103, 'passed', A, A).effects).toEqual([released(3, 4)]);
    expect(machine.arrive(GAP_END + 104, 5, B).effects).toEqual([probe(B, B)]);
  });

  test('ends at once for a backend whose target is withdrawn: the requests wait, and it is woken', () => {
    const machine = onProbation()
      .arrive(GAP_END + 100, 3, A)
      .probed(GAP_END + 103, 'failed', A, A);
    expect(machine.effects).toEqual([published(GAP_END + 103)]);
    expect(machine.state.kind).toBe('waking');
  });

  test('is over after five seconds without a failure', () => {
    const machine = onProbation()
      .arrive(GAP_END + 4000, 3, A)
      .probed(GAP_END + 4003, 'passed', A, A);
    expect(machine.isOpen(A, GAP_END + 5000)).toBe(true);
    expect(machine.isOpen(A, GAP_END + 4003 + POLICY.leaseMs - 1)).toBe(true);
  });

  test('goes on after a wake-up for as long as workers may lose the target one after the other', () => {
    const machine = Machine.waking().published(20, 'accepted').tick(110).probed(120, 'passed', B);
    expect(machine.isOpen(B, 130)).toBe(true);
    expect(machine.isOpen(B, 200)).toBe(false);
    expect(machine.isOpen(B, 2010)).toBe(true);
  });

  test('owns no timer that calls again at once: what is due is the next probe', () => {
    const machine = onProbation()
      .arrive(GAP_END + 2000, 3, B)
      .probed(GAP_END + 2010, 'failed', B, B);
    expect(machine.due === undefined || machine.due > GAP_END + 2010).toBe(true);
  });
});
