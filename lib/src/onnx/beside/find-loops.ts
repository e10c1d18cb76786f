import { createReadStream } from 'node:fs';

/** `Loop` and `Scan` as the operator of a node (field 4 of NodeProto): the tag of the field, the length of the text, the text. */
const MARKS = ['Loop', 'Scan'].map((operator) => Buffer.concat([Buffer.from([0x22, operator.length]), Buffer.from(operator)]));

/**
 * Tells whether a model may have operators that repeat others as often as a value says, so that its inputs' sizes do not tell how long a run takes. It looks
 * for bytes, so it can take a weight for such an operator, which only keeps the runs beside the loop. A file that cannot be read counts as one that has them.
 */
export async function findLoops(source: string | Uint8Array): Promise<boolean> {
  if (typeof source !== 'string') return hasMark(Buffer.from(source.buffer, source.byteOffset, source.byteLength));
  let tail: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of createReadStream(source, { highWaterMark: 1024 * 1024 })) {
      if (hasMark(Buffer.concat([tail, chunk as Buffer]))) return true;
      tail = (chunk as Buffer).subarray(-8);
    }
  } catch {
    return true;
  }
  return false;
}

const hasMark = (bytes: Buffer): boolean => MARKS.some((mark) => bytes.includes(mark));
