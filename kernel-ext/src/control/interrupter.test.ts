import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Interrupter } from './interrupter.js';
import { GUARD } from './messages.js';

/** A main thread that answers pings when it is free, also those that came while it was not. */
class FakeMain {
  readonly events: string[] = [];
  readonly shared = new Int32Array(new SharedArrayBuffer(8));
  readonly interrupter: Interrupter;
  #blocked: boolean;
  #last = 0;

  constructor(blocked: boolean) {
    this.#blocked = blocked;
    this.interrupter = new Interrupter({
      shared: this.shared,
      ping: (id) => {
        this.events.push('ping');
        this.#last = id;
        if (!this.#blocked) this.interrupter.onPong(id);
      },
      terminate: async () => {
        this.events.push('terminate');
        this.free();
        return true;
      },
      interrupted: () => this.events.push('interrupted'),
    });
  }

  free(): void {
    this.#blocked = false;
    this.interrupter.onPong(this.#last);
  }
}

describe('Interrupter', () => {
  it('terminates nothing if the main thread answers', async () => {
    const { interrupter, events } = new FakeMain(false);
    await interrupter.interrupt();
    assert.deepEqual(events, ['interrupted', 'ping']);
  });

  it('terminates the code if the main thread does not answer', async () => {
    const { interrupter, events } = new FakeMain(true);
    await interrupter.interrupt();
    assert.deepEqual(events.slice(0, 3), ['interrupted', 'ping', 'terminate']);
  });

  it('waits while the guard is set', async () => {
    const main = new FakeMain(true);
    const { interrupter, events, shared } = main;
    Atomics.store(shared, GUARD, 1);
    const done = interrupter.interrupt();
    setTimeout(() => {
      Atomics.store(shared, GUARD, 0);
      main.free();
    }, 200);
    await done;
    assert.ok(!events.includes('terminate'));
  });

  it('terminates anything before it gives up, also if the user asks twice', async () => {
    const reaches: string[] = [];
    let gaveUp = false;
    const interrupter: Interrupter = new Interrupter({
      shared: new Int32Array(new SharedArrayBuffer(8)),
      ping: () => {},
      interrupted: () => {},
      terminate: async (reach) => {
        if (reaches.at(-1) !== reach) reaches.push(reach);
        if (reach === 'anything') interrupter.onPong(1);
        return reach === 'anything';
      },
      giveUp: () => {
        gaveUp = true;
      },
    });
    await Promise.all([interrupter.interrupt(), interrupter.interrupt()]);
    assert.deepEqual(reaches, ['user code', 'what user code called', 'anything']);
    assert.equal(gaveUp, false);
  });

  it('is one interrupt, however often it is requested meanwhile', async () => {
    const { interrupter, events } = new FakeMain(true);
    await Promise.all([interrupter.interrupt(), interrupter.interrupt()]);
    assert.equal(events.filter((event) => event === 'terminate').length, 1);
  });
});
