/** The kernel's process: `node main.js <connection file>`. */
import { resolve } from 'node:path';
import { isNbserveError } from 'nbserve/errors';
import { afterArrivals, parentInNode } from '../control/index.js';
import { replaceDescriptors } from '../descriptors/index.js';
import { historyFolder } from '../history/index.js';
import { logTo, logToStderr, NoConnectionFile, readConnectionFile } from '../wire/index.js';
import { notebookName, parentPid, takeLegacy } from './env.js';
import { startKernel } from './kernel.js';

const [, main, connectionFile] = process.argv;

const legacy = takeLegacy();

const named = parentPid();
const parent = named > 0 ? { pid: named, file: '' } : { pid: parentInNode(), file: resolve(connectionFile ?? '') };
// Before anything else, because files that are opened now could get the numbers of these descriptors.
const descriptors = replaceDescriptors();
logTo(descriptors.originals[1] as number);

try {
  if (!connectionFile) throw NoConnectionFile();
  await startKernel({
    connection: readConnectionFile(connectionFile),
    connectionFile,
    descriptors,
    seenFile: `${connectionFile}.seen`,
    legacy,
    parent,
    historyFolder: historyFolder(),
    restart: {
      file: process.execPath,
      args: [...process.execArgv, main as string, resolve(connectionFile)],
      folder: process.cwd(),
      env: { ...process.env, JPY_PARENT_PID: `${parent.pid}` } as Record<string, string>,
    },
    loadSession: () =>
      import('../session/index.js').then(
        ({ loadConverter }) => loadConverter(),
        // Making the session fails in the same way.
        () => {},
      ),
    createSession: async (hooks) => {
      const { createSession, nameOwner } = await import('../session/index.js');
      // Jupyter keeps the connection file over restarts.
      nameOwner({ key: resolve(connectionFile), name: notebookName() });
      return createSession({ folder: process.cwd(), turn: afterArrivals, ...hooks });
    },
  });
} catch (error) {
  logToStderr(isNbserveError(error) ? `${error.code}: ${error.message}` : String(error instanceof Error ? error.stack : error));
  process.exitCode = 1;
  // A bound socket or the control thread would keep the process alive. The guard does not replace `reallyExit`.
  (process as unknown as { reallyExit(code: number): never }).reallyExit(1);
}
