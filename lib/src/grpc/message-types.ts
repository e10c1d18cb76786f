import type { Field, IConversionOptions, MapField, Root, Type } from 'protobufjs';
import { aboutInput } from '../core/index.js';
import { BadMessage } from './errors.js';
import { messageValue } from './message-value.js';
import { loadProtobuf, type Protobuf } from './packages.js';
import type { GrpcPlan } from './plan.js';

/** 64-bit integers are texts, because a number would lose digits. That is also their form in protobuf's own JSON. */
const FORM: IConversionOptions = { longs: String, enums: String, defaults: true, arrays: true, objects: true, oneofs: true };

/** What has to be put right in a message of one type after its conversion into an object. */
interface Corrections {
  /** Names of the choices that stand for one `optional` field each. */
  readonly choices: readonly string[];
  /** The fields that are messages: `null` if they are not set. */
  readonly messages: readonly Field[];
  /** The maps whose keys are integers of 64 bits, which protobufjs leaves as their 8 bytes. */
  readonly longKeys: readonly MapField[];
}

/** Converts messages between bytes and objects. */
export class MessageTypes {
  readonly #plan: Pick<GrpcPlan, 'packages' | 'types' | 'ownTypes'>;
  readonly #types = new Map<string, Type>();
  readonly #corrections = new Map<Type, Corrections>();
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
      return this.#corrected(type, type.toObject(type.decode(bytes), FORM));
    } catch (error) {
      throw aboutInput(BadMessage({ type: name, reason: (error as Error).message }, error));
    }
  }

  /** @param value the message as an object; nothing stands for a message without fields. @throws TypeError that names the field that does not have its form */
  encode(name: string, value: unknown): Uint8Array {
    const type = this.#type(name);
    return type.encode(type.fromObject(messageValue(type, value ?? {}))).finish();
  }

  #corrected(type: Type, message: Record<string, unknown>): Record<string, unknown> {
    const { choices, messages, longKeys } = this.#correctionsOf(type);
    for (const choice of choices) delete message[choice];
    for (const field of longKeys) message[field.name] = withDigits(field, message[field.name] as object);
    for (const { name, map, repeated, resolvedType } of messages) {
      const value = message[name];
      if (value === null) delete message[name];
      if (value === null || value === undefined) continue;
      const inner = map || repeated ? Object.values(value) : [value];
      for (const each of inner) this.#corrected(resolvedType as Type, each);
    }
    return message;
  }

  #correctionsOf(type: Type): Corrections {
    let corrections = this.#corrections.get(type);
    if (corrections === undefined) {
      const maps = type.fieldsArray.filter(({ map }) => map) as unknown as MapField[];
      corrections = {
        choices: type.oneofsArray.filter((oneof) => oneof.isProto3Optional).map(({ name }) => name),
        messages: type.fieldsArray.filter(({ resolvedType }) => resolvedType !== null && 'fieldsArray' in resolvedType),
        longKeys: maps.filter(({ keyType }) => keyType.endsWith('64')),
      };
      this.#corrections.set(type, corrections);
    }
    return corrections;
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

/** Writes the keys of a map as the digits that they stand for. A key that was not sent is 0 already. */
function withDigits({ keyType }: MapField, map: object): object {
  const read = keyType === 'uint64' || keyType === 'fixed64' ? 'readBigUInt64LE' : 'readBigInt64LE';
  return Object.fromEntries(
    Object.entries(map).map(([key, value]) => [key === '0' ? key : String(Buffer.from(key, 'latin1')[read]()), value]),
  );
}
