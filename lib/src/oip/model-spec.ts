import { statSync } from 'node:fs';
import { type DeviceChoice, filesOfWeights, type LoadOptions } from '../onnx/index.js';

/** One version of a model. */
export interface VersionSpec {
  readonly version: string;
  readonly file: string;
  /** Changes with the file and the files of its weights, so that a model is loaded again if one has changed. */
  readonly stamp: string;
}

/** What a replica needs to know about its model. It is plain data, because it is the argument of the replica's constructor. */
export interface ModelSpec {
  readonly name: string;
  /** The versions that are served, the oldest first. Requests that name no version get the last one. */
  readonly versions: readonly VersionSpec[];
  /** Largest number of rows of joined requests; 0 means that requests are never joined. `null`: joined if the model's shapes allow it. */
  readonly maxBatchSize: number | null;
  /** How long a request waits for others, in milliseconds; 0 means until the end of the current turn of the event loop. */
  readonly batchWaitMs: number;
  readonly device: DeviceChoice;
  /** 0: one for each core that the replica has reserved. */
  readonly intraOpThreads: number;
  /** Whether each version is run once before the replica is ready. */
  readonly warmup: boolean;
  /** Texts of classes by output, for the parameter `classification`. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
  readonly numReplicas: number;
  /** GPUs that each replica reserves. `null`: as many as its device needs. */
  readonly gpus: number | null;
  /** Options of `onnx.load` that nothing but `onnx.serve` can set. */
  readonly load: Pick<LoadOptions, 'strict' | 'verify' | 'shareWeights' | 'cacheOptimized' | 'runIn'>;
}

/** Largest number of rows of joined requests if nobody says it. */
export const USUAL_BATCH = 32;

/** A version as its files are now. */
export function versionSpec(version: string, file: string): VersionSpec {
  const stamps = [file, ...filesOfWeights(file)].map((each) => {
    const { size, mtimeMs } = statSync(each);
    return `${size} ${mtimeMs}`;
  });
  return { version, file, stamp: stamps.join(', ') };
}
