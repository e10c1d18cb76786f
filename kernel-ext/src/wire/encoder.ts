import { randomUUID } from 'node:crypto';
import { wellFormedJson } from 'nbserve/basics';
import { DELIMITER } from './decoder.js';
import { PROTOCOL_VERSION } from './message.js';
import type { Signer } from './signer.js';

const EMPTY = '{}';
const DELIMITER_TEXT = DELIMITER.toString('ascii');

/**
 * A frame that is sent. The kernel's frames but for the buffers of comms are strings, because zeromq.js copies them. It does not copy buffers over 128 bytes: its I/O thread uses them
 * and returns them on the JavaScript thread, which may have ended by then (heap corruption at the exit). So a kernel that ends while a long buffer of a comm is
 * still on its way to a client that reads slowly may crash instead of ending in order; zeromq.js does not tell when it no longer needs a buffer.
 */
export type Frame = Buffer | string;

/** The receivers of a message, and the message that it answers. */
export interface Envelope {
  /** Routing frames: the identities of the client that gets the answer, or the topic on iopub. */
  readonly identities: readonly Frame[];
  /** Header of the message that caused this one, as JSON. Absent or '' if there is none. */
  readonly parent?: string;
  /** JSON. Absent or '' if there is none. */
  readonly metadata?: string;
  /** Bytes that follow the content. The signature does not contain them. */
  readonly buffers?: readonly Uint8Array[];
  /** Id of the message. @default a new one */
  readonly id?: string;
}

/** Makes signed frames. There is one encoder per thread. Its message ids are unique. */
export class Encoder {
  /** The session id in the kernel's headers. Each run of the kernel has its own. */
  readonly session: string;
  readonly #signer: Signer;
  readonly #idPrefix = randomUUID();
  #count = 0;

  constructor(signer: Signer, session: string) {
    this.#signer = signer;
    this.session = session;
  }

  /** An id for a message. */
  newId(): string {
    return `${this.#idPrefix}_${this.#count++}`;
  }

  encode(type: string, content: unknown, envelope: Envelope): Frame[] {
    return this.encodeJson(type, JSON.stringify(content), envelope);
  }

  /** Like {@link encode}, with content that is already JSON, from `JSON.stringify`. */
  encodeJson(type: string, content: string, envelope: Envelope): Frame[] {
    const { identities, parent, metadata, buffers = [], id = this.newId() } = envelope;
    const header = {
      msg_id: id,
      msg_type: type,
      session: this.session,
      username: 'kernel',
      date: new Date().toISOString(),
      version: PROTOCOL_VERSION,
    };
    // The parent header comes from the client, which must find in it what it has sent.
    const parts = [JSON.stringify(header), parent || EMPTY, wellFormedJson(metadata || EMPTY), wellFormedJson(content)];
    const bytes = buffers.map((buffer) => Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength));
    return [...identities, DELIMITER_TEXT, this.#signer.sign(parts), ...parts, ...bytes];
  }
}
