import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HandClock, settle } from '../../../core/hand-clock.test-support.js';
import type { Engine, NodeChange, NodeInfo } from '../../../engine/index.js';
import type { ActualState } from './actual.js';
import { KnownNodes } from './known-nodes.js';

const resources = { cpu: 4, gpus: [], memory: 1000, custom: {} };
const local: NodeInfo = { id: 'local', ip: '127.0.0.1', alive: true, resources };
const other: NodeInfo = { id: 'other', ip: '10.0.0.2', alive: true, isJoined: true, resources };

class FakeEngine {
  list: readonly NodeInfo[] = [local, other];
  fails = false;
  asked = 0;
  #tell: (change: NodeChange) => void = () => {};

  async nodes(): Promise<readonly NodeInfo[]> {
    this.asked += 1;
    if (this.fails) throw new Error('cut');
    return this.list;
  }
  onNodeChange(listener: (change: NodeChange) => void): () => void {
    this.#tell = listener;
    return () => {};
  }
  async change(id: string, alive: boolean): Promise<void> {
    this.#tell({ id, alive });
    await settle();
  }
}

async function known() {
  const engine = new FakeEngine();
  const actual = { nodes: null } as unknown as { nodes: ActualState['nodes'] };
  const clock = new HandClock();
  const log = { info() {}, warn() {} };
  const nodes = new KnownNodes({ clock, engine: engine as unknown as Engine, actual: actual as ActualState, log, onChange() {} });
  await nodes.ask();
  return { engine, actual, clock, ids: () => actual.nodes?.map(({ id, alive }) => `${id} ${alive}`) };
}

describe('the nodes that the controller knows', () => {
  it('have the address and the resources of the machine that has joined last under a name', async () => {
    const { engine, actual, ids } = await known();
    await engine.change('other', false);
    assert.deepEqual(ids(), ['local true', 'other false']);
    assert.equal(engine.asked, 1);
    const bigger = { ...other, ip: '10.0.0.3', resources: { ...resources, cpu: 32 } };
    engine.list = [local, bigger];
    await engine.change('other', true);
    assert.deepEqual(actual.nodes?.[1], bigger);
  });

  it('are asked for again if they could not be read, also if old ones are known', async () => {
    const { engine, clock, ids } = await known();
    await engine.change('other', false);
    engine.fails = true;
    await engine.change('other', true);
    assert.deepEqual(ids(), ['local true', 'other false']);
    engine.fails = false;
    await clock.pass(5000);
    await settle();
    assert.deepEqual(ids(), ['local true', 'other true']);
  });

  it('are those of a new list, when nodes are expected or forgotten', async () => {
    const { engine, ids } = await known();
    engine.list = [local, { ...other, id: 'ray-1', alive: false }];
    await engine.change('', false);
    assert.deepEqual(ids(), ['local true', 'ray-1 false']);
  });
});
