import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { encodeModel, load, tensor } from '../onnx/index.js';
import { keepCheckpoint, latestCheckpoint, loadCheckpoint, saveCheckpoint } from './checkpoint.js';
import { Adam, Network, nn, type Optimizer, Sgd } from './nn/index.js';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nbst-checkpoint-'));
});
after(() => rm(folder, { recursive: true }));

const layers = nn.sequential(
  nn.conv2d(1, 3, 3),
  nn.batchNorm2d(3),
  nn.relu(),
  nn.flatten(),
  nn.linear(48, 8),
  nn.dropout(0.3),
  nn.linear(8, 4),
);
const networkOf = (seed: number) => new Network(layers, { inputShape: [1, 6, 6], seed, device: 'cpu', threads: 1 });
const x = tensor(
  Float32Array.from({ length: 5 * 36 }, (_, i) => Math.sin(i)),
  [5, 1, 6, 6],
);
const y = { type: 'int32', dims: [5], data: Int32Array.of(0, 1, 2, 3, 0) } as const;

async function steps(network: Network, optimizer: Optimizer, count: number): Promise<number> {
  let loss = Number.NaN;
  for (let i = 0; i < count; i += 1) {
    loss = await network.backward(x, y);
    optimizer.step();
  }
  return loss;
}

describe('a checkpoint', () => {
  for (const [kind, make] of Object.entries({
    Adam: (network: Network) => new Adam(network, { lr: 0.01 }),
    'SGD with momentum': (network: Network) => new Sgd(network, { lr: 0.01, momentum: 0.9 }),
    'plain SGD': (network: Network) => new Sgd(network, { lr: 0.01 }),
  })) {
    it(`of ${kind}: a training that goes on from it equals one that was not interrupted, bit by bit`, async () => {
      const network = networkOf(1);
      const optimizer = make(network);
      await steps(network, optimizer, 7);
      optimizer.lr /= 2;
      const checkpoint = await saveCheckpoint(join(folder, kind), { network, optimizer, state: { epoch: 2 } });
      const loss = await steps(network, optimizer, 5);

      const other = networkOf(2);
      // Only dropout needs the seed again: it is not a part of the state.
      const resumed = networkOf(1);
      const own = make(resumed);
      assert.notDeepEqual(other.parameters.values, network.parameters.values);
      assert.deepEqual(await loadCheckpoint(checkpoint, { network: resumed, optimizer: own }), { epoch: 2 });
      assert.equal(await steps(resumed, own, 5), loss);
      assert.deepEqual(resumed.parameters.values, network.parameters.values);
      assert.deepEqual(resumed.buffers.values, network.buffers.values);
      for (const each of [network, other, resumed]) await each.dispose();
    });
  }

  it('is a model: onnx.load runs it, and its answers are those of the network', async () => {
    const network = networkOf(3);
    await steps(network, new Adam(network), 3);
    const { path } = await saveCheckpoint(join(folder, 'model'), { network });
    const model = await load(join(path, 'model.onnx'), { device: 'cpu', outputs: { logits: 'float32' } });
    assert.deepEqual(model.inputs, [{ name: 'image', type: 'float32', shape: ['batch_size', 1, 6, 6] }]);
    const { logits } = await model.run({ image: x });
    const expected = await network.predict(x);
    for (const [i, value] of expected.data.entries()) assert.ok(Math.abs(value - (logits.data[i] as number)) < 1e-6);
    await model.dispose();
    await network.dispose();
  });

  it('replaces an older one as a whole, and leaves nothing else behind', async () => {
    const network = networkOf(4);
    const place = join(folder, 'twice');
    await saveCheckpoint(place, { network, optimizer: new Adam(network), state: 1 });
    await saveCheckpoint(place, { network, state: 2 });
    assert.deepEqual(await readdir(place), ['model.onnx']);
    assert.equal(await loadCheckpoint(place, { network }), 2);
    assert.deepEqual(
      (await readdir(folder)).filter((name) => /\.(new|old)/.test(name)),
      [],
    );
  });

  it('that does not fit says why, and changes nothing', async () => {
    const network = networkOf(5);
    const place = join(folder, 'faults');
    const optimizer = new Adam(network);
    await saveCheckpoint(place, { network, optimizer });
    const before = network.parameters.values.slice();
    const other = new Network(nn.sequential({ flat: nn.flatten(), last: nn.linear(36, 4) }), { inputShape: [1, 6, 6] });
    const refused = async (what: Promise<unknown>, code: string, message: RegExp) => assert.rejects(what, { code, message });
    await refused(loadCheckpoint(place, { network: other }), 'NBS_TRAIN_STATE_MISMATCH', /it has no last\.weight/);
    await refused(
      loadCheckpoint(place, { network, optimizer: new Sgd(network, { lr: 1, momentum: 0.5 }) }),
      'NBS_TRAIN_STATE_MISMATCH',
      /it is of Adam, and this is Sgd/,
    );
    await refused(loadCheckpoint(join(folder, 'none'), { network }), 'NBS_TRAIN_NO_CHECKPOINT', /no such file/);
    const heavy = join(folder, 'momentum');
    const trained = networkOf(6);
    await saveCheckpoint(heavy, { network: trained, optimizer: new Sgd(trained, { lr: 1, momentum: 0.5 }) });
    await refused(
      loadCheckpoint(heavy, { network, optimizer: new Sgd(network, { lr: 1 }) }),
      'NBS_TRAIN_STATE_MISMATCH',
      /it is of an Sgd with momentum, and this has none/,
    );
    const light = join(folder, 'no momentum');
    await saveCheckpoint(light, { network: trained, optimizer: new Sgd(trained, { lr: 1 }) });
    await refused(
      loadCheckpoint(light, { network, optimizer: new Sgd(network, { lr: 1, momentum: 0.5 }) }),
      'NBS_TRAIN_STATE_MISMATCH',
      /it is of an Sgd without momentum, and this has one/,
    );
    await refused(loadCheckpoint(heavy, { network, optimizer }), 'NBS_TRAIN_STATE_MISMATCH', /it is of Sgd, and this is Adam/);
    await truncate(join(place, 'optimizer.bin'), 100);
    await refused(loadCheckpoint(place, { network, optimizer }), 'NBS_TRAIN_STATE_MISMATCH', /100 bytes/);
    const model = join(place, 'model.onnx');
    await writeFile(model, (await readFile(model)).subarray(0, 1000));
    await refused(loadCheckpoint(place, { network }), 'NBS_ONNX_INVALID_MODEL', /too early/);
    assert.deepEqual(network.parameters.values, before);
    const weights = trained.parameters.tensors;
    const withoutBuffers = encodeModel({ name: 'network', inputs: [], outputs: [], nodes: [], weights });
    assert.throws(() => network.fromOnnx(withoutBuffers), { code: 'NBS_TRAIN_STATE_MISMATCH', message: /it has no / });
    assert.deepEqual(network.parameters.values, before);
    const plain = join(folder, 'plain');
    await saveCheckpoint(plain, { network });
    await refused(loadCheckpoint(plain, { network, optimizer }), 'NBS_TRAIN_STATE_MISMATCH', /without an optimizer/);
  });

  it('refuses a state of which JSON would lose a part, and says which', async () => {
    const network = networkOf(7);
    const place = join(folder, 'state');
    const itself: Record<string, unknown> = {};
    itself.self = itself;
    for (const [state, message] of [
      [{ epoch: 1, best: Number.POSITIVE_INFINITY }, /state\.best is Infinity/],
      [[0, Number.NaN], /state\[1\] is NaN/],
      [{ 'last seen': [new Date(0)] }, /state\["last seen"\]\[0\] is of type Date/],
      [{ seen: new Set([1]) }, /state\.seen is of type Set/],
      [new Map(), /state is of type Map/],
      [{ a: { moments: Float32Array.of(1) } }, /state\.a\.moments is of type Float32Array/],
      [{ n: 1n }, /state\.n is 1n/],
      [{ f: () => 0 }, /state\.f is a function/],
      // biome-ignore lint/suspicious/noSparseArray: an empty place is what is tested
      [[1, , 2], /state\[1\] is undefined/],
      [itself, /state\.self is an object that contains itself/],
    ] as const)
      await assert.rejects(saveCheckpoint(place, { network, state }), { code: 'NBS_TRAIN_STATE_NOT_JSON', message });
    const shared = { n: 1 };
    const state = { epoch: 2, best: null, last: undefined, both: [shared, shared], name: 'x', done: false };
    await saveCheckpoint(place, { network, state });
    assert.deepEqual({ last: undefined, ...(await loadCheckpoint<object>(place, { network })) }, state);
    await network.dispose();
  });

  it('that cannot be kept has a code, and the older one is still there', async () => {
    const network = networkOf(6);
    const place = join(folder, 'not-kept');
    await saveCheckpoint(place, { network, state: 1 });
    await assert.rejects(saveCheckpoint(join(place, 'model.onnx', 'inside'), { network }), {
      code: 'NBS_TRAIN_CHECKPOINT_NOT_KEPT',
      message: /inside.*nothing of it was left/,
    });
    assert.equal(await loadCheckpoint(place, { network }), 1);
    await network.dispose();
  });

  it('of a result: the newest one is that with the highest number', async () => {
    const result = join(folder, 'result');
    const given = { path: join(folder, 'model') };
    assert.equal(await latestCheckpoint(result), null);
    const ofTrees = join(result, 'checkpoint');
    await mkdir(ofTrees, { recursive: true });
    assert.equal(await latestCheckpoint(result), null);
    await writeFile(join(ofTrees, 'training.json'), '{}');
    assert.deepEqual(await latestCheckpoint(result), { path: ofTrees });
    await cp(given.path, result, { recursive: true });
    for (const number of [0, 9, 10]) await keepCheckpoint(given, result, number);
    assert.deepEqual(await latestCheckpoint(result), { path: join(result, 'checkpoint_000010') });
    await assert.rejects(keepCheckpoint({ path: join(folder, 'none') }, result, 11), { code: 'NBS_TRAIN_NO_CHECKPOINT' });
  });
});
