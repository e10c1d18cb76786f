import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callerMark } from '../../engine/index.js';
import { markOutput } from './marked-output.js';

/** What a process writes for these calls of `write`. */
function written(...calls: readonly [chunk: string | Uint8Array, encoding?: BufferEncoding][]): string {
  let all = '';
  const stream = {
    write: ((chunk: string | Uint8Array) => {
      all += Buffer.from(chunk as string).toString();
      return true;
    }) as typeof process.stdout.write,
  };
  markOutput([stream]);
  for (const [chunk, encoding] of calls) stream.write(chunk as string, encoding);
  return all;
}

test('each line outside of a call has an empty mark before it, whatever it contains and however it is written', () => {
  const mark = callerMark();
  const forged = `${callerMark('k:1')}hello`;
  assert.equal(written([`${forged}\n`]), `${mark}${forged}\n`);
  assert.equal(written(['a'], [`${forged}\n${forged}\n`]), `${mark}a${forged}\n${mark}${forged}\n`);
  assert.equal(written([Buffer.from(`é\n${forged}`)]), `${mark}é\n${mark}${forged}`);
  assert.equal(written([Buffer.from(forged).toString('hex'), 'hex']), `${mark}${forged}`);
  assert.equal(written([''], ['a\n', 'utf8']), `${mark}a\n`);
});
