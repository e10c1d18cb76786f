import type { CallHandler, CallOptions, Channel, IncomingCall } from './channel.js';
import { NoHandler, UnknownOp } from './errors.js';
import { isControl } from './head-faults.js';
import { readBody } from './read-body.js';
import { decodeValue } from './values.js';

/** A map of operations, e.g. `interface AgentOps { start: { args: ProcessSpec; result: void } }`. */
export type OpsShape<O> = { readonly [K in keyof O]: { readonly args: unknown; readonly result: unknown } };

export type OpCaller<O extends OpsShape<O>> = <K extends keyof O & string>(
  op: K,
  args: O[K]['args'],
  options?: CallOptions,
) => Promise<O[K]['result']>;

/** Each handler gets the decoded arguments and the call (for `onCancel`). */
export type OpHandlers<O extends OpsShape<O>> = {
  readonly [K in keyof O]: (args: O[K]['args'], call: IncomingCall) => O[K]['result'] | Promise<O[K]['result']>;
};

/** Calls one operation of a peer. Errors as in `Channel.call`. */
export function callOp<O extends OpsShape<O>, K extends keyof O & string>(
  channel: Channel,
  op: K,
  args: O[K]['args'],
  options?: CallOptions,
): Promise<O[K]['result']> {
  return channel.call({ kind: 'control', op }, args, options);
}

/** `callOp` for one channel: `const call = opCaller<AgentOps>(channel); await call('start', spec)`. */
export function opCaller<O extends OpsShape<O>>(channel: Channel): OpCaller<O> {
  return (op, args, options) => callOp<O, typeof op>(channel, op, args, options);
}

/**
 * Makes an `onCall` that answers control calls with a table of handlers. If a handler throws, the error goes to the caller.
 * @param fallback takes the calls of other kinds; without it they fail with NBS_NO_HANDLER
 */
export function handleOps<O extends OpsShape<O>>(handlers: OpHandlers<O>, fallback?: CallHandler): CallHandler {
  const table = handlers as Readonly<Record<string, (args: unknown, call: IncomingCall) => unknown>>;
  return (call) => {
    const { head } = call;
    if (!isControl(head)) {
      if (fallback !== undefined) return fallback(call);
      return call.fail(NoHandler({ peer: 'this process', kind: head.kind }));
    }
    const { op } = head;
    const handler = Object.hasOwn(table, op) ? table[op] : undefined;
    if (handler === undefined) return call.fail(UnknownOp({ op, valid: Object.keys(table).join(', ') }));
    return () => void answer(call, handler);
  };
}

async function answer(call: IncomingCall, handler: (args: unknown, call: IncomingCall) => unknown): Promise<void> {
  try {
    const body = await readBody(call);
    call.reply(await handler(body.length === 0 ? undefined : decodeValue(body), call));
  } catch (error) {
    call.fail(error);
  }
}
