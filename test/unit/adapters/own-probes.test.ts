import { OwnProbes } from '../../../src/adapters/own-probes';

const PATH = '/kong/healthz.html';

test('a probe in flight is recognised by its ticket, and tells which worker it came by', () => {
  const probes = new OwnProbes();
  expect([probes.inFlightFor(PATH), probes.expects(PATH)]).toEqual([false, false]);
  const ticket = probes.issue({ path: PATH, healthPath: PATH });
  expect([probes.inFlightFor(PATH), probes.expects(PATH), probes.expects('/kong/')]).toEqual([true, true, false]);
  expect(probes.met(ticket, 11)).toBe(true);
  expect(probes.done(ticket)).toBe(11);
  expect([probes.inFlightFor(PATH), probes.expects(PATH)]).toEqual([false, false]);
});

test('a ticket that is forged, guessed from another, or used up is none of ours', () => {
  const probes = new OwnProbes();
  const ticket = probes.issue({ path: PATH, healthPath: PATH });
  for (const forged of [
    '',
    'x',
    `${ticket}x`,
    ticket.slice(0, -1),
    ticket.toUpperCase() + ' ',
    `${ticket}, ${ticket}`,
  ]) {
    expect(probes.met(forged, 11)).toBe(false);
  }
  expect(probes.done(ticket)).toBeUndefined();
  expect(probes.met(ticket, 11)).toBe(false);
});

test('no two tickets share anything, in one process or in two', () => {
  const [one, two] = [new OwnProbes(), new OwnProbes()];
  const tickets = [
    one.issue({ path: PATH, healthPath: PATH }),
    one.issue({ path: PATH, healthPath: PATH }),
    two.issue({ path: PATH, healthPath: PATH }),
    two.issue({ path: PATH, healthPath: PATH }),
  ];
  expect(new Set(tickets.map((ticket) => ticket.slice(0, 8))).size).toBe(4);
  expect(two.met(tickets[0]!, 11)).toBe(false);
});

test('a probe that was given up is still recognised when it comes by late, once', () => {
  const probes = new OwnProbes();
  const ticket = probes.issue({ path: PATH, healthPath: PATH });
  expect(probes.giveUp(ticket)).toBeUndefined();
  expect([probes.inFlightFor(PATH), probes.expects(PATH)]).toEqual([false, true]);
  expect(probes.met(ticket, 11)).toBe(true);
  expect(probes.met(ticket, 11)).toBe(false);
  expect(probes.expects(PATH)).toBe(false);
});

test('one that had come by when it was given up is not waited for', () => {
  const probes = new OwnProbes();
  const ticket = probes.issue({ path: PATH, healthPath: PATH });
  probes.met(ticket, 11);
  expect(probes.giveUp(ticket)).toBe(11);
  expect(probes.expects(PATH)).toBe(false);
});

test('of those given up only the latest are remembered', () => {
  const probes = new OwnProbes();
  const tickets = Array.from({ length: 1000 }, () => {
    const ticket = probes.issue({ path: PATH, healthPath: PATH });
    probes.giveUp(ticket);
    return ticket;
  });
  expect(tickets.filter((ticket) => probes.met(ticket, 11))).toEqual(tickets.slice(-100));
});

test('a backend has probes in flight by its health path, as it is configured, and no other has because of it', () => {
  const probes = new OwnProbes();
  const configured = `${PATH}?full=1`;
  const tickets = [
    probes.issue({ path: PATH, healthPath: configured }),
    probes.issue({ path: PATH, healthPath: configured }),
  ];
  expect([probes.inFlightFor(configured), probes.expects(PATH)]).toEqual([true, true]);
  expect([probes.inFlightFor('/other/healthz'), probes.expects('/other/healthz')]).toEqual([false, false]);
  probes.done(tickets[0]!);
  expect([probes.inFlightFor(configured), probes.expects(PATH)]).toEqual([true, true]);
  probes.giveUp(tickets[1]!);
  // It may still come by, but not soon: its path is looked at, and requests for other paths pass unread.
  expect([probes.inFlightFor(configured), probes.expects(PATH)]).toEqual([false, true]);
  probes.done(tickets[1]!);
  probes.giveUp(tickets[1]!);
  expect(probes.met(tickets[1]!, 11)).toBe(true);
  expect(probes.expects(PATH)).toBe(false);
});

test('a path is expected as long as one of many probes of it is', () => {
  const probes = new OwnProbes();
  const tickets = Array.from({ length: 300 }, () => probes.issue({ path: PATH, healthPath: PATH }));
  for (const ticket of tickets.slice(0, 150)) probes.giveUp(ticket);
  for (const ticket of tickets.slice(150)) probes.done(ticket);
  expect(probes.expects(PATH)).toBe(true);
  const kept = tickets.slice(50, 150);
  for (const ticket of kept.slice(1)) probes.met(ticket, 11);
  expect(probes.expects(PATH)).toBe(true);
  probes.met(kept[0]!, 11);
  expect(probes.expects(PATH)).toBe(false);
});
