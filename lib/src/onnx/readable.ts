import { typeOfCode } from './element-types.js';
import { dataTypes } from './elements.js';
import { UnsupportedInput, UnsupportedType } from './errors.js';
import { describeTensors } from './feeds.js';
import { type Bytes, eachField, readParts, textOfPart } from './model-parts.js';
import type { TensorInfo } from './types.js';

const isUnsupported = ({ type }: TensorInfo): boolean => type === undefined || !dataTypes.includes(type);

/**
 * Checks that the Node binding can read each output: an output of uint4 would end the process, and with sequences and maps each run would fail.
 * @throws NBS_ONNX_UNSUPPORTED_TYPE
 */
export function readableOutputs(model: string, outputs: readonly TensorInfo[]): readonly TensorInfo[] {
  const unreadable = outputs.filter(isUnsupported);
  if (unreadable.length > 0) throw UnsupportedType({ name: model, outputs: describeTensors(unreadable) });
  return outputs;
}

/** Checks that the Node binding can make each input. @throws NBS_ONNX_UNSUPPORTED_INPUT */
export function checkInputs(model: string, inputs: readonly TensorInfo[]): void {
  const unsupported = inputs.filter(isUnsupported);
  if (unsupported.length > 0)
    throw UnsupportedInput({ name: model, inputs: describeTensors(unsupported), valid: dataTypes.join(', ') });
}

/**
 * Says which input or output has an element type for which the binding makes no session at all; its own message has only a number.
 * @throws NBS_ONNX_UNSUPPORTED_INPUT, NBS_ONNX_UNSUPPORTED_TYPE
 */
export function refuseElementTypes(model: string, source: string | Uint8Array): void {
  const infos = declaredIn(source);
  if (infos === undefined) return;
  checkInputs(model, infos.inputs);
  readableOutputs(model, infos.outputs);
}

/** What a model declares; undefined if the bytes are not in ONNX's format, because ONNX Runtime reads others too. */
function declaredIn(source: string | Uint8Array): ReturnType<typeof readInfos> | undefined {
  try {
    return readParts(source, readInfos);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The tensors that the graph of a model declares as inputs and as outputs. */
function readInfos(bytes: Bytes): { readonly inputs: readonly TensorInfo[]; readonly outputs: readonly TensorInfo[] } {
  const inputs: TensorInfo[] = [];
  const outputs: TensorInfo[] = [];
  eachField(bytes, bytes.length, ({ number, end }) => {
    if (number !== 7) return;
    eachField(bytes, end, (part) => {
      if (part.number === 11) inputs.push(readInfo(bytes, part.end));
      if (part.number === 12) outputs.push(readInfo(bytes, part.end));
    });
  });
  return { inputs, outputs };
}

/** Reads a ValueInfoProto. */
function readInfo(bytes: Bytes, end: number): TensorInfo {
  let name = '';
  let type: TensorInfo['type'];
  const shape: (number | string)[] = [];
  eachField(bytes, end, (field) => {
    if (field.number === 1) name = textOfPart(bytes, field);
    if (field.number !== 2) return;
    eachField(bytes, field.end, (kind) => {
      if (kind.number !== 1) return;
      eachField(bytes, kind.end, (part) => {
        if (part.number === 1) type = typeOfCode(Number(part.integer));
        if (part.number === 2) eachField(bytes, part.end, (dim) => shape.push(readDimension(bytes, dim.end)));
      });
    });
  });
  return { name, type, shape };
}

function readDimension(bytes: Bytes, end: number): number | string {
  let size: number | string = '';
  eachField(bytes, end, (field) => {
    size = field.number === 2 ? textOfPart(bytes, field) : Number(field.integer);
  });
  return size;
}
