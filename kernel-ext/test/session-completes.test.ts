import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { TestNotebook } from './session-harness.js';

const isTslab = process.env.NBSERVE_TYPES === 'tslab';

describe('completion and inspection', () => {
  const notebook = new TestNotebook();
  after(() => notebook.close());
  before(async () => {
    await notebook.value(`type Kind = 'small' | 'large';
let kind = 'small' as Kind;
const user = { name: 'x', nick: 'n' };
interface Shape { size?: number; mode: Kind }
function draw(shape: Shape) {}
function pick(value: Kind) {}
/**
 * How many there are.
 */
let count = 1;
/**
 * Adds numbers.
 * @param a the first
 */
function add(a: number, b = 2): number { return a + b }
function over(a: number): string;
function over(a: string): number;
function over(a: any): any { return a }
class Talker {
  /**
   * Makes a talker.
   */
  constructor(readonly volume: number) {}
  /**
   * Says it aloud.
   */
  say(text: string) { return text }
}
const Deployed = serve.deployment(Talker);
type Handle = Awaited<ReturnType<typeof serve.run<Talker>>>;
const handle = {} as unknown as Handle;`);
  });

  /** The lines that the completions would make of the code. `¦` is the cursor. */
  function lines(marked: string): string[] {
    const cursor = marked.indexOf('¦');
    const code = marked.replace('¦', '');
    const { matches, cursor_start, cursor_end } = notebook.session.complete(code, cursor);
    return matches.map((match) => code.slice(0, cursor_start) + match + code.slice(cursor_end));
  }

  function kinds(marked: string): Record<string, string> {
    const { metadata, cursor_start, cursor_end } = notebook.session.complete(marked.replace('¦', ''), marked.indexOf('¦'));
    const types = metadata._jupyter_types_experimental;
    for (const { start, end } of types) assert.deepEqual([start, end], [cursor_start, cursor_end]);
    return Object.fromEntries(types.map(({ text, type }) => [text, type]));
  }

  function inspected(marked: string): string | undefined {
    const { found, data } = notebook.session.inspect(marked.replace('¦', ''), marked.indexOf('¦'), 1);
    return found ? String(data['text/plain']) : undefined;
  }

  it('says of each name what it is', () => {
    const { add: added, Talker, user, console: output, const: keyword } = kinds('¦');
    assert.deepEqual([added, Talker, output, keyword], ['function', 'class', output, 'keyword']);
    assert.match(String(user), /^(constant|variable)$/);
    assert.equal(kinds("'x'.toUpper¦").toUpperCase, 'method');
    assert.equal(kinds('user.na¦').name, 'property');
    assert.equal(kinds('%serve s¦')['%serve status'], 'magic');
    assert.equal(kinds('import x from "node:f¦"')['node:fs'], 'module');
  });

  it('completes keys and texts in strings that are half typed, and doubles nothing', () => {
    assert.deepEqual(lines("user['na¦"), ["user['name"]);
    assert.deepEqual(lines("user['na¦']"), ["user['name']"]);
    assert.deepEqual(lines('user["¦"]').sort(), ['user["name"]', 'user["nick"]']);
    assert.deepEqual(lines('switch (kind) { case "¦').sort(), ['switch (kind) { case "large', 'switch (kind) { case "small']);
    assert.deepEqual(lines("if (kind === 's¦')"), ["if (kind === 'small')"]);
    assert.deepEqual(lines("pick('la¦"), ["pick('large"]);
    assert.deepEqual(lines("draw({ mode: 'l¦' })"), ["draw({ mode: 'large' })"]);
  });

  it('replaces the rest of the word, or of the text, behind the cursor', () => {
    assert.ok(lines('us¦er.name').includes('user.name'));
    assert.deepEqual(lines('user.na¦me'), ['user.name']);
    assert.deepEqual(lines("user['na¦me']"), ["user['name']"]);
    assert.deepEqual(lines("pick('s¦, 'b')"), ["pick('small, 'b')"]);
  });

  it('offers files, and no names of TypeScript, in a cell for another program', async () => {
    await notebook.file('words.txt', '');
    assert.deepEqual(lines('%%bash\ncat wor¦'), ['%%bash\ncat words.txt']);
    assert.deepEqual(lines('%%bash\nuse¦'), []);
  });

  it('offers the files that can be imported, and folders', async () => {
    const names = ['App.tsx', 'm.mts', 'c.cts', 'old.cjs', 'b.jsx', 'data.json', 'a.ts', 'v1.2/x.ts', '.git/x.ts'];
    for (const name of [...names, 'notes.txt', 'Makefile', 'node_modules/x.js']) await notebook.file(`parts/${name}`, '');
    const offered = ['App.tsx', 'a.ts', 'b.jsx', 'c.cts', 'data.json', 'm.mts', 'old.cjs', 'v1.2'];
    assert.deepEqual(lines("import './parts/¦'").sort(), offered.map((name) => `import './parts/${name}'`).sort());
  });

  it('looks up only links in a folder of files that nobody imports', async (t) => {
    for (let i = 0; i < 20; i += 1) await notebook.file(`pictures/${i}.png`, '');
    await notebook.file('pictures/more/x.ts', '');
    fs.symlinkSync('more', join(notebook.folder, 'pictures/linked'));
    const looked = t.mock.method(fs, 'statSync');
    syncBuiltinESMExports();
    const found = lines("import './pictures/¦'").sort();
    const places = looked.mock.calls.map(({ arguments: [path] }) => String(path)).filter((path) => path.includes('pictures'));
    t.mock.restoreAll();
    syncBuiltinESMExports();
    assert.deepEqual(found, ["import './pictures/linked'", "import './pictures/more'"]);
    assert.deepEqual(places, [join(notebook.folder, 'pictures/linked')]);
  });

  it('offers files wherever a command or a path stands', async () => {
    await notebook.file('deep/letters.txt', '');
    for (const head of ['!cat ', 'if (user) {\n  !cat ', 'const t = !cat ', 't = !cat ', '!cat \\\n  ', '%load ', '%%writefile '])
      assert.deepEqual(lines(`${head}wor¦`), [`${head}words.txt`]);
    assert.deepEqual(lines('if (user) {\n  %pw¦'), ['if (user) {\n  %pwd']);
    assert.deepEqual(lines('%cd dee¦'), ['%cd deep']);
    assert.deepEqual(lines('!user.na¦'), ['!user.name']);
    assert.deepEqual(lines('const wor¦ = !cat words.txt'), []);
    assert.deepEqual(lines('!cat a\\\\\nuser.na¦'), ['!cat a\\\\\nuser.name']);
    await notebook.value('%cd deep');
    assert.deepEqual(lines('!cat let¦'), ['!cat letters.txt']);
    assert.deepEqual(lines("import './wor¦"), []);
    await notebook.value('%cd ..');
  });

  it('completes TypeScript in lines whose time is measured, and paths in their commands', async () => {
    await notebook.file('words.txt', '');
    for (const head of ['%time ', '%timeit ', '%timeit -n 3 ', '%%timeit ', '1;\n%time const one = '])
      assert.deepEqual(lines(`${head}user.na¦`), [`${head}user.name`]);
    assert.deepEqual(lines('%time !cat wor¦'), ['%time !cat words.txt']);
    assert.deepEqual(lines('%tim¦').sort(), ['%time', '%timeit']);
  });

  it('completes the keys of an object that is expected', () => {
    assert.deepEqual(lines('draw({ ¦ })').sort(), ['draw({ mode })', 'draw({ size })']);
    assert.deepEqual(lines("draw({ mode: 'small', si¦"), ["draw({ mode: 'small', size"]);
    assert.ok(lines('serve.run(Deployed.bind(1), { routeP¦').includes('serve.run(Deployed.bind(1), { routePrefix'));
    assert.deepEqual(lines('const { ni¦ } = user'), ['const { nick } = user']);
  });

  it('offers what Node exports and no cell has imported, behind what is there', async () => {
    assert.deepEqual(lines('const text = readFileSy¦'), ['const text = readFileSync']);
    assert.equal(kinds('readFileSy¦').readFileSync, 'import');
    assert.equal(kinds('loadMni¦').loadMnist, 'import');
    assert.ok(!lines('re¦').includes('readFileSync'));
    for (const code of ['user.readFileSy¦', 'const readFileSy¦', '"readFileSy¦"', 'import { readFileSy¦'])
      assert.deepEqual(lines(code), []);
    await notebook.value("import { readFileSync } from 'node:fs'");
    assert.notEqual(kinds('readFileSy¦').readFileSync, 'import');
  });

  it('completes names of imports, and modules with their parts', () => {
    assert.ok(lines("import { readFileS¦ } from 'node:fs'").includes("import { readFileSync } from 'node:fs'"));
    assert.ok(lines("import { ¦ } from 'nbserve/data'").includes("import { loadMnist } from 'nbserve/data'"));
    for (const part of ['data', 'onnx']) {
      assert.ok(lines("import x from 'nbserve/¦").includes(`import x from 'nbserve/${part}`), part);
    }
    assert.ok(lines("const x = await import('node:fs/¦')").includes("const x = await import('node:fs/promises')"));
  });

  it('completes the parts that a package exports', async () => {
    const exports = { '.': './index.js', './part': './part.js', './glob/*': './glob/*.js' };
    await notebook.file('node_modules/whole/package.json', JSON.stringify({ name: 'whole', exports }));
    assert.deepEqual(lines("import 'whole/¦"), ["import 'whole/part"]);
  });

  it('completes types where a type is expected, also those of the language', () => {
    assert.ok(lines('let x: Rec¦').includes('let x: Record'));
    assert.ok(lines('let x: Kin¦').includes('let x: Kind'));
    assert.ok(lines('let x: Array<Sha¦').includes('let x: Array<Shape'));
    assert.ok(lines('let x = 1 as unk¦').includes('let x = 1 as unknown'));
  });

  it('offers no names in texts, comments and patterns', () => {
    for (const code of [
      "'cou¦",
      '"a cou¦"',
      '`cou¦',
      '// cou¦',
      '/* cou¦ */',
      '1;\n/** cou¦',
      'const x = /cou¦',
      "user.name = 'co¦",
    ]) {
      assert.deepEqual(lines(code), [], code);
    }
    assert.deepEqual(
      lines('`${cou¦'),
      lines('`${cou¦').filter((line) => line.startsWith('`${')),
    );
    assert.ok(lines('`${cou¦').includes('`${count'));
    assert.ok(lines("'//'; cou¦").includes("'//'; count"));
  });

  it('keeps documentation of names of earlier cells, and through handles', () => {
    assert.match(inspected('cou¦nt') ?? '', /^let count: number\n\nHow many there are/);
    assert.match(
      inspected('add¦') ?? '',
      /^function add\(a: number, b\?: number(?: \| undefined)?\): number\n\nAdds numbers\.[\s\S]*@param a the first/,
    );
    assert.match(inspected('handle.say¦') ?? '', /Says it aloud/);
    assert.match(inspected('handle.say.remote¦') ?? '', /remote\(t[\s\S]*Says it aloud[\s\S]*Calls the method/);
  });

  it('explains the call that the cursor is in', () => {
    for (const code of ['add(¦', 'add(1, ¦', 'add(1, ¦)', "add(')', ¦", 'add([1][0], /* ( */ ¦', "add('('.length, ¦"]) {
      assert.match(inspected(code) ?? '', /^function add\(/, code);
    }
    assert.match(inspected('new Talker(¦') ?? '', isTslab ? /Talker/ : /^new Talker\(volume: number\): Talker\n\nMakes a talker/);
    if (!isTslab) assert.equal(inspected('over(¦'), 'function over(a: number): string\nfunction over(a: string): number');
    assert.match(inspected('handle.say.remote(¦') ?? '', /Says it aloud/);
  });

  it('finds nothing for unknown names, keywords, comments and texts', () => {
    for (const code of ['nosuch¦', 'nosuch(¦', 'user.nosuch¦', '// user¦', "'user¦'", '/* add(¦', 'if (¦', '1¦']) {
      assert.equal(inspected(code), undefined, code);
    }
  });

  it('finds nothing on a keyword', () => {
    for (const marked of ['cla¦ss', 'x = cla¦ss {}', 'func¦tion', 'cla¦ss X {}', 'ret¦urn 1'])
      assert.equal(inspected(marked), undefined, marked);
  });
});
