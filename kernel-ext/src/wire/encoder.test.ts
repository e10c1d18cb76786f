import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Encoder } from './encoder.js';
import { Signer } from './signer.js';

const signer = new Signer({ key: 'secret', hash: 'sha256' });

it('no half of a surrogate pair is sent, because Jupyter could not save it, and all else is sent as it is', () => {
  const encoder = new Encoder(signer, 'session');
  const content = { text: 'a😀'.slice(0, 2), code: "'\\ud83d'" };
  const parent = '{"msg_id":"\\ud83d"}';
  const metadata = JSON.stringify({ '\ud83d': '😀' });
  const [, signature, header, ...parts] = encoder.encode('stream', content, { identities: [], parent, metadata }) as string[];
  assert.deepEqual(parts, [parent, '{"\ufffd":"😀"}', `{"text":"a\ufffd","code":"'\\\\ud83d'"}`]);
  assert.equal(signature, signer.sign([header as string, ...parts]));
});

it('each message has an id of its own, or the given one', () => {
  const encoder = new Encoder(signer, 'session');
  const idOf = (id?: string): string => {
    const frames = encoder.encode('status', {}, { identities: [], ...(id !== undefined && { id }) });
    return (JSON.parse(String(frames[2])) as { msg_id: string }).msg_id;
  };
  const own = encoder.newId();
  assert.equal(idOf(own), own);
  assert.equal(new Set([own, idOf(), idOf(), encoder.newId()]).size, 4);
});
