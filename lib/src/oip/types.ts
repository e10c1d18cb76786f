/** Types of `onnx.serve`. They use no third-party types, because notebook cells see them. */
import type { Duration } from '../core/duration.js';
import type { DeviceChoice, Feeds, Results, RunIn, Tensor } from '../onnx/index.js';
import type { DeploymentOptions } from '../serve/index.js';

/** Options of `onnx.serve`. Those of a model's own configuration (`config.pbtxt`) are used if an option is left out. */
export interface ServeModelOptions {
  /** Name of the model in the protocol, and of the application. @default the file's name without `.onnx` */
  readonly name?: string;
  /** Version of the model, a number. Of a model in a folder, only this version is served. @default the number of its folder, else 1 */
  readonly version?: number;
  /** Name of the application. Set it to run several versions for `serve.traffic`. @default the model's name */
  readonly application?: string;
  /** Whether requests below `/v2/models/{name}` reach this application. Set it to false for a version that gets requests by `serve.traffic` only. @default true */
  readonly route?: boolean;
  /** Number of processes that have the model. @default 1 */
  readonly replicas?: number;
  /** Largest number of rows of joined requests; 0 means that requests are not joined. A single request with more rows is one run. @default 32, if the first dimensions have the name of a batch */
  readonly maxBatchSize?: number;
  /** How long a request waits for others to join. 0 means until the end of the current turn of the event loop. @default 0 */
  readonly batchWaitTimeout?: Duration;
  /** The device to run on. @default 'auto' */
  readonly device?: DeviceChoice;
  /**
   * GPUs that each replica reserves: a whole number, or a part of one GPU that replicas share. A replica sees no other GPUs.
   * @default 1 if `device` is `cuda` or `webgpu` and the cluster has GPUs, else 0
   */
  readonly gpus?: number;
  /** As for `onnx.load`: fails instead of falling back to the CPU. @default false */
  readonly strict?: boolean;
  /** As for `onnx.load`: inputs with which another device than the CPU is tried, and refused if its answers are wrong. */
  readonly verify?: Feeds | Tensor;
  /** As for `onnx.load`: lets the replicas of a machine share the memory of the weights. @default false */
  readonly shareWeights?: boolean;
  /** As for `onnx.load`: keeps the optimized model in nbserve's cache. @default false */
  readonly cacheOptimized?: boolean;
  /** As for `onnx.load`: the place of runs. @default 'auto' */
  readonly runIn?: RunIn;
  /** Number of threads for one operator; 0 means one for each core. @default 0 */
  readonly intraOpThreads?: number;
  /** Whether the model is run once before a replica is ready. @default true */
  readonly warmup?: boolean;
  /**
   * What clients may do with the models: `explicit` lets each of them unload and load them again, `none` refuses both, as Triton's option of this name does.
   * Set it to `none` if clients that you do not trust can reach the cluster. @default 'explicit'
   */
  readonly modelControlMode?: 'explicit' | 'none';
  /**
   * Options of the deployment, such as `autoscaling`, `resources` and `requestTimeout`. `name` is refused, because models are found by the name of their
   * deployment, and so is what `replicas` or `gpus` says too. A client that loads the model again gets them too, except `autoscaling.policy`, which is code.
   * @default {}
   */
  readonly deployment?: Omit<DeploymentOptions, 'name'>;
}

/** A model that is served. */
export interface ServedModel {
  readonly name: string;
  readonly versions: readonly string[];
  /** The address below which the model answers, such as `http://127.0.0.1:8000/v2/models/mnist`; `''` if the cluster answers no HTTP. */
  readonly url: string;
  /**
   * Runs the newest version, or the one that is given, in a replica.
   * @throws NBS_OIP_NO_VERSION, NBS_OIP_CANNOT_COMPUTE, and what `Model.run` throws about inputs
   */
  run(feeds: Feeds, version?: string): Promise<Results>;
}
