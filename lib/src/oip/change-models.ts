import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Slots } from '../onnx/index.js';
import { LoadRefused } from './errors.js';

const start = promisify(execFile);
/** Clients may ask for many changes at a time, and each takes a process. Unloads do not wait for loads, which can take minutes. */
const slots = { load: new Slots(8), unload: new Slots(8) };

/** What the process that changes the cluster is asked to do. */
export type Change = {
  readonly name: string;
  /** The cluster's folder. */
  readonly dir: string;
} & (
  | {
      readonly kind: 'load';
      /** The configuration that came with it, as JSON. */
      readonly config?: string;
    }
  | { readonly kind: 'unload'; readonly application: string }
);

/** What it prints. */
export interface Changed {
  readonly error?: { readonly message: string };
}

const FILE = fileURLToPath(new URL('./change-main.js', import.meta.url));

/** Runs the process, which is killed if the signal is aborted. It has ended when the promise is settled. */
async function run(change: Change, signal?: AbortSignal): Promise<string> {
  const running = start(process.execPath, [FILE, JSON.stringify(change)]);
  const kill = (): unknown => running.child.kill('SIGKILL');
  signal?.addEventListener('abort', kill);
  try {
    return (await running).stdout;
  } finally {
    signal?.removeEventListener('abort', kill);
  }
}

/**
 * Loads or unloads a model. A replica cannot change its cluster, so a process of its own does it, joins the cluster for it, and ends.
 * @param signal ends it: then it has no more effect, but may have had one
 * @throws NBS_OIP_LOAD_FAILED, and the reason of the signal
 */
export async function changeModels(change: Change, signal?: AbortSignal): Promise<void> {
  const what = change.kind === 'load' ? 'loaded' : 'unloaded';
  let text: string;
  try {
    text = await slots[change.kind].within(() => run(change, signal), signal);
  } catch (error) {
    signal?.throwIfAborted();
    console.error((error as { stderr?: string }).stderr?.trim() || error);
    const reason = 'the process that should do it has failed; the log of the server says why';
    throw LoadRefused({ name: change.name, what, reason }, error);
  }
  const { error } = JSON.parse(text.trim().split('\n').at(-1) ?? '{}') as Changed;
  if (error !== undefined) throw LoadRefused({ name: change.name, what, reason: error.message });
}
