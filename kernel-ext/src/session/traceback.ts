import { textOf } from '../display/index.js';
import { codeFrame, type Paint, PLAIN_PAINT } from './code-frame.js';
import type { Diagnostic } from './converter.js';
import { fieldsOf } from './error-fields.js';
import { type ErrorLike, isErrorLike, isSuppressed, nameOf, stackOf } from './error-like.js';
import { LineIndex } from './mapped-text.js';
import type { ErrorOutcome } from './session.js';
import { cellSource } from './stack-positions.js';

const MAX_CAUSES = 8;

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

/** An error as Jupyter shows it: the message, the user's frames, the failing line, the causes. It never throws, whatever was thrown. */
export function formatError(error: unknown, paint = PLAIN_PAINT): ErrorOutcome {
  try {
    if (isErrorLike(error)) return formatted(error, paint);
  } catch {
    // A getter of the error has failed, or the handler of a proxy.
  }
  const evalue = textOf(error);
  return { status: 'error', ename: 'Thrown', evalue, traceback: [`${paint.strong('Thrown')}: ${evalue}`] };
}

function formatted(error: ErrorLike, paint: Paint): ErrorOutcome {
  const ename = nameOf(error);
  const evalue = messageOf(error);
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
  const message = messageOf(error);
  const code = typeof error.code === 'string' && !message.includes(error.code) ? ` [${error.code}]` : '';
  const result = [`${paint.strong(nameOf(error))}${code}: ${message}`];
  const frames = userFrames(stackOf(error));
  const at = placeIn(frames);
  if (at !== undefined) result.push(...codeFrame(at.source, at.line, at.column, 1, paint).map((text) => `  ${text}`));
  result.push(...frames.map(paint.faint));
  const fields = fieldsOf(error);
  if (fields !== undefined) result.push(`  ${fields}`);
  if (error instanceof AggregateError && Array.isArray(error.errors))
    for (const inner of error.errors) result.push(...caused('[error]', inner, depth, paint));
  if (isSuppressed(error)) {
    result.push(...caused('[error]', error.error, depth, paint));
    result.push(...caused('[suppressed]', error.suppressed, depth, paint));
  }
  if (error.cause !== undefined) result.push(...caused('Caused by', error.cause, depth, paint));
  return result;
}

/** The place in a cell that the frames name first. Line and column count from 0. */
function placeIn(frames: readonly string[]): { source: string; line: number; column: number } | undefined {
  const at = frames.map((frame) => /(cell\[\d+(?:\.\d+)?\]\.ts):(\d+):(\d+)/.exec(frame)).find((match) => match !== null);
  const source = at?.[1] === undefined ? undefined : cellSource(at[1]);
  return source === undefined ? undefined : { source, line: Number(at?.[2]) - 1, column: Number(at?.[3]) - 1 };
}

/** How V8 calls what stands in a cell for the name of another cell. */
const NAMELESS = /^(?:(?:\(intermediate value\)){3}|\(0 , \w+\.[\p{ID_Continue}$]+\))(?= is not a )/u;

/** The message, which says `helper is not a function` also if the name was converted. */
function messageOf(error: ErrorLike): string {
  const message = String(error.message);
  if (!NAMELESS.test(message)) return message;
  const { source = '', line = 0, column = 0 } = placeIn(userFrames(stackOf(error)).slice(0, 1)) ?? {};
  const name = /^(?:new\s+)?([\p{ID_Start}$_][\p{ID_Continue}$]*)/u.exec((source.split('\n')[line] ?? '').slice(column))?.[1];
  return name === undefined ? message : message.replace(NAMELESS, () => name);
}

function caused(label: string, cause: unknown, depth: number, paint: Paint): string[] {
  if (depth >= MAX_CAUSES) return [`${label}: …`];
  if (!isErrorLike(cause)) return [`${label}: ${textOf(cause)}`];
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
