import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { KernelClient } from './fixtures/client.js';

type Question = 'complete_request' | 'inspect_request';

const TYPES = `type A<N extends number, T extends any[] = []> = T["length"] extends N ? T : A<N, [...T, 1]>;
type B<N extends number> = N extends any ? { [K in keyof A<N>]: A<N> } : never;\n`;

/** Code whose types take very long to compute. The question is about its end. */
const ENDLESS: Readonly<Record<Question, string>> = {
  complete_request: `${TYPES}${Array.from(
    { length: 60 },
    (_, i) => `type Q${i} = B<${900 + i}>; const q${i}: Q${i} = null as any as B<${901 + i}>;`,
  ).join('\n')}\nq3.`,
  inspect_request: `${TYPES}const all = [${Array.from({ length: 40 }, (_, i) => `null as any as B<${950 + i}>`)}]; all`,
};

for (const types of ['', 'tslab']) {
  describe(`an interrupt of a question about types${types === '' ? '' : `, with ${types}`}`, () => {
    let kernel: KernelClient;
    before(async () => {
      kernel = await KernelClient.start({ env: types === '' ? {} : { NBSERVE_TYPES: types } });
      await kernel.execute('let kept = 1; const trap = { get loop(): number { for (;;); } };');
    });
    after(() => kernel.kill());

    const ask = (type: Question, code: string): ReturnType<KernelClient['request']> =>
      kernel.request(type, { code, cursor_pos: code.length, detail_level: 0 });

    /** Asks, and interrupts some time after the kernel has got the first question: before the checker works on it, or while it does. */
    async function interrupted(questions: readonly Question[], afterMs: number): Promise<readonly unknown[]> {
      const at = kernel.iopub.length;
      const replies = Promise.all(questions.map((type) => ask(type, ENDLESS[type])));
      await kernel.until(
        () => kernel.iopub.slice(at).some(({ content }) => content.execution_state === 'busy'),
        'the first question',
      );
      await delay(afterMs);
      await kernel.interrupt();
      return (await replies).map(({ ename, evalue }) => (ename === 'KeyboardInterrupt' ? ename : evalue));
    }

    async function works(): Promise<void> {
      const { reply, messages } = await kernel.execute('kept + 1');
      assert.equal(reply.status, 'ok', JSON.stringify(reply));
      const result = messages.find(({ type }) => type === 'execute_result');
      assert.deepEqual(result?.content.data, { 'text/plain': '2' });
      assert.equal((await kernel.execute('const wrong: number = "text"')).reply.ename, 'TypeScriptError');
      assert.deepEqual((await ask('complete_request', 'trap.lo')).matches, ['loop']);
      assert.equal((await ask('inspect_request', 'trap.loop')).found, true);
    }

    for (const afterMs of [0, 400]) {
      for (const type of ['complete_request', 'inspect_request'] as const) {
        it(`ends a ${type} after ${afterMs} ms, and the kernel goes on`, async () => {
          assert.deepEqual(await interrupted([type], afterMs), ['KeyboardInterrupt']);
          await works();
        });
      }

      it(`ends all questions that wait after ${afterMs} ms`, async () => {
        const questions = ['complete_request', 'complete_request', 'inspect_request', 'complete_request'] as const;
        assert.deepEqual(
          await interrupted(questions, afterMs),
          questions.map(() => 'KeyboardInterrupt'),
        );
        await works();
      });
    }
  });
}
