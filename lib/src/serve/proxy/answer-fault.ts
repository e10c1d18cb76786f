import { type AnswerHead, headersFault } from '../protocol/index.js';

/**
 * What is wrong with the head of an answer, or null. Node refuses invalid names and values itself. This finds what Node accepts but a client would
 * misread: an interim status as the final one, or an invalid content-length.
 */
export function answerFault(head: AnswerHead): string | null {
  if (head.kind !== 'http') return 'it is not an HTTP answer';
  const { status, headers } = head;
  if (!Number.isInteger(status) || status < 200 || status > 999) return `its status is ${String(status)}`;
  const fault = headersFault(headers);
  if (fault !== null) return fault;
  let lengths = 0;
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i]?.length !== CONTENT_LENGTH.length || headers[i]?.toLowerCase() !== CONTENT_LENGTH) continue;
    lengths += 1;
    if (lengths > 1 || !/^\d+$/.test(headers[i + 1] as string)) return 'its content-length is not one number';
  }
  return null;
}

const CONTENT_LENGTH = 'content-length';
