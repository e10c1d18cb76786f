import { availableParallelism } from 'node:os';
import { relative, resolve } from 'node:path';
import { BadUsage, type Command, parseCommand } from 'nbserve/cli';
import {
  COLORED,
  findNotebooks,
  linesOf,
  namedSanitizers,
  PLAIN,
  parseTolerance,
  readSanitizers,
  summaryOf,
  testNotebooks,
  withoutTwice,
} from '../testing/index.js';
import { parseTimeout, takeParameters } from './run-options.js';

const USAGE = `nbserve test [<folder or notebook>]… [--workers <number>] [--timeout <seconds>] [--notebook-timeout <seconds>] [--junit <file>]
       [--update | --no-compare] [--tolerance <number>] [--sanitize <names>] [--sanitize-with <file>] [--ignore-mime <type>]… [--artifacts <folder>] [--resume]
       [-p <name> <value>]… [-r <name> <text>]… [-y <yaml>]… [-f <file>]… [-b <base64>]…`;

/** Each worker has a process for the cells and one for the types. */
const MOST_WORKERS = 4;
const NOTEBOOK_SECONDS = 600;

export const testCommand: Command = {
  name: 'test',
  summary: 'run notebooks and compare their outputs with those that they contain',
  help: `${USAGE}

  <folder or notebook>  what to test: notebooks, and folders with all notebooks below them (default: notebooks)
  --workers             notebooks that run at the same time, each in a process of its own (default: the number of processors, at most ${MOST_WORKERS})
  --timeout             seconds that a cell may take (default: no limit)
  --notebook-timeout    seconds that a notebook may take (default: ${NOTEBOOK_SECONDS})
  --junit               write the results to this file in JUnit's XML
  --update              write outputs that differ, and outputs that are missing, into the notebooks
  --no-compare          only run the notebooks
  --tolerance           part by which two numbers may differ: 1e-6 is one part in a million, and 1e-12 near 0 (default: 0)
  --sanitize            before texts are compared, replace date, duration, path, pid, port, replica or uuid in them: names, separated by commas
  --sanitize-with       file with more replacements, in the form of nbval
  --ignore-mime         MIME type that is not compared: image/png, or image/*
  --artifacts           folder in which each run keeps its notebooks and results, in a folder of its own (default: .nbserve-test)
  --resume              continue the last run if it was stopped or killed: notebooks that had ended are not run again
  -p name value         set a parameter, as nbserve execute does
  -r name text          set a parameter to this text, without reading it as a value
  -y, -f, -b            set several parameters: YAML, a file of YAML or JSON, or YAML in base64, as nbserve execute does

The exit code is 1 if a notebook failed or differs, and 2 if there is no notebook. It is 130 or 143 if Ctrl-C or SIGTERM ended the test.`,
  async run(args) {
    const { rest, parameters } = takeParameters(args, USAGE);
    const { values, positionals } = parseCommand(USAGE, rest, OPTIONS, [0, Number.POSITIVE_INFINITY]);
    const paths = positionals.length === 0 ? ['notebooks'] : positionals;
    const artifacts = resolve(values.artifacts ?? '.nbserve-test');
    // What earlier runs have kept there is not tested.
    const below = paths.map((path) => findNotebooks(resolve(path), artifacts));
    const found = withoutTwice(below.flat());
    const empty = paths.find((_, i) => below[i]?.length === 0);
    if (empty !== undefined) throw BadUsage({ problem: `there is no notebook in ${resolve(empty)}`, usage: USAGE });
    if (values.update === true && values['no-compare'] === true)
      throw BadUsage({ problem: '--update and --no-compare exclude each other', usage: USAGE });
    const sanitizers = [
      ...(values.sanitize ?? []).flatMap(namedSanitizers),
      ...(values['sanitize-with'] ?? []).flatMap((file) => readSanitizers(resolve(file))),
    ];
    const tolerance = values.tolerance === undefined ? 0 : parseTolerance(values.tolerance, `--tolerance ${values.tolerance}`);
    return testNotebooks({
      files: found.map((file) => ({ file, name: relative('', file), output: null })),
      workers: parseWorkers(values.workers),
      parameters,
      cellTimeoutMs: parseTimeout(values.timeout, USAGE),
      notebookTimeoutMs: parseTimeout(values['notebook-timeout'] ?? String(NOTEBOOK_SECONDS), USAGE, '--notebook-timeout'),
      rules: values['no-compare'] === true ? null : { sanitizers, tolerance, ignoredMimes: values['ignore-mime'] ?? [] },
      update: values.update === true,
      artifacts,
      resume: values.resume === true,
      junit: values.junit === undefined ? null : resolve(values.junit),
      paint: stdoutHasColors() ? COLORED : PLAIN,
      lines: linesOf,
      summary: summaryOf,
      failuresTo: 'stdout',
      progress: null,
    });
  },
};

const OPTIONS = {
  workers: { type: 'string' },
  timeout: { type: 'string' },
  'notebook-timeout': { type: 'string' },
  junit: { type: 'string' },
  update: { type: 'boolean' },
  'no-compare': { type: 'boolean' },
  tolerance: { type: 'string' },
  sanitize: { type: 'string', multiple: true },
  'sanitize-with': { type: 'string', multiple: true },
  'ignore-mime': { type: 'string', multiple: true },
  artifacts: { type: 'string' },
  resume: { type: 'boolean' },
} as const;

/** @throws NBS_BAD_USAGE */
function parseWorkers(text: string | undefined): number {
  if (text === undefined) return Math.min(availableParallelism(), MOST_WORKERS);
  const workers = Number(text);
  if (Number.isInteger(workers) && workers >= 1 && workers <= 1000) return workers;
  throw BadUsage({ problem: `--workers takes a whole number from 1 to 1000, not ${text}`, usage: USAGE });
}

const stdoutHasColors = (): boolean => process.stdout.isTTY === true && process.stdout.hasColors();
