/** Calls of one connection arrive one after the other, mostly. */
const MAX_SPARE = 2;

/** The smallest comes first. */
const spare: Buffer[] = [];

/**
 * Memory for a body that is joined from pieces. Its content is undefined, and it may be larger than asked. Memory is used again, because the garbage
 * collector counts it: new memory for each body would make it run often.
 */
export function takeBodyMemory(bytes: number): Buffer {
  const at = spare.findIndex((each) => each.length >= bytes);
  return at < 0 ? Buffer.allocUnsafeSlow(bytes) : (spare.splice(at, 1)[0] as Buffer);
}

/** Gives back memory to which nothing refers any more. The largest pieces are kept. */
export function giveBodyMemory(memory: Buffer): void {
  spare.push(memory);
  spare.sort((a, b) => a.length - b.length);
  if (spare.length > MAX_SPARE) spare.shift();
}
