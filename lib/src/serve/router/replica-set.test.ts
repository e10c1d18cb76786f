import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Channel } from '../../ipc/index.js';
import { LinkWatch } from './link-watch.js';
import type { ReplicaLink } from './replica-link.js';
import { ReplicaSet } from './replica-set.js';
import { HarnessReplica, settled } from './router-harness.test-support.js';

/**
 * Number of ticks after which a replica that says nothing counts as silent, and after which a silent one with nothing to acknowledge is tried again.
 */
const SILENCE = 4;
const REST = 100;

/** The replicas of a deployment, with a clock that the test controls. */
class Fixture {
  readonly watch = new LinkWatch();
  readonly set: ReplicaSet;
  rooms = 0;
  #seed = 1;

  private constructor(maxOngoingRequests: number) {
    this.set = new ReplicaSet({
      owner: { maxOngoingRequests, onOpened() {}, onLost() {}, onRoom: () => this.#onRoom() },
      connect: async () => new HarnessReplica() as unknown as Channel,
      random: () => {
        this.#seed = (this.#seed * 48271) % 2147483647; // Park–Miller
        return this.#seed / 2147483647;
      },
      watch: this.watch,
    });
  }

  #onRoom(): void {
    this.rooms += 1;
  }

  static async of(ids: readonly string[], maxOngoingRequests = 100): Promise<Fixture> {
    const fixture = new Fixture(maxOngoingRequests);
    fixture.set.update({ replicas: ids.map((id) => ({ id, path: id })) });
    await settled();
    return fixture;
  }

  link(id: string): ReplicaLink {
    const link = this.set.links.find((one) => one.id === id);
    assert.ok(link);
    return link;
  }

  /** Sends `count` requests. `answers` says which replicas begin them and answer at once. */
  send(count: number, answers: (id: string) => boolean): Record<string, number> {
    const counts: Record<string, number> = {};
    for (let i = 0; i < count; i += 1) {
      const link = this.set.pick('', null);
      assert.ok(link);
      counts[link.id] = (counts[link.id] ?? 0) + 1;
      link.take();
      if (!answers(link.id)) continue;
      link.began();
      link.release(true, true);
    }
    return counts;
  }

  ticks(count: number, between: () => void = () => {}): void {
    for (let i = 0; i < count; i += 1) {
      between();
      this.watch.tick();
    }
  }

  close(): void {
    this.watch.close();
    this.set.retire();
  }
}

const notX = (id: string): boolean => id !== 'x';

test('a replica that does not begin what it is sent is asked no more while others do, until it begins', async () => {
  const fixture = await Fixture.of(['x', 'y', 'z']);
  const { set } = fixture;
  fixture.ticks(SILENCE, () => fixture.send(20, notX));
  const x = fixture.link('x');
  assert.ok(x.isSilent);
  assert.equal(fixture.send(100, notX).x, undefined);
  // Its requests stay with it, and only its own message changes that.
  fixture.ticks(3 * REST, () => fixture.send(5, notX));
  assert.ok(x.isSilent);
  const before = fixture.rooms;
  x.began();
  assert.equal(x.isSilent, false);
  assert.equal(fixture.rooms, before + 1, 'those that wait may go there');
  assert.equal(set.inFlight, x.inFlight);
  fixture.close();
});

test('after a reset, only a replica that was silent may have begun what it was sent', async () => {
  for (const isReset of [true, false]) {
    const fixture = await Fixture.of(['x', 'y']);
    fixture.ticks(SILENCE, () => fixture.send(20, notX));
    for (const id of ['x', 'y']) (fixture.link(id).channel as unknown as HarnessReplica).die({ isCut: true, isReset });
    assert.deepEqual([fixture.link('x').isCut, fixture.link('y').isCut], [true, !isReset]);
    fixture.close();
  }
});

test('one that works long on what it has begun is not silent', async () => {
  const fixture = await Fixture.of(['x', 'y']);
  const x = fixture.link('x');
  for (let i = 0; i < 3; i += 1) {
    x.take();
    x.began();
  }
  fixture.ticks(10 * SILENCE);
  assert.equal(x.isSilent, false);
  assert.ok(x.hasRoom);
  fixture.close();
});

test('if all are silent they are asked all the same, the least loaded first; if one answers it is waited for', async () => {
  const fixture = await Fixture.of(['x', 'y'], 4);
  const [x, y] = [fixture.link('x'), fixture.link('y')];
  for (const link of [x, x, y]) link.take();
  fixture.ticks(SILENCE);
  assert.deepEqual([x.isSilent, y.isSilent], [true, true]);
  assert.equal(fixture.set.pick('', null), y);
  for (let i = 0; i < 3; i += 1) y.take();
  for (let i = 0; i < 4; i += 1) y.began();
  assert.equal(fixture.set.pick('', null), null, 'y is full, and x is silent');
  y.release(true, true);
  assert.equal(fixture.set.pick('', null), y);
  fixture.close();
});

test('a silent one whose requests were all given up is tried again after a while', async () => {
  const fixture = await Fixture.of(['x', 'y']);
  const x = fixture.link('x');
  x.take();
  fixture.ticks(SILENCE);
  x.release(false, true); // The deadline of the request has passed.
  fixture.ticks(REST - 1);
  assert.ok(x.isSilent);
  fixture.ticks(1);
  assert.equal(x.isSilent, false);
  fixture.close();
});

test('what a reply said of other routers is forgotten, so that one that was loaded once is asked again', async () => {
  const fixture = await Fixture.of(['x', 'y']);
  const x = fixture.link('x');
  x.take();
  x.began();
  x.report(41);
  x.release(true, true);
  assert.equal(x.load, 40);
  assert.equal(fixture.send(100, () => true).x, undefined);
  fixture.ticks(200);
  assert.equal(x.load, 0);
  assert.ok((fixture.send(100, () => true).x ?? 0) > 20);
  fixture.close();
});

test('an idle router watches nothing', async () => {
  const fixture = await Fixture.of(['x', 'y']);
  fixture.send(10, () => true);
  fixture.watch.tick();
  for (const { id } of fixture.set.links) assert.equal(fixture.link(id).onTick(), false);
  fixture.close();
});
