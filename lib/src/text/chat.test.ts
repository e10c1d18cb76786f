import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chat } from './chat.js';
import { Generation } from './generation.js';
import { parseGenerateOptions } from './options.js';
import { Tokenizer } from './tokenizer.js';

const WORDS = ['</s>', '▁{', '"a":', '1', '▁2', '2', '}', '▁', 'a'];

/** A tokenizer as SentencePiece makes it: a token that begins a word has its space, which the decoder drops at the beginning of a text. */
function sentencePieces(): Tokenizer {
  const tokenizer = {
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Prepend', prepend: '▁' },
        { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
      ],
    },
    pre_tokenizer: null,
    post_processor: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        { type: 'Strip', content: ' ', start: 1, stop: 0 },
      ],
    },
    added_tokens: [{ id: 0, content: '</s>', special: true }],
    model: {
      type: 'BPE',
      vocab: Object.fromEntries(WORDS.map((word, id) => [word, id])),
      merges: [],
      unk_token: '</s>',
      byte_fallback: false,
      fuse_unk: false,
    },
  };
  return new Tokenizer({ folder: 'test', tokenizer, config: { eos_token: '</s>' } });
}

test('a token that does not begin a text has its space', () => {
  const tokenizer = sentencePieces();
  const texts = (isFirst: boolean) => WORDS.slice(1, 7).map((_, i) => tokenizer.textOf(i + 1, isFirst));
  assert.deepEqual(texts(true), ['{', '"a":', '1', '2', '2', '}']);
  assert.deepEqual(texts(false), [' {', '"a":', '1', ' 2', '2', '}']);
});

test('in JSON, a number does not go on behind a space', async () => {
  const generation = new Generation(
    1,
    () => {},
    () => {},
  );
  const chat = new Chat([1], generation, sentencePieces(), parseGenerateOptions({ format: 'json' }), 20);
  // After the first digit, the most likely token is ▁2, which would make "1 2".
  for (const wanted of [['▁{'], ['"a":'], ['1'], ['▁2', '2', '}'], ['▁2', '}']]) {
    const logits = new Float32Array(WORDS.length);
    for (const [i, word] of wanted.entries()) logits[WORDS.indexOf(word)] = 10 - i;
    chat.take(logits);
  }
  assert.equal(chat.isEnded, true);
  assert.equal((await generation.result()).text, '{"a":12}');
});
