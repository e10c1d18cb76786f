import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ShellRequest } from '../control/index.js';
import type { Outcome, Session } from '../session/index.js';
import type { Content } from '../wire/index.js';
import { ExecutionQueue } from './execution-queue.js';
import { History } from './history.js';
import { InterruptibleCells } from './interruptible-cells.js';

const FAILED: Outcome = { status: 'error', ename: 'Error', evalue: 'boom', traceback: [], line: 3 };

const request = (code: string, content: Content = {}): ShellRequest => ({
  identities: [],
  header: { msg_id: code, msg_type: 'execute_request', session: '', username: '', date: '', version: '' },
  headerJson: code,
  content: { code, ...content },
  metadata: {},
});

/** A queue in which every cell succeeds except `fail`. @param onReply may push more */
function queueOf(
  onReply: (queue: ExecutionQueue, code: string, status: unknown, reply: Content) => void,
  execute = async (code: string): Promise<Outcome> => (code === 'fail' ? FAILED : { status: 'ok' }),
): ExecutionQueue {
  const session = { execute } as Partial<Session> as Session;
  const queue: ExecutionQueue = new ExecutionQueue({
    publisher: { stream() {}, publish: (_type, content) => void JSON.stringify(content) },
    runner: new InterruptibleCells(),
    history: new History(),
    counter: { count: 0 },
    session: async () => session,
    together: (work) => work(),
    next() {},
    ended() {},
    reply: ({ header }, reply) => onReply(queue, header.msg_id, reply.status, reply),
    ask: async () => '',
  });
  return queue;
}

describe('ExecutionQueue', () => {
  // Turns alone do not keep a process alive.
  let held: NodeJS.Timeout;
  before(() => {
    held = setInterval(() => {}, 1000);
  });
  after(() => clearInterval(held));

  /** Runs `first` and the requests that wait after it. A client sends `late` when it reads the first reply, while that is still being sent. */
  const replies = (first: ShellRequest): Promise<string[]> =>
    new Promise((resolve) => {
      const seen: string[] = [];
      const queue = queueOf((own, code, status) => {
        seen.push(`${code} ${String(status)}`);
        if (seen.length === 1) own.push(request('late'));
        if (seen.length === 3) resolve(seen);
      });
      queue.push(first);
      queue.push(request('waiting'));
    });

  it('drops the cells that waited when a cell failed, and runs those that came with or after the reply', async () => {
    assert.deepEqual(await replies(request('fail')), ['fail error', 'waiting aborted', 'late ok']);
  });

  it('drops nothing if the request says so', async () => {
    assert.deepEqual(await replies(request('fail', { stop_on_error: false })), ['fail error', 'waiting ok', 'late ok']);
  });

  it('drops nothing if the request was silent, because nobody sees its error', async () => {
    assert.deepEqual(await replies(request('fail', { silent: true })), ['fail error', 'waiting ok', 'late ok']);
  });

  it('says of a user expression that failed only what the protocol names', async () => {
    const reply = await new Promise<Content>((resolve) => {
      queueOf((_queue, _code, _status, content) => resolve(content)).push(request('1', { user_expressions: { bad: 'fail' } }));
    });
    assert.deepEqual(reply.user_expressions, { bad: { status: 'error', ename: 'Error', evalue: 'boom', traceback: [] } });
  });

  /** What is replied to a cell whose result cannot be sent, and to one that waits after it. */
  async function afterUnsendable(content: Content): Promise<string[]> {
    const result = { data: { 'application/json': { n: 1n } }, metadata: {} };
    const seen: string[] = [];
    await new Promise<void>((resolve) => {
      const queue = queueOf(
        (_queue, code, status) => {
          seen.push(`${code} ${String(status)}`);
          if (seen.length === 2) resolve();
        },
        async (code) => (code === 'bad' ? { status: 'ok', result } : { status: 'ok' }),
      );
      queue.push(request('bad', content));
      queue.push(request('next'));
    });
    return seen;
  }

  it('answers a cell whose result cannot be sent as one that failed', async () => {
    assert.deepEqual(await afterUnsendable({}), ['bad error', 'next aborted']);
    assert.deepEqual(await afterUnsendable({ stop_on_error: false }), ['bad error', 'next ok']);
  });

  it('runs one cell after the other', async () => {
    assert.deepEqual(await replies(request('1')), ['1 ok', 'waiting ok', 'late ok']);
  });
});
