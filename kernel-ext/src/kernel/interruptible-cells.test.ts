import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Outcome, Session } from '../session/index.js';
import { InterruptibleCells } from './interruptible-cells.js';

const OPTIONS = { executionCount: 1, silent: false, output: { stream: () => {}, display: () => {}, clear: () => {} } };
const FAILED: Outcome = {
  status: 'error',
  ename: 'Error',
  evalue: 'Command failed: sleep 100',
  traceback: ['Error: Command failed'],
};

/** Runs a cell that ends with `outcome`. @param during is called while it runs */
async function outcomeOf(outcome: Outcome, during: (interrupt: () => void) => void): Promise<Outcome> {
  let interrupts = 3;
  const runner = new InterruptibleCells(() => interrupts);
  const execute = async (): Promise<Outcome> => {
    during(() => {
      interrupts += 1;
    });
    return outcome;
  };
  return runner.run(Promise.resolve({ execute } as Partial<Session> as Session), '', OPTIONS);
}

describe('a cell that an interrupt has reached before this thread knew of it', () => {
  it('says KeyboardInterrupt if a child that got the signal made it fail', async () => {
    const outcome = await outcomeOf(FAILED, (interrupt) => interrupt());
    assert.equal(outcome.status === 'error' && outcome.ename, 'KeyboardInterrupt');
  });

  it('says KeyboardInterrupt if it ended as if nothing had happened', async () => {
    const outcome = await outcomeOf({ status: 'ok' }, (interrupt) => interrupt());
    assert.equal(outcome.status === 'error' && outcome.ename, 'KeyboardInterrupt');
  });

  it('keeps its own KeyboardInterrupt, with the lines that it names', async () => {
    const own: Outcome = {
      ...FAILED,
      ename: 'KeyboardInterrupt',
      traceback: ['KeyboardInterrupt', 'at cell[1].ts:2:1'],
    } as Outcome;
    assert.equal(await outcomeOf(own, (interrupt) => interrupt()), own);
  });

  it('keeps an error without an interrupt', async () => {
    assert.equal(await outcomeOf(FAILED, () => {}), FAILED);
  });
});
