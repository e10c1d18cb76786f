import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { KernelClient, type TestMessage } from './fixtures/client.js';

describe('comms and payloads', () => {
  let kernel: KernelClient;
  before(async () => {
    kernel = await KernelClient.start();
  });
  after(() => kernel.kill());

  const message = async (type: string, match: (one: TestMessage) => boolean): Promise<TestMessage> => {
    const find = (): TestMessage | undefined => kernel.iopub.find((one) => one.type === type && match(one));
    await kernel.until(() => find() !== undefined, type);
    return find() as TestMessage;
  };

  it('are opened by front ends', async () => {
    await kernel.execute(
      'comms.register("echo", (comm, data) => { comm.send({ first: data }); comm.onMessage = (one) => comm.send({ one }); comm.onClose = () => console.log("closed"); });',
    );
    const opened = kernel.send('comm_open', { comm_id: 'c1', target_name: 'echo', data: { a: 1 } });
    const first = await message('comm_msg', ({ parentId }) => parentId === opened);
    assert.deepEqual(first.content, { comm_id: 'c1', data: { first: { a: 1 } } });
    assert.deepEqual((await kernel.request('comm_info_request', {})).comms, { c1: { target_name: 'echo' } });
    assert.deepEqual((await kernel.request('comm_info_request', { target_name: 'other' })).comms, {});
    const sent = kernel.send('comm_msg', { comm_id: 'c1', data: [2] });
    assert.deepEqual((await message('comm_msg', ({ parentId }) => parentId === sent)).content.data, { one: [2] });
    kernel.send('comm_close', { comm_id: 'c1', data: {} });
    await message('stream', ({ content }) => content.text === 'closed\n');
    assert.deepEqual((await kernel.request('comm_info_request', {})).comms, {});
  });

  it('are closed if there is no target, or if it throws, which is printed', async () => {
    kernel.send('comm_open', { comm_id: 'c2', target_name: 'none', data: {} });
    await message('comm_close', ({ content }) => content.comm_id === 'c2');
    await kernel.execute('comms.register("bad", () => { throw new Error("no comm"); })');
    kernel.send('comm_open', { comm_id: 'c3', target_name: 'bad', data: {} });
    await message('comm_close', ({ content }) => content.comm_id === 'c3');
    await message('stream', ({ content }) => /comm_open: Error: no comm/.test(String(content.text)));
  });

  it('are opened by cells', async () => {
    const run = await kernel.execute(
      'const comm = comms.open("front", { n: 1 }); comm.send({ n: 2 }); comm.close(); comm.send(3); comm.isOpen',
    );
    const found = run.messages
      .filter(({ type }) => type.startsWith('comm_'))
      .map(({ type, content }) => [type, content.data, content.target_name]);
    assert.deepEqual(found, [
      ['comm_open', { n: 1 }, 'front'],
      ['comm_msg', { n: 2 }, undefined],
      ['comm_close', {}, undefined],
    ]);
  });

  it('carry metadata and bytes in both directions', async () => {
    await kernel.execute(
      `comms.register('bytes', (comm) => {
        comm.onMessage = (one, { metadata, buffers }) => {
          const floats = new Float32Array([1, 2, 3]).subarray(1);
          comm.send({ one, length: buffers.length }, { metadata: { ...metadata, back: true }, buffers: [...buffers, floats] });
          floats.fill(0);
        };
      });`,
    );
    kernel.send('comm_open', { comm_id: 'c4', target_name: 'bytes', data: {} });
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i * 7));
    const extras = { metadata: '{"a":1}', buffers: [bytes, Buffer.alloc(0)] };
    const sent = kernel.send('comm_msg', { comm_id: 'c4', data: 5 }, 'shell', extras);
    const { content, metadata, buffers } = await message('comm_msg', ({ parentId }) => parentId === sent);
    assert.deepEqual(
      [content.data, metadata],
      [
        { one: 5, length: 2 },
        { a: 1, back: true },
      ],
    );
    assert.deepEqual(buffers, [bytes, Buffer.alloc(0), Buffer.from(Float32Array.of(2, 3).buffer)]);
  });

  it('a result that is no JSON is shown as text, or refused, and the next cell runs', async () => {
    const chart = "({ $schema: 'https://vega.github.io/schema/vega-lite/v5.json', mark: 'bar', data: { values: [{ a: 1n }] } })";
    const { reply, messages } = await kernel.execute(chart);
    assert.equal(reply.status, 'ok');
    assert.match(JSON.stringify(messages), /text\/plain.*a: 1n/);
    const own = "({ [Symbol.for('Jupyter.display')]: () => ({ 'application/json': { n: 1n } }) })";
    assert.match(String((await kernel.execute(own)).reply.traceback), /NBS_NOT_JSON/);
    const { user_expressions: values } = (await kernel.execute('1', { user_expressions: { own, one: '1' } })).reply;
    assert.match(JSON.stringify(values), /"own":\{"status":"error".*NBS_NOT_JSON.*"one":\{"status":"ok"/);
    assert.match(String((await kernel.execute("comms.open('t', 1n)")).reply.traceback), /NBS_NOT_JSON/);
    assert.deepEqual((await kernel.request('comm_info_request', { target_name: 't' })).comms, {});
    assert.equal((await kernel.execute('2')).reply.status, 'ok');
  });

  it('metadata that is no JSON neither opens nor closes a comm on one side', async () => {
    const refused = "comms.open('m', {}, { metadata: { n: 1n } })";
    assert.match(String((await kernel.execute(refused)).reply.traceback), /NBS_NOT_JSON.*the metadata of a comm/);
    assert.deepEqual((await kernel.request('comm_info_request', { target_name: 'm' })).comms, {});
    await kernel.execute("const half = comms.open('m')");
    for (const call of ['send', 'close'])
      assert.match(String((await kernel.execute(`half.${call}({}, { metadata: { n: 1n } })`)).reply.traceback), /NBS_NOT_JSON/);
    assert.match(JSON.stringify((await kernel.execute('half.isOpen')).messages), /"text\/plain":"true"/);
    const closed = await kernel.execute('half.close({}, { metadata: { last: true } })');
    assert.deepEqual(closed.messages.find(({ type }) => type === 'comm_close')?.metadata, { last: true });
  });

  it('a value that never becomes JSON can be interrupted', async () => {
    const code =
      "({ [Symbol.for('Jupyter.display')]: () => ({ 'application/json': { toJSON() { console.log('in'); for (;;); } } }) })";
    const { id, done } = kernel.executing(code);
    await kernel.until(() => kernel.of(id).some(({ type }) => type === 'stream'), 'the print');
    await kernel.interrupt();
    assert.equal((await done).reply.ename, 'KeyboardInterrupt');
    assert.equal((await kernel.execute('3')).reply.status, 'ok');
  });

  it('user_expressions leave the last result as it was', async () => {
    await kernel.execute('40 + 2', { user_expressions: { length: '"x".length' } });
    const { messages } = await kernel.execute('_');
    assert.match(JSON.stringify(messages), /"text\/plain":"42"/);
  });

  it('%load gives the next cell', async () => {
    await kernel.execute('%%writefile next.ts\n1 + 1');
    const { reply } = await kernel.execute('%load next.ts');
    assert.deepEqual(reply.payload, [{ source: 'set_next_input', text: '// %load next.ts\n1 + 1\n', replace: false }]);
    assert.deepEqual((await kernel.execute('1')).reply.payload, []);
  });
});

it('a kernel that ends while bytes are on their way ends in order', async () => {
  const kernel = await KernelClient.start();
  await kernel.execute(
    'const c = comms.open("bytes"); for (let i = 0; i < 40; i++) c.send({}, { buffers: [new Uint8Array(2_000_000)] });',
  );
  await kernel.shutdown();
  assert.deepEqual(await kernel.exited, { code: 0, signal: null });
});
