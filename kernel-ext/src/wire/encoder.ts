import { randomUUID } from 'node:crypto';
import { DELIMITER } from './decoder.js';
import { PROTOCOL_VERSION } from './message.js';
import type { Signer } from './signer.js';

const EMPTY = '{}';
const DELIMITER_TEXT = DELIMITER.toString('ascii');

/**
 * A frame on its way out. Ours are strings: zeromq.js copies them, while it lends buffers over 128 bytes to its I/O
 * thread and gets them back on the JavaScript thread, which may have ended by then (heap corruption at the exit).
 */
export type Frame = Buffer | string;

/** Where a message goes and what it answers. */
export interface Envelope {
  /** Routing frames: the asker's identities, or the topic on iopub. */
  readonly identities: readonly Frame[];
  /** Header of the message that caused this one, JSON. Absent or '': none. */
  readonly parent?: string;
}

/** Makes signed frames. One per thread; its message ids never repeat. */
export class Encoder {
  /** Name of this run of the kernel in its headers. */
  readonly session: string;
  readonly #signer: Signer;
  readonly #idPrefix = randomUUID();
  #count = 0;

  constructor(signer: Signer, session: string) {
    this.#signer = signer;
    this.session = session;
  }

  encode(type: string, content: unknown, envelope: Envelope): Frame[] {
    return this.encodeJson(type, JSON.stringify(content), envelope);
  }

  /** As {@link encode}, with the content already in JSON. */
  encodeJson(type: string, content: string, envelope: Envelope): Frame[] {
    const header = {
      msg_id: `${this.#idPrefix}_${this.#count++}`,
      msg_type: type,
      session: this.session,
      username: 'kernel',
      date: new Date().toISOString(),
      version: PROTOCOL_VERSION,
    };
    const parts = [JSON.stringify(header), envelope.parent || EMPTY, EMPTY, content];
    return [...envelope.identities, DELIMITER_TEXT, this.#signer.sign(parts), ...parts];
  }
}
