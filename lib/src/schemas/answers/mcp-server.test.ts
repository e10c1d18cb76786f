import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { NbserveError } from '../../core/index.js';
import type { ResultSchema } from '../class-schema.js';
import type { TypedAnswer } from '../typed-answer.js';
import { TypedRoutes } from './typed-routes.js';

interface Reply {
  readonly result: { readonly content: { readonly text: string }[]; readonly isError?: true };
}

/** Answers MCP messages whose tools are these methods. */
function toolsOf(result: ResultSchema, methods: Readonly<Record<string, () => unknown>>) {
  const routes = Object.keys(methods).map(
    (method) => ({ method, verb: 'get', path: `/${method}`, takes: [], isBatched: false, params: [], result }) as const,
  );
  const server = new TypedRoutes({
    schema: { name: 'Tools', routes, defs: {} },
    method: (name) => methods[name] as () => unknown,
    parse: JSON.parse,
    toPlain: (value) => value,
    failureOf: (thrown) => {
      if (thrown instanceof NbserveError) return Object.assign(thrown, { expose: thrown.status < 500 });
      const { message, status = 500 } = thrown as { message: string; status?: number };
      return new NbserveError({ code: 'NBS_USER_ERROR', status, message, expose: status < 500 });
    },
    fetch: null,
    mcp: true,
  });
  return async (names: string | readonly string[], signal = new AbortController().signal): Promise<Reply | Reply[]> => {
    const message = (name: string) => ({ jsonrpc: '2.0', id: name, method: 'tools/call', params: { name } });
    const text = JSON.stringify(typeof names === 'string' ? message(names) : names.map(message));
    const request = { text: async () => text, signal, limitBody: () => {} } as never;
    const head = { method: 'POST', url: '/mcp', prefix: '/', requestId: 'r' };
    const { bytes } = (await server.answer(request, head)) as TypedAnswer;
    return JSON.parse(String(Buffer.from(bytes as Uint8Array)));
  };
}

test('the calls of a batch run one after the other, and none begins when the client has left', async () => {
  const order: string[] = [];
  const client = new AbortController();
  const slow = (name: string, then = () => {}) => ({
    [name]: async () => {
      order.push(`${name} begins`);
      await wait(1);
      order.push(`${name} ends`);
      then();
      return name;
    },
  });
  const call = toolsOf(
    { form: 'json', schema: { type: 'string' } },
    { ...slow('a'), ...slow('b', () => client.abort()), ...slow('c') },
  );
  const replies = (await call(['a', 'b', 'c'], client.signal)) as Reply[];
  assert.deepEqual(order, ['a begins', 'a ends', 'b begins', 'b ends']);
  assert.deepEqual(
    replies.map(({ result }) => result.content[0]?.text),
    ['a', 'b'],
  );
});

test('a stream that does not end is stopped, and others have their turn meanwhile', async () => {
  let turns = 0;
  let isEnded = false;
  const call = toolsOf(
    { form: 'stream', schema: { type: 'string' } },
    {
      *many() {
        try {
          for (;;) yield 'x';
        } finally {
          isEnded = true;
        }
      },
      *large() {
        for (;;) yield 'x'.repeat(1_000_000);
      },
      async *waiting() {
        while (turns === 0) {
          const until = performance.now() + 11;
          while (performance.now() < until);
          yield 'x';
        }
      },
    },
  );
  for (const name of ['many', 'large']) {
    const { result } = (await call(name)) as Reply;
    assert.equal(result.isError, true);
    assert.match(result.content[0]?.text ?? '', /at most 10000 items and 4000000 characters/);
  }
  assert.ok(isEnded);
  setTimeout(() => {
    turns += 1;
  }, 0);
  await call('waiting');
  assert.equal(turns, 1);
});

test('a stream ends when the client leaves', async () => {
  const client = new AbortController();
  let isEnded = false;
  const call = toolsOf(
    { form: 'stream', schema: { type: 'number' } },
    {
      async *numbers() {
        try {
          for (let i = 0; ; i += 1) {
            if (i === 2) client.abort();
            await wait(1);
            yield i;
          }
        } finally {
          isEnded = true;
        }
      },
    },
  );
  await call('numbers', client.signal);
  assert.ok(isEnded);
});

test('the model gets the message of an error that a client gets over HTTP, and of no other', async () => {
  const call = toolsOf(
    { form: 'json', schema: { type: 'string' } },
    {
      missing: () => {
        throw Object.assign(new Error('there is no item 7'), { status: 404 });
      },
      thrown: () => {
        throw new Response('it is gone', { status: 410 });
      },
      broken: () => {
        throw new Error('a secret');
      },
    },
  );
  for (const [name, told] of Object.entries({
    missing: 'there is no item 7',
    thrown: 'it is gone',
    broken: 'the tool failed',
  })) {
    const { result } = (await call(name)) as Reply;
    assert.deepEqual([result.content[0]?.text, result.isError], [told, true]);
  }
});
