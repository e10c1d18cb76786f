import { constants } from 'node:fs';
import { access, mkdir, readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { BadUsage, type Command, parseCommand } from 'nbserve/cli';
import { defineError } from 'nbserve/errors';
import { executeNotebook } from '../runner/index.js';
import { parseTimeout } from './execute-command.js';

const USAGE = 'nbserve lessons [<folder>] [--only <part of a name>] [--output <folder>] [--timeout <seconds>]';

/** An exit code above this one is 128 plus the number of the signal that stopped the run. */
const STOPPED = 128;

export const lessonsCommand: Command = {
  name: 'lessons',
  summary: 'execute every lesson notebook on a local cluster',
  help: `${USAGE}

  <folder>   folder of the notebooks (default: notebooks)
  --only     run only the notebooks whose name contains this text
  --output   keep the executed notebooks in this folder, which is made if it is missing
  --timeout  seconds that a cell may take (default: no limit)

The exit code is 1 if a lesson failed. Ctrl-C or SIGTERM ends the lesson that is running and skips the others; the exit code is then 130 or 143.`,
  async run(args) {
    const options = { only: { type: 'string' }, output: { type: 'string' }, timeout: { type: 'string' } } as const;
    const { values, positionals } = parseCommand(USAGE, args, options, [0, 1]);
    const timeoutMs = parseTimeout(values.timeout, USAGE);
    const folder = resolve(positionals[0] ?? 'notebooks');
    const lessons = (await readdir(folder).catch(() => []))
      .filter((name) => isLesson(join(folder, name)) && name.includes(values.only ?? ''))
      .sort();
    if (lessons.length === 0) throw BadUsage({ problem: `there is no such notebook in ${folder}`, usage: USAGE });
    if (values.output !== undefined) await makeFolder(resolve(values.output));
    let failed = 0;
    for (const lesson of lessons) {
      const started = performance.now();
      const code = await executeNotebook({
        input: join(folder, lesson),
        output: values.output === undefined ? null : resolve(values.output, lesson),
        folder: null,
        parameters: [],
        timeoutMs,
        allowErrors: false,
        echo: false,
        progress: process.stderr.isTTY === true,
      });
      if (code > STOPPED) return code;
      if (code !== 0) failed += 1;
      console.log(
        `${code === 0 ? '✔' : '✖'} ${basename(lesson, '.ipynb')} (${((performance.now() - started) / 1000).toFixed(1)} s)`,
      );
    }
    console.log(`${lessons.length - failed} of ${lessons.length} lessons ran to their end`);
    return failed === 0 ? 0 : 1;
  },
};

const OutputFolder = defineError('NBS_OUTPUT_FOLDER', 400, '--output {folder} is no folder that can be written to: {reason}');

/** Makes the output folder before anything runs. @throws NBS_OUTPUT_FOLDER */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (error) {
    throw OutputFolder({ folder, reason: (error as Error).message }, error);
  }
}

/** False for Jupyter's checkpoints and for notebooks that `nbserve execute` writes, which are copies of lessons. */
const isLesson = (file: string): boolean =>
  file.endsWith('.ipynb') && !/\.executed\.ipynb$|-checkpoint\.ipynb$|[/\\]\.ipynb_checkpoints[/\\]/.test(file);
