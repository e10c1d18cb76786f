import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Decoder } from './decoder.js';
import { Encoder } from './encoder.js';
import { kernelSession } from './message.js';
import { Signer } from './signer.js';

const signer = new Signer({ key: 'secret', hash: 'sha256' });
const encoder = new Encoder(signer, 'session');
const bytes = (frames: readonly (Buffer | string)[]): Buffer[] => frames.map((frame) => Buffer.from(frame as string));
const encoded = (content: unknown = { code: '1' }): Buffer[] =>
  bytes(encoder.encode('execute_request', content, { identities: ['who'] }));

describe('Decoder', () => {
  it('reads what Encoder wrote', () => {
    const decoded = new Decoder(signer).decode(encoded({ code: 'é😀' }));
    assert.ok(decoded.ok);
    assert.equal(decoded.message.header.msg_type, 'execute_request');
    assert.deepEqual(decoded.message.content, { code: 'é😀' });
    assert.deepEqual(decoded.message.identities.map(String), ['who']);
    assert.equal(JSON.parse(decoded.message.headerJson).msg_id, decoded.message.header.msg_id);
  });

  it('reads which message is answered', () => {
    const parent = (json: string): unknown => {
      const decoded = new Decoder(signer).decode(bytes(encoder.encode('input_reply', {}, { identities: [], parent: json })));
      return decoded.ok && decoded.message.parent?.msg_id;
    };
    assert.deepEqual(['{"msg_id":"a","msg_type":"input_request"}', '{}', '', '[', '1'].map(parent), [
      'a',
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('refuses a message in which any bit of a signed frame or the signature was changed', () => {
    const frames = encoded();
    const decoder = new Decoder(signer);
    fc.assert(
      fc.property(fc.integer({ min: 2, max: frames.length - 1 }), fc.nat(), fc.integer({ min: 0, max: 7 }), (part, at, bit) => {
        const changed = frames.map((frame) => Buffer.from(frame));
        const frame = changed[part];
        if (!frame || frame.length === 0) return;
        const index = at % frame.length;
        frame[index] = (frame[index] ?? 0) ^ (1 << bit);
        assert.deepEqual(decoder.decode(changed), { ok: false, refusal: 'wrong signature' });
      }),
    );
    assert.ok(decoder.decode(frames).ok, 'refused forgeries do not count as seen');
  });

  it('never throws, whatever the frames', () => {
    const decoder = new Decoder(signer);
    const frame = fc.oneof(fc.constant('<IDS|MSG>'), fc.string(), fc.constant('{}'), fc.json());
    fc.assert(fc.property(fc.array(frame), (frames) => assert.equal(decoder.decode(bytes(frames)).ok, false)));
  });

  it('refuses what a kernel has sent, which anybody who reads iopub can send back', () => {
    const frames = new Encoder(signer, kernelSession()).encode('comm_msg', { comm_id: 'x', data: {} }, { identities: [] });
    assert.ok(new Decoder(signer).decode(bytes(frames)).ok);
    assert.deepEqual(new Decoder(signer, undefined, true).decode(bytes(frames)), { ok: false, refusal: 'the kernel’s own' });
  });

  it('refuses a repeated message, missing parts, and signed parts that are not objects or name no type', () => {
    const decoder = new Decoder(signer);
    const frames = encoded();
    assert.ok(decoder.decode(frames).ok);
    assert.deepEqual(decoder.decode(frames), { ok: false, refusal: 'sent before' });
    assert.deepEqual(decoder.decode(frames.slice(0, 5)), { ok: false, refusal: 'too few parts' });
    assert.deepEqual(decoder.decode([]), { ok: false, refusal: 'no delimiter' });
    const signed = (...parts: string[]): Buffer[] => bytes(['<IDS|MSG>', signer.sign(parts), ...parts]);
    assert.deepEqual(decoder.decode(signed('{', '{}', '{}', '{}')), { ok: false, refusal: 'not JSON' });
    assert.deepEqual(decoder.decode(signed('{}', '{}', '{}', '[]')), { ok: false, refusal: 'not JSON' });
    assert.deepEqual(decoder.decode(signed('{"msg_type":1,"msg_id":"x"}', '{}', '{}', '{}')), {
      ok: false,
      refusal: 'no valid header',
    });
  });

  it('accepts unsigned messages if there is no key', () => {
    const open = new Signer({ key: '', hash: 'sha256' });
    const frames = bytes(new Encoder(open, 's').encode('kernel_info_request', {}, { identities: [] }));
    assert.ok(new Decoder(open).decode(frames).ok);
  });
});
