/** The runner's process: executes one notebook. `node main.js '<json of RunnerArgs>'` */
import { dirname, resolve } from 'node:path';
import { isNbserveError } from 'nbserve';
import { createSession } from '../session/index.js';
import { readNotebook, writeNotebook } from './notebook-file.js';
import { runNotebook } from './run-notebook.js';
import type { RunnerArgs } from './runner-args.js';
import { Watchdog } from './watchdog.js';

const args = JSON.parse(process.argv[2] ?? '') as RunnerArgs;
const exit = process.exit.bind(process);

// The session routes these to the cells; the runner's own words go past it.
const stdout = process.stdout.write.bind(process.stdout);
const stderr = process.stderr.write.bind(process.stderr);

async function main(): Promise<number> {
  const notebook = await readNotebook(args.input);
  const folder = resolve(args.folder ?? dirname(args.input));
  process.chdir(folder);
  const watchdog = new Watchdog();
  const session = createSession({ folder, uninterruptible: watchdog.uninterruptible });
  const end = once(async () => {
    await session.dispose();
    await watchdog.close();
    if (args.output !== null) await writeNotebook(args.output, notebook);
  });
  process.on('SIGTERM', () => void end().then(() => exit(143)));
  process.on('SIGINT', () => void end().then(() => exit(130)));
  const failure = await runNotebook(notebook, session, watchdog, {
    parameters: new Map(args.parameters),
    timeoutMs: args.timeoutMs,
    allowErrors: args.allowErrors,
    ...(args.echo ? { echo: (name: 'stdout' | 'stderr', text: string) => void (name === 'stdout' ? stdout : stderr)(text) } : {}),
    ...(args.progress
      ? { onCell: (number: number, of: number) => void stderr(`\r\x1b[K${args.input}: cell ${number} of ${of}`) }
      : {}),
  });
  await end();
  if (args.progress) stderr('\r\x1b[K');
  if (failure === null) return 0;
  stderr(`${args.input}: cell ${failure.cell} failed: ${failure.ename}: ${failure.evalue}\n${failure.traceback.join('\n')}\n`);
  return 1;
}

function once(action: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= action());
}

main().then(exit, (error: unknown) => {
  stderr(
    isNbserveError(error) ? `${error.code}: ${error.message}\n` : `${error instanceof Error ? error.stack : String(error)}\n`,
  );
  exit(2);
});
