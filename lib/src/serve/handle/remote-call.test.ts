import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeValue, type OutgoingCall } from '../../ipc/index.js';
import { enterRequest, type RequestContext, type RequestOrigin } from '../context/index.js';
import type { MethodCallHead } from '../protocol/index.js';
import type { Dispatch, RouterLike } from '../router/index.js';
import { setHandleContext } from './context.js';
import { createHandle } from './handle.js';
import { registerHandleCodec } from './handle-codec.js';
import { addIdle } from './idle-answers.js';
import { readPassed } from './passed-args.js';
import { sendableResponse } from './response-codec.js';

class FakeCall implements OutgoingCall {
  done = false;
  cancelled: string | undefined;
  constructor(readonly request: Dispatch) {}
  get head(): MethodCallHead {
    return this.request.head as MethodCallHead;
  }
  write(): boolean {
    return true;
  }
  end(): void {}
  consumed(): void {}
  cancel(reason?: string): void {
    this.cancelled = reason;
  }
}

const calls: FakeCall[] = [];
/** Sends the answers that this process reads at replicas. */
const reads: ((bytes: Uint8Array) => void)[] = [];
const router: Partial<RouterLike> = {
  snapshot: null,
  dispatch(request) {
    const call = new FakeCall(request);
    calls.push(call);
    return call;
  },
  readKept: () => new Promise((resolve) => reads.push(resolve)),
};
registerHandleCodec();
setHandleContext({ router: router as RouterLike, url: '' });

const handle = createHandle<{ m(...args: unknown[]): Promise<unknown> }>({ app: 'a', deployment: 'inner' });

/** Runs code as if it worked on a request in a replica of `a/outer`. */
function within<T>(origin: RequestOrigin, run: () => T): { readonly request: RequestContext; readonly value: T } {
  let value: T | undefined;
  const request = enterRequest('', origin, 'a/outer', () => {
    value = run();
  });
  assert.ok(request, 'a handle makes contexts wanted');
  return { request, value: value as T };
}

const last = (): FakeCall => calls.at(-1) as FakeCall;

function answer(call: FakeCall, bytes: Uint8Array): void {
  const { sink } = call.request;
  sink.onHead({ kind: 'value' });
  sink.onData(bytes);
  sink.onEnd();
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a call takes what is left of the deadline of its request, and its priority; its own options go before', () => {
  void handle.m.remote();
  assert.deepEqual([last().request.limit, last().head.priority], [undefined, undefined]);
  within({}, () => handle.m.remote());
  assert.deepEqual([last().request.limit, last().head.priority], [undefined, undefined]);
  within({ budgetMs: 500, priority: 'batch' }, () => handle.m.remote());
  assert.equal(last().request.limit?.of, 'the requestTimeout of a/outer');
  assert.ok((last().request.limit?.leftMs ?? 0) <= 500);
  assert.equal(last().head.priority, 'batch');
  within({ budgetMs: 500, budgetOf: 'the requestTimeout of a/first' }, () => handle.options({ timeout: 200 }).m.remote());
  assert.deepEqual([last().request.timeoutMs, last().request.limit?.of], [200, 'the requestTimeout of a/first']);
  within({ priority: 'batch' }, () => handle.options({ priority: 'interactive' }).m.remote());
  assert.equal(last().head.priority, undefined);
  void handle.options({ priority: 'batch' }).m.remote();
  assert.equal(last().head.priority, 'batch');
  assert.throws(() => handle.options({ priority: 'urgent' as never }), { code: 'NBS_INVALID_OPTION' });
});

test('the cancel of a request reaches the calls that it has no answer to, over awaits', async () => {
  const open: Promise<unknown>[] = [];
  const { request, value } = within({}, async () => {
    const answered = handle.m.remote();
    const first = last();
    first.request.sink.onHead({ kind: 'value' });
    first.request.sink.onEnd();
    await answered;
    open.push(handle.m.remote());
    return [first, last()] as const;
  });
  const [first, second] = await value;
  request.cancel('the client went away');
  assert.equal(first.cancelled, undefined);
  assert.match(second.cancelled ?? '', /the client went away/);
  await assert.rejects(async () => open[0], {
    code: 'NBS_REQUEST_CANCELLED',
    message: 'inner: the request was cancelled: so was the request that made it: the client went away',
  });
});

test('a request that is cancelled makes no more calls', async () => {
  const before = calls.length;
  const late = new Promise((resolve) => {
    const { request } = within({}, () => setImmediate(() => resolve(handle.m.remote())));
    request.cancel('the client went away');
  });
  await assert.rejects(late, { code: 'NBS_REQUEST_CANCELLED' });
  assert.equal(calls.length, before);
});

test('calls that a request does not wait for go on after its end', () => {
  const { request } = within({}, () => handle.m.remote());
  request.end();
  assert.equal(last().cancelled, undefined);
});

test('a Response that was awaited is passed on as one that was not, and can be read here too', async () => {
  const source = handle.m.remote();
  answer(last(), encodeValue(await sendableResponse(new Response('page', { status: 201 }))));
  const page = (await source) as Response;
  const user = handle.m.remote(source);
  await settled();
  const [arrived] = (await readPassed(last().request.body as Uint8Array, new AbortController().signal)) as [Response];
  assert.deepEqual([arrived.status, await arrived.text(), await page.text()], [201, 'page', 'page']);
  answer(last(), encodeValue(1));
  assert.equal(await user, 1);
  const read = handle.m.remote();
  answer(last(), encodeValue(await sendableResponse(new Response('page'))));
  await ((await read) as Response).text();
  await assert.rejects(async () => handle.m.remote(read), TypeError);
});

test('a value that cannot be sent any more fails the call that it is passed to', async () => {
  const source = handle.m.remote();
  answer(last(), encodeValue({ a: 1 }));
  Object.assign((await source) as object, { f: () => {} });
  await assert.rejects(async () => handle.m.remote(source), { code: 'NBS_CANNOT_CLONE' });
});

test('an answer that is kept for a call that has ended meanwhile can be released, but not while it is read here', async () => {
  const MANY = 64 * 1024 * 1024;
  const source = handle.m.remote();
  const first = last();
  const user = handle.m.remote(source);
  const value = source.then((it) => it);
  user.cancel();
  await assert.rejects(async () => user, { code: 'NBS_REQUEST_CANCELLED' });
  const kept = { id: 1, path: 'p', replica: 'r', deployment: 'a/inner', bytes: 1000 };
  first.request.sink.onHead({ kind: 'kept', kept });
  addIdle({ keptBytes: MANY, release: () => {} });
  assert.equal(first.cancelled, undefined);
  reads.pop()?.(encodeValue(5));
  assert.equal(await value, 5);
  await settled();
  addIdle({ keptBytes: MANY, release: () => {} });
  assert.match(first.cancelled ?? '', /no longer needed/);
});
