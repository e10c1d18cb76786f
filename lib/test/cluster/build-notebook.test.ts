/** Lessons are built, and their applications serve without the notebook. */
import assert from 'node:assert/strict';
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { digitPng, loadMnist } from 'nbserve/data';
import { CommandFolder } from '../fixtures/command-folder.js';

const LESSONS = fileURLToPath(new URL('../../../notebooks/', import.meta.url));
const folder = new CommandFolder();
after(() => folder.remove());

async function build(lesson: string): Promise<string> {
  copyFileSync(`${LESSONS}${lesson}.ipynb`, `${folder.path}/${lesson}.ipynb`);
  const said = await folder.output(['build', `${lesson}.ipynb`]);
  rmSync(`${folder.path}/${lesson}.ipynb`);
  return said;
}

async function deployed(config: string): Promise<string> {
  const text = readFileSync(`${folder.path}/${config}.yaml`, 'utf8');
  folder.write('all.yaml', `cluster:\n  port: 0\n${text.replace(/^cluster:\n/, '')}`);
  await folder.output(['deploy', '--dashboard-port', 'none', 'all.yaml']);
  return (await folder.output(['status', '--url'])).trim();
}

test('02-hello-serve: the last version of each application that was not deleted', async () => {
  const said = await build('02-hello-serve');
  assert.match(
    said,
    /application hello_world at \/\napplication shout at \/shout\napplication loan at \/loan\napplication loan_solution at \/loan-solution\n/,
  );
  assert.match(said, /cell 10: !curl /);
  assert.match(said, /note: cell 33 deletes the application picky/);
  assert.match(readFileSync(`${folder.path}/02-hello-serve.app.ts`, 'utf8'), /^\/\/ Cell 16, left out: !serve status$/m);
  const url = await deployed('02-hello-serve');
  const answer = await fetch(url, { method: 'POST', body: '{"input":"hello"}' });
  assert.deepEqual(await answer.json(), { result: 'No... hello' });
  assert.equal(await (await fetch(`${url}/shout?text=hello`)).text(), 'HELLO!');
  const loan = await fetch(`${url}/loan-solution`, { method: 'POST', body: '{"totalPrice":20000,"rate":5,"yearsOfLoan":4}' });
  assert.ok(Math.abs(((await loan.json()) as { monthlyPayment: number }).monthlyPayment - 508.91) < 0.01);
});

test('09-mnist-serve: composed deployments with a model', async () => {
  cpSync(`${LESSONS}09-mnist-serve`, `${folder.path}/09-mnist-serve`, { recursive: true });
  await build('09-mnist-serve');
  assert.match(
    readFileSync(`${folder.path}/09-mnist-serve.yaml`, 'utf8'),
    /^cluster:\n {2}numGpus: 1\n {2}grpc:\n {4}protos:\n {6}- \.\/09-mnist-serve\/digits\.proto\n {4}generic: true\n/,
  );
  const url = await deployed('09-mnist-serve');
  const { images, labels } = loadMnist({ limit: 5 });
  for (const path of ['/image', '/careful']) {
    const answer = await fetch(`${url}${path}`, { method: 'POST', body: digitPng(images[4] as Uint8Array) });
    assert.equal(((await answer.json()) as { predicted_label: number }).predicted_label, labels[4]);
  }
  assert.equal((await fetch(url, { method: 'POST', body: '{}' })).status, 404);
});

test('magics around code, changes, options of serve.start, and a configuration in another folder', async () => {
  const cell = (source: string) => ({ cell_type: 'code', source, metadata: {}, outputs: [], execution_count: null });
  const cells = [
    'await serve.start({ port: 0, spareReplicas: 0 });',
    '%%capture out\nconst labels: string[] = [];',
    '!echo one \\\n  two\nfunction day() { let date; date = 1; return date; }\n!date\n!echo a\\\\\nlabels.push("bird");',
    "%timeit labels.join()\n%time labels.push('cat');",
    "%%timeit\nlabels.push('dog');",
    `const Chat = serve.deployment(class Chat {
  async fetch() { return [...labels, (await import('./own.mjs')).word]; }
});
await serve.run(Chat.bind());`,
  ];
  folder.write('magics.ipynb', JSON.stringify({ cells: cells.map(cell), metadata: {}, nbformat: 4, nbformat_minor: 5 }));
  folder.write('own.mjs', "export const word = 'own';\n");
  mkdirSync(`${folder.path}/made`);
  const said = await folder.output(['build', 'magics.ipynb', '--output', 'made/magics.yaml']);
  assert.match(
    said,
    /left out:\n {2}cell 1: await serve\.start.*\n {2}cell 2: %%capture out\n {2}cell 3: function day.*\n {2}cell 3: !echo one \\\n {2}cell 3: {3}two\n {2}cell 3: !date\n {2}cell 3: !echo a\\\\\n {2}cell 4: %timeit labels\.join\(\)\n {2}cell 5: %%timeit and its cell\n/,
  );
  assert.match(readFileSync(`${folder.path}/made/magics.yaml`, 'utf8'), /^cluster:\n {2}port: 0\n {2}spareReplicas: 0\n/);
  await folder.output(['deploy', '--dashboard-port', 'none', 'made/magics.yaml']);
  const url = (await folder.output(['status', '--url'])).trim();
  assert.deepEqual(await (await fetch(url)).json(), ['bird', 'cat', 'own']);
});

test('an output that cannot be written is an error before anything runs', async () => {
  folder.write(
    'loud.ts',
    `import { writeFileSync } from 'node:fs';
import { serve } from 'nbserve';
writeFileSync(${JSON.stringify(`${folder.path}/it-ran`)}, '');
export const app = serve.deployment(() => 'ok', { name: 'ok' }).bind();
`,
  );
  folder.write('there.yaml', '');
  mkdirSync(`${folder.path}/a-folder`);
  const wrong: readonly (readonly [args: readonly string[], stderr: RegExp])[] = [
    [
      ['--output', 'missing/x.yaml'],
      /^NBS_OUTPUT_NOT_WRITABLE: missing\/x\.yaml cannot be written: there is no such folder; .*\n$/,
    ],
    [['--output', 'loud.ts/x.yaml'], /^NBS_OUTPUT_NOT_WRITABLE: .* a part of its path is a file/],
    [['--output', 'a-folder', '--force'], /^NBS_OUTPUT_NOT_WRITABLE: a-folder .* it is a folder/],
    [['--output', 'there.yaml'], /^NBS_OUTPUT_EXISTS: there\.yaml exists/],
  ];
  copyFileSync(`${LESSONS}02-hello-serve.ipynb`, `${folder.path}/hello.ipynb`);
  for (const [args, stderr] of wrong) {
    const { code, stderr: said } = await folder.run(['build', 'loud.ts:app', ...args]);
    assert.match(said, stderr);
    assert.equal(code, 1);
    assert.ok(!existsSync(`${folder.path}/it-ran`));
    if (!args.includes('there.yaml'))
      assert.match((await folder.run(['build', 'hello.ipynb', ...args])).stderr, /^NBS_OUTPUT_NOT_WRITABLE: /);
  }
});

test('files that exist are kept, and a notebook without an application is an error', async () => {
  copyFileSync(`${LESSONS}02-hello-serve.ipynb`, `${folder.path}/02-hello-serve.ipynb`);
  const kept = await folder.run(['build', '02-hello-serve.ipynb']);
  assert.match(kept.stderr, /^NBS_OUTPUT_EXISTS: 02-hello-serve\.app\.ts exists/);
  await folder.output(['build', '02-hello-serve.ipynb', '--force']);
  folder.write('empty.ipynb', JSON.stringify({ cells: [], metadata: {}, nbformat: 4, nbformat_minor: 5 }));
  const empty = await folder.run(['build', 'empty.ipynb']);
  assert.equal(empty.code, 1);
  assert.match(empty.stderr, /^NBS_NOTHING_TO_BUILD: empty\.ipynb runs no application/);
  assert.ok(!existsSync(`${folder.path}/empty.yaml`));
});

test('modules: the configuration lists their deployments, and deploys', async () => {
  folder.write(
    'apps.ts',
    `import { serve } from 'nbserve';
const One = serve.deployment(class One { fetch() { return 'one'; } }, { numReplicas: 2 });
const Two = serve.deployment(class Two { fetch() { return 'two'; } });
export const one = One.bind();
export const two = Two.bind();
`,
  );
  await folder.output(['build', 'apps.ts:one', 'apps.ts:two', '--output', 'built.yaml']);
  assert.equal(
    readFileSync(`${folder.path}/built.yaml`, 'utf8'),
    `applications:
  - name: one
    routePrefix: /one
    importPath: apps.ts:one
    deployments:
      - name: One
        numReplicas: 2
  - name: two
    routePrefix: /two
    importPath: apps.ts:two
    deployments:
      - name: Two
        numReplicas: 1
`,
  );
  const url = await deployed('built');
  assert.equal(await (await fetch(`${url}/two`)).text(), 'two');
});

test('modules: exports of the same name become applications with different names', async () => {
  const source = "import { serve } from 'nbserve';\nconst D = serve.deployment(class D { fetch() { return 'it'; } });\n";
  for (const file of ['chat.ts', 'digits.ts', 'more/chat.ts']) folder.write(file, `${source}export const app = D.bind();\n`);
  folder.write('one.ts', `${source}export const $one = D.bind();\n`);
  const text = await folder.output(['build', 'chat.ts:app', 'digits.ts:app', 'more/chat.ts:app', 'one.ts:$one']);
  const read = (key: string): readonly string[] =>
    [...text.matchAll(new RegExp(`${key}: (.*)`, 'g'))].map(([, value = '']) => value);
  assert.deepEqual(
    read('  - name').filter((name) => name !== 'D'),
    ['chat', 'digits', 'chat_1', 'one'],
  );
  assert.deepEqual(read('routePrefix'), ['/chat', '/digits', '/chat_1', '/one']);
  folder.write('several.yaml', text);
  assert.match(await folder.output(['deploy', 'several.yaml', '--check']), /chat_1: D at \/chat_1/);
});
