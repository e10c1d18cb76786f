import { inspect } from 'node:util';
import { codeFrame, type Paint, PLAIN_PAINT } from './code-frame.js';
import type { Diagnostic } from './converter.js';
import { LineIndex } from './mapped-text.js';
import type { ErrorOutcome } from './session.js';
import { cellSource } from './stack-positions.js';

const MAX_CAUSES = 8;

/** Codes of nbserve and of Node, whose messages say what their errors have in fields. */
const TOLD = /^(?:NBS_|ERR_|E[A-Z]+$|MODULE_NOT_FOUND$)/;
/** How long the text of an error's fields may be with the fields of their values. Errors of HTTP clients hold whole requests. */
const MAX_FIELDS_TEXT = 500;

/** Frames that are not the user's code: those of Node, tslab and nbserve. */
const OWN_FRAME =
  /\(?node:|\/tslab\/|\/kernel-ext\/dist\/|\/nbserve-kernel\/|\/nbserve\/dist\/|\/lib\/dist\/|at (async )?(new )?(Promise|<anonymous>)( \(<anonymous>\))?$/;

/** The lines, from 1, of the magics that threw these errors, whose stacks do not say it. */
const magicLines = new WeakMap<object, number>();

/** Runs a magic. @param line where it stands in its cell, from 0 */
export async function atLine<T>(line: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (typeof error === 'object' && error !== null) magicLines.set(error, line + 1);
    throw error;
  }
}

/** An error as Jupyter shows it: the message, the user's frames, the failing line, the causes. */
export function formatError(error: unknown, paint = PLAIN_PAINT): ErrorOutcome {
  if (!isErrorLike(error)) {
    const evalue = inspect(error);
    return { status: 'error', ename: 'Thrown', evalue, traceback: [`${paint.strong('Thrown')}: ${evalue}`] };
  }
  const ename = nameOf(error);
  const evalue = String(error.message);
  const line = magicLines.get(error);
  return { status: 'error', ename, evalue, traceback: lines(error, 0, paint), ...(line === undefined ? {} : { line }) };
}

/** What the type checker said, each with its place and line, and with a line of help if there is one. */
export function formatDiagnostics(
  id: string,
  source: string,
  diagnostics: readonly Diagnostic[],
  help: (diagnostic: Diagnostic) => string | undefined,
  paint = PLAIN_PAINT,
): ErrorOutcome {
  const index = new LineIndex(source);
  const traceback: string[] = [];
  const heads: string[] = [];
  const helped = new Set<string>();
  for (const diagnostic of diagnostics) {
    const { start, end, code, message, file } = diagnostic;
    const { line, column } = file ?? index.position(start);
    const place = `${file?.path ?? id}:${line + 1}:${column + 1} - `;
    heads.push(`${place}TS${code}: ${message}`);
    traceback.push(`${paint.faint(place)}TS${code}: ${message}`);
    if (file === undefined) traceback.push(...codeFrame(source, line, column, end - start, paint).map((text) => `  ${text}`));
    const said = help(diagnostic);
    // One mistake may bring several complaints.
    if (said !== undefined && !helped.has(said)) traceback.push(`  ${paint.strong('help')}: ${said}`);
    if (said !== undefined) helped.add(said);
  }
  return {
    status: 'error',
    ename: 'TypeScriptError',
    evalue: heads.join('\n'),
    traceback: [`${paint.strong('TypeScriptError')}:`, ...traceback],
  };
}

function lines(error: ErrorLike, depth: number, paint: Paint): string[] {
  const code = typeof error.code === 'string' && !error.message.includes(error.code) ? ` [${error.code}]` : '';
  const result = [`${paint.strong(nameOf(error))}${code}: ${error.message}`];
  const frames = userFrames(String(error.stack ?? ''));
  const at = frames.map((frame) => /(cell\[\d+(?:\.\d+)?\]\.ts):(\d+):(\d+)/.exec(frame)).find((match) => match !== null);
  const source = at?.[1] === undefined ? undefined : cellSource(at[1]);
  if (at != null && source !== undefined)
    result.push(...codeFrame(source, Number(at[2]) - 1, Number(at[3]) - 1, 1, paint).map((text) => `  ${text}`));
  result.push(...frames.map(paint.faint));
  const fields = fieldsOf(error);
  if (fields !== undefined) result.push(`  ${fields}`);
  if (error instanceof AggregateError) for (const inner of error.errors) result.push(...caused('[error]', inner, depth, paint));
  if (isSuppressed(error)) {
    result.push(...caused('[error]', error.error, depth, paint));
    result.push(...caused('[suppressed]', error.suppressed, depth, paint));
  }
  if (error.cause !== undefined) result.push(...caused('Caused by', error.cause, depth, paint));
  return result;
}

const BUILTIN = /^(Aggregate|Eval|Range|Reference|Suppressed|Syntax|Type|URI)?Error$/;

/** The name of an error. A class of errors without a name of its own has inherited one, such as `Error`, and is called by its own. */
function nameOf(error: ErrorLike): string {
  const name = String(error.name || 'Error');
  if (Object.hasOwn(error, 'name') || !BUILTIN.test(name)) return name;
  const own = (error as { readonly constructor?: { readonly name?: unknown } }).constructor?.name;
  return typeof own === 'string' && own !== '' && own !== 'Object' ? own : name;
}

/** The fields that an error has besides those that are shown anyway: `{ status: 404 }`. No getter is called. */
function fieldsOf(error: ErrorLike): string | undefined {
  const { code } = error;
  if (typeof code === 'string' && TOLD.test(code)) return undefined;
  const shown = ['name', 'message', 'stack', 'cause'];
  if (typeof code === 'string') shown.push('code');
  if (error instanceof AggregateError) shown.push('errors');
  if (isSuppressed(error)) shown.push('error', 'suppressed');
  const fields = Object.entries(Object.getOwnPropertyDescriptors(error)).filter(
    ([name, { enumerable }]) => enumerable === true && !shown.includes(name),
  );
  if (fields.length === 0) return undefined;
  const object = Object.defineProperties({}, Object.fromEntries(fields));
  const text = (depth: number): string =>
    inspect(object, { depth, maxArrayLength: 10, maxStringLength: 200, breakLength: Number.POSITIVE_INFINITY });
  const whole = text(1);
  return whole.length <= MAX_FIELDS_TEXT ? whole : text(0);
}

/** The error of a disposal that came while another error was on its way. Node 20 has no class for it. */
const isSuppressed = (error: ErrorLike): error is ErrorLike & Readonly<Record<'error' | 'suppressed', unknown>> =>
  error.name === 'SuppressedError' && 'error' in error && 'suppressed' in error;

function caused(label: string, cause: unknown, depth: number, paint: Paint): string[] {
  if (depth >= MAX_CAUSES) return [`${label}: …`];
  if (!isErrorLike(cause)) return [`${label}: ${inspect(cause)}`];
  const [first = '', ...rest] = lines(cause, depth + 1, paint);
  return [`${label}: ${first}`, ...rest];
}

/** The frames of a stack that are the user's, with the cell's own function left without a name. */
function userFrames(stack: string): string[] {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line) && !OWN_FRAME.test(line))
    .map((line) =>
      line
        .replace(/^(\s+at )(?:async )?(?:Object\.)?<anonymous> \((.*)\)$/, '$1$2')
        .replace(/^(\s+at )(?:async )?(cell\[\d+(?:\.\d+)?\]\.ts)/, '$1$2'),
    );
}

interface ErrorLike {
  readonly name: string;
  readonly message: string;
  readonly stack?: unknown;
  readonly cause?: unknown;
  readonly code?: unknown;
}

function isErrorLike(value: unknown): value is ErrorLike {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as ErrorLike).message === 'string' &&
    typeof (value as ErrorLike).name === 'string'
  );
}
