import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { listLocalClusters } from 'nbserve/host';
import { processTable } from '../dist/children/index.js';
import { type CellRun, KernelClient, STUB_KERNEL } from './fixtures/client.js';

/** Starts a cell, waits until it prints, interrupts it, and waits for its end. */
async function interrupted(kernel: KernelClient, code: string, lead = 'console.log("in"); '): Promise<CellRun> {
  const cell = kernel.executing(`${lead}${code}`);
  await kernel.until(() => kernel.of(cell.id).some(({ type }) => type === 'stream'), 'the cell');
  await kernel.interrupt();
  return cell.done;
}

const text = async (kernel: KernelClient, code: string): Promise<string> => {
  const { reply, messages } = await kernel.execute(code);
  assert.equal(reply.status, 'ok', JSON.stringify(reply));
  const result = messages.find(({ type }) => type === 'execute_result');
  return String((result?.content.data as Record<string, unknown> | undefined)?.['text/plain']);
};

/** Code in which the main thread is in Node's or V8's code nearly all the time. */
const CASES: Readonly<Record<string, string>> = {
  'compresses without end': 'for (;;) zlib.gzipSync(Buffer.alloc(1e6, 1));',
  'shows values without end':
    'for (const big = Array(1e4).fill({ a: { b: 1 } }); ; ) util.inspect(big, { depth: 9, maxArrayLength: null });',
  'sorts without end': 'for (const list = Array.from({ length: 3e5 }, Math.random); ; ) [...list].sort((a, b) => a - b);',
  'sorts three million numbers':
    'for (const list = Array.from({ length: 3e6 }, Math.random); ; ) [...list].sort((a, b) => a - b);',
  'parses 16 MB of JSON': 'for (const json = JSON.stringify(Array(2e6).fill({ a: 1 })); ; ) JSON.parse(json);',
  'runs scripts without end': 'for (;;) vm.runInNewContext("1");',
  'queues microtasks without end': 'const again = () => queueMicrotask(again); again(); await new Promise(() => {});',
  'queues ticks without end': 'const again = () => process.nextTick(again); again(); await new Promise(() => {});',
  'chains promises without end': 'const again = () => Promise.resolve().finally(again); again(); await new Promise(() => {});',
  'rejects without end': 'for (;;) try { await Promise.reject(1) } catch {}',
  'catches without end': 'for (;;) try { JSON.parse("{") } catch {}',
  'matches for ever': '/^(a+)+$/.test("a".repeat(50) + "b")',
};

describe('an interrupt of code that is not in its own JavaScript', () => {
  let kernel: KernelClient;
  before(async () => {
    kernel = await KernelClient.start({ entry: STUB_KERNEL });
    await kernel.execute(
      'for (const name of ["zlib", "util", "vm"]) globalThis[name] = process.getBuiltinModule(name); globalThis.kept = 0;',
    );
  });
  after(() => kernel.kill());

  let runs = 0;
  for (const [name, code] of Object.entries(CASES)) {
    it(`ends a cell that ${name}, and state is kept`, async () => {
      const scoped = code.includes('await') ? code : `(() => { ${code} })()`;
      assert.equal((await interrupted(kernel, `kept++; ${scoped}`)).reply.ename, 'KeyboardInterrupt');
      assert.equal(await text(kernel, 'kept'), String(++runs));
      const later = await kernel.execute(
        'await new Promise((resolve) => process.nextTick(() => setTimeout(resolve, 5))); console.log("goes on")',
      );
      assert.equal(later.text(), 'goes on\n');
    });
  }
});

describe('an interrupt of native code that does not return', () => {
  const FIFO = 'process.getBuiltinModule("fs").readFileSync("fifo")';

  async function blockedKernel(): Promise<{ kernel: KernelClient; done: Promise<CellRun>; queued: Promise<CellRun> }> {
    const kernel = await KernelClient.start({ entry: STUB_KERNEL });
    await kernel.execute('process.getBuiltinModule("child_process").execSync("mkfifo fifo"); globalThis.kept = 1;');
    const cell = kernel.executing(`console.log("in"); ${FIFO}`);
    await kernel.until(() => kernel.of(cell.id).some(({ type }) => type === 'stream'), 'the cell');
    return { kernel, done: cell.done, queued: kernel.executing('1').done };
  }

  for (const times of [1, 2]) {
    it(`restarts the kernel in the same process, after ${times} of them, and says so`, async () => {
      const { kernel, done, queued } = await blockedKernel();
      const { pid } = kernel.child;
      for (let i = 0; i < times; i++) await kernel.interrupt();
      const { reply, messages } = await done;
      assert.equal(reply.ename, 'NBS_KERNEL_REPLACED');
      assert.match(String(reply.evalue), /variables/);
      assert.ok(messages.some(({ type, content }) => type === 'error' && content.ename === 'NBS_KERNEL_REPLACED'));
      if (times === 1) assert.match(messages.map(({ content }) => content.text ?? '').join(), /native code/);
      assert.equal((await queued).reply.status, 'aborted');
      assert.equal(await text(kernel, 'typeof kept + process.env.NBSERVE_KERNEL_LEGACY'), "'undefinedundefined'");
      assert.equal(kernel.child.pid, pid);
      assert.ok(kernel.alive);
      await kernel.shutdown();
    });
  }
});

describe('an interrupt and the children of the cell', () => {
  let kernel: KernelClient;
  before(async () => {
    kernel = await KernelClient.start();
    await kernel.execute(
      `import { exec, execFileSync, execSync, spawn, spawnSync } from 'node:child_process'; import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads'; let kept = 1;`,
    );
  });
  after(() => kernel.kill());

  /** Nobody else sleeps for so many seconds. */
  let seconds = process.pid * 1000;
  const running = (own: number | string): boolean =>
    spawnSync('ps', ['-axo', 'args='], { encoding: 'utf8' }).stdout.split('\n').includes(`sleep ${own}`);

  const WAITS: Readonly<Record<string, (seconds: number) => string>> = {
    'execSync of a pipe': (s) => `execSync('sleep ${s} | cat')`,
    'a caught spawnSync': (s) => `spawnSync('sleep', ['${s}']); console.log('went on')`,
    // The first of them has ended long before the last one gets its signal.
    'a caught spawnSync of many processes': (s) =>
      `spawnSync('sh', ['-c', 'for n in $(seq 200); do sleep 0${s} & done; exec sleep ${s}'], { stdio: 'ignore' }); console.log('went on')`,
    'a child that ignores SIGINT': (s) => `execSync('trap "" INT; sleep ${s}')`,
    'an awaited spawn': (s) => `await new Promise((resolve) => spawn('sleep', ['${s}']).on('exit', resolve))`,
    'an awaited exec of a pipe': (s) => `await new Promise((resolve) => exec('sleep ${s} | cat', resolve))`,
    'an execFileSync': (s) => `execFileSync('sleep', ['${s}'])`,
    'an execSync whose error is given another text': (s) =>
      `try { execSync('sleep ${s}'); } catch { throw new Error('no tool'); }`,
    'a spawnSync whose exit code is checked': (s) =>
      `const ended = spawnSync('sleep', ['${s}']); if (ended.status !== 0) throw new Error('failed')`,
    'an awaited promise of exec': (s) => `await promisify(exec)('sleep ${s}')`,
    'an exec that a helper awaits': (s) =>
      `await (async () => { try { await promisify(exec)('sleep ${s}'); } catch { throw new Error('no tool'); } })()`,
    'a shell line': (s) => `!sleep ${s}`,
    'a child of a shell': (s) => `await new Promise((resolve) => spawn('sleep ${s}; true', { shell: true }).on('exit', resolve))`,
  };
  for (const [name, code] of Object.entries(WAITS)) {
    it(`ends ${name}`, async () => {
      const own = ++seconds;
      const cell = kernel.executing(code(own));
      while (!running(own)) await sleep(10);
      await kernel.interrupt();
      const { reply, text: printed } = await cell.done;
      assert.equal(reply.ename, 'KeyboardInterrupt');
      assert.equal(printed(), '');
      while (running(own) || running(`0${own}`)) await sleep(10);
      assert.equal(await text(kernel, 'kept'), '1');
    });
  }

  it('does not end those of an earlier cell, and those that are detached', async () => {
    const [earlier, detached] = [++seconds, ++seconds];
    await kernel.execute(`const server = spawn('sleep', ['${earlier}'], { stdio: 'ignore' });`);
    const cell = kernel.executing(
      `const own = spawn('sleep', ['${detached}'], { detached: true, stdio: 'ignore' }); await new Promise(() => {});`,
    );
    while (!running(detached)) await sleep(10);
    await kernel.interrupt();
    assert.equal((await cell.done).reply.ename, 'KeyboardInterrupt');
    assert.ok(running(earlier) && running(detached));
    await kernel.execute('server.kill(); own.kill();');
  });

  it('ends a loop of long calls', async () => {
    const code = 'const json = JSON.stringify(Array(3e4).fill({ a: 1 })); for (;;) JSON.parse(json);';
    assert.equal((await interrupted(kernel, code)).reply.ename, 'KeyboardInterrupt');
    assert.equal(await text(kernel, 'kept'), '1');
  });

  it('ends threads of the cell', async () => {
    const code =
      "const ended = new Promise((resolve) => new Worker('for (;;);', { eval: true }).once('exit', resolve)); console.log('in'); await new Promise(() => {});";
    assert.equal((await interrupted(kernel, code, '')).reply.ename, 'KeyboardInterrupt');
    assert.equal(await text(kernel, 'typeof (await ended)'), "'number'");
  });

  for (const [name, code] of Object.entries({
    'a getter': '({ get length() { for (;;); }, [Symbol.for("nodejs.util.inspect.custom")]() { for (;;); } })',
    toHtml: '({ toHtml() { for (;;); } })',
    'a proxy': 'new Proxy({}, { get() { for (;;); }, ownKeys() { for (;;); } })',
  })) {
    it(`ends a result whose ${name} never returns`, async () => {
      assert.equal((await interrupted(kernel, code)).reply.ename, 'KeyboardInterrupt');
      assert.equal(await text(kernel, 'kept'), '1');
    });
  }

  it('ends a type check, and the next cell is checked', async () => {
    const heavy = Array.from(
      { length: 60 },
      (_, i) => `type Q${i} = B<${900 + i}>; const q${i}: Q${i} = null as any as B<${901 + i}>;`,
    ).join('\n');
    const code = `type A<N extends number, T extends any[] = []> = T["length"] extends N ? T : A<N, [...T, 1]>;
type B<N extends number> = N extends any ? { [K in keyof A<N>]: A<N> } : never;\n${heavy}`;
    const cell = kernel.executing(code);
    await kernel.until(() => kernel.of(cell.id).some(({ type }) => type === 'execute_input'), 'the cell');
    await kernel.interrupt();
    assert.equal((await cell.done).reply.ename, 'KeyboardInterrupt');
    assert.equal((await kernel.execute('const wrong: number = "text"')).reply.ename, 'TypeScriptError');
    assert.equal(await text(kernel, 'kept + 1'), '2');
  });

  it('ends a loop in a module, and an edited module is loaded again', async () => {
    const file = path.join(tmpdir(), `nbs-looping-${process.pid}.cjs`);
    after(() => rmSync(file, { force: true }));
    writeFileSync(file, 'console.log("in"); for (;;);');
    assert.equal((await interrupted(kernel, `require(${JSON.stringify(file)})`, '')).reply.ename, 'KeyboardInterrupt');
    writeFileSync(file, 'exports.x = 5');
    assert.equal(await text(kernel, `require(${JSON.stringify(file)}).x`), '5');
  });
});

describe('readline in a cell', () => {
  let kernel: KernelClient;
  before(async () => {
    kernel = await KernelClient.start();
    await kernel.execute(
      "import readline from 'node:readline'; import promises from 'node:readline/promises'; import { promisify } from 'node:util';",
    );
  });
  after(() => kernel.kill());

  const FORMS: Readonly<Record<string, string>> = {
    promises:
      'const rl = promises.createInterface({ input: process.stdin, output: process.stdout }); const got = await rl.question("name? "); rl.close(); got',
    callback:
      'const rl = readline.createInterface({ input: process.stdin, output: process.stdout }); const got = await new Promise((resolve) => rl.question("name? ", resolve)); rl.close(); got',
    promisified:
      'const rl = readline.createInterface({ input: process.stdin, output: process.stdout }); const got = await promisify(rl.question).call(rl, "name? "); rl.close(); got',
  };
  for (const [name, code] of Object.entries(FORMS)) {
    it(`asks the user: ${name}`, async () => {
      const prompts: string[] = [];
      kernel.onInput = (prompt) => {
        prompts.push(prompt);
        return 'Ada';
      };
      assert.equal(await text(kernel, code), "'Ada'");
      assert.deepEqual(prompts, ['name? ']);
    });
  }

  it('is interrupted like any question', async () => {
    kernel.onInput = () => undefined;
    const code = 'await promises.createInterface({ input: process.stdin, output: process.stdout }).question("name? ");';
    assert.equal((await interrupted(kernel, code)).reply.ename, 'KeyboardInterrupt');
  });
});

describe('the cluster of a kernel that is restarted', () => {
  it('ends, and the next one serves', async () => {
    const kernel = await KernelClient.start();
    const serve = async (): Promise<string> => {
      await text(kernel, 'const Seven = serve.deployment(class Seven { ask(_: number) { return 7 } });');
      return text(
        kernel,
        "const seven = await serve.run(Seven.bind(), { name: 'a', routePrefix: null }); await seven.ask.remote(1)",
      );
    };
    assert.equal(await serve(), '7');
    await text(
      kernel,
      "import { execSync } from 'node:child_process'; import { readFileSync } from 'node:fs'; execSync('mkfifo fifo');",
    );
    const agents = (): number[] =>
      listLocalClusters()
        .filter(({ ownerKey }) => ownerKey === kernel.file)
        .map(({ pid }) => pid);
    const [agent] = agents();
    assert.ok(agent);
    const cell = kernel.executing("console.log('in'); readFileSync('fifo');");
    await kernel.until(() => kernel.of(cell.id).some(({ type }) => type === 'stream'), 'the cell');
    await kernel.interrupt();
    await kernel.interrupt();
    assert.equal((await cell.done).reply.ename, 'NBS_KERNEL_REPLACED');
    assert.equal(await serve(), '7');
    assert.equal(agents().length, 1);
    assert.ok(!agents().includes(agent));
    while (processTable().some(({ pid }) => pid === agent)) await sleep(10);
    await kernel.shutdown();
  });
});
