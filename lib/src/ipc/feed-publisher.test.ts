import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Channel } from './channel.js';
import { FeedPublisher } from './feed-publisher.js';
import type { FeedMessage } from './messages.js';

/** A channel whose peer reads only if the test says so. */
function peer() {
  const sent: FeedMessage[] = [];
  const actions: (() => void)[] = [];
  const channel = {
    isClosed: false,
    isBehind: false,
    closed: new Promise(() => {}),
    notify: (message: FeedMessage) => sent.push(message),
    whenDelivered: (action: () => void) => actions.push(action),
    destroy: () => assert.fail('the connection was ended'),
  };
  const reads = (): void => {
    channel.isBehind = false;
    for (const action of actions.splice(0)) action();
  };
  return { channel: channel as unknown as Channel & { isBehind: boolean }, sent, actions, reads };
}

test('a subscriber that is behind gets no changes, and the whole values when it has read what it was sent', () => {
  const publisher = new FeedPublisher();
  publisher.set('a', { n: 1 });
  publisher.set('b', { n: 1 });
  const [slow, quick] = [peer(), peer()];
  for (const { channel, sent } of [slow, quick]) {
    publisher.attach(channel);
    sent.length = 0;
  }
  slow.channel.isBehind = true;
  for (let n = 2; n <= 4; n += 1) publisher.set('a', { n });
  assert.deepEqual([slow.sent.length, quick.sent.length, slow.actions.length], [0, 3, 1]);
  slow.reads();
  assert.deepEqual(slow.sent, [{ kind: 'feed', topic: 'a', version: 4, value: { n: 4 } }]);
  publisher.set('a', { n: 5 });
  publisher.set('b', { n: 2 });
  assert.deepEqual(
    slow.sent.slice(1).map(({ kind, topic, version }) => [kind, topic, version]),
    [
      ['feed-change', 'a', 5],
      ['feed-change', 'b', 2],
    ],
  );
});
