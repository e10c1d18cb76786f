import { createHash } from 'node:crypto';
import { stripVTControlCharacters } from 'node:util';
import { wellFormedJson } from 'nbserve/basics';
import { type CellOutput, type MultilineText, textOf } from '../runner/index.js';
import { type Sanitizer, sanitize } from './sanitizers.js';
import { diffTexts } from './text-diff.js';
import { isSameText, isSameValue } from './tolerance.js';

export interface ComparisonRules {
  readonly sanitizers: readonly Sanitizer[];
  /** Two numbers are the same if they differ by at most this part of the larger one. */
  readonly tolerance: number;
  /** MIME types that are not compared, such as `image/png` or `image/*`. */
  readonly ignoredMimes: readonly string[];
}

/** One thing that a cell has put out in another way than the notebook says. */
export interface Difference {
  /** Says what differs, such as `the result as text/plain`. */
  readonly what: string;
  /** The lines that differ; see `diffTexts`. */
  readonly lines: readonly string[];
}

type Part =
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'bytes'; readonly value: string };

/** Compares the outputs of a cell by their values. Their metadata, the numbers in brackets, colours and tracebacks do not count. */
export function compareOutputs(
  expected: readonly CellOutput[],
  got: readonly CellOutput[],
  rules: ComparisonRules,
): readonly Difference[] {
  const [before, now] = [partsOf(asSaved(expected), rules), partsOf(asSaved(got), rules)];
  const differences: Difference[] = [];
  for (const what of new Set([...before.keys(), ...now.keys()])) {
    const [old, young] = [before.get(what), now.get(what)];
    if (old === undefined || young === undefined) {
      const lines = old === undefined ? diffTexts('', shown(young as Part)) : diffTexts(shown(old), '');
      // An empty text beside the other would be a line of its own.
      const real = lines.filter((line) => line !== '- ' && line !== '+ ');
      differences.push({ what: `${what} ${old === undefined ? 'is new' : 'is missing'}`, lines: real });
    } else if (!isSame(old, young, rules)) {
      differences.push({ what: `${what} differs`, lines: linesOf(old, young, rules) });
    }
  }
  return differences;
}

/** A saved notebook has no halves of surrogate pairs. */
const asSaved = (outputs: readonly CellOutput[]): readonly CellOutput[] =>
  JSON.parse(wellFormedJson(JSON.stringify(outputs))) as readonly CellOutput[];

function partsOf(outputs: readonly CellOutput[], rules: ComparisonRules): ReadonlyMap<string, Part> {
  const parts = new Map<string, Part>();
  const text = (value: string): Part => ({
    kind: 'text',
    value: sanitize(withoutOverwritten(stripVTControlCharacters(value)), rules.sanitizers),
  });
  for (const name of ['stdout', 'stderr'] as const) {
    // When the two are printed in turn, the order in which they arrive is not the same in each run.
    const printed = outputs.filter((output) => output.output_type === 'stream' && output.name === name);
    const all = printed.map((output) => (output.output_type === 'stream' ? textOf(output.text) : '')).join('');
    if (all !== '') parts.set(`what was printed to ${name}`, text(all));
  }
  const counts = { display_data: 0, execute_result: 0, error: 0 };
  for (const output of outputs) {
    if (output.output_type === 'stream') continue;
    counts[output.output_type] += 1;
    const count = counts[output.output_type];
    if (output.output_type === 'error') {
      parts.set(count === 1 ? 'the error' : `error ${count}`, text(`${output.ename}: ${output.evalue}`));
      continue;
    }
    const name = output.output_type === 'execute_result' ? 'the result' : `display ${count}`;
    for (const [mime, value] of Object.entries(output.data)) {
      if (!rules.ignoredMimes.some((pattern) => matches(mime, pattern)))
        parts.set(`${name} as ${mime}`, partOf(mime, value, rules));
    }
  }
  return parts;
}

/**
 * What stands there at the end. As in nbval, what follows a carriage return takes the place of its line, and a backspace removes a character. How often a
 * progress bar has written its line over is not the same in each run.
 */
function withoutOverwritten(text: string): string {
  if (!/[\r\b]/.test(text)) return text;
  const lines = text.split('\n').map((line) => {
    const written = line.replace(/\r+$/, '');
    const kept: string[] = [];
    for (const character of written.slice(written.lastIndexOf('\r') + 1)) {
      if (character === '\b') kept.pop();
      else kept.push(character);
    }
    return kept.join('');
  });
  return lines.join('\n');
}

const matches = (mime: string, pattern: string): boolean =>
  pattern.endsWith('/*') ? mime.startsWith(pattern.slice(0, -1)) : mime === pattern;

function partOf(mime: string, value: unknown, { sanitizers }: ComparisonRules): Part {
  const isText = typeof value === 'string' || (Array.isArray(value) && value.every((line) => typeof line === 'string'));
  if (/[/+]json$/.test(mime) || !isText) return { kind: 'json', value: sanitizeValue(value, sanitizers) };
  const text = textOf(value as MultilineText);
  if (/^(image|audio|video)\//.test(mime) && !/xml$/.test(mime)) return { kind: 'bytes', value: text.replace(/\s/g, '') };
  return { kind: 'text', value: sanitize(stripVTControlCharacters(text), sanitizers) };
}

function sanitizeValue(value: unknown, sanitizers: readonly Sanitizer[]): unknown {
  if (typeof value === 'string') return sanitize(value, sanitizers);
  if (Array.isArray(value)) return value.map((each) => sanitizeValue(each, sanitizers));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, sanitizeValue(each, sanitizers)]));
}

function isSame(a: Part, b: Part, { tolerance }: ComparisonRules): boolean {
  if (a.kind === 'json' || b.kind === 'json') return isSameValue(a.value, b.value, tolerance);
  return a.kind === 'text' ? isSameText(a.value, b.value, tolerance) : a.value === b.value;
}

function linesOf(a: Part, b: Part, { tolerance }: ComparisonRules): readonly string[] {
  const lines = diffTexts(shown(a), shown(b), (x, y) => isSameText(x, y, tolerance));
  // Numbers in JSON can differ although their lines look the same, such as 1 and the text "1".
  return lines.some((line) => /^[-+]/.test(line)) ? lines : diffTexts(shown(a), shown(b));
}

function shown({ kind, value }: Part): string {
  if (kind === 'text') return value;
  if (kind === 'json') return JSON.stringify(sortedKeys(value), null, 2);
  const bytes = Buffer.from(value, 'base64');
  return `${bytes.length} bytes, SHA-256 ${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`;
}

function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, sortedKeys(each)]));
}
