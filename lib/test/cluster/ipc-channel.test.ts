import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode, type NbserveError } from '../../dist/core/index.js';
import {
  Cancelled,
  CannotClone,
  callOp,
  DeadlineExceeded,
  HeadTooLarge,
  handleOps,
  type IncomingCall,
  NoHandler,
  opCaller,
  PeerGone,
  readBody,
  UnknownOp,
} from '../../dist/ipc/index.js';
import type { HttpCallHead, RequestHead } from '../../dist/serve/protocol/index.js';
import { http, method, pair, Recorder } from '../fixtures/ipc-pair.js';
import { until } from '../fixtures/wait.js';

const MIB = 1024 * 1024;

test('a whole call: one frame there, STARTED and one frame back', async (t) => {
  const { near, far } = await pair(t);
  far.onCall = (call) => {
    assert.equal((call.head as RequestHead).kind === 'http' && (call.head as HttpCallHead).url, '/echo');
    assert.equal(call.streaming, false);
    call.started();
    return () => call.respond({ kind: 'http', status: 201, headers: ['a', 'b'] }, call.body as Uint8Array, true);
  };
  const sink = new Recorder();
  const call = near.request(http('/echo'), Buffer.from('hello'), sink);
  await sink.ended;
  assert.deepEqual(sink.events, ['started', 'head', 'data', 'end']);
  assert.deepEqual(sink.head, { kind: 'http', status: 201, headers: ['a', 'b'] });
  assert.equal(sink.text, 'hello');
  assert.equal(call.done, true);
});

test('calls go both ways on one channel, many at once', async (t) => {
  const { near, far } = await pair(t);
  for (const end of [near, far]) {
    end.onCall = (call) => {
      call.started();
      return () => void readBody(call).then(() => call.reply((call.head as RequestHead).method));
    };
  }
  const names = Array.from({ length: 500 }, (_, i) => `m${i}`);
  const answers = await Promise.all([near, far].flatMap((end) => names.map((name) => end.call(method(name), [name]))));
  assert.deepEqual(answers, [...names, ...names]);
});

test('bodies up to 1 MiB come as one piece, larger ones stream; both arrive whole', async (t) => {
  const { near, far } = await pair(t);
  const seen: boolean[] = [];
  far.onCall = (call) => {
    seen.push(call.streaming);
    call.started();
    return () => void readBody(call).then((body) => call.respond({ kind: 'value' }, body, true));
  };
  for (const length of [0, 1, 65_000, 65_536, 300_000, MIB, MIB + 1, 5 * MIB]) {
    const body = Buffer.alloc(length);
    for (let i = 0; i < length; i += 1) body[i] = (i * 31) % 251;
    const sink = new Recorder();
    const call = near.request(method('echo'), body, sink);
    await until(() => {
      call.consumed(sink.received - sink.consumed);
      sink.consumed = sink.received;
      return sink.events.at(-1) === 'end';
    });
    assert.ok(Buffer.concat(sink.chunks).equals(body), `${length} bytes`);
  }
  assert.deepEqual(seen, [false, false, false, false, false, false, true, true]);
});

test('a streamed request of known length up to 1 MiB is put together, too', async (t) => {
  const { near, far } = await pair(t);
  far.onCall = (call) => {
    call.started();
    return () => call.reply([call.streaming, Buffer.from(call.body as Uint8Array).toString()]);
  };
  const sink = new Recorder();
  const call = near.request(http('/', { length: 6 }), 'stream', sink);
  call.write(Buffer.from('abc'));
  await new Promise(setImmediate);
  call.end(Buffer.from('def'));
  await sink.ended;
  assert.match(sink.text, /\[false,"abcdef"\]/);
});

test('a writer is held to the window until the reader consumes', async (t) => {
  const { near, far } = await pair(t);
  let incoming: IncomingCall | undefined;
  let received = 0;
  let ended = false;
  far.onCall = (call) => {
    incoming = call;
    call.onBody = { onData: (chunk) => (received += chunk.length), onEnd: () => (ended = true), onError: assert.fail };
  };
  const sink = new Recorder();
  const call = near.request(http('/'), 'stream', sink);
  const chunk = Buffer.alloc(64 * 1024);
  let written = 0;
  for (let more = true; more; written += chunk.length) more = call.write(chunk);
  call.write(chunk);
  written += chunk.length;
  await until(() => received >= 256 * 1024);
  for (let i = 0; i < 20; i += 1) await new Promise(setImmediate);
  assert.equal(received, 256 * 1024, 'not a byte beyond the window');
  const consume = async (condition: () => boolean): Promise<void> => {
    while (!condition()) {
      incoming?.consumed(64 * 1024);
      await new Promise(setImmediate);
    }
  };
  await consume(() => sink.drains === 1);
  call.end();
  await consume(() => ended);
  assert.equal(received, written);
  assert.equal(sink.drains, 1);
});

test('a stream whose reader sleeps holds up no other call', async (t) => {
  const { near, far } = await pair(t);
  far.onCall = (call) => {
    call.started();
    const name = (call.head as RequestHead).method;
    return () => (name === 'flood' ? call.respond({ kind: 'items' }, Buffer.alloc(8 * MIB), true) : call.reply(name));
  };
  const asleep = new Recorder();
  near.request(method('flood'), null, asleep);
  for (let i = 0; i < 50; i += 1) assert.equal(await near.call(method('quick')), 'quick');
  assert.equal(asleep.received, 256 * 1024);
});

test('an answer streams, item by item, while it is made', async (t) => {
  const { near, far } = await pair(t);
  far.onCall = (call) => {
    call.started();
    const answer = async () => {
      call.respond({ kind: 'items' });
      for (const word of ['a', 'b', 'c']) {
        await new Promise(setImmediate);
        call.write(Buffer.from(word));
      }
      call.end();
    };
    return () => void answer();
  };
  const sink = new Recorder();
  near.request(method('words'), null, sink);
  await sink.ended;
  assert.deepEqual(sink.events, ['started', 'head', 'data', 'data', 'data', 'end']);
  assert.equal(sink.text, 'abc');
});

test('cancel reaches the other end, and nothing comes back', async (t) => {
  const { near, far } = await pair(t);
  let reason: string | null = null;
  let incoming: IncomingCall | undefined;
  far.onCall = (call) => {
    incoming = call;
    call.started();
    call.onCancel = (why) => (reason = why);
  };
  const sink = new Recorder();
  const call = near.request(method('slow'), null, sink);
  await until(() => sink.events.length === 1);
  call.cancel('the client left');
  await until(() => reason !== null);
  assert.equal(reason, 'the client left');
  assert.deepEqual([incoming?.cancelled, incoming?.done], [true, true]);
  incoming?.reply('too late');
  far.onCall = (each) => each.reply('next');
  assert.equal(await near.call(method('next')), 'next');
  assert.deepEqual(sink.events, ['started']);
});

test('a cancelled upload fails its reader', async (t) => {
  const { near, far } = await pair(t);
  let failure: unknown;
  far.onCall = (call) => void readBody(call).catch((error) => (failure = error));
  const call = near.request(http('/'), 'stream', new Recorder());
  call.write(Buffer.from('a part'));
  await new Promise(setImmediate);
  call.cancel();
  await until(() => failure !== undefined);
  assert.ok(hasCode(failure, Cancelled));
});

test('deadlines: of the head, of the call; the other end is told', async (t) => {
  const { near, far } = await pair(t);
  const reasons: string[] = [];
  far.onCall = (call) => {
    call.onCancel = (reason) => reasons.push(reason);
  };
  const sink = new Recorder();
  near.request(http('/slow', { deadlineMs: 20 } as never), null, sink);
  await assert.rejects(
    near.call(method('slow'), undefined, { timeoutMs: 30 }),
    (error) => hasCode(error, DeadlineExceeded) && /30 ms/.test((error as Error).message),
  );
  await sink.ended;
  assert.equal(sink.error?.code, 'NBS_DEADLINE');
  await until(() => reasons.length === 2);
  assert.deepEqual(reasons, ['deadline', 'deadline']);
});

test('an aborted signal ends a call as an AbortError with a code', async (t) => {
  const { near, far } = await pair(t);
  let cancelled = false;
  far.onCall = (call) => {
    call.onCancel = () => (cancelled = true);
  };
  const controller = new AbortController();
  const answer = near.call(method('slow'), [1], { signal: controller.signal });
  controller.abort();
  await assert.rejects(answer, (error: NbserveError) => error.name === 'AbortError' && hasCode(error, Cancelled));
  await assert.rejects(near.call(method('slow'), [1], { signal: controller.signal }), { name: 'AbortError' });
  await until(() => cancelled);
});

test('what the answering side throws arrives with code and stack, also a very large one', async (t) => {
  const { near, far } = await pair(t);
  const thrown = Object.assign(new RangeError('m'.repeat(300_000)), { code: 'E_USER' });
  far.onCall = (call) => {
    call.started();
    return () => {
      throw thrown;
    };
  };
  await assert.rejects(near.call(method('x')), (error: Error & { code: string }) => {
    assert.deepEqual(
      [error.name, error.code, error.message, error.stack],
      ['RangeError', 'E_USER', thrown.message, thrown.stack],
    );
    return true;
  });
  far.onCall = () => {
    throw thrown;
  };
  await assert.rejects(near.call(method('x')), { name: 'RangeError' });
  far.onCall = (call) => call.reply({ deep: () => {} });
  await assert.rejects(
    near.call(method('x')),
    (error) => hasCode(error, CannotClone) && /result\.deep/.test((error as Error).message),
  );
  far.onCall = null;
  await assert.rejects(near.call(method('x')), (error) => hasCode(error, NoHandler));
});

test('an error after the head ends the answer', async (t) => {
  const { near, far } = await pair(t);
  far.onCall = (call) => {
    call.respond({ kind: 'items' }, Buffer.from('a'));
    return () => void setImmediate(() => call.fail(new Error('half way')));
  };
  const sink = new Recorder();
  near.request(method('x'), null, sink);
  await sink.ended;
  assert.deepEqual(sink.events, ['head', 'data', 'error']);
  assert.equal(sink.error?.message, 'half way');
});

test('a head that is too large fails its call alone', async (t) => {
  const { near, far } = await pair(t);
  far.onCall = (call) =>
    call.head.kind === 'http'
      ? call.respond({ kind: 'http', status: 200, headers: ['h'.repeat(70_000)] }, undefined, true)
      : call.reply(1);
  const sinks = [new Recorder(), new Recorder()] as const;
  near.request(http('u'.repeat(70_000)), null, sinks[0]);
  near.request(http('/'), null, sinks[1]);
  await Promise.all(sinks.map(({ ended }) => ended));
  for (const { error } of sinks) assert.ok(hasCode(error, HeadTooLarge));
  assert.equal(await near.call(method('ok')), 1);
});

test('a fault in a sink ends its call, not the connection', async (t) => {
  const { near, far } = await pair(t);
  far.onCall = (call) => call.reply(1);
  const sink = new Recorder();
  sink.onHead = () => {
    throw new Error('bad sink');
  };
  near.request(method('x'), null, sink);
  await sink.ended;
  assert.equal(sink.error?.message, 'bad sink');
  assert.equal(await near.call(method('y')), 1);
});

test('operations are typed, named in errors, and carry large values', async (t) => {
  interface Ops {
    add: { args: { a: number; b: number }; result: number };
    size: { args: Uint8Array; result: number };
    nothing: { args: undefined; result: undefined };
  }
  const { near, far } = await pair(t);
  far.onCall = handleOps<Ops>({ add: ({ a, b }) => a + b, size: async (bytes) => bytes.length, nothing: () => undefined });
  const call = opCaller<Ops>(near);
  assert.equal(await call('add', { a: 1, b: 2 }), 3);
  assert.equal(await callOp<Ops, 'size'>(near, 'size', new Uint8Array(20 * MIB)), 20 * MIB);
  assert.equal(await call('nothing', undefined), undefined);
  await assert.rejects(
    near.call({ kind: 'control', op: 'toString' }),
    (error) => hasCode(error, UnknownOp) && /add, size, nothing/.test((error as Error).message),
  );
  await assert.rejects(near.call(method('add')), (error) => hasCode(error, NoHandler));
});

test('notifications keep their order and may be large', async (t) => {
  const { near, far } = await pair(t);
  const seen: unknown[] = [];
  far.onNotify = (message) => seen.push(message.kind === 'event' ? message.value : message);
  const large = 'é'.repeat(500_000);
  near.notify({ kind: 'event', topic: 't', value: 1 });
  near.notify({ kind: 'event', topic: 't', value: large });
  near.notify({ kind: 'event', topic: 't', value: 3 });
  await until(() => seen.length === 3);
  assert.deepEqual(seen, [1, large, 3]);
});

test('close writes out what was queued; both ends learn of it, and calls in progress fail', async (t) => {
  const { near, far } = await pair(t);
  let cancelled = '';
  far.onCall = (call) => {
    call.onCancel = (reason) => (cancelled = reason);
  };
  const seen: unknown[] = [];
  far.onNotify = (message) => seen.push(message.kind);
  const answer = near.call(method('x'));
  answer.catch(() => {});
  near.notify({ kind: 'event', topic: 'last', value: 0 });
  near.close();
  await assert.rejects(answer, (error) => hasCode(error, PeerGone));
  await Promise.all([near.closed, far.closed]);
  assert.deepEqual([seen, cancelled, near.isClosed, far.isClosed], [['event'], 'the caller went away', true, true]);
  const late = new Recorder();
  far.request(method('x'), null, late);
  assert.deepEqual(late.events, []);
  await late.ended;
  assert.ok(hasCode(late.error, PeerGone));
});
