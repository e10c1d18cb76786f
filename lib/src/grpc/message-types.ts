import type { IConversionOptions, Root, Type } from 'protobufjs';
import { aboutInput } from '../core/index.js';
import { BadMessage } from './errors.js';
import { messageValue } from './message-value.js';
import { loadProtobuf, type Protobuf } from './packages.js';
import type { GrpcPlan } from './plan.js';

/** 64-bit integers are texts, because a number would lose digits. That is also their form in protobuf's own JSON. */
const FORM: IConversionOptions = { longs: String, enums: String, defaults: true, arrays: true, objects: true, oneofs: true };

/** Converts messages between bytes and objects. */
export class MessageTypes {
  readonly #plan: Pick<GrpcPlan, 'packages' | 'types' | 'ownTypes'>;
  readonly #types = new Map<string, Type>();
  #protobuf: Protobuf | null = null;
  #roots: readonly Root[] = [];

  /** The package is loaded when a message first needs it. */
  constructor(plan: Pick<GrpcPlan, 'packages' | 'types' | 'ownTypes'>) {
    this.#plan = plan;
  }

  /** @throws NBS_BAD_MESSAGE */
  decode(name: string, bytes: Uint8Array): Readonly<Record<string, unknown>> {
    const type = this.#type(name);
    try {
      return type.toObject(type.decode(bytes), FORM);
    } catch (error) {
      throw aboutInput(BadMessage({ type: name, reason: (error as Error).message }, error));
    }
  }

  /** @param value the message as an object; nothing stands for a message without fields. @throws TypeError that names the field that does not have its form */
  encode(name: string, value: unknown): Uint8Array {
    const type = this.#type(name);
    return type.encode(type.fromObject(messageValue(type, value ?? {}))).finish();
  }

  #type(name: string): Type {
    let type = this.#types.get(name);
    if (type === undefined) {
      type = this.#find(name);
      this.#types.set(name, type);
    }
    return type;
  }

  #find(name: string): Type {
    this.#protobuf ??= loadProtobuf(this.#plan.packages);
    if (this.#roots.length === 0) {
      const { Root: AnyRoot } = this.#protobuf;
      this.#roots = [this.#plan.types, this.#plan.ownTypes].map((json) => AnyRoot.fromJSON(json).resolveAll() as Root);
    }
    for (const root of this.#roots) {
      const found = root.lookup(`.${name}`);
      if (found instanceof this.#protobuf.Type) return found;
    }
    throw new Error(`no message type ${name}`);
  }
}
