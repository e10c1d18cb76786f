import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LyingFrames } from './lying-frames.mjs';
import { readAnswers } from './read-answers.mjs';

// The log lines about each lie are not printed.
process.env.NBSERVE_LOG_LEVEL ??= 'silent';
const BUILT = new URL('../../lib/build/', import.meta.url);
const { connect: connectChannel, helloOf, listen } = await import(new URL('ipc/index.js', BUILT).href);
const { AcceptingHandshake, ConnectingHandshake } = await import(new URL('ipc/handshake.js', BUILT).href);
const { FrameParser } = await import(new URL('ipc/frame-parser.js', BUILT).href);
const { FrameType } = await import(new URL('ipc/frame.js', BUILT).href);
const { REQUEST_KINDS } = await import(new URL('serve/protocol/index.js', BUILT).href);
const { HttpProxy } = await import(new URL('serve/proxy/http-proxy.js', BUILT).href);
const { Router } = await import(new URL('serve/router/router.js', BUILT).href);

const TOKEN = 'a token of the fuzz';
/** A proxy with an honest replica and one that sends false frames, in one process. */
export class Stage {
  dir = mkdtempSync(join(tmpdir(), 'nbsf-'));
  /** @type {any} */
  honest = null;
  /** @type {any} */
  liar = null;
  /** @type {any} */
  router = null;
  /** @type {any} */
  proxy = null;
  port = 0;

  /** @param {() => number} draw */
  constructor(draw) {
    this.draw = draw;
    this.frames = new LyingFrames(draw);
  }

  static async open(draw) {
    const stage = new Stage(draw);
    stage.honest = await listen(
      { path: join(stage.dir, 'honest.sock') },
      {
        token: TOKEN,
        hello: helloOf('replica', 'honest'),
        kinds: REQUEST_KINDS,
        onChannel: (channel) => {
          channel.onCall = answerHonestly;
        },
      },
    );
    stage.liar = stage.listenAndLie(join(stage.dir, 'liar.sock'));
    stage.router = new Router({
      connect: (path) => connectChannel({ path }, { token: TOKEN, hello: helloOf('proxy', 'fuzz'), kinds: REQUEST_KINDS }),
    });
    const route = (name, requestTimeoutMs) => ({
      app: 'a',
      name,
      replicas: [{ id: name, path: join(stage.dir, `${name}.sock`) }],
      maxOngoingRequests: 1000,
      maxQueuedRequests: -1,
      requestTimeoutMs,
      idempotent: [],
      methods: [],
      http: true,
    });
    stage.router.apply({
      version: 1,
      routes: ['honest', 'liar'].map((name) => ({ prefix: `/${name}`, app: 'a', deployment: name })),
      ingresses: { a: 'honest' },
      deployments: { 'a/honest': route('honest', null), 'a/liar': route('liar', 500) },
    });
    stage.proxy = new HttpProxy({
      router: stage.router,
      token: TOKEN,
      host: '127.0.0.1',
      allowedHosts: [],
      allowedOrigins: [],
      bodyIdleMs: 30_000,
    });
    await new Promise((resolve) => stage.proxy.server.listen(0, '127.0.0.1', resolve));
    stage.port = stage.proxy.server.address().port;
    await stage.check('the beginning');
    return stage;
  }

  /** Answers each request with frames that the seed chose. */
  listenAndLie(path) {
    const sockets = new Set();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
      const handshake = new AcceptingHandshake({ token: TOKEN, hello: helloOf('replica', 'liar'), peerName: 'the proxy' });
      const parser = new FrameParser({
        onFrame: (type, _flags, stream) => {
          if (type !== FrameType.REQUEST) return;
          for (const bytes of this.frames.answerTo(stream)) socket.write(bytes);
          // A request that never ends would only wait for its deadline.
          setTimeout(() => socket.write(this.frames.end(stream)), 20);
        },
      });
      speak(socket, handshake, (bytes) => parser.feed(bytes));
    }).listen(path);
    return {
      close: () => {
        for (const socket of sockets) socket.destroy();
        server.close();
      },
    };
  }

  /** Sends two requests on one connection: one to the liar, and one to the honest replica, which must get its own answer or none. */
  async request(at) {
    const isFirst = this.draw() < 0.3;
    const paths = isFirst ? [`/honest/${at}`, `/liar/${at}`, `/honest/${at}b`] : [`/liar/${at}`, `/honest/${at}b`];
    const text = await this.send(paths);
    const answers = readAnswers(text);
    const wholes = answers.filter(({ isWhole }) => isWhole);
    if (answers.length > paths.length)
      throw new Error(`${answers.length} answers to ${paths.length} requests: ${JSON.stringify(text)}`);
    answers.forEach(({ body, isWhole, fault }, i) => {
      if (fault !== null) throw new Error(`${fault}: ${JSON.stringify(text)}`);
      const path = paths[i];
      if (path.startsWith('/honest') && isWhole && body !== `honest ${path}`)
        throw new Error(`${path} was answered ${JSON.stringify(body)}: ${JSON.stringify(text)}`);
    });
    if (isFirst && wholes[0]?.body !== `honest ${paths[0]}`)
      throw new Error(`the answer before the lie is not there: ${JSON.stringify(text)}`);
    if (text.toLowerCase().includes('\r\nx-injected:') && !answers.every(({ head }) => !/x-injected/i.test(head)))
      throw new Error(`a header was injected: ${JSON.stringify(text)}`);
    return wholes.length === paths.length;
  }

  send(paths) {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1');
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1');
      });
      socket.on('error', () => {}).on('close', () => resolve(text));
      const last = paths.length - 1;
      socket.write(
        paths
          .map((path, i) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${i === last ? 'Connection: close\r\n' : ''}\r\n`)
          .join(''),
      );
    });
  }

  /** Makes a method call through the router. Its end must be reported once, and nothing after it. */
  call(at) {
    return new Promise((resolve, reject) => {
      let hasHead = false;
      let isOver = false;
      const must = (condition, what) => {
        if (!condition) reject(new Error(`${what}, in call ${at}`));
      };
      const end = () => {
        must(!isOver, 'two ends');
        isOver = true;
        // Nothing may come after it in the next turns of the event loop.
        setTimeout(resolve, 2);
      };
      const call = this.router.dispatch({
        key: 'a/liar',
        method: 'm',
        head: { kind: 'method', method: 'm', requestId: `r${at}` },
        body: null,
        sink: {
          onHead: ({ kind }) => {
            must(!hasHead && !isOver, 'a head at the wrong time');
            must(kind === 'value' || kind === 'items', `a head of the kind ${kind}`);
            hasHead = true;
          },
          onData: (chunk) => {
            must(hasHead && !isOver, 'bytes at the wrong time');
            call.consumed(chunk.length);
          },
          onEnd: () => {
            must(hasHead, 'an end without a head');
            end();
          },
          onError: (error) => {
            must(error instanceof Error && typeof error.message === 'string', 'an error that is none');
            end();
          },
        },
      });
    });
  }

  /** A peer with the token, which sends frames to the honest replica. */
  caller() {
    return new Promise((resolve) => {
      const socket = connect(join(this.dir, 'honest.sock'));
      const handshake = new ConnectingHandshake({ token: TOKEN, hello: helloOf('driver', 'liar'), peerName: 'the replica' });
      socket.on('error', () => {}).on('close', resolve);
      socket.on('connect', () => socket.write(handshake.opening()));
      speak(
        socket,
        handshake,
        () => {},
        () => {
          for (const bytes of this.frames.asCaller()) socket.write(bytes);
          setTimeout(() => socket.destroy(), 5);
        },
      );
    });
  }

  /** A peer without the token. */
  stranger() {
    return new Promise((resolve, reject) => {
      const socket = connect(join(this.dir, 'honest.sock'));
      let said = 0;
      socket.on('data', (chunk) => {
        said += chunk.length;
        // At most a nonce and a proof, but no answer.
        if (said > 64) reject(new Error(`a stranger was told ${said} bytes`));
      });
      socket.on('error', () => {}).on('close', resolve);
      socket.on('connect', () => {
        for (const bytes of this.frames.asStranger()) socket.write(bytes);
        setTimeout(() => socket.destroy(), 5);
      });
    });
  }

  /** Checks that the honest replica answers, and that the liar's connection works again. */
  async check(when) {
    for (const path of ['/honest/x', '/honest/y']) {
      const [answer] = readAnswers(await this.send([path]));
      if (answer?.body !== `honest ${path}`) throw new Error(`at ${when} the honest replica does not answer`);
    }
  }

  async close() {
    this.router.close();
    this.liar.close();
    this.proxy.server.closeAllConnections();
    this.proxy.close();
    await this.honest.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

function answerHonestly(call) {
  if (call.head.kind !== 'http') return call.fail(new Error('only HTTP'));
  call.started();
  return () =>
    call.respond(
      { kind: 'http', status: 200, headers: ['content-type', 'text/plain'] },
      Buffer.from(`honest ${call.head.url}`),
      true,
    );
}

/** Does a handshake, then passes on the bytes that come. */
function speak(socket, handshake, onBytes, onOpen = () => {}) {
  let isOpen = false;
  socket.on('data', (chunk) => {
    try {
      if (isOpen) return onBytes(chunk);
      for (const step of handshake.feed(chunk)) {
        if (step.send !== undefined) socket.write(step.send);
        if (step.done === undefined) continue;
        isOpen = true;
        onOpen();
        if (step.done.rest.length > 0) onBytes(step.done.rest);
      }
    } catch {
      socket.destroy();
    }
  });
}
