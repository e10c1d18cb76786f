import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { type CellRun, TestNotebook } from './session-harness.js';

/** Deployments in cells, with real processes. */
describe('serve in cells', () => {
  const notebook = new TestNotebook();
  after(() => notebook.close());

  it('deploys a class with what it uses from other cells, without an import of nbserve', async () => {
    await notebook.value("const greeting = 'Yes... '; function shout(text: string) { return text.toUpperCase() }");
    await notebook.value(`const Chat = serve.deployment(class Chat {
  constructor(private readonly options: { msg: string }) {}
  async fetch(request: Request) {
    const { input } = await request.json();
    return { result: this.getResponse(input) };
  }
  getResponse(message: string) { return this.options.msg + shout(message); }
  fail() {
    throw new Error('in the replica');
  }
});
const chat = await serve.run(Chat.bind({ msg: greeting }), { name: 'chat', routePrefix: '/chat' });`);
    assert.equal(await notebook.value("await chat.getResponse.remote('hello')"), "'Yes... HELLO'");
    assert.equal(
      await notebook.value(
        "(await (await fetch(chat.url, { method: 'POST', body: JSON.stringify({ input: 'x' }) })).json()).result",
      ),
      "'Yes... X'",
    );
  });

  it('leaves the telemetry of ONNX Runtime off in cells', async () => {
    assert.equal(await notebook.value('process.env.ORT_DISABLE_TELEMETRY'), "'1'");
  });

  it('shows the line of the cell where a replica failed', async () => {
    const traceback = await notebook.failure('await chat.fail.remote()');
    assert.match(
      traceback,
      /^Error: in the replica\n[\s\S]*> {2}9 \| {5}throw new Error\('in the replica'\);[\s\S]*at Chat\.fail \(cell\[2\]\.ts:9:11\)/,
    );
  });

  it('takes an import() of a package that only replicas have, and says what to install if it runs here', async () => {
    await notebook.value("class Late { async load() { return (await import('not-installed')).default } }");
    assert.match(await notebook.failure('await new Late().load()'), /NBS_PACKAGE_NOT_FOUND.*npm install not-installed/);
    assert.match(await notebook.failure("import missing from 'not-installed'; missing"), /TS2307/);
    assert.match(await notebook.failure("await import('./not-there.ts')"), /TS2307|not-there/);
  });

  it('checks the types of calls', async () => {
    assert.match(await notebook.failure('await chat.getResponse.remote(1)'), /TS2345/);
  });

  it('shows the status, with a magic and with a command', async () => {
    const magic = (await notebook.run('%serve status')).text();
    assert.match(magic, /chat:\n {4}status: RUNNING\n {4}route: \/chat\n {4}deployments:\n {6}Chat: HEALTHY/);
    const command = await notebook.run('!nbserve status');
    assert.equal(command.text(), magic);
  });

  it('is the same nbserve that an import returns', async () => {
    assert.equal(await notebook.value("import { serve as imported } from 'nbserve'; imported === serve"), 'true');
  });

  it('has what replicas printed when a cell ends, below the cell that called them', async () => {
    const lines = (cell: CellRun): number => cell.text().match(/line \d+\n/g)?.length ?? 0;
    const first = await notebook.run(
      "const Printer = serve.deployment(class Printer { say(count: number) { for (let i = 0; i < count; i++) console.log('line', i); return count } });\nconst printer = await serve.run(Printer.bind(), { name: 'printer', routePrefix: null });\nawait printer.say.remote(1)",
    );
    assert.equal(lines(first), 1);
    for (const count of [1, 1, 1, 100]) {
      const cell = await notebook.run(`await printer.say.remote(${count})`);
      assert.equal(lines(cell), count);
    }
    assert.equal(lines(first), 1);
  });

  it('ships a policy of autoscaling, written in the options or declared, with what it uses', async () => {
    await notebook.value('const atLeast = (count: number) => Math.max(2, count);');
    await notebook.value(`class Scaled { fetch() { return 'ok' } }
const autoscaling = { maxReplicas: 3, metricsInterval: 50, upscaleDelay: 0, downscaleDelay: 0 };
const Wide = serve.deployment(Scaled, { autoscaling: { ...autoscaling, policy: ({ suggestedReplicas }) => atLeast(suggestedReplicas) } });
await serve.run(Wide.bind(), { name: 'scaled', routePrefix: '/scaled' });
const numReplicas = async () => (await serve.status()).applications.scaled!.deployments.Scaled!.numReplicas;
while ((await numReplicas()) !== 2) await new Promise((resolve) => setTimeout(resolve, 20));`);
    await notebook.value(`async function three() { return atLeast(3) }
await serve.run(Wide.options({ autoscaling: { ...autoscaling, policy: three } }).bind(), { name: 'scaled', routePrefix: '/scaled' });
while ((await numReplicas()) !== 3) await new Promise((resolve) => setTimeout(resolve, 20));`);
    const refused = await notebook.failure(
      "await serve.run(Wide.options({ autoscaling: { policy() { return 1 } } }).bind(), { name: 'scaled', routePrefix: '/scaled' })",
    );
    assert.match(refused, /NBS_NO_POLICY_SOURCE[\s\S]*policy of Scaled cannot be found: write an arrow function/);
    assert.match(await notebook.failure("Wide.options({ autoscaling: { policy: () => 'many' } })"), /TS2322/);
    await notebook.value("await serve.delete('scaled')");
  });

  it('deploys a class with a helper that the same cell declares again', async () => {
    await notebook.value('function mark(text: string) { return `<${text}>` }');
    await notebook.value('class Marked { hi() { return mark("hi") } }');
    await notebook.value(
      'function mark(text: string) { return `[${text}]` }\nconst marked = await serve.run(serve.deployment(Marked).bind(), { name: "marked", routePrefix: null });',
    );
    assert.equal(await notebook.value('await marked.hi.remote()'), "'[hi]'");
    await notebook.value(
      'function mark(text: string): string { return text === "" ? "" : mark("") + `{${text}}` }\nclass Marked { hi() { return mark("ho") } }\nconst marked = await serve.run(serve.deployment(Marked).bind(), { name: "marked", routePrefix: null });\nmark("x")',
    );
    assert.equal(await notebook.value('await marked.hi.remote()'), "'{ho}'");
  });

  it('deploys a class that the same cell declared', async () => {
    await notebook.value(
      'class Named { hi() { return greeting.trim() } }\nconst named = await serve.run(serve.deployment(Named).bind(), { name: "named", routePrefix: "/named" });',
    );
    assert.equal(await notebook.value('await named.hi.remote()'), "'Yes...'");
  });
});
