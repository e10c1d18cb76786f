import { randomUUID } from 'node:crypto';
import { DELIMITER } from './decoder.js';
import { PROTOCOL_VERSION } from './message.js';
import type { Signer } from './signer.js';

const EMPTY = Buffer.from('{}');

/** Where a message goes and what it answers. */
export interface Envelope {
  /** Routing frames: the asker's identities, or the topic on iopub. */
  readonly identities: readonly Buffer[];
  /** Header of the message that caused this one, JSON. Absent: none. */
  readonly parent?: Buffer | undefined;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly buffers?: readonly Buffer[];
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

  encode(type: string, content: unknown, envelope: Envelope): Buffer[] {
    return this.encodeJson(type, JSON.stringify(content), envelope);
  }

  /** As {@link encode}, with the content already in JSON. */
  encodeJson(type: string, content: string, envelope: Envelope): Buffer[] {
    const header = {
      msg_id: `${this.#idPrefix}_${this.#count++}`,
      msg_type: type,
      session: this.session,
      username: 'kernel',
      date: new Date().toISOString(),
      version: PROTOCOL_VERSION,
    };
    const parts = [
      Buffer.from(JSON.stringify(header)),
      envelope.parent ?? EMPTY,
      envelope.metadata ? Buffer.from(JSON.stringify(envelope.metadata)) : EMPTY,
      Buffer.from(content),
    ];
    return [...envelope.identities, DELIMITER, this.#signer.sign(parts), ...parts, ...(envelope.buffers ?? [])];
  }
}
