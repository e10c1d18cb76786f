import { type Bytes, eachField, type Part, readParts, textOfPart } from './model-parts.js';

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
/**
 * Reads the metadata of a model, from a file without its weights: it reads the names and lengths of the parts, and only the texts in full.
 * @returns metadata without any content if the bytes are not in ONNX's format, because ONNX Runtime may be able to read them all the same
 */
export function readMetadata(source: string | Uint8Array): ModelMetadata {
  return readParts(source, readModel);
}

/** Reads a `ModelProto` (onnx.proto). If a field comes twice, the last one counts, as protobuf requires. */
function readModel(bytes: Bytes): ModelMetadata {
  const found: { -readonly [K in keyof ModelMetadata]: ModelMetadata[K] } = { ...NOTHING };
  const opsets = new Map<string, number>();
  const properties = new Map<string, string>();
  const text = (part: Part): string => textOfPart(bytes, part);
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
