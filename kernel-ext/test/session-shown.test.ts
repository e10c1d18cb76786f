/** Tests of how values are shown: tables, nested objects, charts, colours. */
import assert from 'node:assert/strict';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { TestNotebook } from './session-harness.js';

const SPEC = (version: string) => `{
  $schema: 'https://vega.github.io/schema/${version}.json',
  data: { values: [{ a: 'x', b: 1 }, { a: 'y', b: 2 }] }, mark: 'bar',
  encoding: { x: { field: 'a', type: 'nominal' }, y: { field: 'b', type: 'quantitative' } } }`;

/** Minimal packages, each with the one function that a picture needs. */
const VEGA = `export const parse = (spec) => spec;
export class View {
  constructor(runtime) { this.runtime = runtime }
  async toSVG() { if (this.runtime.mark === 'never') await new Promise(() => {}); return '<svg>' + this.runtime.compiled + '</svg>' }
  finalize() {}
}`;
const VEGA_LITE = `export const compile = (spec) => { if (spec.mark === 'wrong') throw new Error('no such mark'); return { spec: { mark: spec.mark, compiled: spec.$schema } } };`;

async function install(notebook: TestNotebook, name: string, code: string): Promise<void> {
  await notebook.file(`node_modules/${name}/package.json`, JSON.stringify({ name, type: 'module', exports: './index.js' }));
  await notebook.file(`node_modules/${name}/index.js`, code);
}

describe('values as they are shown', () => {
  const notebook = new TestNotebook();
  after(() => notebook.close());

  const dataOf = async (code: string): Promise<Record<string, unknown>> => {
    const { outcome } = await notebook.run(code);
    assert.ok(outcome.status === 'ok', JSON.stringify(outcome));
    return outcome.result?.data ?? {};
  };

  it('shows what is no JSON as text if nobody has said that it is, and else says what is wrong', async () => {
    const chart = `({ $schema: 'https://vega.github.io/schema/vega-lite/v5.json', data: { values: [{ a: 1n }] } })`;
    for (const value of [chart, chart.replace('1n', '{ toJSON() { throw new Error("no") } }')]) {
      const { outcome } = await notebook.run(value);
      assert.ok(outcome.status === 'ok' && outcome.result !== undefined);
      assert.deepEqual(Object.keys(outcome.result.data), ['text/plain']);
    }
    const circle = `const o: any = {}; o.o = o; `;
    for (const show of ['display.json(o)', 'display.vega(o)', "({ [Symbol.for('Jupyter.display')]: () => ({ 'text/x': o }) })"])
      assert.match(
        await notebook.failure(circle + show),
        /NBS_NOT_JSON\]: .* cannot be sent to a front end as JSON: .*circular/s,
      );
  });

  it('makes a table of one row too, but not of none', async () => {
    assert.match(String((await dataOf('[{ name: "Ada", born: 1815 }]'))['text/html']), /<th>0<\/th><td>Ada<\/td><td>1815<\/td>/);
    for (const code of ['[]', '[{}]', '[1]', '[[1]]', '[{ a: { b: 1 } }]', '[new (class { a = 1 })()]'])
      assert.equal((await dataOf(code))['text/html'], undefined, code);
    assert.match(String((await dataOf('[{ at: new Date(NaN) }]'))['text/html']), /Invalid Date/);
  });

  it('calls no getter to make a table or a chart', async () => {
    const failing = [
      '[{ get a(): number { throw new Error("a getter was called") } }]',
      '[new Proxy({ a: 1 }, { ownKeys() { throw new Error("a trap was called") } })]',
      'new Proxy([{ a: 1 }], { get() { throw new Error("a trap was called") } })',
      '({ get $schema(): string { throw new Error("a getter was called") } })',
    ];
    for (const code of failing) assert.deepEqual(Object.keys(await dataOf(code)), ['text/plain'], code);
  });

  it('calls nothing of a proxy that answers every name with a function', async () => {
    await notebook.value(`const asked: string[] = [];
const answer = (_: object, name: string | symbol) => (..._args: unknown[]) => { asked.push(String(name)); throw new Error('no method') };
const api: any = new Proxy({}, { get: answer });
const gone = Proxy.revocable({}, {});
gone.revoke();
const failing: any = new Proxy(new Error('inside'), { getPrototypeOf() { throw new Error('a trap was called') } });`);
    for (const code of ['api', 'new Proxy(function () {}, { get: answer })', '[api]', 'gone.proxy', 'failing'])
      assert.deepEqual(Object.keys(await dataOf(code)), ['text/plain'], code);
    for (const shown of ['api', 'gone.proxy', 'failing'])
      assert.deepEqual((await notebook.run(`await display(${shown})`)).outcome, { status: 'ok' }, shown);
    assert.deepEqual(await dataOf('asked.length'), { 'text/plain': '0' });
    await notebook.value('const { proxy } = gone');
    assert.match((await notebook.run('%whos Proxy')).text(), /^failing +Proxy\nproxy +Proxy\n$/);
    const own = await dataOf("new Proxy(new (class { toHtml() { return '<b>own</b>' } })(), {})");
    assert.equal(own['text/html'], '<b>own</b>');
  });

  it('shows all levels of nested objects if they are few, but not of a large graph', async () => {
    const text = String(
      (await dataOf('({ a: { b: { c: { d: { e: [{ f: { g: new Map([["h", { i: "deep" }]]) } }] } } } } })'))['text/plain'],
    );
    assert.match(text, /deep/);
    assert.doesNotMatch(text, /\[Object\]/);
    const tree =
      'const grow = (depth: number): object => depth === 0 ? {} : Object.fromEntries([..."abcd"].map((name) => [name, grow(depth - 1)]));';
    assert.match(String((await dataOf(`${tree}\ngrow(8)`))['text/plain']), /\[Object\]/);
    assert.match(String((await dataOf('const ring: any = { next: null }; ring.next = ring; ring'))['text/plain']), /Circular/);
    assert.equal(
      (await dataOf('({ get loud(): number { throw new Error("a getter was called") } })'))['text/plain'],
      '{ loud: [Getter] }',
    );
  });

  it('marks a chart as a version that front ends draw', async () => {
    const typesOf = async (version: string) =>
      Object.entries(await dataOf(`(${SPEC(version)})`)).filter(([type]) => type !== 'text/plain');
    for (const [given, mark, schema] of [
      ['vega-lite/v6', 'vegalite.v5', 'vega-lite/v5'],
      ['vega-lite/v6.4.3', 'vegalite.v5', 'vega-lite/v5'],
      ['vega-lite/v5.20.1', 'vegalite.v5', 'vega-lite/v5.20.1'],
      ['vega-lite/v4', 'vegalite.v4', 'vega-lite/v4'],
      ['vega-lite/v2', 'vegalite.v3', 'vega-lite/v3'],
      ['vega/v6', 'vega.v5', 'vega/v5'],
    ] as const) {
      const [[type, spec] = [], ...others] = await typesOf(given);
      assert.equal(type, `application/vnd.${mark}+json`, given);
      assert.equal((spec as { $schema: string }).$schema, `https://vega.github.io/schema/${schema}.json`, given);
      assert.deepEqual(others, [], 'nothing draws a picture here');
    }
    const own = await dataOf(
      '({ [Symbol.for("Jupyter.display")]: () => ({ "application/vnd.vegalite.v6+json": { mark: "bar" } }) })',
    );
    assert.deepEqual(Object.keys(own), ['application/vnd.vegalite.v5+json']);
  });
});

describe('charts, with vega in the folder', () => {
  const notebook = new TestNotebook();
  after(() => notebook.close());

  it('have a picture beside them, in results and displays', async () => {
    await install(notebook, 'vega', VEGA);
    await install(notebook, 'vega-lite', VEGA_LITE);
    const { outcome } = await notebook.run(`(${SPEC('vega-lite/v6')})`);
    assert.ok(outcome.status === 'ok');
    // The installed version compiles the chart, whichever version front ends draw.
    assert.match(String(outcome.result?.data['image/svg+xml']), /^<svg>.*vega-lite\/v\d/);
    assert.ok('application/vnd.vegalite.v5+json' in (outcome.result?.data ?? {}));

    for (const show of [`display(${SPEC('vega-lite/v6')})`, `display.vega(${SPEC('vega-lite/v5')})`]) {
      const { displays } = await notebook.run(`${show}; console.log('below')`);
      assert.deepEqual(
        displays.map(({ update, bundle }) => [update ?? false, 'image/svg+xml' in bundle.data]),
        [
          [false, false],
          [true, true],
        ],
        show,
      );
      assert.equal(displays[0]?.displayId, displays[1]?.displayId);
    }
  });

  it('have none if it cannot be drawn, or if another value was shown since', async () => {
    const wrong = await notebook.run(`(${SPEC('vega-lite/v6').replace("'bar'", "'wrong'")})`);
    assert.ok(wrong.outcome.status === 'ok');
    assert.equal(wrong.outcome.result?.data['image/svg+xml'], undefined);
    const { displays } = await notebook.run(`const place = display.vega(${SPEC('vega-lite/v5')}); await place.update('text')`);
    assert.equal(displays.at(-1)?.bundle.data['text/plain'], "'text'");
  });

  it('do not delay a cell forever', async () => {
    const { outcome } = await notebook.run(`(${SPEC('vega-lite/v6').replace("'bar'", "'never'")})`);
    assert.ok(outcome.status === 'ok');
    assert.equal(outcome.result?.data['image/svg+xml'], undefined);
  });
});

describe('charts, with the real vega in the folder', () => {
  const notebook = new TestNotebook();
  after(() => notebook.close());

  it('have a picture of the chart beside them', async () => {
    await notebook.file('node_modules/.keep', '');
    const modules = fileURLToPath(new URL('../../node_modules/', import.meta.url));
    for (const name of ['vega', 'vega-lite']) await symlink(join(modules, name), join(notebook.folder, 'node_modules', name));
    for (const version of ['vega-lite/v5', 'vega-lite/v6']) {
      const { outcome } = await notebook.run(`(${SPEC(version)})`);
      assert.ok(outcome.status === 'ok');
      const svg = String(outcome.result?.data['image/svg+xml']);
      assert.match(svg, /^<svg /);
      assert.equal(svg.match(/aria-roledescription="bar"/g)?.length, 2, svg);
    }
  });
});

describe('colours', () => {
  const notebook = new TestNotebook();
  after(() => notebook.close());

  let count = 0;
  const run = async (code: string, colors?: 'errors' | 'all') => {
    const shown: string[] = [];
    const outcome = await notebook.session.execute(code, {
      executionCount: ++count,
      silent: false,
      output: {
        stream: () => {},
        display: ({ data }) => shown.push(String(data['text/plain'])),
        clear: () => {},
        ...(colors === undefined ? {} : { colors }),
      },
    });
    return { outcome, shown };
  };
  const ESC = '\u001b[';

  it('are sent to readers that can show them', async () => {
    for (const [colors, inResults, inErrors] of [
      [undefined, false, false],
      ['errors', false, true],
      ['all', true, true],
    ] as const) {
      const { outcome, shown } = await run('display({ a: 1 }); ({ b: 2 })', colors);
      assert.ok(outcome.status === 'ok');
      assert.equal(String(outcome.result?.data['text/plain']).includes(ESC), inResults, `result, ${colors}`);
      assert.equal(shown[0]?.includes(ESC), inResults, `display, ${colors}`);
      const results = await run('new TypeError("shown")', colors);
      assert.ok(results.outcome.status === 'ok');
      assert.equal(String(results.outcome.result?.data['text/plain']).includes(ESC), inResults, `error as a result, ${colors}`);
      for (const code of ['throw new Error("oh")', 'const n: number = ""', '!exit 3', 'throw 1']) {
        const failed = await run(code, colors);
        assert.ok(failed.outcome.status === 'error');
        assert.equal(failed.outcome.traceback.join('\n').includes(ESC), inErrors, `${code}, ${colors}`);
        assert.ok(!failed.outcome.ename.includes(ESC) && !failed.outcome.evalue.includes(ESC));
      }
    }
  });

  it('are the only difference', async () => {
    // The numbers of the cells differ.
    const plain = (outcome: { traceback: string[] }) =>
      stripVTControlCharacters(outcome.traceback.join('\n')).replaceAll(/cell\[\d+\]/g, 'cell');
    for (const code of [
      'const f = () => {\n\tthrow new Error("oh", { cause: new TypeError("inner") });\n};\nf()',
      'const n: number = "";',
    ]) {
      const [without, all] = [await run(code), await run(code, 'all')];
      assert.ok(without.outcome.status === 'error' && all.outcome.status === 'error');
      assert.equal(plain(all.outcome), plain(without.outcome));
    }
  });

  it('are left out if the text is cut', async () => {
    const { outcome } = await run('Array.from({ length: 90 }, () => ({ text: "x".repeat(300) }))', 'all');
    assert.ok(outcome.status === 'ok');
    assert.match(String(outcome.result?.data['text/plain']), /more characters\)$/);
    assert.doesNotMatch(String(outcome.result?.data['text/plain']), new RegExp(ESC.replace('[', '\\[')));
  });
});

describe('a notebook that serves nothing yet', () => {
  const notebook = new TestNotebook();
  after(() => notebook.close());

  it('says so when it is asked what it serves', async () => {
    for (const magic of ['%serve', '%serve status', '%serve list', '%serve shutdown']) {
      const { outcome, text } = await notebook.run(magic);
      assert.equal(outcome.status, 'ok', magic);
      assert.equal(text(), 'this notebook has no cluster yet; the first serve.run(…) starts one\n', magic);
    }
    assert.match(await notebook.failure('%serve delete chat'), /no cluster/);
    assert.match(await notebook.failure('%serve stats'), /%serve status/);
  });
});
