import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, isLeft, markIn, markProcess, markText, privateFolder, withLock } from '../core/index.js';
import { keysOf } from './model-key.js';

/** What an optimized model depends on, besides the model. */
export interface OptimizedFor {
  readonly level: 'basic' | 'extended' | 'all' | 'disabled';
  readonly dimensions?: Readonly<Record<string, number>> | undefined;
  readonly entries: Readonly<Record<string, string>>;
}

const MODEL = 'model.onnx';
const WEIGHTS = 'weights.bin';
/** Smaller weights stay in the file of the model. */
const LEAST_BYTES = '1024';
/** What the process does that makes a copy. The runtime's message is all that it writes. */
const SCRIPT = `const ort = require(process.argv[1]); ort.env.logLevel = 'fatal';
ort.InferenceSession.create(process.argv[2], JSON.parse(process.argv[3])).catch((error) => { process.stderr.write(error.message); process.exitCode = 1; });`;

/**
 * The file of an optimized copy of a model, whose weights are in a file of their own. It is made when it is first needed, and kept in nbserve's cache: a
 * model is then optimized once for each version of ONNX Runtime, not at each load, and the system can give the same memory to all processes that read the
 * weights.
 */
export async function optimizedFile(source: string | Uint8Array, what: OptimizedFor): Promise<string> {
  const home = privateFolder(cacheFolder('optimized'));
  const { model, version } = keysOf(source, what);
  const folder = join(home, `${model}-${version}`);
  const file = join(folder, MODEL);
  const remove = (name: string): void => rmSync(join(home, name), { recursive: true, force: true });
  if (existsSync(file)) return file;
  await withLock(`${folder}.lock`, async () => {
    // Another process may have made it meanwhile.
    if (existsSync(file)) return;
    for (const name of readdirSync(home)) if (isLeftDraft(home, name, basename(folder))) remove(name);
    await make(source, what, folder);
  });
  // A process that still reads an older copy keeps its memory. One that just makes a copy, with its lock, is left alone.
  for (const name of readdirSync(home)) {
    if (!name.startsWith(`${model}-`) || name.startsWith(`${model}-${version}`)) continue;
    if (!name.includes('.') || isLeftDraft(home, name, name.slice(0, name.indexOf('.')))) remove(name);
  }
  return file;
}

/** Whether it is a draft of that copy that a killed process has left, which may have gigabytes. Drafts of older versions of nbserve have no mark. */
function isLeftDraft(home: string, name: string, copy: string): boolean {
  if (!name.startsWith(`${copy}.`) || name.startsWith(`${copy}.lock`)) return false;
  const mark = markIn(name.slice(copy.length + 1));
  return mark?.place === undefined || isLeft(mark, join(home, name));
}

/** Makes the copy in a process of its own: this one would keep the memory that it takes, which is three times that of the weights. */
async function make(source: string | Uint8Array, what: OptimizedFor, folder: string): Promise<void> {
  const made = mkdtempSync(`${folder}.${markText(markProcess(process.pid))}-`);
  try {
    let path = source;
    if (typeof path !== 'string') {
      path = join(made, 'given.onnx');
      writeFileSync(path, source);
    }
    const options = {
      graphOptimizationLevel: what.level,
      optimizedModelFilePath: join(made, MODEL),
      logSeverityLevel: 4,
      intraOpNumThreads: 1,
      ...(what.dimensions === undefined ? {} : { freeDimensionOverrides: what.dimensions }),
      extra: {
        ...what.entries,
        'session.optimized_model_external_initializers_file_name': WEIGHTS,
        'session.optimized_model_external_initializers_min_size_in_bytes': LEAST_BYTES,
      },
    };
    const runtime = createRequire(import.meta.url).resolve('onnxruntime-node');
    await promisify(execFile)(process.execPath, ['-e', SCRIPT, runtime, path, JSON.stringify(options)]).catch(
      (error: { stderr?: string; message: string }) => {
        throw new Error(error.stderr?.trim() || error.message);
      },
    );
    rmSync(join(made, 'given.onnx'), { force: true });
    try {
      renameSync(made, folder);
    } catch (error) {
      // Locks are not seen by other machines that share the cache: another process may have made it meanwhile.
      if (!existsSync(join(folder, MODEL))) throw error;
    }
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}
