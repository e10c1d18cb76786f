import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { OutgoingCall, ResponseSink } from '../../ipc/index.js';
import {
  type AnswerHead,
  NoSuchDeployment,
  QueueFull,
  type Route,
  type RouteSplit,
  type TrafficReport,
} from '../protocol/index.js';
import type { Dispatch, RouterLike } from '../router/index.js';
import { PrefixTable } from './prefix-table.js';
import { Splits } from './splits.js';

class FakeCall implements OutgoingCall {
  done = false;
  consumedBytes = 0;
  cancelled: string | undefined;
  constructor(readonly request: Dispatch) {}
  write(): boolean {
    return true;
  }
  end(): void {}
  cancel(reason?: string): void {
    this.cancelled = reason;
  }
  consumed(bytes: number): void {
    this.consumedBytes += bytes;
  }
  answer(status: number): void {
    const { sink } = this.request;
    sink.onStarted?.();
    sink.onHead({ kind: 'http', status, headers: [] });
    sink.onData(new Uint8Array(3));
    this.done = true;
    sink.onEnd();
  }
}

class Client implements ResponseSink {
  status = 0;
  errors: Error[] = [];
  ends = 0;
  onHead(head: AnswerHead): void {
    this.status = head.kind === 'http' ? head.status : 0;
  }
  onData(): void {}
  onEnd(): void {
    this.ends += 1;
  }
  onError(error: Error): void {
    this.errors.push(error);
  }
}

const half: RouteSplit = {
  rule: 7,
  arms: [
    { app: 'v1', deployment: 'd', weight: 0.5 },
    { app: 'v2', deployment: 'd', weight: 0.5 },
  ],
  reportMs: 1,
};
const only = (app: string, more: Partial<RouteSplit> = {}): RouteSplit => ({
  ...half,
  arms: [{ app, deployment: 'd', weight: 1 }],
  ...more,
});

describe('Splits', () => {
  let calls: FakeCall[];
  let reports: TrafficReport[];
  let splits: Splits;
  let timers: (() => void)[];

  const route = (split: RouteSplit | undefined): void => {
    const routes: Route[] = [{ prefix: '/c', app: 'v1', deployment: 'd', ...(split === undefined ? {} : { split }) }];
    splits.update(new PrefixTable(routes));
  };
  const request = (client: ResponseSink, changes: Partial<Dispatch> & { headers?: string[] } = {}): OutgoingCall => {
    const { headers = [], ...others } = changes;
    return splits.split.dispatch({
      key: 'v1/d',
      method: 'fetch',
      head: { kind: 'http', method: 'GET', url: '/c/x', headers, host: 'h', prefix: '/c', requestId: 'r' },
      body: null,
      sink: client,
      ...others,
    });
  };
  const report = (): TrafficReport => {
    for (const action of timers.splice(0)) action();
    return reports.at(-1) ?? [];
  };

  beforeEach(() => {
    calls = [];
    reports = [];
    timers = [];
    const router = {
      snapshot: null,
      dispatch(given: Dispatch) {
        const call = new FakeCall(given);
        calls.push(call);
        return call;
      },
    } as unknown as RouterLike;
    const send = (given: TrafficReport): boolean => {
      reports.push(given);
      return true;
    };
    splits = new Splits({ router, send, random: () => 0, after: (_ms, action) => void timers.push(action) });
    route(half);
  });

  it('sends requests of one key to one version, and tells what came of them', () => {
    route({ ...half, stickyBy: { header: 'x-user' } });
    for (let i = 0; i < 20; i += 1) request(new Client(), { headers: ['X-User', 'ada'] });
    assert.equal(new Set(calls.map(({ request: { key } }) => key)).size, 1);
    const app = calls[0]?.request.key.split('/')[0] ?? '';
    calls[0]?.answer(200);
    calls[1]?.answer(404);
    calls[2]?.answer(500);
    calls[3]?.request.sink.onError(new Error('boom'));
    const [rule] = report();
    assert.equal(rule?.rule, 7);
    assert.equal(rule?.prefix, '/c');
    assert.equal(rule?.versions[app]?.requests, 4);
    assert.equal(rule?.versions[app]?.failures, 2);
  });

  it('counts what its client gave up as no failure, and an answer that is not valid as one', () => {
    route(only('v1'));
    const [left, bad] = [request(new Client()), request(new Client())];
    left.cancel('the client went away');
    bad.cancel('the answer has an invalid head');
    assert.equal(calls[0]?.cancelled, 'the client went away');
    const [rule] = report();
    assert.deepEqual([rule?.versions.v1?.requests, rule?.versions.v1?.failures], [2, 1]);
  });

  it('chooses again if its version was taken down before a replica began, and not afterwards', () => {
    route(only('v1'));
    const gone = NoSuchDeployment({ deployment: 'v1/d', running: 'none' });
    const [waiting, begun, streaming, upgrade] = [new Client(), new Client(), new Client(), new Client()];
    request(waiting);
    request(begun);
    request(streaming, { body: 'stream' }).write(new Uint8Array(1));
    request(upgrade, { body: 'stream' });
    calls[1]?.request.sink.onStarted?.();
    route(only('v2'));
    for (const call of calls.slice(0, 4)) call.request.sink.onError(gone);
    assert.deepEqual(
      calls.slice(4).map((call) => call.request.key),
      ['v2/d', 'v2/d'],
    );
    for (const call of calls.slice(4)) call.answer(200);
    for (const { status, ends, errors } of [waiting, upgrade]) assert.deepEqual([status, ends, errors], [200, 1, []]);
    assert.deepEqual([begun.errors, streaming.errors], [[gone], [gone]]);
  });

  it('follows the newest routes, and gives a prefix that is split no longer to its owner', () => {
    route(undefined);
    request(new Client(), { key: 'v2/d' });
    assert.equal(calls[0]?.request.key, 'v1/d');
  });

  it('copies a share of the requests, marked, and throws the answers away', () => {
    route(only('v1', { mirror: { app: 'v2', deployment: 'd', share: 0.5 } }));
    const clients = Array.from({ length: 40 }, () => new Client());
    for (const client of clients) request(client, { body: new Uint8Array(5), headers: ['a', 'b'] });
    const copies = calls.filter(({ request: { key } }) => key === 'v2/d');
    const originals = calls.filter(({ request: { key } }) => key === 'v1/d');
    assert.equal(originals.length, 40);
    assert.ok(Math.abs(copies.length - 20) <= 2, `${copies.length} copies`);
    const [copy] = copies;
    assert.equal(copy?.request.mayWait, false);
    assert.equal(copy?.request.body?.length, 5);
    const headersOf = (call: FakeCall | undefined) => (call?.request.head.kind === 'http' ? call.request.head.headers : null);
    assert.deepEqual(headersOf(copy), ['a', 'b', 'nbserve-mirrored', '1']);
    assert.deepEqual(headersOf(originals[0]), ['a', 'b']);
    for (const call of copies.slice(0, 3)) call.answer(500);
    copies[3]?.request.sink.onError(QueueFull({ deployment: 'v2/d', queued: 0, max: 0, outcome: '' }));
    copies[4]?.request.sink.onError(new Error('killed'));
    request(new Client(), { body: 'stream' });
    request(new Client(), { body: 'stream' });
    assert.equal(copy?.consumedBytes, 3);
    assert.ok(clients.every(({ status, ends, errors }) => status === 0 && ends === 0 && errors.length === 0));
    for (const call of originals) call.answer(200);
    assert.ok(clients.every(({ status, ends }) => status === 200 && ends === 1));
    const [rule] = report();
    assert.deepEqual(
      [rule?.mirror?.requests, rule?.mirror?.failures, rule?.mirror?.dropped, rule?.mirror?.streamed],
      [4, 4, 1, 1],
    );
    assert.deepEqual([rule?.versions.v1?.requests, rule?.versions.v1?.failures], [40, 0]);
  });

  it('holds no more copies than a bound, and sends none to whoever answers the request itself', () => {
    route(only('v1', { mirror: { app: 'v2', deployment: 'd', share: 1 } }));
    for (let i = 0; i < 100; i += 1) request(new Client());
    const copies = calls.filter(({ request: { key } }) => key === 'v2/d');
    assert.equal(copies.length, 64);
    copies[0]?.answer(200);
    request(new Client());
    assert.equal(calls.filter(({ request: { key } }) => key === 'v2/d').length, 65);
    calls = [];
    route(only('v2', { mirror: { app: 'v2', deployment: 'd', share: 1 } }));
    request(new Client());
    assert.equal(calls.length, 1);
  });
});
