import type { DataType, Tensor } from '../onnx/index.js';

/** An output that a client asks for. */
export interface WantedOutput {
  readonly name: string;
  /** Whether its data are sent as bytes after the JSON. */
  readonly isBinary: boolean;
  /** If it is above 0, the largest so many values are sent as texts `value:index`. */
  readonly classes: number;
}

/** A request to infer, whichever way it came. */
export interface InferRequest {
  readonly id: string;
  readonly feeds: Readonly<Record<string, Tensor>>;
  /** `null` means every output. */
  readonly outputs: readonly WantedOutput[] | null;
  /** Whether outputs that do not say it are sent as bytes. */
  readonly binaryByDefault: boolean;
}

/** What a model answers by handle: the version that ran, and the outputs in order. */
export interface InferAnswer {
  readonly version: string;
  /** Texts of classes by output. */
  readonly labels?: Readonly<Record<string, readonly string[]>>;
  readonly outputs: readonly {
    readonly name: string;
    readonly tensor: Tensor<DataType>;
  }[];
}
