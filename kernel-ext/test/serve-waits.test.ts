import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { TestNotebook } from './session-harness.js';

const notebook = new TestNotebook();
after(() => notebook.close());

it('a serve.run that takes long says what it waits for, also what each replica waits for', async () => {
  await notebook.file('open', 'no');
  const running = notebook.run(`import { readFileSync } from 'node:fs';
const opened = async (path: string) => { while (readFileSync(path, 'utf8') !== 'yes') await new Promise((resolve) => setTimeout(resolve, 50)); };
class Slow { weights; constructor(path: string) { this.weights = opened(path) } hi() { return 'hi' } }
const slow = await serve.run(serve.deployment(Slow, { numReplicas: 2 }).bind(${JSON.stringify(`${notebook.folder}/open`)}), { name: 'slow', routePrefix: null });`);
  const said = (text: string): boolean =>
    /^serve\.run: slow goes on waiting: Slow: 0 of 2 replicas run/m.test(notebook.displayed()) &&
    (text.match(/\(Slow#[^)]+\) slow\/Slow is not up yet: it waits for the promise in its field weights/g)?.length ?? 0) === 2;
  while (!said(notebook.printed())) await new Promise((resolve) => setTimeout(resolve, 50));
  await notebook.file('open', 'yes');
  const { outcome, displays } = await running;
  assert.equal(outcome.status, 'ok', JSON.stringify(outcome));
  assert.match(notebook.displayed(), /^serve\.run: done after [\d.]+ s$/m);
  const bars = displays.filter(({ displayId }) => displayId !== undefined);
  assert.equal(new Set(bars.map(({ displayId }) => displayId)).size, 1, 'one line that changes in its place');
  assert.ok(bars.slice(1).every(({ update }) => update === true));
});
