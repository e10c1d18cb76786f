import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { RouteSnapshot } from '../../protocol/index.js';
import { ActualState } from '../replicas/actual.js';
import { ReplicaEvent } from '../replicas/replica-state.js';
import { app, config, deployment } from '../sample-apps.test-support.js';
import { accept, emptyTarget, promote } from '../target/target.js';
import { SnapshotPublisher } from './snapshot-publisher.js';

it('publishes what differs, and keeps the objects of what does not', () => {
  const published: RouteSnapshot[] = [];
  const publisher = new SnapshotPublisher({ now: () => 10, after: () => () => {} }, (snapshot) => void published.push(snapshot));
  const actual = new ActualState({ info: () => {} });
  const runs = (name: string, id: string): void => {
    const version = {
      app: name,
      deployment: 'Chat',
      replicaHash: name,
      generation: 1,
      path: id,
      config: config(),
      allocation: null,
    };
    actual.add({ id, ...version }, 0);
    for (const event of [ReplicaEvent.INITIALIZE, ReplicaEvent.READY]) actual.transition(id, event, 0);
  };
  let target = accept(emptyTarget, app('one', [deployment('Chat', 'one')]), 0);
  target = promote(target, 'one', 1, {});
  target = promote(accept(target, app('two', [deployment('Chat', 'two')]), 0), 'two', 2, {});
  runs('one', 'a');
  publisher.publish(target, actual);
  publisher.publish({ ...target, apps: new Map(target.apps) }, actual);
  assert.equal(published.length, 1);
  runs('two', 'b');
  publisher.publish(target, actual);
  const [first, second] = published;
  assert.deepEqual([first?.version, second?.version, published.length], [11, 12, 2]);
  assert.equal(second?.routes, first?.routes);
  assert.equal(second?.deployments['one/Chat'], first?.deployments['one/Chat']);
  assert.deepEqual(
    second?.deployments['two/Chat']?.replicas.map(({ id }) => id),
    ['b'],
  );
});
