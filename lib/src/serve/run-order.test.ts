import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inOrder } from './run-order.js';

const client = () => ({ cluster: {} as never });

test('of two calls for one application, the later one counts, whichever is packed first', () => {
  const one = client();
  const [first, second, third] = [inOrder('chat'), inOrder('chat'), inOrder('chat')];
  second(one);
  assert.throws(() => first(one), { code: 'NBS_SUPERSEDED' });
  third(one);
});

test('a delete ends what was called before it', () => {
  const one = client();
  const [run, remove, again] = [inOrder('chat'), inOrder('chat', 'serve.delete'), inOrder('chat')];
  remove(one);
  assert.throws(() => run(one), { code: 'NBS_SUPERSEDED', message: /serve\.delete/ });
  again(one);
});

test('calls for other applications and other clusters have an order of their own', () => {
  const [one, two] = [client(), client()];
  const [chat, other, elsewhere] = [inOrder('chat'), inOrder('other'), inOrder('chat')];
  elsewhere(two);
  other(one);
  chat(one);
});
