// Measures a fresh notebook: from the kernel's first answer to the first HTTP 200 of the first serve.run, then a second app and an update, compared with Ray's start.
import { setTimeout as delay } from 'node:timers/promises';
import { startNotebook } from './harness/notebook.mjs';
import { Ray } from './harness/ray.mjs';
import { median, pairedRounds, ratioOf } from './harness/rounds.mjs';

const DEFINE = `class Echo {
  constructor(private readonly prefix: string) {}
  async fetch(request: Request) {
    const { input } = await request.json();
    return { result: this.prefix + input };
  }
}
const EchoDeployment = serve.deployment(Echo);`;
const PAUSE_MS = 3000;
/** The pause between the cells, since nobody types faster. */
const TYPING_MS = 1000;

/** Runs a cell that returns a URL, and requests it until the answer is the expected one. */
async function untilServed(notebook, cell, expected) {
  const begun = performance.now();
  const { text } = await notebook.execute(`${cell}.url`);
  const url = /http:\/\/[\w.:/-]+/.exec(text)?.[0];
  for (;;) {
    const response = await fetch(url, { method: 'POST', body: '{"input":"hello"}' });
    const answer = /** @type {{ result?: string }} */ (await response.json());
    if (response.status !== 200) throw new Error(`${response.status} from ${url}: ${JSON.stringify(answer)}`);
    if (answer.result === `${expected}hello`) return performance.now() - begun;
  }
}

const runCell = (variable, argument, name, path) =>
  `const ${variable} = await serve.run(EchoDeployment.bind('${argument}'), { name: '${name}', routePrefix: '${path}' });\n${variable}`;

async function ours({ pauseMs }) {
  // Node loads its HTTP client at the first use, which must not be measured.
  await fetch('http://127.0.0.1:1').catch(() => {});
  const notebook = await startNotebook();
  try {
    await delay(pauseMs);
    const first = await untilServed(notebook, `${DEFINE}\n${runCell('first', '', 'echo', '/')}`, '');
    await delay(TYPING_MS);
    const second = await untilServed(notebook, runCell('second', 'second', 'second', '/second'), 'second');
    await delay(TYPING_MS);
    const update = await untilServed(notebook, runCell('updated', 'new ', 'echo', '/'), 'new ');
    return { first, second, update };
  } finally {
    await notebook.end();
  }
}

async function rays() {
  const ray = await Ray.open();
  try {
    return { first: await ray.ask('start'), second: await ray.ask('another', 'second'), update: await ray.ask('update', 'new ') };
  } finally {
    await ray.end();
  }
}

const seconds = (value) => `${(value / 1000).toFixed(2)} s`;

export async function run(context) {
  const sides = { atOnce: () => ours({ pauseMs: 0 }), later: () => ours({ pauseMs: PAUSE_MS }) };
  if (context.ray !== undefined) sides.ray = rays;
  const found = await pairedRounds(context.peerRounds, sides);
  const row = (name, side, what, peerName, atMost) => {
    const times = found[side].map((one) => one[what]);
    const theirs = found.ray?.map((one) => one[what]);
    return {
      name,
      ours: seconds(median(times)),
      ...(theirs === undefined
        ? { peer: context.noRay }
        : { peer: `${peerName}: ${seconds(median(theirs))}`, ratio: ratioOf(times, theirs) }),
      ...(atMost === undefined || theirs === undefined ? {} : { aim: { atMost } }),
    };
  };
  const rayStart = "Ray's import, start and first serve.run";
  return [
    row('kernel just ready → first HTTP 200 of the first serve.run', 'atOnce', 'first', rayStart, 1 / 12),
    row(`the same, ${PAUSE_MS / 1000} s after the kernel was ready`, 'later', 'first', rayStart),
    row('a second app, until HTTP 200', 'later', 'second', "Ray's", 1 / 10),
    row('an update, until the new version answers', 'later', 'update', "Ray's"),
  ];
}
