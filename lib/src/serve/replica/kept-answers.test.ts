import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { IncomingCall } from '../../ipc/index.js';
import { KeptAnswers } from './kept-answers.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** A call whose caller asks that its answer is kept. */
class FakeCall {
  keep = true;
  done = false;
  head: unknown = null;
  onCancel: (() => void) | null = null;
  sent: Uint8Array | null = null;
  error: Error | null = null;
  respond(_head: unknown, bytes: Uint8Array): void {
    this.sent = bytes;
  }
  fail(error: Error): void {
    this.error = error;
  }
}

const asCall = (call: FakeCall) => call as unknown as IncomingCall;

function answers(path = '/run/replica.sock') {
  let dropped = 0;
  const kept = new KeptAnswers({ place: () => path, onDropped: () => dropped++ });
  const keep = (bytes: Uint8Array, call = new FakeCall()) => kept.keep(bytes, asCall(call), 'replica', 'Maker');
  return { kept, keep, dropped: () => dropped };
}

describe('kept answers', () => {
  it('are those of 64 KiB and more, for callers that ask and have not left', () => {
    const { kept, keep } = answers();
    assert.equal(keep(new Uint8Array(64 * KIB - 1)), null);
    assert.equal(keep(new Uint8Array(64 * KIB), Object.assign(new FakeCall(), { keep: false })), null);
    assert.equal(keep(new Uint8Array(64 * KIB), Object.assign(new FakeCall(), { done: true })), null);
    assert.equal(kept.size, 0);
    const place = { path: '/run/replica.sock', replica: 'replica', deployment: 'Maker' };
    assert.deepEqual(keep(new Uint8Array(64 * KIB)), { id: 1, ...place, bytes: 64 * KIB });
    assert.equal(answers('').keep(new Uint8Array(MIB)), null, 'nobody could read it');
  });

  it('have at most 256 MiB together, and room again when one is let go of', () => {
    const { kept, keep, dropped } = answers();
    const call = new FakeCall();
    assert.notEqual(keep(new Uint8Array(100 * MIB), call), null);
    assert.notEqual(keep(new Uint8Array(156 * MIB)), null, 'exactly 256 MiB');
    assert.equal(keep(new Uint8Array(64 * KIB)), null);
    assert.equal(answers().keep(new Uint8Array(256 * MIB + 1)), null, 'one that alone is larger');
    call.onCancel?.();
    call.onCancel?.();
    assert.equal(dropped(), 1, 'a second cancel frees nothing more');
    assert.equal(keep(new Uint8Array(100 * MIB + 1)), null);
    assert.notEqual(keep(new Uint8Array(100 * MIB)), null);
    assert.equal(kept.size, 2);
  });

  it('are read as often as asked, until they are let go of', () => {
    const { kept, keep } = answers();
    const [call, bytes] = [new FakeCall(), new Uint8Array(64 * KIB)];
    const id = keep(bytes, call)?.id;
    const read = () => {
      const reader = Object.assign(new FakeCall(), { head: { kind: 'kept', id } });
      kept.send(asCall(reader));
      return reader;
    };
    assert.equal(read().sent, bytes);
    assert.equal(read().sent, bytes);
    call.onCancel?.();
    assert.deepEqual([read().sent, (read().error as { code?: string } | null)?.code], [null, 'NBS_NOT_KEPT']);
  });
});
