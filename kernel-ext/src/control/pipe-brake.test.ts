import assert from 'node:assert/strict';
import { beforeEach, it, mock, type TestContext } from 'node:test';
import { PipeBrake } from './pipe-brake.js';

const MANY = 3 * 1024 * 1024;
const FAR = 64 * 1024 * 1024;

let seen: string[] = [];
beforeEach(() => {
  seen = [];
});
const since = (): string[] => seen.splice(0);

class Pipe {
  nonBlocking = false;
  readonly #name: string;
  constructor(name: string) {
    this.#name = name;
  }
  pause = (): void => void seen.push(`pause ${this.#name}`);
  resume = (): void => void seen.push(`resume ${this.#name}`);
  sip = (): void => void seen.push(`sip ${this.#name}`);
  isNonBlocking = (): boolean => this.nonBlocking;
}

function braked(t: TestContext): { out: Pipe; err: Pipe; brake: PipeBrake } {
  mock.timers.enable({ apis: ['setInterval'] });
  t.after(() => mock.timers.reset());
  const [out, err] = [new Pipe('out'), new Pipe('err')];
  return { out, err, brake: new PipeBrake([out, err]) };
}

it('the pipes are read while not much is unsent, and otherwise a little, five times a second', (t) => {
  const { brake } = braked(t);
  brake.came(MANY);
  assert.deepEqual(since(), []);
  brake.came(MANY);
  brake.came(1);
  assert.deepEqual(since(), ['pause out', 'pause err']);
  mock.timers.tick(190);
  assert.deepEqual(since(), []);
  mock.timers.tick(210);
  assert.deepEqual(since(), ['sip out', 'sip err', 'sip out', 'sip err']);
  brake.sent(MANY);
  mock.timers.tick(60_000);
  assert.deepEqual(since(), ['resume out', 'resume err']);
});

it('while somebody waits for the main thread, much more is read, and then often a little', (t) => {
  const { brake } = braked(t);
  brake.came(2 * MANY);
  assert.deepEqual(since(), ['pause out', 'pause err']);
  brake.hurry(true);
  assert.deepEqual(since(), ['resume out', 'resume err']);
  mock.timers.tick(1_000);
  brake.came(FAR - 2 * MANY - 1);
  assert.deepEqual(since(), []);
  brake.came(1);
  mock.timers.tick(40);
  assert.deepEqual(since(), ['pause out', 'pause err', 'sip out', 'sip err', 'sip out', 'sip err']);
  brake.hurry(false);
  brake.sent(FAR / 2);
  mock.timers.tick(100);
  assert.deepEqual(since(), []);
  brake.sent(FAR / 2);
  assert.deepEqual(since(), ['resume out', 'resume err']);
  brake.hurry(true);
  assert.deepEqual(since(), []);
});

it('a pipe that does not let its writers wait is read much longer, also if it became such a pipe later', (t) => {
  const { out, err, brake } = braked(t);
  out.nonBlocking = true;
  brake.came(2 * MANY);
  assert.deepEqual(since(), ['pause err']);
  err.nonBlocking = true;
  mock.timers.tick(20);
  assert.deepEqual(since(), ['resume err']);
  out.nonBlocking = false;
  brake.came(1);
  assert.deepEqual(since(), ['pause out']);
  brake.came(FAR);
  assert.deepEqual(since(), ['pause err']);
  brake.sent(FAR + 2 * MANY + 1);
  assert.deepEqual(since(), ['resume out', 'resume err']);
});
