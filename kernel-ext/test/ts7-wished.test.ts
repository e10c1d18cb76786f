import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WISHED_CELLS } from './fixtures/wished/index.js';
import { OWN, type WishedCell } from './fixtures/wished/wished-cell.js';
import { TestNotebook } from './session-harness.js';

/** Files and packages that are beside the notebook. */
const FILES: Readonly<Record<string, string>> = {
  'package.json': '{"name":"notebooks","imports":{"#/*":"./*","#own/*":"./*"}}',
  'one.ts': 'export const one = 1',
  'd.json': '{"n":1}',
  'd.ts': 'export interface D { n: number }',
  'fruit.ts': "const banana = 'b'; export { banana as '🍌' }",
  'el.tsx':
    '/** @jsxRuntime classic */\n/** @jsx h */\nfunction h(t: string, _p: object | null, ...c: unknown[]) { return { t, c } }\nexport const el = <p>a</p>',
  'node_modules/react/package.json': '{"name":"react","exports":{"./jsx-runtime":"./runtime.js"}}',
  'node_modules/react/runtime.js': 'exports.jsx = exports.jsxs = (type, props) => ({ type, props })',
  'node_modules/only-esm/package.json': '{"name":"only-esm","type":"module","exports":{"types":"./i.d.ts","default":"./i.js"}}',
  'node_modules/only-esm/i.js': 'export default "esm"',
  'node_modules/only-esm/i.d.ts': 'declare const only: string; export default only',
  'node_modules/typed-cjs/package.json': '{"name":"typed-cjs","main":"i.js","types":"i.d.ts"}',
  'node_modules/typed-cjs/i.js': 'exports.version = "1"',
  'node_modules/typed-cjs/i.d.ts': 'export declare const version: string',
};

/** The cells of one project, or of one version of TypeScript, run in one notebook. */
const groupOf = ({ source }: WishedCell): string =>
  /^TypeScript \d/.exec(source)?.[0] ?? /[\w-]+\/[\w-]+(?=\/(?:issues|pull))/.exec(source)?.[0] ?? OWN;

async function shown(notebook: TestNotebook, code: string): Promise<string> {
  const run = await notebook.run(code);
  const printed = run.text().trim().replaceAll('\n', '|');
  const result =
    run.outcome.status === 'ok' ? String(run.outcome.result?.data['text/plain'] ?? '') : run.outcome.traceback.join('\n');
  return [printed, result].filter((part) => part !== '').join(' → ');
}

describe('what people wrote in other notebooks, and what TypeScript announced', () => {
  for (const group of new Set(WISHED_CELLS.map(groupOf))) {
    it(group, async (t) => {
      const notebook = new TestNotebook();
      t.after(() => notebook.close());
      for (const [path, text] of Object.entries(FILES)) await notebook.file(path, text);
      const wrong: string[] = [];
      for (const { source, cells, last } of WISHED_CELLS.filter((one) => groupOf(one) === group)) {
        for (const code of cells.slice(0, -1)) await notebook.run(code);
        const code = cells.at(-1) as string;
        const is = await shown(notebook, code);
        if (typeof last === 'string' ? is !== last : !last.test(is))
          wrong.push(`${source}\n${code}\n  shows ${is}\n  and not ${last}`);
      }
      assert.deepEqual(wrong, []);
    });
  }

  it('are more than 200', () => {
    const { length } = WISHED_CELLS.filter(({ source }) => source !== OWN);
    assert.ok(length >= 200, String(length));
  });
});
