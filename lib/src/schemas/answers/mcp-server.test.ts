import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { NbserveError } from '../../core/index.js';
import type { ResultSchema } from '../class-schema.js';
import type { TypedAnswer } from '../typed-answer.js';
import { TypedRoutes } from './typed-routes.js';

interface Reply {
  readonly result: {
    readonly content: { readonly text: string }[];
    readonly isError?: true;
    readonly structuredContent?: unknown;
    readonly tools?: readonly { readonly inputSchema: object; readonly outputSchema?: object }[];
  };
}

const LIST = 'tools/list';

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
    const message = (name: string) =>
      name === LIST
        ? { jsonrpc: '2.0', id: name, method: name }
        : { jsonrpc: '2.0', id: name, method: 'tools/call', params: { name } };
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

test('the schema of a tuple holds for clients of both dialects of JSON Schema', async () => {
  const label = { type: 'object', properties: { prefixItems: { type: 'string' } }, required: ['prefixItems'] };
  const pair = { type: 'array', prefixItems: [{ type: 'string' }, label], items: false, minItems: 2, maxItems: 2 };
  const open = { type: 'array', prefixItems: [{ type: 'string' }], items: { type: 'number' }, minItems: 1 };
  const box = { type: 'array', prefixItems: Array(4).fill({ type: 'number' }), items: false, minItems: 4, maxItems: 4 };
  const properties = { pair, open, box };
  const call = toolsOf(
    { form: 'json', schema: { type: 'object', properties, required: Object.keys(properties) } },
    { tuples: () => ({ pair: ['a', { prefixItems: 'b' }], open: ['a', 1, 2], box: [1, 2, 3, 4] }) },
  );
  const { tools } = ((await call(LIST)) as Reply).result;
  const { structuredContent: right } = ((await call('tuples')) as Reply).result;
  const wrong = [
    { pair: ['a'] },
    { pair: ['a', { prefixItems: 'b' }, 'c'] },
    { pair: ['a', { prefixItems: 1 }] },
    { open: [] },
    { open: ['a', true] },
    { box: [1, 2, 3, 'a'] },
  ];
  for (const ajv of [new Ajv({ strict: false }), new Ajv2020({ strict: false })]) {
    const validate = ajv.compile(tools?.[0]?.outputSchema ?? {});
    assert.ok(validate(right), JSON.stringify(validate.errors));
    for (const one of wrong) assert.ok(!validate({ ...(right as object), ...one }), JSON.stringify(one));
  }
});

test('a method that may return anything returns null if it returns nothing, because its tool has a schema', async () => {
  const call = toolsOf({ form: 'json', schema: {} }, { nothing: () => undefined });
  const { content, structuredContent } = ((await call('nothing')) as Reply).result;
  assert.deepEqual([content[0]?.text, structuredContent], ['null', { result: null }]);
  const silent = toolsOf({ form: 'nothing' }, { nothing: () => undefined });
  assert.deepEqual(((await silent('nothing')) as Reply).result, { content: [] });
});
