/** The debugger stops in replicas that cells call. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { type CellRun, KernelClient } from './fixtures/client.js';
import { TestDebugger } from './fixtures/debugger.js';
import { gone } from './fixtures/processes.js';

let kernel: KernelClient;
let debug: TestDebugger;

const GREETER = `import { threadId } from 'node:worker_threads';

const end: string = '!';
class Greeter {
  greet(name: string) {
    const text = \`hello \${name}\`;
    return text + end;
  }
  fail() {
    throw new RangeError('too far');
  }
  pid() { return process.pid + 0 * threadId; }
}`;
const RUN = `const greeter = await serve.run(
  serve.deployment(Greeter, { healthCheckPeriod: 50, healthCheckTimeout: 50, stuckTimeout: 100 }).bind(),
  { name: 'greeter', routePrefix: null },
);`;

const start = async (): Promise<void> => {
  kernel = await KernelClient.start();
  debug = new TestDebugger(kernel);
};
const resultOf = ({ messages }: CellRun): unknown =>
  (messages.find(({ type }) => type === 'execute_result')?.content.data as Record<string, unknown> | undefined)?.['text/plain'];
const ok = async (code: string): Promise<CellRun> => {
  const run = await kernel.execute(code);
  assert.equal(run.reply.status, 'ok', JSON.stringify(run.reply));
  return run;
};

describe('the debugger in replicas', () => {
  before(async () => {
    await start();
    await ok(GREETER);
    await ok(RUN);
  });
  // In order, because a kernel that is killed leaves the temporary folder of its data.
  after(() => kernel.shutdown());
  afterEach(async () => {
    await debug.ask('disconnect');
  });

  it("stops at the cell's line, shows the variables, evaluates, steps, and the call returns to its cell", async () => {
    await debug.attach();
    const path = await debug.breakAt(GREETER, 6);
    const cell = kernel.executing("await greeter.greet.remote('Ada')");
    const first = await debug.stopped();
    assert.deepEqual([first.reason, first.at], ['breakpoint', ['greet:6']]);
    assert.equal(first.frames[0]?.source.path, path);
    assert.deepEqual((await debug.body('debugInfo')).stoppedThreads, [1]);
    const frameId = first.frames[0]?.id as number;
    assert.equal((await debug.shown(frameId)).name?.value, '"Ada"');
    assert.equal((await debug.body('evaluate', { expression: 'name.length + end', frameId })).result, '"3!"');
    assert.equal((await debug.ask('evaluate', { expression: 'greeter', frameId })).success, false);
    assert.deepEqual((await debug.body('richInspectVariables', { variableName: 'name', frameId })).data, {
      'text/plain': '"Ada"',
    });
    assert.equal((await debug.body('source', { source: { path } })).content, GREETER);
    await debug.go('next');
    const second = await debug.stopped();
    assert.deepEqual([second.reason, second.at], ['step', ['greet:7']]);
    assert.equal((await debug.shown(second.frames[0]?.id as number)).text?.value, '"hello Ada"');
    await debug.go('continue');
    const run = await cell.done;
    assert.deepEqual([run.reply.status, resultOf(run)], ['ok', "'hello Ada!'"]);
    assert.deepEqual((await debug.body('debugInfo')).stoppedThreads, []);
  });

  it('steps over an await, into a function of another cell, out of it, and over the end of the method', async () => {
    const helper = 'function half(n: number): number {\n  const result = n / 2;\n  return result;\n}';
    const halving = `class Halving {
  async fetch() {
    const before = await new Promise<number>((resolve) => setTimeout(() => resolve(8), 1));
    const after = half(before);
    return new Response(String(after));
  }
}
const halving = await serve.run(serve.deployment(Halving).bind(), { name: 'halving', routePrefix: '/halving' });`;
    await ok(helper);
    await debug.attach();
    const path = await debug.breakAt(halving, 3);
    await ok(halving);
    const cell = kernel.executing('await (await fetch(halving.url)).text()');
    assert.deepEqual((await debug.stopped()).at, ['fetch:3']);
    await debug.go('next');
    const next = await debug.stopped();
    assert.deepEqual([next.at, (await debug.shown(next.frames[0]?.id as number)).before?.value], [['fetch:4'], '8']);
    await debug.go('stepIn');
    const inside = await debug.stopped();
    assert.deepEqual(inside.at, ['half:2', 'fetch:4']);
    assert.deepEqual(
      inside.frames.map(({ source }) => source.path),
      [(await debug.body('dumpCell', { code: helper })).sourcePath, path],
    );
    await debug.go('stepOut');
    assert.match((await debug.stopped()).at.join(), /^fetch:[45]$/);
    await debug.go('next');
    for (;;) {
      await Promise.race([cell.done, kernel.until(() => debug.hasStopped, 'a stop')]);
      if (!debug.hasStopped) break;
      assert.match((await debug.stopped()).at.join(), /^fetch:\d$/);
      await debug.go('next');
    }
    assert.equal(resultOf(await cell.done), "'4'");
    await ok("await serve.delete('halving')");
  });

  it('stops in workers of data, and for a debugger that comes while a cell runs', async () => {
    const doubling = `import { data } from 'nbserve/data';

let ended = false;
const doubled = data.range(3).mapBatches((batch) => {
  const values = batch.id.map((id: number) => 2 * id);
  return { values };
}, { concurrency: 1 });
(await doubled.takeAll()).length`;
    await debug.attach();
    await debug.breakAt(doubling, 5);
    const cell = kernel.executing(doubling);
    assert.deepEqual(
      (await debug.stopped()).at.map((at) => at.replace(/^.*:/, '')),
      ['5'],
    );
    await debug.go('continue');
    assert.equal((await cell.done).reply.status, 'ok');
    await debug.body('disconnect');
    const loop = kernel.executing("while (!ended) await greeter.greet.remote('Ada');");
    await debug.attach();
    await debug.breakAt(GREETER, 6);
    assert.deepEqual((await debug.stopped()).at, ['greet:6']);
    await debug.breakAt(GREETER);
    await kernel.interrupt();
    assert.equal((await loop.done).reply.ename, 'KeyboardInterrupt');
  });

  it('takes new breakpoints with conditions while a call runs, and none that were removed', async () => {
    await debug.attach();
    const path = await debug.breakAt(GREETER, 6);
    const cell = kernel.executing(
      "[await greeter.greet.remote('Bob'), await greeter.greet.remote('Eve'), await greeter.greet.remote('Joe')].join()",
    );
    assert.deepEqual((await debug.stopped()).at, ['greet:6']);
    await debug.body('setBreakpoints', { source: { path }, breakpoints: [{ line: 7, condition: "name === 'Joe'" }] });
    await debug.go('continue');
    const stop = await debug.stopped();
    assert.deepEqual(stop.at, ['greet:7']);
    assert.equal((await debug.shown(stop.frames[0]?.id as number)).name?.value, '"Joe"');
    await debug.breakAt(GREETER);
    await debug.go('continue');
    assert.equal(resultOf(await cell.done), "'hello Bob!,hello Eve!,hello Joe!'");
    assert.equal(resultOf(await kernel.execute("await greeter.greet.remote('Ann')")), "'hello Ann!'");
  });

  it('stops at the exceptions of replicas', async () => {
    await debug.attach();
    await debug.body('setExceptionBreakpoints', { filters: ['all'] });
    const cell = kernel.executing('await greeter.fail.remote()');
    const stop = await debug.stopped();
    assert.deepEqual([stop.reason, stop.text, stop.at], ['exception', 'RangeError: too far', ['fail:10']]);
    await debug.go('continue');
    assert.equal((await cell.done).reply.ename, 'RangeError');
  });

  it('shows one stop at a time, of a replica that the same cell starts, too', async () => {
    await debug.attach();
    const pair = `class Pair {
  twice(n: number) {
    return 2 * n;
  }
}
const pair = await serve.run(serve.deployment(Pair, { numReplicas: 2, maxOngoingRequests: 1 }).bind(), { name: 'pair', routePrefix: null });
const both = await Promise.all([pair.twice.remote(1), pair.twice.remote(2)]);
both.join()`;
    await debug.breakAt(pair, 3, 8);
    const cell = kernel.executing(pair);
    const seen: unknown[] = [];
    for (const _ of [1, 2]) {
      const stop = await debug.stopped();
      assert.deepEqual(stop.at, ['twice:3']);
      seen.push((await debug.shown(stop.frames[0]?.id as number)).n?.value);
      await debug.go('continue');
    }
    assert.deepEqual(seen.sort(), ['1', '2']);
    assert.deepEqual((await debug.stopped()).at, ['(cell):8']);
    await debug.go('continue');
    assert.equal(resultOf(await cell.done), "'2,4'");
    await ok("await serve.delete('pair')");
  });

  it('keeps a replica that stands for longer than its health check allows, and says so in the status', async () => {
    const before = resultOf(await ok('await greeter.pid.remote()'));
    await debug.attach();
    await debug.breakAt(GREETER, 6);
    await ok("const pending = greeter.options({ timeout: 100 }).greet.remote('Ada');");
    await debug.stopped();
    const status = await ok(`for (;;) {
  const { status, message, replicas } = (await serve.status()).applications.greeter!.deployments.Greeter!;
  const since = replicas[0]!.blockedSince;
  if (since !== undefined && Date.now() - since > 2500) { console.log(status, replicas.length, message); break; }
  await new Promise((resolve) => setTimeout(resolve, 50));
}`);
    assert.match(status.text(), /^HEALTHY 1 Greeter#\w+ stands at a breakpoint of a debugger since /);
    await debug.go('continue');
    assert.equal(resultOf(await ok('await pending')), "'hello Ada!'");
    assert.equal(resultOf(await ok('await greeter.pid.remote()')), before);
  });

  it('keeps a replica that stands when the deadline of its request has passed', async () => {
    const late = `class Late {
  pid() { return process.pid; }
  async fetch() {
    const pid = process.pid;
    return new Response(String(pid));
  }
}
const options = { requestTimeout: 100, healthCheckPeriod: 50, healthCheckTimeout: 50, stuckTimeout: 100 };
const late = await serve.run(serve.deployment(Late, options).bind(), { name: 'late', routePrefix: '/late' });`;
    await ok(late);
    const pid = "await late.options({ timeout: '30s' }).pid.remote()";
    const before = resultOf(await ok(pid));
    await debug.attach();
    await debug.breakAt(late, 4);
    await ok('const status = fetch(late.url).then((response) => response.status);');
    await debug.stopped();
    await ok(`for (;;) {
  const since = (await serve.status()).applications.late!.deployments.Late!.replicas[0]!.blockedSince;
  if (since !== undefined && Date.now() - since > 1500) break;
  await new Promise((resolve) => setTimeout(resolve, 50));
}`);
    assert.equal(resultOf(await ok('await status')), '504');
    await debug.go('continue');
    assert.equal(resultOf(await ok(pid)), before);
    await ok("await serve.delete('late')");
  });

  it('lets the code of a replica continue when the debugger goes, and stops in it again for the next one', async () => {
    for (const _ of [1, 2]) {
      await debug.attach();
      await debug.breakAt(GREETER, 6);
      const cell = kernel.executing("await greeter.greet.remote('Ada')");
      assert.deepEqual((await debug.stopped()).at, ['greet:6']);
      await debug.body('disconnect');
      assert.equal(resultOf(await cell.done), "'hello Ada!'");
      assert.equal(resultOf(await kernel.execute("await greeter.greet.remote('Bob')")), "'hello Bob!'");
    }
  });

  it('lets a cell be interrupted whose call stands in a replica, and the replica goes on', async () => {
    const before = resultOf(await ok('await greeter.pid.remote()'));
    await debug.attach();
    await debug.breakAt(GREETER, 6);
    for (let round = 0; round < 2; round++) {
      const cell = kernel.executing("await greeter.greet.remote('Ada')");
      assert.deepEqual((await debug.stopped()).at, ['greet:6']);
      await kernel.interrupt();
      assert.equal((await cell.done).reply.ename, 'KeyboardInterrupt');
      assert.deepEqual((await debug.body('debugInfo')).stoppedThreads, []);
    }
    assert.equal(resultOf(await ok('await greeter.pid.remote()')), before);
  });

  it('ends an expression in a replica that does not end, and the replica goes on, also after an interrupt', async () => {
    const before = resultOf(await ok('await greeter.pid.remote()'));
    await debug.attach();
    await debug.breakAt(GREETER, 6);
    const cell = kernel.executing("await greeter.greet.remote('Ada')");
    const { frames } = await debug.stopped();
    const frameId = frames[0]?.id;
    const endless = { expression: '(() => { for (;;); })()', frameId };
    const ended = await debug.ask('evaluate', endless);
    assert.deepEqual([ended.success, ended.message], [false, 'the expression has not ended within 5 s']);
    assert.equal((await debug.body('evaluate', { expression: 'name', frameId })).result, '"Ada"');
    const again = debug.ask('evaluate', endless);
    await kernel.interrupt();
    assert.equal((await cell.done).reply.ename, 'KeyboardInterrupt');
    assert.equal((await again).success, false);
    assert.equal(resultOf(await ok('await greeter.pid.remote()')), before);
  });

  it('steps in a replica while cells begin and end, and over the end of a method not into the next call', async () => {
    const code = `class Stepped {
  open = () => {};
  async wait(name: string) {
    await new Promise<void>((resolve) => { this.open = resolve; });
    const text = 'waited for ' + name;
    return text;
  }
  go() { this.open(); }
}
const stepped = await serve.run(serve.deployment(Stepped).bind(), { name: 'stepped', routePrefix: null });`;
    await ok(code);
    await debug.attach();
    await debug.breakAt(code, 4);
    const first = kernel.executing(
      "let end = () => {};\nconst pending = stepped.wait.remote('Ada');\nawait new Promise<void>((resolve) => { end = resolve; });",
    );
    assert.deepEqual((await debug.stopped()).at, ['wait:4']);
    await debug.go('next');
    await debug.body('evaluate', { expression: 'end()' });
    await first.done;
    const second = kernel.executing('await stepped.go.remote();');
    await Promise.race([second.done, kernel.until(() => debug.hasStopped, 'a stop')]);
    assert.ok(debug.hasStopped, 'the step was lost');
    assert.deepEqual((await debug.stopped()).at, ['wait:5']);
    await debug.breakAt(code);
    await debug.go('next');
    assert.deepEqual((await debug.stopped()).at, ['wait:6']);
    const third = kernel.executing('await pending');
    for (;;) {
      await debug.go('next');
      await Promise.race([third.done, kernel.until(() => debug.hasStopped, 'a stop')]);
      if (!debug.hasStopped) break;
      assert.match((await debug.stopped()).at.join(), /^wait:\d$/);
    }
    assert.equal(resultOf(await third.done), "'waited for Ada'");
    await second.done;
    const next = kernel.executing('await stepped.go.remote();');
    await Promise.race([next.done, kernel.until(() => debug.hasStopped, 'a stop')]);
    assert.equal(debug.hasStopped, false);
    await ok("await serve.delete('stepped')");
  });

  it('goes with a replica that is killed while it stands', async () => {
    const pid = Number(resultOf(await ok('await greeter.pid.remote()')));
    await debug.attach();
    await debug.breakAt(GREETER, 6);
    const cell = kernel.executing("await greeter.greet.remote('Ada')");
    await debug.stopped();
    process.kill(pid, 'SIGKILL');
    assert.equal((await cell.done).reply.status, 'error');
    await kernel.until(() => kernel.iopub.some(({ content }) => content.event === 'continued'), 'the event that says so');
    const again = kernel.executing("await greeter.greet.remote('Bob')");
    assert.deepEqual((await debug.stopped()).at, ['greet:6']);
    await debug.go('continue');
    assert.equal(resultOf(await again.done), "'hello Bob!'");
  });
});

describe('a kernel whose call stands in a replica', () => {
  afterEach(() => kernel.kill());

  for (const how of ['ends', 'is killed'] as const) {
    it(`${how} and leaves no process`, async () => {
      await start();
      await ok(GREETER);
      await ok(RUN);
      const pid = Number(resultOf(await ok('await greeter.pid.remote()')));
      await debug.attach();
      await debug.breakAt(GREETER, 6);
      kernel.executing("await greeter.greet.remote('Ada')").done.catch(() => {});
      await debug.stopped();
      if (how === 'ends') {
        await kernel.request('shutdown_request', { restart: true }, 'control');
        assert.deepEqual(await kernel.exited, { code: 0, signal: null });
      } else kernel.child.kill('SIGKILL');
      await gone([pid]);
    });
  }
});
