import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { Flag, FrameType } from '../../dist/ipc/frame.js';
import { type ChannelServer, helloOf, type IncomingCall, listen, type ResponseHead } from '../../dist/ipc/index.js';
import { type DeploymentRoute, REQUEST_KINDS } from '../../dist/serve/protocol/index.js';
import { DataPlane } from '../fixtures/data-plane.js';
import { errorOf, send } from '../fixtures/http-client.js';
import { RawConnection, sendRaw, statuses } from '../fixtures/raw-http.js';
import { frame, RawReplica } from '../fixtures/raw-replica.js';
import { isRunning, until } from '../fixtures/wait.js';

type Behaviour = (call: IncomingCall) => void;

suite('a replica that answers nonsense costs its own requests only', () => {
  let plane: DataPlane;
  let replica: ChannelServer;
  let raw: RawReplica;
  let behave: Behaviour = (call) => call.fail(new Error('not set'));

  before(async () => {
    plane = await DataPlane.open();
    await plane.deploy('exports.default = () => "fine";');
    const path = join(plane.dir, 'r-odd.sock');
    replica = await listen(
      { path },
      {
        token: plane.token,
        hello: helloOf('replica', 'odd'),
        kinds: REQUEST_KINDS,
        onChannel: (channel) => {
          channel.onCall = (call) => {
            call.started();
            return () => behave(call);
          };
        },
      },
    );
    const rawPath = join(plane.dir, 'r-raw.sock');
    raw = new RawReplica(rawPath, plane.token);
    for (const [name, at] of [
      ['odd', path],
      ['raw', rawPath],
    ] as const) {
      plane.deployments[`app/${name}`] = {
        ...(plane.deployments['app/Main'] as DeploymentRoute),
        name,
        replicas: [{ id: name, path: at }],
      };
      plane.routes = [{ prefix: `/${name}`, app: 'app', deployment: name }, ...plane.routes];
    }
    await plane.published();
  });
  after(async () => {
    await replica.close();
    raw.close();
    await plane?.stop();
  });

  const answers =
    (head: unknown, body = 'abc'): Behaviour =>
    (call) =>
      call.respond(head as ResponseHead, Buffer.from(body), true);
  const http = (more: object): Behaviour => answers({ kind: 'http', status: 200, headers: [], ...more });
  const stillFine = async (): Promise<void> => {
    assert.equal((await send(plane.url)).text, 'fine');
    assert.ok(isRunning(plane.proxy.pid));
  };

  test('heads that are no HTTP become 502 with a code', async () => {
    const odd: Record<string, Behaviour> = {
      'no status': http({ status: undefined }),
      'status 0': http({ status: 0 }),
      'an interim status': http({ status: 100 }),
      'an upgrade': http({ status: 101, headers: ['upgrade', 'x', 'connection', 'upgrade'] }),
      'status 1000': http({ status: 1000 }),
      'a status in words': http({ status: '200 OK\r\nset-cookie: a=1' }),
      'no headers': http({ headers: undefined }),
      'headers as an object': http({ headers: { a: 1 } }),
      'a name without its value': http({ headers: ['a'] }),
      'a line break in a value': http({ headers: ['x-a', 'b\r\nset-cookie: a=1'] }),
      'a line break in a name': http({ headers: ['x-a: b\r\nset-cookie', 'a=1'] }),
      'a character beyond HTTP': http({ headers: ['x-a', '\u0100'] }),
      'an error with a line break in a value': http({
        headers: ['x-a', 'b\r\nset-cookie: a=1'],
        error: { name: 'E', message: 'm' },
      }),
      'an error with a line break in a name': http({
        headers: ['x-a: b\r\nset-cookie', 'a=1'],
        error: { name: 'E', message: 'm' },
      }),
      'two lengths': http({ headers: ['content-length', '3', 'Content-Length', '3'] }),
      'a length in words': http({ headers: ['content-length', '3, 3'] }),
      'a value': answers({ kind: 'value' }),
      'no kind': answers({}),
      'an array': answers([]),
    };
    for (const [what, behaviour] of Object.entries(odd)) {
      behave = behaviour;
      const answer = await send(`${plane.url}/odd`);
      assert.equal(answer.status, 502, what);
      assert.equal(errorOf(answer).code, 'NBS_BAD_ANSWER', what);
      assert.equal(answer.headers['set-cookie'], undefined, what);
    }
    await stillFine();
  });

  test('an answer of another length than it said does not become part of the next one', async () => {
    behave = http({ headers: ['content-length', '9', 'transfer-encoding', 'chunked'] });
    await assert.rejects(send(`${plane.url}/odd`));
    behave = http({ headers: ['content-length', '1'] });
    await assert.rejects(send(`${plane.url}/odd`));
    await stillFine();
  });

  test('errors that are none are answered as errors', async () => {
    for (const thrown of [
      null,
      'text',
      { message: 5, name: {} },
      Object.assign(new Error('x\r\ny'), { status: '200', code: 'X' }),
    ]) {
      behave = (call) => call.fail(thrown);
      const answer = await send(`${plane.url}/odd`);
      assert.equal(answer.status, 500);
      assert.equal(errorOf(answer).code, 'NBS_INTERNAL');
    }
    await stillFine();
  });

  test('frames that break the protocol end that connection, and the proxy comes back to it', async () => {
    const forms: ((stream: number) => Buffer)[] = [
      () => frame(99, 0, 1, Buffer.alloc(4)),
      () => Buffer.alloc(12, 0xff),
      (stream) => frame(FrameType.RESPONSE, Flag.END, stream, Buffer.from('{no json')),
      (stream) => frame(FrameType.RESPONSE, Flag.END, stream, Buffer.from('null')),
      (stream) => frame(FrameType.RESPONSE, Flag.END, stream, Buffer.from('['.repeat(60_000))),
      (stream) => frame(FrameType.RESPONSE, Flag.END, stream, Buffer.from([0xff, 0xfe, 0x80])),
      (stream) => frame(FrameType.WINDOW, 0, stream, Buffer.alloc(3), 0),
      (stream) => frame(FrameType.ERROR, 0, stream, Buffer.from('{"cause":null}'), 0),
    ];
    const fine = (stream: number): Buffer =>
      frame(FrameType.RESPONSE, Flag.END, stream, Buffer.from('{"kind":"http","status":204,"headers":[]}'));
    for (const [i, form] of forms.entries()) {
      raw.answer = form;
      await send(`${plane.url}/raw`).then(
        ({ status }) => assert.ok(status >= 500, `form ${i}: ${status}`),
        () => {}, // Its answer had begun.
      );
      raw.answer = fine;
      assert.equal((await send(`${plane.url}/raw`)).status, 204, `after form ${i}`);
    }
    await stillFine();
  });

  test('what may have begun behind a frame that breaks the protocol is not run again', async () => {
    const held: number[] = [];
    raw.answer = (stream) => {
      held.push(stream);
      return Buffer.alloc(0);
    };
    const other = send(`${plane.url}/raw`);
    await until(() => held.length === 1);
    let sentAgain = 0;
    raw.answer = (stream) => {
      if (held.length === 0) sentAgain += 1;
      const begun = held.pop() ?? stream;
      return Buffer.concat([
        frame(FrameType.RESPONSE, Flag.END, stream, Buffer.from('{no json')),
        frame(FrameType.STARTED, 0, begun, Buffer.alloc(0)),
      ]);
    };
    const broken = await send(`${plane.url}/raw`);
    assert.deepEqual(
      [broken, await other].map((answer) => errorOf(answer).code),
      Array(2).fill('NBS_REPLICA_CUT_OFF'),
    );
    assert.equal(sentAgain, 0);
    await stillFine();
  });

  test('frames that cannot follow each other end their own request, and no other one of that connection', async () => {
    const head =
      (text = '{"kind":"http","status":200,"headers":[]}', flags = 0, body = '') =>
      (stream: number) =>
        frame(FrameType.RESPONSE, flags, stream, Buffer.from(text + body), text.length);
    const data =
      (body: string, flags: number = Flag.NONE) =>
      (stream: number) =>
        frame(FrameType.DATA, flags, stream, Buffer.from(body), 0);
    const started = (stream: number): Buffer => frame(FrameType.STARTED, 0, stream, Buffer.alloc(0));
    const window = (stream: number): Buffer => frame(FrameType.WINDOW, 0, stream, Buffer.from('ffffffff', 'hex'), 0);
    const error = (fields: object) => (stream: number) => frame(FrameType.ERROR, 0, stream, Buffer.from(JSON.stringify(fields)));
    const forms: Record<string, ((stream: number) => Buffer)[]> = {
      'a second answer': [head(), head()],
      'a second answer in the middle of the first': [head(), data('a'), head(undefined, Flag.END, 'b')],
      'an end without a head': [data('', Flag.END)],
      'a body without a head': [data('HTTP/1.1 200 OK\r\n\r\n'), head(undefined, Flag.END)],
      'STARTED twice': [started, started],
      'STARTED behind the answer': [head(), started],
      'an error with a status that splits the answer': [error({ code: 'NBS_X', status: '503\r\n', message: 'm', name: 'E' })],
      'an error that says nothing': [error({})],
      'an error with causes without end': [error(JSON.parse(`${'{"cause":'.repeat(500)}{}${'}'.repeat(500)}`))],
      'an error of odd fields': [
        error({ name: {}, message: 5, stack: [], code: 'NBS_REPLICA_BUSY\r\n', status: 503, details: [null], cause: 1 }),
      ],
    };
    const hold = (stream: number): Buffer => {
      held.push(stream);
      return Buffer.alloc(0);
    };
    const held: number[] = [];
    for (const [what, form] of Object.entries(forms)) {
      // Another request of the same connection is in progress meanwhile.
      raw.answer = hold;
      const other = send(`${plane.url}/raw`);
      await until(() => held.length === 1);
      raw.answer = (stream) => Buffer.concat(form.map((one) => one(stream)));
      // The next request on the client's connection is for another replica.
      const text = await sendRaw(
        plane.url,
        'GET /raw HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      );
      // An answer that had begun is broken off, and its connection ends.
      const [status = 200] = statuses(text);
      if (status === 200) assert.ok(statuses(text).length <= 1 && !text.includes('fine'), `${what}: ${text}`);
      else assert.match(text, /^HTTP\/1\.1 50[02] [\s\S]*"code":"NBS_\w+"[\s\S]*HTTP\/1\.1 200 [\s\S]*fine$/, what);
      raw.send(
        frame(FrameType.RESPONSE, Flag.END, held.pop() as number, Buffer.from('{"kind":"http","status":204,"headers":[]}')),
      );
      assert.equal((await other).status, 204, what);
    }
    raw.answer = window;
    const abandoned = new RawConnection(plane.url).write(
      'POST /raw HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n',
    );
    await abandoned.until(/HTTP\/1\.1 502 /);
    abandoned.socket.destroy();
    await stillFine();
  });

  test('names of prototypes are values like others', async () => {
    behave = answers(
      JSON.parse('{"kind":"http","status":200,"headers":["__proto__","1"],"__proto__":{"status":500},"queue":"many"}'),
    );
    const { status, rawHeaders } = await send(`${plane.url}/odd`);
    assert.equal(status, 200);
    assert.ok(rawHeaders.includes('__proto__'));
    await stillFine();
  });
});
