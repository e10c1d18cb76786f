import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { duringStart, openMpThreads } from '../core/index.js';
import { NoTransformers, PipelineFailed } from './errors.js';
import { type PipelineOptions, parsePipelineOptions, type Transformers } from './options.js';

/** A pipeline of transformers.js: a function that takes what its task needs, and options of the task. */
export interface Pipeline<Output = unknown> {
  (input: unknown, options?: Readonly<Record<string, unknown>>): Promise<Output>;
  /** Frees the model's memory. */
  dispose(): Promise<void>;
}

const NAME = '@huggingface/transformers';
/** It goes on with words about downloads, of which none was tried. */
const MISSING_FILE = /^Local file missing at "(.*?)"/;

/**
 * Makes a pipeline of transformers.js with a model from a folder that is laid out as on the Hugging Face hub. It downloads nothing.
 * If a replica's constructor begins to make one, the replica is ready when the model is loaded. Its runs block the event loop of their process.
 * It needs the package `@huggingface/transformers`, which is looked for from the working folder, and then beside nbserve.
 * @param task such as `sentiment-analysis` or `image-classification`
 * @throws NBS_NO_TRANSFORMERS, NBS_PIPELINE_FAILED, NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION
 */
export function loadPipeline<Output = unknown>(
  task: string,
  folder: string | URL,
  options: PipelineOptions = {},
): Promise<Pipeline<Output>> {
  return duringStart(`loadPipeline of ${String(folder)}`, async () => {
    const { dtype, device, intraOpThreads, module } = parsePipelineOptions(options);
    // With an absolute path, transformers.js looks nowhere else.
    const path = folder instanceof URL ? fileURLToPath(folder) : resolve(folder);
    const fail = (reason: string, cause?: unknown) => PipelineFailed({ task, folder: path, reason }, cause);
    if (!existsSync(path)) throw fail('there is no such folder');
    const { pipeline } = module ?? (await loadTransformers());
    const threads = intraOpThreads === -1 ? (openMpThreads() ?? 0) : intraOpThreads;
    try {
      return (await pipeline(task, path, {
        dtype,
        device,
        local_files_only: true,
        session_options: { intraOpNumThreads: threads },
      })) as Pipeline<Output>;
    } catch (error) {
      const { message } = error as Error;
      const missing = MISSING_FILE.exec(message)?.[1];
      throw fail(missing === undefined ? message : `there is no ${missing}`, error);
    }
  });
}

/** @throws NBS_NO_TRANSFORMERS */
async function loadTransformers(): Promise<Transformers> {
  for (const from of [join(process.cwd(), 'index.js'), import.meta.url]) {
    let path: string;
    try {
      path = createRequire(from).resolve(NAME);
    } catch {
      // The next place may have it.
      continue;
    }
    try {
      return (await import(pathToFileURL(path).href)) as Transformers;
    } catch (error) {
      throw NoTransformers({ folder: process.cwd(), reason: `${path} cannot be loaded: ${(error as Error).message}` }, error);
    }
  }
  throw NoTransformers({ folder: process.cwd(), reason: 'it was not found from there' });
}
