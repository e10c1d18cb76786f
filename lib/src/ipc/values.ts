import { Deserializer, Serializer } from 'node:v8';
import { fromWireError, isNbserveError, registeredExtensions, type ValueExtension, type WireError } from '../core/index.js';
import { CannotClone, InvalidValue } from './errors.js';
import { isSmallJson } from './json-value.js';
import { isPlain } from './plain-value.js';
import { Extended, replaceExtended } from './replace-extended.js';

/** Settings for one use of the codec. */
export interface ValueCodec {
  /** Extensions beside the registered ones. */
  readonly extensions?: readonly ValueExtension[];
  /** The beginning of each path in an error. @default 'value' */
  readonly root?: string;
}

/** The first byte tells the format: structured clone, structured clone with extended values inside, or JSON. */
const PLAIN = 0;
const EXTENDED = 1;
const JSON_TEXT = 2;

/** The number that stands for the type of a view if the view is an extended value. */
const EXTENDED_TAG = 255;

type ViewClass = new (...args: never[]) => NodeJS.ArrayBufferView;

/** Node 24 has it, and earlier versions do not. */
const { Float16Array } = globalThis as { readonly Float16Array?: ViewClass };

/** The number of a view in a message is its place here. */
const VIEWS: readonly ViewClass[] = [
  Buffer,
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
  ...(Float16Array === undefined ? [] : [Float16Array]),
];

/**
 * Encodes a value as bytes: by structured clone, with errors (and their codes) and all registered extensions in addition.
 * Instances of classes arrive as plain objects, as with structured clone.
 * @throws NBS_CANNOT_CLONE with the path of the part that cannot be sent
 */
export function encodeValue(value: unknown, codec: ValueCodec = {}): Uint8Array {
  if (isSmallJson(value)) return jsonBytes(JSON.stringify(value));
  if (isPlain(value)) {
    try {
      return serialize(value, PLAIN);
    } catch {
      // A proxy looks like a plain object here; the code below detects it and names it.
    }
  }
  const root = codec.root ?? 'value';
  const replaced = replaceExtended(value, root, codec.extensions ?? []);
  try {
    return serialize(replaced, EXTENDED);
  } catch (error) {
    throw CannotClone({ path: root, what: 'a part of it', hint: `; ${(error as Error).message}` }, error);
  }
}

/** @throws NBS_INVALID_VALUE, also if the value contains an extension that is not registered here */
export function decodeValue(bytes: Uint8Array, codec: ValueCodec = {}): unknown {
  try {
    if (bytes[0] === JSON_TEXT) return JSON.parse(asBuffer(bytes).toString(undefined, 1));
    const reader = new ValueDeserializer(bytes, codec.extensions ?? []);
    const flag = reader.readUint32();
    if (flag !== PLAIN && flag !== EXTENDED) throw InvalidValue({ reason: `unknown format ${flag}` });
    reader.readHeader();
    return reader.readValue();
  } catch (error) {
    if (isNbserveError(error)) throw error;
    throw InvalidValue({ reason: (error as Error).message }, error);
  }
}

function jsonBytes(text: string): Uint8Array {
  const bytes = Buffer.allocUnsafe(1 + text.length * 3);
  bytes[0] = JSON_TEXT;
  return bytes.subarray(0, 1 + bytes.write(text, 1));
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function serialize(value: unknown, flag: number): Uint8Array {
  const writer = new ValueSerializer();
  writer.writeUint32(flag);
  writer.writeHeader();
  writer.writeValue(value);
  return writer.releaseBuffer();
}

/** Node documents these functions, but its types lack them. */
interface HiddenApi {
  _setTreatArrayBufferViewsAsHostObjects(flag: boolean): void;
  /** Returns the offset of the bytes in the message. */
  _readRawBytes(length: number): number;
}

/** Sends only the bytes of a view, without the (often shared) buffer that it belongs to. */
class ValueSerializer extends Serializer {
  constructor() {
    super();
    (this as unknown as HiddenApi)._setTreatArrayBufferViewsAsHostObjects(true);
  }

  _writeHostObject(value: object): void {
    if (value instanceof Extended) {
      this.writeUint32(EXTENDED_TAG);
      this.writeValue(value.extension);
      this.writeValue(value.wire);
      return;
    }
    const view = value as NodeJS.ArrayBufferView;
    this.writeUint32(viewIndex(view));
    this.writeUint32(view.byteLength);
    this.writeRawBytes(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  }
}

class ValueDeserializer extends Deserializer {
  readonly #bytes: Uint8Array;
  readonly #extensions: readonly ValueExtension[];

  constructor(bytes: Uint8Array, extensions: readonly ValueExtension[]) {
    super(bytes);
    this.#bytes = bytes;
    this.#extensions = extensions;
  }

  /** Copies the bytes of the view, because the buffer of the message also contains other data. */
  _readHostObject(): unknown {
    const index = this.readUint32();
    if (index === EXTENDED_TAG) return this.#readExtended();
    const View = VIEWS[index];
    if (View === undefined) throw InvalidValue({ reason: `unknown view ${index}` });
    const length = this.readUint32();
    const at = this.#bytes.byteOffset + (this as unknown as HiddenApi)._readRawBytes(length);
    const own = this.#bytes.buffer.slice(at, at + length) as ArrayBuffer;
    if (View === Buffer) return Buffer.from(own);
    return new (View as new (buffer: ArrayBuffer) => NodeJS.ArrayBufferView)(own);
  }

  #readExtended(): unknown {
    const name = this.readValue() as string;
    const wire = this.readValue();
    if (name === 'error') return fromWireError(wire as WireError);
    const extension = this.#extensions.find((each) => each.name === name) ?? registeredExtensions().get(name);
    if (extension === undefined) throw InvalidValue({ reason: `this process does not know values of the kind '${name}'` });
    return extension.decode(wire);
  }
}

function viewIndex(view: NodeJS.ArrayBufferView): number {
  if (Buffer.isBuffer(view)) return 0;
  for (let i = 1; i < VIEWS.length; i += 1) if (view instanceof (VIEWS[i] as ViewClass)) return i;
  // A view of another realm, such as the context of a notebook.
  const name = Object.prototype.toString.call(view).slice('[object '.length, -1);
  const index = VIEWS.findIndex((each) => each.name === name);
  if (index < 0) throw new TypeError(`${name} is no known view`);
  return index;
}
