/** A tensor is plain data that structured clone can copy, so it can be an argument or a result of a handle call. */

/** Element types, by ONNX Runtime's names, and the array that holds each. `float16` is stored as its 16 bits. */
export interface DataOf {
  readonly float32: Float32Array;
  readonly float64: Float64Array;
  readonly float16: Uint16Array;
  readonly int8: Int8Array;
  readonly uint8: Uint8Array;
  readonly int16: Int16Array;
  readonly uint16: Uint16Array;
  readonly int32: Int32Array;
  readonly uint32: Uint32Array;
  readonly int64: BigInt64Array;
  readonly uint64: BigUint64Array;
  readonly bool: Uint8Array;
  readonly string: readonly string[];
}

export type DataType = keyof DataOf;

/** Row-major values with their dimensions. `data.length` is the product of `dims`; a scalar has no dims. */
export interface Tensor<T extends DataType = DataType> {
  readonly type: T;
  readonly dims: readonly number[];
  readonly data: DataOf[T];
}

/** Nested arrays of rows, such as `JSON.parse` returns. */
export type Nested<T> = readonly (T | Nested<T>)[];

/** One input or output of a model. A symbolic dimension (any size) is its name, e.g. `['batch_size', 1, 28, 28]`. */
export interface TensorInfo {
  readonly name: string;
  /** `undefined` if the model declares something that is not a tensor (a sequence, a map). */
  readonly type?: DataType | undefined;
  readonly shape: readonly (number | string)[];
}

/** The inputs of a run, by name. */
export type Feeds = Readonly<Record<string, Tensor>>;

/** Outputs by name, each with the type that was declared for it. */
export type Results<O extends OutputTypes = OutputTypes> = { readonly [K in keyof O]: Tensor<O[K]> };
export type OutputTypes = Readonly<Record<string, DataType>>;

/** The devices on which a model can run. */
export type Device = 'cpu' | 'cuda' | 'webgpu';

/** The place of a run: in the event loop, which is blocked meanwhile, or beside it, on another thread. */
export type RunPlace = 'loop' | 'beside';

/** What can end a run. It is watched while the run waits, and while it runs. */
export interface RunStop {
  /** From now on `onStop` is called with the reason when the run has to end; at once if it has to end already. */
  begin(onStop: (reason: unknown) => void): void;
  /** From now on nothing is called. */
  end(): void;
  /** Throws the reason if the run has to end. */
  throwIfStopped(): void;
}

/** A session of ONNX Runtime, however it is reached. */
export interface ModelSession {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Runs the model. @param outputs the names of the outputs to compute; a caller gives the same array in each run, if it can */
  run(feeds: Feeds, outputs: readonly string[], stop: RunStop | null): Promise<Readonly<Record<string, Tensor>>>;
  /** The place of the next run, if its inputs are not larger than those before. */
  readonly place: RunPlace;
  release(): Promise<void>;
}
