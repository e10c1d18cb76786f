// Compares the kernel with ipykernel: the time until it answers, and of new one-line cells early and late in a session.
import { setTimeout as delay } from 'node:timers/promises';
import { startIpykernel, startNotebook } from './harness/notebook.mjs';
import { median, pairedRounds, ratioOf } from './harness/rounds.mjs';

const PAUSE_MS = 3000;
const CELLS = 110;
const LATE = 100;

async function session(open, cell) {
  const atOnce = await open();
  const hasty = (await atOnce.execute(cell(0))).ms;
  await atOnce.end();

  const kernel = await open();
  try {
    await delay(PAUSE_MS);
    const times = [];
    for (let at = 0; at < CELLS; at += 1) times.push((await kernel.execute(cell(at))).ms);
    return { ready: median([atOnce.readyMs, kernel.readyMs]), hasty, first: times[0], late: median(times.slice(LATE)) };
  } finally {
    await kernel.end();
  }
}

export async function run(context) {
  const sides = { nbserve: () => session(startNotebook, (at) => `const x${at} = ${at} * 2`) };
  if (context.jupyter !== undefined) {
    sides.ipykernel = () =>
      session(
        () => startIpykernel(context.jupyter),
        (at) => `x${at} = ${at} * 2`,
      );
  }
  const found = await pairedRounds(context.rounds, sides);
  const row = (name, what, digits, atMost) => {
    const ours = found.nbserve.map((one) => one[what]);
    const theirs = found.ipykernel?.map((one) => one[what]);
    const ms = (values) => `${median(values).toFixed(digits)} ms`;
    return {
      name,
      ours: ms(ours),
      ...(theirs === undefined
        ? { peer: context.noJupyter }
        : { peer: `ipykernel: ${ms(theirs)}`, ratio: ratioOf(ours, theirs) }),
      ...(atMost === undefined || theirs === undefined ? {} : { aim: { atMost } }),
    };
  };
  return [
    row('kernel ready: process start → kernel_info_reply', 'ready', 0, 2.5),
    row(`a new one-line cell, cell 1 (${PAUSE_MS / 1000} s after ready)`, 'first', 1, 5),
    row('a new one-line cell, cell 100', 'late', 1, 5),
    row('cell 1 sent the moment the kernel is ready', 'hasty', 0),
  ];
}
