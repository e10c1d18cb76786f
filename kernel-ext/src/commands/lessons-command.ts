import { constants } from 'node:fs';
import { access, mkdir, readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { BadUsage, type Command, parseCommand } from 'nbserve/cli';
import { defineError } from 'nbserve/errors';
import { isNotebook, linesOf, PLAIN, testNotebooks } from '../testing/index.js';
import { LessonProgress } from './lesson-progress.js';
import { parseTimeout } from './run-options.js';

const USAGE =
  'nbserve lessons [<folder>] [--only <part of a name>] [--output <folder>] [--artifacts <folder>] [--timeout <seconds>]';

export const lessonsCommand: Command = {
  name: 'lessons',
  summary: 'execute every lesson notebook on a local cluster',
  help: `${USAGE}

  <folder>     folder of the notebooks (default: notebooks)
  --only       run only the notebooks whose name contains this text
  --output     write the executed notebooks into this folder, which is made if it is missing
  --artifacts  folder in which each run keeps its notebooks and results, in a folder of its own (default: .nbserve-test)
  --timeout    seconds that a cell may take (default: no limit)

Results go to stdout; what failed, and which cell runs, go to stderr. In a terminal, one line shows the cell that runs; elsewhere, a line
says that a lesson begins, and one each half minute how far it is.

The exit code is 1 if a lesson failed. Ctrl-C or SIGTERM ends the lesson that is running and skips the others; the exit code is then 130 or 143.`,
  async run(args) {
    const options = {
      only: { type: 'string' },
      output: { type: 'string' },
      artifacts: { type: 'string' },
      timeout: { type: 'string' },
    } as const;
    const { values, positionals } = parseCommand(USAGE, args, options, [0, 1]);
    const cellTimeoutMs = parseTimeout(values.timeout, USAGE);
    const folder = resolve(positionals[0] ?? 'notebooks');
    const lessons = (await readdir(folder).catch(() => []))
      .filter((name) => isNotebook(join(folder, name)) && name.includes(values.only ?? ''))
      .sort();
    if (lessons.length === 0) throw BadUsage({ problem: `there is no such notebook in ${folder}`, usage: USAGE });
    const { output } = values;
    if (output !== undefined) await makeFolder(resolve(output));
    return testNotebooks({
      files: lessons.map((lesson) => ({
        file: join(folder, lesson),
        name: lesson,
        output: output === undefined ? null : resolve(output, lesson),
      })),
      // A lesson measures times, so it has the machine for itself.
      workers: 1,
      parameters: [],
      cellTimeoutMs,
      notebookTimeoutMs: null,
      // Lessons are committed without outputs.
      rules: null,
      update: false,
      artifacts: resolve(values.artifacts ?? '.nbserve-test'),
      resume: false,
      junit: null,
      paint: PLAIN,
      lines: (result, paint) => [
        `${result.passed ? '✔' : '✖'} ${basename(result.name, '.ipynb')} (${result.seconds.toFixed(1)} s)`,
        ...linesOf(result, paint).slice(1),
      ],
      summary: (results) => {
        const failed = results.filter(({ passed }) => !passed).map(({ name }) => basename(name, '.ipynb'));
        const note = failed.length === 0 ? '' : `; failed: ${failed.join(', ')}`;
        return `${results.length - failed.length} of ${results.length} lessons ran to their end${note}`;
      },
      failuresTo: 'stderr',
      progress: new LessonProgress(process.stderr),
    });
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
