import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** What an ONNX file says about itself. A text that the file does not have is empty, and a number is 0, as in ONNX Runtime's own metadata. */
export interface ModelMetadata {
  /** The program that wrote the file, such as `pytorch`. */
  readonly producer: string;
  readonly producerVersion: string;
  /** The name of the graph, such as `main_graph`. */
  readonly graphName: string;
  /** The namespace of the model, such as `com.example.vision`. */
  readonly domain: string;
  /** The version that its author gave the model. Beyond 2^53 it is rounded. */
  readonly version: number;
  readonly description: string;
  readonly graphDescription: string;
  /** Version of the file format (`ir_version`). */
  readonly irVersion: number;
  /** Version of ONNX's own operator set. */
  readonly opset: number;
  /** Versions of all operator sets by their domain. ONNX's own is `ai.onnx`. */
  readonly opsets: Readonly<Record<string, number>>;
  /** The texts that the author or the exporter stored in the file (`metadata_props`), such as labels and licence. */
  readonly properties: Readonly<Record<string, string>>;
}

/** Tells nothing, for a file in ONNX Runtime's own format (`.ort`). */
const NOTHING: ModelMetadata = {
  producer: '',
  producerVersion: '',
  graphName: '',
  domain: '',
  version: 0,
  description: '',
  graphDescription: '',
  irVersion: 0,
  opset: 0,
  opsets: {},
  properties: {},
};

/** ONNX's own domain has two names. */
const OWN_DOMAIN = 'ai.onnx';
/** Bytes of a file that are read at a time. Weights are larger, and are skipped without being read. */
const WINDOW_BYTES = 64 * 1024;

/**
 * Reads the metadata of a model, from a file without its weights: it reads the names and lengths of the parts, and only the texts in full.
 * @returns metadata without any content if the bytes are not in ONNX's format, because ONNX Runtime may be able to read them all the same
 */
export function readMetadata(source: string | Uint8Array): ModelMetadata {
  if (typeof source !== 'string') return readModel(new Bytes(source.length, (at) => source.subarray(at)));
  const file = openSync(source, 'r');
  try {
    const { size } = fstatSync(file);
    return readModel(
      new Bytes(size, (at, least) => {
        const window = Buffer.allocUnsafe(Math.max(least, WINDOW_BYTES));
        return window.subarray(0, readSync(file, window, 0, window.length, at));
      }),
    );
  } finally {
    closeSync(file);
  }
}

/** The bytes of a model, of which only a window is in memory. */
class Bytes {
  #window: Uint8Array = new Uint8Array();
  #start = 0;
  at = 0;

  /** @param read the bytes from a place on, at least so many unless the source ends */
  constructor(
    readonly length: number,
    private readonly read: (at: number, least: number) => Uint8Array,
  ) {}

  byte(): number {
    return this.take(1)[0] as number;
  }

  take(count: number): Uint8Array {
    if (!(this.at + count <= this.length)) throw new RangeError('it ends too early');
    if (this.at < this.#start || this.at + count > this.#start + this.#window.length) {
      this.#window = this.read(this.at, count);
      this.#start = this.at;
      if (this.#window.length < count) throw new RangeError('it ends too early');
    }
    const from = this.at - this.#start;
    this.at += count;
    return this.#window.subarray(from, from + count);
  }
}

/** One field. A value of a given length is not read yet: it is from `start` to `end`. */
interface Part {
  readonly number: number;
  readonly integer: bigint;
  readonly start: number;
  readonly end: number;
}

/** Calls `visit` with each field between two places. Those that it does not read are skipped. */
function eachField(bytes: Bytes, end: number, visit: (part: Part) => void): void {
  while (bytes.at < end) {
    const tag = Number(varint(bytes));
    const [number, wireType] = [Math.floor(tag / 8), tag % 8];
    const integer = wireType === 0 ? varint(bytes) : 0n;
    const length = wireType === 1 ? 8 : wireType === 5 ? 4 : wireType === 2 ? Number(varint(bytes)) : 0;
    const start = bytes.at;
    if (number === 0 || ![0, 1, 2, 5].includes(wireType) || start + length > end) throw new RangeError('it is no message');
    visit({ number, integer, start, end: start + length });
    bytes.at = start + length;
  }
}

function varint(bytes: Bytes): bigint {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = bytes.byte();
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  throw new RangeError('a number is too long');
}

/** Reads a `ModelProto` (onnx.proto). If a field comes twice, the last one counts, as protobuf requires. */
function readModel(bytes: Bytes): ModelMetadata {
  const found: { -readonly [K in keyof ModelMetadata]: ModelMetadata[K] } = { ...NOTHING };
  const opsets = new Map<string, number>();
  const properties = new Map<string, string>();
  const text = ({ start, end }: Part): string => {
    bytes.at = start;
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.take(end - start));
  };
  const entry = ({ end }: Part): { key: string; value: string; integer: bigint } => {
    const pair = { key: '', value: '', integer: 0n };
    eachField(bytes, end, (field) => {
      if (field.number === 1) pair.key = text(field);
      else if (field.number === 2 && field.end > field.start) pair.value = text(field);
      else if (field.number === 2) pair.integer = field.integer;
    });
    return pair;
  };
  try {
    eachField(bytes, bytes.length, (field) => {
      const { number, integer } = field;
      if (number === 1) found.irVersion = integerOf(integer);
      else if (number === 2) found.producer = text(field);
      else if (number === 3) found.producerVersion = text(field);
      else if (number === 4) found.domain = text(field);
      else if (number === 5) found.version = integerOf(integer);
      else if (number === 6) found.description = text(field);
      else if (number === 8) {
        const { key, integer: version } = entry(field);
        opsets.set(key === '' ? OWN_DOMAIN : key, integerOf(version));
      } else if (number === 14) {
        const { key, value } = entry(field);
        properties.set(key, value);
      } else if (number === 7) {
        eachField(bytes, field.end, (part) => {
          if (part.number === 2) found.graphName = text(part);
          else if (part.number === 10) found.graphDescription = text(part);
        });
      }
    });
  } catch (error) {
    if (error instanceof RangeError) return NOTHING;
    throw error;
  }
  return {
    ...found,
    opset: opsets.get(OWN_DOMAIN) ?? 0,
    opsets: Object.fromEntries(opsets),
    properties: Object.fromEntries(properties),
  };
}

/** An int64, whose negative numbers are two's complement. */
const integerOf = (value: bigint): number => Number(BigInt.asIntN(64, value));

/** The metadata in a few words: what wrote the model, and its graph and operator sets. `''` if the file does not say any of that. */
export function describeMetadata({ producer, producerVersion, graphName, version, opsets }: ModelMetadata): string {
  const sets = Object.entries(opsets).map(([domain, number]) =>
    domain === OWN_DOMAIN ? `opset ${number}` : `${domain} ${number}`,
  );
  return [
    ...(producer === '' ? [] : [`written by ${producer}${producerVersion === '' ? '' : ` ${producerVersion}`}`]),
    ...(graphName === '' ? [] : [`graph ${graphName}`]),
    ...(version === 0 ? [] : [`version ${version}`]),
    ...sets,
  ].join(', ');
}
