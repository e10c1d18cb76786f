import { type Content, type Header, type Incoming, isKernelSession } from './message.js';
import { ReplayGuard } from './replay-guard.js';
import type { Signer } from './signer.js';

/** The frame between the routing frames and the signature. */
export const DELIMITER = Buffer.from('<IDS|MSG>', 'ascii');

/** Why a message was refused. It must say nothing about the message's content or signature. */
export type MessageRefusal =
  | 'no delimiter'
  | 'too few parts'
  | 'wrong signature'
  | 'sent before'
  | 'the kernel’s own'
  | 'not JSON'
  | 'no valid header';

export type Decoded =
  | { readonly ok: true; readonly message: Incoming }
  | { readonly ok: false; readonly refusal: MessageRefusal };

const refused = (refusal: MessageRefusal): Decoded => ({ ok: false, refusal });

function parseObject(bytes: Buffer): Content | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Content) : undefined;
  } catch {
    return undefined;
  }
}

function readHeader(raw: Content): Header | undefined {
  if (typeof raw.msg_type !== 'string' || typeof raw.msg_id !== 'string') return undefined;
  const text = (name: string): string => (typeof raw[name] === 'string' ? raw[name] : '');
  return {
    msg_id: raw.msg_id,
    msg_type: raw.msg_type,
    session: text('session'),
    username: text('username'),
    date: text('date'),
    version: text('version'),
    ...(text('subshell_id') !== '' && { subshell_id: text('subshell_id') }),
  };
}

/** Turns frames into messages. A message is parsed only if its signature is right. Never throws. */
export class Decoder {
  readonly #signer: Signer;
  readonly #replays: ReplayGuard;
  readonly #ofClients: boolean;

  /** @param ofClients refuse what a kernel has sent: everybody who can read iopub could send it back, with a signature that is right */
  constructor(signer: Signer, replays = new ReplayGuard(), ofClients = false) {
    this.#ofClients = ofClients;
    this.#signer = signer;
    this.#replays = replays;
  }

  decode(frames: readonly Buffer[]): Decoded {
    const at = frames.findIndex((frame) => DELIMITER.equals(frame));
    if (at < 0) return refused('no delimiter');
    const [signature, header, parent, metadata, content, ...buffers] = frames.slice(at + 1);
    if (!signature || !header || !parent || !metadata || !content) return refused('too few parts');
    if (!this.#signer.verify(signature, [header, parent, metadata, content])) return refused('wrong signature');
    if (!this.#signer.unsigned && !this.#replays.admit(signature.toString('latin1'))) return refused('sent before');
    const rawHeader = parseObject(header);
    const parsedContent = parseObject(content);
    const parsedMetadata = parseObject(metadata);
    if (!rawHeader || !parsedContent || !parsedMetadata) return refused('not JSON');
    const parsedHeader = readHeader(rawHeader);
    const answered = readHeader(parseObject(parent) ?? {});
    if (!parsedHeader) return refused('no valid header');
    if (this.#ofClients && isKernelSession(parsedHeader.session)) return refused('the kernel’s own');
    return {
      ok: true,
      message: {
        identities: frames.slice(0, at),
        header: parsedHeader,
        headerJson: header.toString('utf8'),
        ...(answered && { parent: answered }),
        content: parsedContent,
        metadata: parsedMetadata,
        buffers,
      },
    };
  }
}
