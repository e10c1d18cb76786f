import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { TestNotebook } from './session-harness.js';

/** For each mistake, the cells that make it, and what the line of help behind the type error says. */
const MISTAKES: Readonly<Record<string, readonly (readonly [code: string, help: RegExp])[]>> = {
  'a shell line': [
    ['npm install lodash', /!npm install lodash$/],
    ['ls -la', /!ls -la$/],
    ['cd ..', /!cd \.\.$/],
    ['git status', /!git status$/],
    ['pip install numpy', /!pip install numpy$/],
  ],
  'a line of nbserve': [
    ['serve status', /%serve status$/],
    ['nbserve logs chat', /!nbserve logs chat$/],
  ],
  'an import of Python': [
    ['from os import path', /import \{ path \} from 'os'/],
    ['import numpy as np', /import \* as np from 'numpy'/],
  ],
  'a block of Python': [
    ['def f(x):', /in braces/],
    ['for i in range(3): console.log(i)', /in braces/],
    ['if list.length > 1:', /in braces/],
  ],
  'a word of Python': [
    ["print('x')", /console\.log/],
    ['len(list)', /list\.length/],
    ['None', /null or undefined/],
    ['let whole: int = 1', /number as a type/],
  ],
  'return in a cell': [['return 1', /last expression/]],
  'serve.run of a deployment without bind': [
    ['await serve.run(Deployed)', /Deployed\.bind\(…\)/],
    ['await serve.run(serve.deployment(Chat))', /serve\.deployment\(Chat\)\.bind\(…\)/],
  ],
  'serve.run of a class': [['await serve.run(Chat)', /serve\.deployment\(Chat\)\.bind\(…\)/]],
  'a method without remote': [["await handle.say('x')", /handle\.say\.remote\(…\)/]],
  'a handle without remote': [["await handle('x')", /handle\.remote\(…\)/]],
  'fetch of a handle': [['await handle.fetch.remote()', /fetch\(handle\.url\)/]],
  'a method that a handle does not have': [['await handle.nosuch.remote()', /public methods of the class/]],
  'a value that is called': [
    ['handle.url()', /url is no function/],
    ['list.length()', /length is no function/],
  ],
  'a deployment as a decorator': [['@serve.deployment class Bad {}', /serve\.deployment\(class/]],
  'a wrong option in an overload': [
    ['serve.deployment(Chat, { numReplica: 2 })', /numReplica is no option of a deployment; did you mean numReplicas\?/],
    ['serve.deployment(Chat, { num_replicas: 2 })', /did you mean numReplicas\?/],
    [
      'serve.deployment(Chat, { autoscaling: { maxReplica: 3 } })',
      /maxReplica is no option of autoscaling; did you mean maxReplicas\?/,
    ],
    ["serve.deployment(Chat, { numReplicas: '2' })", /wrong type/],
    [
      'serve.deployment(Chat, {\n  name: "c",\n  // How many.\n  numReplica: 2,\n})',
      /numReplica is no option of a deployment; did you mean/,
    ],
    [
      'serve.deployment(class { x = { maxReplica: 1 } }, {\n  autoscaling: {\n    minReplicas: 1,\n    maxReplica: 3,\n  },\n})',
      /maxReplica is no option of autoscaling; did you mean maxReplicas\?/,
    ],
    ["serve.deployment(Chat, {\n  numReplicas: '2',\n})", /wrong type/],
  ],
  'options before the class': [
    ['serve.deployment({ numReplicas: 2 }, Chat)', /the class comes first: serve\.deployment\(Chat, \{ … \}\)/],
    ['serve.deployment({\n  numReplicas: 2,\n})(Chat)', /the class comes first: serve\.deployment\(Chat, \{ … \}\)/],
    ['@serve.deployment({ numReplicas: 2 })\nclass Late {}', /serve\.deployment\(class/],
  ],
  'a wrong option': [
    ["serve.run(Deployed.bind(1), { route_prefix: '/x' })", /it is called routePrefix/],
    ["serve.run(Deployed.bind(1), { route: '/x' })", /route is no option of RunOptions/],
    ['Deployed.options({ num_replicas: 2 })', /it is called numReplicas/],
  ],
  'arguments of bind': [['Deployed.bind()', /arguments of the constructor/]],
  'a forgotten await': [
    ['load().size', /\(await load\(\)\)\.size/],
    ['count() + 1', /await in front/],
    ['if (load()) {}', /await in front/],
    ['const n: number = count()', /await in front/],
    ["handle.say.remote('x').length", /\(await …\)/],
    ["fetch('http://x').json()", /\(await …\)/],
    ['1 + count()', /await in front/],
    ['count() * 2', /await in front/],
    ['const own = async () => 1;\n2 * own()', /await in front/],
    ['(async () => [1])()[0]', /\(await …\)/],
    ["serve.run(Deployed.bind(1)).say.remote('x')", /const handle = await serve\.run/],
  ],
  'a loop without await': [['for (const x of (async function* () { yield 1 })()) console.log(x)', /for await/]],
  'a module of Node that does not exist': [["import fs from 'node:fss'", /did you mean node:fs\?/]],
  'a method of Python': [
    ['list.append(1)', /append is called push/],
    ["('x' as string).upper()", /upper is called toUpperCase/],
  ],
  'a package that is not installed': [
    ["import x from 'nosuch-package'", /!npm install nosuch-package$/],
    ["import x from '@scope/pkg/sub'", /!npm install @scope\/pkg$/],
  ],
  'a part of nbserve that does not exist': [
    ["import x from 'nbserve/dat'", /did you mean nbserve\/data\?$/],
    ["import x from 'nbserve/'", /the parts of nbserve are data, onnx,/],
    ["import x from 'nbserve/nosuchpart'", /the parts of nbserve are data, onnx,/],
  ],
  'a path that tsconfig.json would name': [
    ["import x from '@/lib/a'", /no path in tsconfig\.json or in the imports of package\.json leads to @\/lib\/a$/],
    ["import x from '~/a'", /leads to ~\/a$/],
    ["import x from '#lib/a'", /leads to #lib\/a$/],
  ],
  'a module at an address': [
    ["import x from 'https://esm.sh/lodash@4.17.21'", /addresses: !npm install lodash, and import it by its name$/],
    ["import x from 'https://cdn.jsdelivr.net/npm/@scope/pkg@1/+esm'", /!npm install @scope\/pkg, and/],
    ["import x from 'https://deno.land/x/oak/mod.ts'", /addresses: install a package, and import it by its name$/],
    ["import x from 'npm:lodash@4'", /!npm install lodash, and/],
    ["import x from 'jsr:@std/path'", /!npx jsr add @std\/path, and/],
    ["import x from 'data:text/javascript,export default 1'", /await import\('data:…'\)/],
  ],
  'a file that is not there': [
    ["import x from './nosuch'", /no file \.\/nosuch\.ts/],
    ["import x from './nosuch.json'", /no file \.\/nosuch\.json beside/],
    ["import x from './data.csv'", /readFileSync\('\.\/data\.csv', 'utf8'\)/],
  ],
  'a text for a number': [["const n: number = 'x' as string", /Number\(…\)/]],
  'what may be undefined': [['maybe.toFixed()', /maybe\?\./]],
  'an error of unknown type': [['const error = 1 as unknown; error.message', /instanceof Error/]],
  'a constant that is set': [['fixed = 2', /let fixed = …/]],
  'an import that is missing': [
    ["readFileSync('x')", /import \{ readFileSync \} from 'node:fs'/],
    ["path.join('a')", /import \* as path from 'node:path'/],
    ['loadMnist()', /import \{ loadMnist \} from 'nbserve\/data'/],
  ],
  'a name of no cell': [['nosuchname', /no cell that has run declares nosuchname/]],
};

describe('help behind type errors', () => {
  const notebook = new TestNotebook();
  after(() => notebook.close());
  before(async () => {
    await notebook.value(`class Chat {
  constructor(readonly volume: number) {}
  say(text: string) { return text }
  async fetch(request: Request) { return 'x' }
}
const Deployed = serve.deployment(Chat);
const handle = {} as Awaited<ReturnType<typeof serve.run<Chat>>>;
async function load() { return { size: 1 } }
async function count() { return 1 }
const list = [1];
const maybe = list.find(Boolean);
const fixed = 1;`);
  });

  for (const [mistake, examples] of Object.entries(MISTAKES)) {
    it(mistake, async () => {
      for (const [code, help] of examples) {
        const traceback = await notebook.failure(code);
        const lines = traceback.split('\n').filter((line) => line.startsWith('  help: '));
        assert.ok(
          lines.some((line) => help.test(line)),
          `${code}\n${traceback}`,
        );
      }
    });
  }

  it('leaves the names of earlier cells as they are', async () => {
    assert.equal(await notebook.value('[Deployed.name, (await load()).size, maybe]'), "[ 'Chat', 1, 1 ]");
  });

  it('takes no line of a call for a line for the shell', async () => {
    const traceback = await notebook.failure('const node = "s"; function visit(n: number[]) { return n }\nvisit(\n  node\n)');
    assert.match(traceback, /TS2345/);
    assert.doesNotMatch(traceback, /shell/);
  });

  it('says nothing of an error that explains itself', async () => {
    assert.doesNotMatch(await notebook.failure('JSON.parse(1)'), /help:/);
  });
});
