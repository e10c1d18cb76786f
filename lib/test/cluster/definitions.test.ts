/** Each deployment of a module runs its own code, whatever its name is. If a replica cannot decide, it says so. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { listLocalClusters } from '../../dist/engine/index.js';
import { killAndAwaitSuccessor, processesIn } from '../fixtures/cluster-processes.js';
import { assertNothingLeft } from '../fixtures/engine-harness.js';
import { until } from '../fixtures/wait.js';

const LIBRARY = fileURLToPath(new URL('../..', import.meta.url));
const NBSERVE = join(LIBRARY, 'bin/nbserve.js');
const children: ChildProcess[] = [];
let folder = '';

before(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'nbt-defs-')));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(LIBRARY, join(folder, 'node_modules/nbserve'));
});
after(async () => {
  for (const child of children) child.kill('SIGKILL');
  await until(() => children.every(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null));
  await until(() => listLocalClusters().length === 0);
  assertNothingLeft();
  rmSync(folder, { recursive: true });
});

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

interface Run {
  readonly lines: string[];
  /** All of its output. */
  readonly ended: Promise<string>;
  /** Its stdout, and its stderr too if it failed. On stderr, notices say what a slow machine waits for. */
  readonly printed: Promise<string>;
  readonly child: ChildProcess;
}

function start(...args: string[]): Run {
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] });
  children.push(child);
  const lines: string[] = [];
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      // Other tests or other processes may use that port.
      if (/^port \d+ is in use/.test(line)) return;
      lines.push(line);
      text += `${line}\n`;
    });
  }
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  const ended = new Promise<string>((resolve) => child.on('close', () => resolve(text)));
  return { lines, ended, printed: ended.then((all) => (child.exitCode === 0 ? printed : all)), child };
}

/** Runs a script until it ends by itself, and returns what it printed. */
async function script(name: string, text: string): Promise<string> {
  write({ [name]: text });
  return start(name).printed;
}

/** Starts `nbserve run`, and returns the answers of the application. */
async function served(target: string, ...options: string[]): Promise<{ readonly run: Run; readonly url: string }> {
  const run = start(NBSERVE, 'run', target, '--port', 'auto', ...options);
  const line = await until(
    () => run.lines.find((each) => / runs at /.test(each)) ?? (run.child.exitCode === null ? null : 'ended'),
  );
  assert.match(line, / runs at /, run.lines.join('\n'));
  return { run, url: / runs at (\S+)/.exec(line)?.[1] as string };
}
const answer = async (url: string): Promise<unknown> => (await fetch(url)).json();
async function stop({ child, ended }: Run): Promise<void> {
  child.kill('SIGINT');
  await ended;
}

/** A front that calls each of its inner deployments. */
const FRONT = `
const Front = serve.deployment(class Front {
  constructor(all) { this.all = all; }
  async fetch() {
    const entries = Object.entries(this.all).map(async ([name, one]) => [name, await (name.startsWith('f') ? one.remote() : one.ask.remote())]);
    return Object.fromEntries(await Promise.all(entries));
  }
});
const front = (all) => Front.bind(Object.fromEntries(Object.entries(all).map(([name, one]) => [name, one.bind()])));
`;

const HELPERS = {
  'helpers/one.ts': `import { serve } from 'nbserve';
export class Model { ask(): string { return 'one'; } }
export const One = serve.deployment(Model);
export default serve.deployment(class { ask(): string { return 'default'; } }, { name: 'Model' });
`,
  'helpers/two.ts': `import { serve } from 'nbserve';
import { Model as Base } from './one.ts';
export class Model extends Base { override ask(): string { return \`two of \${super.ask()}\`; } }
export const Two = serve.deployment(Model);
`,
  'helpers/make.ts': `import { serve } from 'nbserve';
export function make(word: string) { return serve.deployment(class Model { ask(): string { return word; } }); }
`,
  'helpers/index.ts': `export { One, default as Unnamed } from './one.ts';
export * from './two.ts';
export { make } from './make.ts';
`,
};

test('nbserve run: definitions of one name in one file, in imported ones, in factories, loops and branches', async () => {
  write({
    ...HELPERS,
    'app.ts': `import { serve } from 'nbserve';
import { make, One, Two, Unnamed } from './helpers/index.ts';
${FRONT.replace('constructor(all) { this.all = all; }', 'constructor(readonly all: any) {}').replace('const front = (all)', 'const front = (all: any)').replace('([name, one]) => [name, one.bind()]', '([name, one]: any) => [name, one.bind()]')}
const Cat = serve.deployment(class { ask() { return 'cat'; } }, { name: 'Model' }), Dog = serve.deployment(class { ask() { return 'dog'; } }, { name: 'Model' });
const a = make('a'), b = make('b');
const [x, y] = ['x', 'y'].map((word) => make(word)) as [typeof a, typeof a];
const [listA, listB] = [[1, 2], [3, 4]].map((list) => serve.deployment(class Model { ask() { return list.join(); } })) as any[];
const [same1, same2] = [() => 'same 1', () => 'same 2'].map((say) => serve.deployment(class Model { ask() { return say(); } })) as any[];
function f() { return 'f1'; }
const f1 = serve.deployment(f);
const f2 = (() => { function f() { return 'f2'; } return serve.deployment(f); })();
const either = process.pid > 0 ? serve.deployment(class Model { ask() { return 'yes'; } }) : serve.deployment(class Model { ask() { return 'no'; } });
const other = Cat.options({ name: 'Other' });
const { deployment } = serve;
const bare = deployment(class Model { ask() { return 'bare'; } });
export const app = front({ Cat, Dog, One, Two, Unnamed, a, b, x, y, listA, listB, same1, same2, f1, f2, either, other, bare });
export default front({ Dog });
`,
  });
  const { run, url } = await served('app.ts:app');
  const expected = {
    Cat: 'cat',
    Dog: 'dog',
    One: 'one',
    Two: 'two of one',
    Unnamed: 'default',
    a: 'a',
    b: 'b',
    x: 'x',
    y: 'y',
    listA: '1,2',
    listB: '3,4',
    same1: 'same 1',
    same2: 'same 2',
    f1: 'f1',
    f2: 'f2',
    either: 'yes',
    other: 'cat',
    bare: 'bare',
  };
  assert.deepEqual(await answer(url), expected);
  // When a controller takes over, it starts replicas of what the controller before it has stored.
  const [cluster] = listLocalClusters();
  await killAndAwaitSuccessor(cluster?.dir as string, 'controller');
  // A spare process may end at any time.
  const replicas = (await processesIn(cluster?.dir as string)).filter(
    ({ role, id }) => role === 'replica' && !id.startsWith('@'),
  );
  assert.ok(replicas.length > Object.keys(expected).length);
  for (const { pid } of replicas) process.kill(pid, 'SIGKILL');
  await until(async () => {
    const response = await fetch(url).catch(() => null);
    if (response?.status !== 200) return false;
    assert.deepEqual(await response.json(), expected);
    return true;
  });
  await stop(run);
});

test('nbserve run: the default export', async () => {
  const { run, url } = await served('app.ts:default');
  assert.deepEqual(await answer(url), { Dog: 'dog' });
  await stop(run);
});

for (const name of ['script.mjs', 'script.cjs'] as const) {
  test(`${name}: factories, loops, several applications, an update, times that differ from run to run`, async () => {
    const load = name.endsWith('.cjs') ? "const { serve } = require('nbserve');" : "import { serve } from 'nbserve';";
    const output = await script(
      name,
      `${load}
${FRONT}
const made = (word) => { const at = Date.now(); return serve.deployment(class Model { ask() { return word + (at > 0); } }); };
const loop = [];
for (const word of ['p', 'q']) loop.push(serve.deployment(class Model { ask() { return word; } }));
const [p, q] = loop;
const once = made('once');
async function main() {
  await new Promise((resolve) => setTimeout(resolve, 50));
  const late = serve.deployment(class Model { ask() { return 'late'; } });
  const one = await serve.run(front({ p, q, once, late }), { name: 'one' });
  const again = serve.deployment(class Model { ask() { return 'again'; } });
  const two = await serve.run(front({ q, again }), { name: 'two', routePrefix: '/two' });
  const handles = [];
  for (const word of ['r', 's']) {
    handles.push(await serve.run(serve.deployment(class Model { ask() { return word; } }).bind(), { name: word, routePrefix: null }));
  }
  console.log(await (await fetch(one.url)).text(), await (await fetch(two.url)).text());
  await serve.run(front({ p: again, q: p }), { name: 'two', routePrefix: '/two' });
  console.log(await (await fetch(two.url)).text());
  for (const handle of handles) console.log(await handle.ask.remote());
  await serve.shutdown();
}
main().catch((error) => { console.log(error.code, error.message); return serve.shutdown(); });
`,
    );
    assert.equal(
      output,
      '{"p":"p","q":"q","once":"oncetrue","late":"late"} {"q":"q","again":"again"}\n{"p":"again","q":"p"}\nr\ns\n',
    );
  });
}

for (const [name, load, folder] of [
  ['beside.cjs', "const { serve } = require('nbserve'); const { readFileSync } = require('node:fs');", '__dirname'],
  [
    'beside.mjs',
    "import { serve } from 'nbserve'; import { readFileSync } from 'node:fs'; const { dirname } = import.meta;",
    'dirname',
  ],
] as const) {
  test(`${name}: what a factory makes finds the files beside the script`, async () => {
    write({ 'word.txt': 'text' });
    const output = await script(
      name,
      `${load}
const made = (word) => serve.deployment(class Model { ask() { return word + readFileSync(${folder} + '/word.txt', 'utf8'); } });
const [, second] = ['a', 'b'].map((word) => made(word));
serve.run(second.bind(), { routePrefix: null })
  .then(async (handle) => console.log(await handle.ask.remote()))
  .catch((error) => console.log(error.code, error.message))
  .finally(() => serve.shutdown());
`,
    );
    assert.equal(output, 'btext\n');
  });
}

const FLIPPED = "{ env: { FLIP: '1' } }";

test('what a module defines in another order there is found all the same', async () => {
  const output = await script(
    'order.mjs',
    `import { serve } from 'nbserve';
${FRONT}
const words = process.env.FLIP ? ['b', 'a'] : ['a', 'b'];
const models = Object.fromEntries(words.map((word) => [word, serve.deployment(class Model { ask() { return word; } }, ${FLIPPED})]));
const named = Object.fromEntries(words.map((word, i) => [word + i, serve.deployment(class Model { ask() { return word; } }, { ...${FLIPPED}, name: 'n' + i })]));
const run = await serve.run(front({ ...models, ...named }));
console.log(await (await fetch(run.url)).text());
await serve.shutdown();
`,
  );
  assert.equal(output, '{"a":"a","b":"b","a0":"a","b1":"b"}\n');
});

for (const together of ['all', 'allSettled', 'any'] as const) {
  test(`what a module defines beside each other with Promise.${together} is found in whatever order it ends there`, async () => {
    const output = await script(
      `${together}.mjs`,
      `import { serve } from 'nbserve';
${FRONT}
const models = [];
const says = ['a', 'b'].map((word) => () => word);
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const made = async (i) => {
  const say = says[i];
  await wait(process.env.FLIP ? 50 * i : 100 - 50 * i);
  models[i] = serve.deployment(class Model { ask() { return say(); } }, ${FLIPPED});
  if (${together === 'any'}) throw new Error('so that the others are waited for');
};
const each = async (i) => { await made(i); };
await Promise.${together}([0, 1].map(each)).catch(() => {});
const run = await serve.run(front({ ...models }));
console.log(await (await fetch(run.url)).text());
await serve.shutdown();
`,
    );
    assert.equal(output, '{"0":"a","1":"b"}\n');
  });
}

for (const [what, code, text] of [
  [
    'under a condition that differs there',
    'NBS_NOT_DEFINED_AGAIN',
    `const Model = process.env.FLIP ? serve.deployment(class Model { ask() { return 'wrong'; } }) : serve.deployment(class Model { ask() { return 'right'; } });
export const app = Model.options(${FLIPPED}).bind();`,
  ],
  [
    'several times from one place, with nothing to tell them apart',
    'NBS_NOT_TOLD_APART',
    `const made = () => { const id = process.hrtime.bigint(); return serve.deployment(class Model { ask() { return String(id); } }); };
const [one, two] = [0, 1].map(() => made());
export const app = two.bind();`,
  ],
  [
    'more often there than here, with nothing to tell them apart',
    'NBS_NOT_TOLD_APART',
    `const made = () => { const id = process.hrtime.bigint(); return serve.deployment(class Model { ask() { return String(id); } }, ${FLIPPED}); };
const [one] = (process.env.FLIP ? [0, 1] : [0]).map(() => made());
export const app = one.bind();`,
  ],
] as const) {
  test(`a deployment that is defined ${what} is refused`, async () => {
    write({ 'refused.mjs': `import { serve } from 'nbserve';\n${text}\n` });
    const output = await start(NBSERVE, 'run', 'refused.mjs:app', '--port', 'auto').ended;
    assert.match(output, new RegExp(code));
    assert.doesNotMatch(output, / runs at /);
  });
}

test('a script runs there without its arguments: what it defines for each of them is refused', async () => {
  write({
    'arguments.mjs': `import { serve } from 'nbserve';
for (const word of process.argv.slice(2)) {
  const Model = serve.deployment(class Model { ask() { return word; } });
  await serve.run(Model.bind(), { routePrefix: null }).catch((error) => console.log(error.code));
}
await serve.shutdown();
`,
  });
  const output = await start('arguments.mjs', 'word').printed;
  assert.equal(output, 'NBS_NOT_DEFINED_AGAIN\n');
});

test('a file that has changed since it was loaded is not deployed as what it was', async () => {
  write({
    ...HELPERS,
    'changing.mjs':
      "import { serve } from 'nbserve';\nexport const Model = serve.deployment(class Model { ask() { return 'old'; } });\n",
  });
  const output = await script(
    'changed.mjs',
    `import { serve } from 'nbserve';
import { readFileSync, writeFileSync } from 'node:fs';
const file = new URL('./changing.mjs', import.meta.url);
const before = await import(file.href);
writeFileSync(file, readFileSync(file, 'utf8').replace('old', 'new'));
await serve.run(before.Model.bind()).catch((error) => console.log(error.code));
const later = await import(file.href + '?again');
const handle = await serve.run(later.Model.bind());
console.log(await handle.ask.remote());
await serve.shutdown();
`,
  );
  assert.equal(output, 'NBS_MODULE_CHANGED\nnew\n');
});

test('what is used before it is defined there is told', async () => {
  const output = await script(
    'early.mjs',
    `import { serve } from 'nbserve';
const Hello = serve.deployment(class Hello { fetch() { return 'hello'; } });
const hello = await serve.run(Hello.bind(), { name: 'hello' });
await fetch(hello.url);
const Second = serve.deployment(class Second { ask() { return 'second'; } });
await serve.run(Second.bind(), { name: 'second', routePrefix: null }).catch((error) => console.log(error.code));
await serve.shutdown();
`,
  );
  assert.match(output, /^NBS_FAILED_BEFORE_DEFINED$/m);
});

test('policies of one deployment name each decide for their own', async () => {
  const output = await script(
    'policies.mjs',
    `import { serve } from 'nbserve';
const make = (count) => serve.deployment(class Model { ask() { return count; } }, {
  autoscaling: { minReplicas: 1, maxReplicas: 4, upscaleDelay: 0, metricsInterval: 50, policy: () => count },
});
const Front = serve.deployment(class Front { constructor(one, two) {} ask() {} });
await serve.run(Front.bind(make(2).bind(), make(3).bind()), { routePrefix: null });
for (;;) {
  const { deployments } = (await serve.status()).applications.default;
  const running = ['Model', 'Model_1'].map((name) => deployments[name].replicas.filter(({ state }) => state === 'RUNNING').length);
  if (String(running) === '2,3') break;
  await new Promise((resolve) => setTimeout(resolve, 50));
}
console.log('2,3');
await serve.shutdown();
`,
  );
  assert.match(output, /^2,3$/m);
});
