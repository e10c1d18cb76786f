import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import type { Check } from './check.js';
import { Exercise } from './exercise.js';

/** What a check prints. */
async function printed(run: (check: Check) => unknown): Promise<string> {
  const lines: unknown[] = [];
  const log = mock.method(console, 'log', (line: unknown) => void lines.push(line));
  try {
    await new Exercise(run).check();
  } finally {
    log.mock.restore();
  }
  return lines.join('\n');
}

test('a check praises only what was tried and was right', async () => {
  assert.equal(await printed((check) => check.pass('a')), '✔ a\n\nWell done!');
  assert.match(await printed(() => {}), /^\nNot yet/);
  assert.match(await printed((check) => check.note('a')), /^ {2}a\n\nNot yet/);
  const both = await printed((check) => {
    check.that(true, 'a', '1', 'x');
    check.that(false, 'b', '2', 'status 200, 3');
  });
  assert.match(both, /^✔ a: 1\n✖ b\n {4}expected 2\n {4}got {6}status 200, 3\n\nNot yet/);
});

test('an error of the check or of a step is shown whole, and is not praised', async () => {
  const reason = 'a reason that is told whole '.repeat(40);
  const thrown = await printed(() => {
    throw new TypeError(reason);
  });
  assert.match(thrown, new RegExp(`^✖ the check was ended by an error\n {4}TypeError: ${reason}`));
  const step = await printed((check) =>
    check.step('s', () => {
      throw new TypeError(reason);
    }),
  );
  assert.match(step, new RegExp(`^✖ s\n {4}TypeError: ${reason}`));
  assert.match(await printed((check) => check.step('s', () => 'too small')), /^✖ s\n {4}too small\n\nNot yet/);
  assert.match(
    await printed((check) => check.step('s', () => new Promise(() => {}), { timeoutMs: 20 })),
    /it did not end within 0\.02 s/,
  );
  assert.match(await printed((check) => check.step('s', () => undefined)), /^✔ s\n\nWell done!/);
});

test('without a cluster, the check says that nothing runs', async () => {
  const text = await printed(async (check) => void (await check.application('loan', '/loan')));
  assert.match(text, /^✖ expected an application loan under \/loan\n {4}got .*no cluster runs/);
});

test('a wrong solution is an error', async () => {
  await assert.rejects(new Exercise(() => {}).solution(), { code: 'NBS_SOLUTION_WRONG' });
  const log = mock.method(console, 'log', () => {});
  await new Exercise((check, from: number) => check.that(from === 3, 'a', '3', String(from))).solution(3);
  log.mock.restore();
});
