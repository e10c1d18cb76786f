import { InvalidData } from '../../lib/dist/assets/errors.js';

/** A class or function that the pickle names. Nothing is imported or run. The reader decides what a call of it does. */
class PickleGlobal {
  constructor(readonly path: string) {}
}

export interface PickleHooks {
  /** Returns the value of `global(...args)`. */
  readonly call: (global: PickleGlobal, args: readonly unknown[]) => unknown;
  /** Returns the value of a persistent id, which in torch is a storage. */
  readonly persistent: (id: unknown) => unknown;
  /** Returns a new object of a class, before its state is set. Without this hook, objects are refused. */
  readonly create?: (global: PickleGlobal) => unknown;
  /** Sets the state of an object. Without this hook, the state is dropped (torch: `_metadata` of a state dict). */
  readonly build?: (object: unknown, state: unknown) => void;
}

const MARK = Symbol('mark');

/** Reads Python's pickle format as far as torch checkpoints use it (protocols 2 to 4): dicts become Maps, lists and tuples arrays. */
export function readPickle(bytes: Uint8Array, source: string, hooks: PickleHooks): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stack: unknown[] = [];
  const memo = new Map<number, unknown>();
  let at = 0;
  const endsEarly = () => InvalidData({ source, format: 'a pickle', reason: 'it ends too early' });
  /** Advances by `count` bytes. Returns the offset at which they begin. */
  const step = (count: number): number => {
    if (at + count > bytes.length) throw endsEarly();
    at += count;
    return at - count;
  };
  const take = (count: number) => {
    const from = step(count);
    return bytes.subarray(from, from + count);
  };
  const text = (count: number) => new TextDecoder().decode(take(count));
  const u8 = () => view.getUint8(step(1));
  const u16 = () => view.getUint16(step(2), true);
  const u32 = () => view.getUint32(step(4), true);
  const line = () => {
    const end = bytes.indexOf(0x0a, at);
    if (end < 0) throw endsEarly();
    return text(end - at + 1).slice(0, -1);
  };
  const unsupported = (what: string) =>
    InvalidData({ source, format: 'a pickle', reason: `${what} at byte ${at - 1} is not supported` });
  const pop = () => stack.pop();
  const sinceMark = () => {
    const items = stack.splice(stack.lastIndexOf(MARK));
    return items.slice(1);
  };
  const top = (count: number) => stack.splice(stack.length - count);
  const setItems = (pairs: readonly unknown[]) => {
    const map = stack.at(-1) as Map<unknown, unknown>;
    for (let i = 0; i < pairs.length; i += 2) map.set(pairs[i], pairs[i + 1]);
  };
  const push = (value: unknown) => void stack.push(value);

  const operations: Readonly<Record<string, () => void>> = {
    '\x80': () => void u8(),
    '\x95': () => void step(8),
    '(': () => push(MARK),
    ')': () => push([]),
    ']': () => push([]),
    '}': () => push(new Map()),
    N: () => push(null),
    '\x88': () => push(true),
    '\x89': () => push(false),
    K: () => push(u8()),
    M: () => push(u16()),
    J: () => push(u32() | 0),
    '\x8a': () => push(longInteger(take(u8()))),
    G: () => push(view.getFloat64(step(8), false)),
    X: () => push(text(u32())),
    '\x8c': () => push(text(u8())),
    t: () => push(sinceMark()),
    '\x85': () => push(top(1)),
    '\x86': () => push(top(2)),
    '\x87': () => push(top(3)),
    c: () => push(new PickleGlobal(`${line()}.${line()}`)),
    '\x93': () => push(new PickleGlobal(top(2).join('.'))),
    R: () => {
      const args = pop() as unknown[];
      push(hooks.call(pop() as PickleGlobal, args));
    },
    Q: () => push(hooks.persistent(pop())),
    q: () => void memo.set(u8(), stack.at(-1)),
    r: () => void memo.set(u32(), stack.at(-1)),
    '\x94': () => void memo.set(memo.size, stack.at(-1)),
    h: () => push(memo.get(u8())),
    j: () => push(memo.get(u32())),
    s: () => setItems(top(2)),
    u: () => setItems(sinceMark()),
    a: () => {
      const item = pop();
      (stack.at(-1) as unknown[]).push(item);
    },
    e: () => {
      const items = sinceMark();
      (stack.at(-1) as unknown[]).push(...items);
    },
    '\x81': () => {
      if (hooks.create === undefined) throw unsupported('an object');
      pop();
      push(hooks.create(pop() as PickleGlobal));
    },
    b: () => {
      const state = pop();
      hooks.build?.(stack.at(-1), state);
    },
  };
  while (at < bytes.length) {
    const code = String.fromCharCode(u8());
    if (code === '.') return pop();
    const operation = operations[code];
    if (operation === undefined) throw unsupported(`operation 0x${code.charCodeAt(0).toString(16)}`);
    operation();
  }
  throw endsEarly();
}

function longInteger(bytes: Uint8Array): number {
  let value = 0n;
  for (const [i, byte] of bytes.entries()) value |= BigInt(byte) << BigInt(8 * i);
  return Number(BigInt.asIntN(8 * bytes.length, value));
}
