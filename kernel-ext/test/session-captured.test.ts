import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { TestNotebook } from './session-harness.js';

/** A replica has the values and functions that the notebook has when `serve.run` is called. */
describe('what a replica captures', () => {
  const notebook = new TestNotebook();
  after(() => notebook.close());

  /** A class must answer the same in the notebook and in a replica. */
  const answersAlike = async (name: string, body: string, expected: string): Promise<void> => {
    await notebook.value(`class ${name} { ask(): any { ${body} } }`);
    assert.equal(await notebook.value(`new ${name}().ask()`), expected);
    await notebook.value(
      `const on${name} = await serve.run(serve.deployment(${name}).bind(), { name: '${name}', routePrefix: null });`,
    );
    assert.equal(await notebook.value(`await on${name}.ask.remote()`), expected);
  };

  it('variables that were set to nothing', async () => {
    await notebook.value(
      'let limit: number | null = 5; let word: string | undefined = "a"; let box: { n: number } | null = { n: 1 };',
    );
    await notebook.value('limit = null; word = undefined; box = null;');
    await answersAlike('Nothing', 'return [limit, word, box];', '[ null, undefined, null ]');
  });

  it('the last value of a variable before a later cell declared it anew', async () => {
    await notebook.value('let level: number | null = 1; let mark = () => "old"; class Old { get() { return [level, mark()] } }');
    await notebook.value('level = null; mark = () => "set";');
    await notebook.value('let level = 7; let mark = () => "new";');
    await answersAlike('Levels', 'return [new Old().get(), level, mark()];', "[ [ null, 'set' ], 7, 'new' ]");
  });

  it('functions that their own cell assigns, at once, by a condition or later', async () => {
    await notebook.value(`let f = (x: number): number => x + 1; f = (x: number): number => x * 100;
let mode = (x: string): string => x; if (f(1) === 100) mode = (x: string): string => x + '!'; else mode = (x: string): string => x + '?';
let swapped = (x: number): number => x; function swap(): void { swapped = (x: number): number => { for (const y of [x]) x += Math.max(y); return -x } }`);
    await notebook.value('swap();');
    await answersAlike('Functions', "return [f(2), mode('a'), swapped(3)];", "[ 200, 'a!', -6 ]");
  });

  it('the function of each time, if one cell deploys twice', async () => {
    await notebook.value(`let word = () => 'first';
class Word { say() { return word() } }
const deploy = (name: string) => serve.run(serve.deployment(Word).bind(), { name, routePrefix: null });
const one = await deploy('one');
word = () => 'second';
const two = await deploy('two');`);
    assert.equal(await notebook.value('[await one.say.remote(), await two.say.remote()]'), "[ 'first', 'second' ]");
  });

  it('a closure that replaced a declared function is refused', async () => {
    await notebook.value(`const cached = (load: (p: string) => string) => (p: string) => 'cached ' + load(p);
let load = (p: string): string => 'loaded ' + p; load = cached(load);
class Loader { load() { return load('x') } }`);
    assert.match(
      await notebook.failure("await serve.run(serve.deployment(Loader).bind(), { name: 'loader', routePrefix: null })"),
      /NBS_CANNOT_SHIP.*Loader uses load: a function was made while running/,
    );
  });

  it('what statements have put on classes, functions and objects', async () => {
    await notebook.value(`class Config { static threshold = 0.5; static names: string[] = [] }
function greet() { return greet.lang } greet.lang = 'en';
const circle = { r: 1, get area() { return this.r ** 2 } };`);
    await notebook.value("Config.threshold = 0.9; Config.names.push('a'); greet.lang = 'de'; circle.r = 3;");
    await answersAlike(
      'Changed',
      'const before = circle.area; circle.r += 1; const now = circle.area; circle.r -= 1; return [Config.threshold, Config.names, greet(), before, now];',
      "[ 0.9, [ 'a' ], 'de', 9, 16 ]",
    );
  });
});
