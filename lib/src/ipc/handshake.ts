import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createRequire } from 'node:module';
import { AuthFailed, ProtocolViolation, VersionSkew } from './errors.js';
import { type Hello, showPeer } from './messages.js';

/**
 * The handshake of a connection. Both sides prove that they know the cluster token before either reads anything of variable length:
 *   connecting → accepting   magic (8), nonce C (32)
 *   accepting → connecting   nonce S (32), HMAC-SHA256(token, "accepting" C S)
 *   connecting → accepting   HMAC-SHA256(token, "connecting" C S)
 * Then each side sends its Hello: u16 length, JSON. Because of the labels, a proof cannot be sent back to the side that made it.
 */
const MAGIC = Buffer.from('nbserve\x01', 'latin1');
const NONCE_BYTES = 32;
const PROOF_BYTES = 32;
const MAX_HELLO_BYTES = 4096;
/** Increase this by one when frames or messages change in a way that an older peer would misread. */
const PROTOCOL_VERSION = 5;

let version: string | undefined;

/** The Hello of this process. */
export function helloOf(role: string, id: string): Hello {
  version ??= (createRequire(import.meta.url)('../../package.json') as { version: string }).version;
  return { role, id, protocol: PROTOCOL_VERSION, version };
}

/** What the connection must do after some bytes were fed. */
export interface HandshakeStep {
  readonly send?: Buffer;
  readonly done?: HandshakeResult;
}

/** A handshake that succeeded. */
export interface HandshakeResult {
  readonly peer: Hello;
  /** Bytes that came after the handshake. */
  readonly rest: Buffer;
}

interface HandshakeOptions {
  readonly token: string;
  readonly hello: Hello;
  /** Name of the other side in errors. */
  readonly peerName: string;
}

/** The part that both sides share. It keeps no more bytes than the current step can need. */
abstract class Handshake {
  protected readonly options: HandshakeOptions;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(options: HandshakeOptions) {
    this.options = options;
  }

  /** @throws NBS_AUTH_FAILED, NBS_VERSION_SKEW, NBS_PROTOCOL */
  feed(chunk: Buffer): HandshakeStep[] {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const steps: HandshakeStep[] = [];
    for (let step = this.next(); step !== null; step = this.next()) {
      steps.push(step);
      if (step.done !== undefined) break;
    }
    return steps;
  }

  protected abstract next(): HandshakeStep | null;

  protected take(length: number): Buffer | null {
    if (this.#bytes.length < length) return null;
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return taken;
  }

  /** Refuses bytes that the other side cannot have sent yet. */
  protected expectNoMore(): void {
    if (this.#bytes.length > 0)
      throw ProtocolViolation({ peer: this.options.peerName, reason: 'bytes before the handshake asked for them' });
  }

  protected proof(label: 'accepting' | 'connecting', connectingNonce: Buffer, acceptingNonce: Buffer): Buffer {
    return createHmac('sha256', this.options.token).update(label).update(connectingNonce).update(acceptingNonce).digest();
  }

  protected verify(given: Buffer, expected: Buffer): void {
    if (!timingSafeEqual(given, expected)) throw AuthFailed({ address: this.options.peerName });
  }

  protected takeHello(): HandshakeStep['done'] | null {
    if (this.#bytes.length < 2) return null;
    const length = this.#bytes.readUInt16LE(0);
    if (length > MAX_HELLO_BYTES) throw ProtocolViolation({ peer: this.options.peerName, reason: 'a Hello over its limit' });
    if (this.#bytes.length < 2 + length) return null;
    this.take(2);
    const peer = parseHello((this.take(length) as Buffer).toString(), this.options.peerName);
    return { peer, rest: this.#bytes };
  }

  protected helloFrame(): Buffer {
    const json = Buffer.from(JSON.stringify(this.options.hello));
    const frame = Buffer.alloc(2 + json.length);
    frame.writeUInt16LE(json.length, 0);
    frame.set(json, 2);
    return frame;
  }

  protected skewOf(peer: Hello): Error | null {
    const ours = this.options.hello;
    if (peer.protocol === ours.protocol && minorOf(peer.version) === minorOf(ours.version)) return null;
    return VersionSkew({
      peer: showPeer(peer),
      theirs: peer.version,
      theirProtocol: peer.protocol,
      ours: ours.version,
      ourProtocol: ours.protocol,
    });
  }
}

export class ConnectingHandshake extends Handshake {
  readonly #nonce = randomBytes(NONCE_BYTES);
  #proven = false;

  opening(): Buffer {
    return Buffer.concat([MAGIC, this.#nonce]);
  }

  protected next(): HandshakeStep | null {
    if (this.#proven) {
      const done = this.takeHello();
      if (done === null || done === undefined) return null;
      const skew = this.skewOf(done.peer);
      if (skew !== null) throw skew;
      return { done };
    }
    const answer = this.take(NONCE_BYTES + PROOF_BYTES);
    if (answer === null) return null;
    const nonce = answer.subarray(0, NONCE_BYTES);
    this.verify(answer.subarray(NONCE_BYTES), this.proof('accepting', this.#nonce, nonce));
    this.expectNoMore();
    this.#proven = true;
    return { send: Buffer.concat([this.proof('connecting', this.#nonce, nonce), this.helloFrame()]) };
  }
}

export class AcceptingHandshake extends Handshake {
  readonly #nonce = randomBytes(NONCE_BYTES);
  #peerNonce: Buffer | null = null;
  #proven = false;
  #peer: HandshakeStep['done'] | null = null;

  protected next(): HandshakeStep | null {
    if (this.#peer) return { done: this.#peer };
    if (this.#peerNonce === null) return this.#challenge();
    if (!this.#proven) {
      const proof = this.take(PROOF_BYTES);
      if (proof === null) return null;
      this.verify(proof, this.proof('connecting', this.#peerNonce, this.#nonce));
      this.#proven = true;
    }
    this.#peer = this.takeHello() ?? null;
    // We send our Hello even if the versions differ: the other side needs it for its error message.
    return this.#peer === null ? null : { send: this.helloFrame() };
  }

  #challenge(): HandshakeStep | null {
    const opening = this.take(MAGIC.length + NONCE_BYTES);
    if (opening === null) return null;
    if (!opening.subarray(0, MAGIC.length).equals(MAGIC))
      throw ProtocolViolation({ peer: this.options.peerName, reason: 'it does not speak this protocol' });
    this.expectNoMore();
    const nonce = Buffer.from(opening.subarray(MAGIC.length));
    this.#peerNonce = nonce;
    return { send: Buffer.concat([this.#nonce, this.proof('accepting', nonce, this.#nonce)]) };
  }

  /** False if the versions are not compatible. */
  accepts(peer: Hello): boolean {
    return this.skewOf(peer) === null;
  }
}

function minorOf(version: string): string {
  return version.split('.', 2).join('.');
}

function parseHello(json: string, peerName: string): Hello {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    value = null;
  }
  const { role, id, protocol, version } = (value ?? {}) as Record<string, unknown>;
  if (typeof role !== 'string' || typeof id !== 'string' || typeof protocol !== 'number' || typeof version !== 'string') {
    throw ProtocolViolation({ peer: peerName, reason: 'a Hello without role, id, protocol and version' });
  }
  return { role, id, protocol, version };
}
