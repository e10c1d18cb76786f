import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Deferred, deferred, parseOptions } from '../../core/index.js';
import {
  configFields,
  DEPLOYMENT_OPTIONS,
  type DeploymentConfig,
  type GrpcCallHead,
  type ReplicaInit,
} from '../protocol/index.js';
import { withoutUpgrade } from './http-task.js';
import { Replica } from './replica.js';
import { UserInstance } from './user-instance.js';

const configOf = (path: string): DeploymentConfig => ({
  ...configFields(parseOptions('test', DEPLOYMENT_OPTIONS, { userConfig: { path } })),
  numReplicas: 1,
});

/** A replica whose model has the path of its last configuration, when that has been loaded. */
async function loading() {
  const begun: string[] = [];
  const loads = new Map<string, Deferred<void>>();
  class Loading {
    model = 'first';
    async reconfigure({ path }: { path: string }): Promise<void> {
      begun.push(path);
      const load = deferred<void>();
      loads.set(path, load);
      await load.promise;
      this.model = path;
    }
    current(): string {
      return this.model;
    }
  }
  const instance = UserInstance.create('app/Loading', Loading, []);
  const replica = new Replica({
    id: 'Loading#1',
    place: '',
    load: async () => ({ instance, close: () => {} }),
    onStuck: (error) => assert.fail(error),
    describe: () => {},
    grpc: () => assert.fail(),
    blockLimit: { set: () => {} },
  });
  await replica.initialize({
    app: 'app',
    deployment: 'Loading',
    replicaId: 'Loading#1',
    config: configOf('first'),
  } as unknown as ReplicaInit);
  const hasBegun = async (path: string): Promise<Deferred<void>> => {
    for (;;) {
      const load = loads.get(path);
      if (load !== undefined) return load;
      await new Promise((done) => setImmediate(done));
    }
  };
  return { replica, begun, hasBegun, current: () => instance.method('current')?.() };
}

describe('the configurations of a replica', () => {
  it('are applied one after the other, the last one counts, and those between are skipped', async () => {
    const { replica, begun, hasBegun, current } = await loading();
    const first = replica.reconfigure(configOf('big'));
    const big = await hasBegun('big');
    const others = ['between', 'small'].map((path) => replica.reconfigure(configOf(path)));
    await new Promise((done) => setImmediate(done));
    assert.deepEqual(begun, ['big']);
    big.resolve();
    (await hasBegun('small')).resolve();
    await Promise.all([first, ...others]);
    assert.deepEqual(begun, ['big', 'small']);
    assert.equal(current(), 'small');
  });

  it('are not applied again, unless the last one was refused', async () => {
    const { replica, begun, hasBegun, current } = await loading();
    await replica.reconfigure(configOf('first'));
    assert.deepEqual(begun, []);
    const refused = assert.rejects(replica.reconfigure(configOf('broken')), /no such file/);
    const restored = hasBegun('broken').then((load) => {
      const restoring = replica.reconfigure(configOf('first'));
      load.reject(new Error('no such file'));
      return restoring;
    });
    await refused;
    (await hasBegun('first')).resolve();
    await restored;
    assert.deepEqual(begun, ['broken', 'first']);
    assert.equal(current(), 'first');
  });
});

/** What replicas answer to a call. */
function answerOf(target: unknown, head: Partial<GrpcCallHead>): string {
  const instance = UserInstance.create('app/Words', target, []);
  const method = instance.rpcMethod({ method: '', ...head } as GrpcCallHead);
  return method === undefined ? 'none' : String(method());
}

describe('calls over gRPC', () => {
  class Words {
    count = () => 'count';
    Count() {
      return 'Count';
    }
    _secret() {
      return 'secret';
    }
    dispose() {}
  }

  it('reach the first of several methods, or the function', () => {
    assert.equal(answerOf(Words, { candidates: ['Count', 'count'] }), 'Count');
    assert.equal(answerOf(Words, { candidates: ['Draw', 'draw'] }), 'none');
    assert.equal(
      answerOf(() => 'all', { candidates: ['Draw', 'draw'] }),
      'all',
    );
    assert.equal(
      answerOf(() => 'all', { method: 'draw' }),
      'none',
    );
    assert.equal(
      answerOf(() => 'all', { method: 'call' }),
      'all',
    );
  });

  it('reach public methods only', () => {
    assert.equal(answerOf(Words, { method: 'count' }), 'count');
    for (const method of ['_secret', 'dispose', 'constructor', 'toString']) assert.equal(answerOf(Words, { method }), 'none');
  });
});

it('a request for another protocol is a plain one to code that speaks none', () => {
  const headers = ['Connection', 'Upgrade', 'x-user', 'ada', 'upgrade', 'websocket'];
  const head = { kind: 'http', method: 'GET', url: '/', requestId: 'r', host: 'h', prefix: '/', headers } as const;
  assert.deepEqual(withoutUpgrade({ ...head, headers: [...headers], upgrade: true }), { ...head, headers: ['x-user', 'ada'] });
});
