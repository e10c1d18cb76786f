import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hasCode, isNbserveError } from '../core/index.js';
import { AuthFailed, ProtocolViolation, VersionSkew } from './errors.js';
import { AcceptingHandshake, ConnectingHandshake, type HandshakeStep } from './handshake.js';
import type { Hello } from './messages.js';

const driver: Hello = { role: 'driver', id: 'd', protocol: 1, version: '0.1.0' };
const agent: Hello = { role: 'agent', id: 'a', protocol: 1, version: '0.1.9' };

interface Options {
  readonly connectingToken?: string;
  readonly connecting?: Hello;
  /** Size of the chunks in which the bytes arrive. */
  readonly cut?: number;
}

function shake(options: Options = {}): { connecting: HandshakeStep['done']; accepting: HandshakeStep['done'] } {
  const { connectingToken = 'token', connecting: hello = driver, cut = 1e9 } = options;
  const connecting = new ConnectingHandshake({ token: connectingToken, hello, peerName: 'a.sock' });
  const accepting = new AcceptingHandshake({ token: 'token', hello: agent, peerName: 'someone' });
  const done: { connecting: HandshakeStep['done']; accepting: HandshakeStep['done'] } = {
    connecting: undefined,
    accepting: undefined,
  };
  const queue: { to: 'connecting' | 'accepting'; bytes: Buffer }[] = [{ to: 'accepting', bytes: connecting.opening() }];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { to, bytes } = next;
    for (let at = 0; at < bytes.length; at += cut) {
      for (const step of (to === 'accepting' ? accepting : connecting).feed(bytes.subarray(at, at + cut))) {
        if (step.send !== undefined) queue.push({ to: to === 'accepting' ? 'connecting' : 'accepting', bytes: step.send });
        if (step.done !== undefined) done[to] = step.done;
      }
    }
  }
  return done;
}

test('both sides learn who the other is, however the bytes are cut', () => {
  for (const cut of [1, 2, 3, 7, 39, 40, 41, 64, 1e9]) {
    const { connecting, accepting } = shake({ cut });
    assert.deepEqual(connecting?.peer, agent);
    assert.deepEqual(accepting?.peer, driver);
    assert.equal(accepting?.rest.length, 0);
  }
});

test('another token is refused by the side that hears the proof first', () => {
  assert.throws(
    () => shake({ connectingToken: 'other' }),
    (error) => hasCode(error, AuthFailed),
  );
});

test('another minor version or protocol is refused by name', () => {
  for (const change of [{ version: '0.2.0' }, { version: '1.1.0' }, { protocol: 2 }]) {
    assert.throws(
      () => shake({ connecting: { ...driver, ...change } }),
      (error) => hasCode(error, VersionSkew) && /agent a/.test((error as Error).message),
    );
  }
});

test('the accepting side’s own proof sent back to it proves nothing', () => {
  const accepting = new AcceptingHandshake({ token: 'token', hello: agent, peerName: 'someone' });
  const opening = Buffer.concat([Buffer.from('nbserve\x01', 'latin1'), Buffer.alloc(32)]);
  const [challenge] = accepting.feed(opening) as [{ send: Buffer }];
  assert.throws(
    () => accepting.feed(challenge.send.subarray(32)),
    (error) => hasCode(error, AuthFailed),
  );
});

test('bytes before they are due, and any garbage, are refused without an answer', () => {
  const accepting = (): AcceptingHandshake => new AcceptingHandshake({ token: 'token', hello: agent, peerName: 'someone' });
  const opening = Buffer.concat([Buffer.from('nbserve\x01', 'latin1'), Buffer.alloc(33)]);
  assert.throws(
    () => accepting().feed(opening),
    (error) => hasCode(error, ProtocolViolation),
  );
  assert.throws(
    () => accepting().feed(Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n')),
    (error) => hasCode(error, ProtocolViolation),
  );
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 100 })), (chunks) => {
      const side = accepting();
      try {
        for (const chunk of chunks) assert.deepEqual(side.feed(Buffer.from(chunk)), []);
      } catch (error) {
        assert.ok(isNbserveError(error));
      }
    }),
  );
});
