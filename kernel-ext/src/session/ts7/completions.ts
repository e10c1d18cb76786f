import type { Completion } from '../converter.js';
import type { Checker } from './type-server.js';

const WORD_BEFORE = /[\p{ID_Continue}$]*$/u;

/** A member of what stands in front of the dot; not the dots of `...rest`, not those of a number. */
const MEMBER = /(?:[^.\s]|\?)\s*\.\s*[\p{ID_Continue}$]*$/u;
const SPREAD = /\.\.\.\s*[\p{ID_Continue}$]*$/u;

const KEYWORDS = (
  'abstract as async await break case catch class const continue debugger declare default delete do else enum export extends false finally for from function ' +
  'get if implements import in instanceof interface keyof let namespace new null of private protected public readonly return satisfies set static super switch ' +
  'this throw true try type typeof undefined unique using var void while with yield'
).split(' ');

/** Names that fit in front of the cursor. */
export interface PlainNames {
  /** Names of the cells, the newest first, and of the cell itself. */
  readonly notebook: readonly string[];
  /** That every cell has: `serve`, `onnx`, … */
  readonly ambient: readonly string[];
  /** Members of `globalThis`. */
  readonly global: readonly string[];
}

/** Whether a member's name is asked for, which the type server knows. TypeScript 7.0 completes no plain names. */
export const asksForMember = (code: string, offset: number): boolean => {
  const before = code.slice(0, offset);
  return MEMBER.test(before) && !SPREAD.test(before);
};

/**
 * Members of the expression before the dot.
 * @param shift by how much positions in the file are greater than those in `code`
 */
export function members(
  checker: Checker,
  { path, shift }: { path: string; shift: number },
  code: string,
  offset: number,
): Completion {
  const typed = WORD_BEFORE.exec(code.slice(0, offset))?.[0] ?? '';
  const entries = checker.getCompletionsAtPosition(path, offset + shift)?.entries ?? [];
  const names = entries
    .filter(({ name }) => startsWith(name, typed) && !name.startsWith('__nbs'))
    .sort((a, b) => compare(a.sortText ?? '', b.sortText ?? ''))
    // An optional property is named `p?`.
    .map(({ name }) => name.replace(/\?$/, ''));
  return { start: offset - typed.length, end: offset, names };
}

/** `user['na`: a key in a string that is still being typed. The group is what was typed of it. */
const KEY = /[\p{ID_Continue}$)\]]\s*(?:\?\.)?\[\s*(["'`])([^"'`\n\\]*)$/u;

/** If a key is asked for: what stands in front of its bracket, as a member is asked for, and what was typed of it. */
export function asksForKey(code: string, offset: number): { readonly object: string; readonly typed: string } | undefined {
  const before = code.slice(0, offset);
  const typed = KEY.exec(before)?.[2];
  if (typed === undefined) return undefined;
  const object = before.slice(0, before.lastIndexOf('[', offset - typed.length)).trimEnd();
  return { object: object.endsWith('?.') ? object : `${object}.`, typed };
}

/** Names without a dot: those of the notebook first. */
export function plainNames(code: string, offset: number, { notebook, ambient, global }: PlainNames): Completion {
  const typed = WORD_BEFORE.exec(code.slice(0, offset))?.[0] ?? '';
  const words = (code.slice(0, offset - typed.length) + code.slice(offset)).match(/[\p{ID_Start}$_][\p{ID_Continue}$]*/gu) ?? [];
  const known = new Set([...notebook, ...ambient, ...global, ...KEYWORDS]);
  // What is written elsewhere in the cell may be a parameter or a local variable.
  const local = words.filter((word) => word !== typed && !known.has(word) && word.length > 1);
  const names = new Set([...notebook, ...local, ...ambient, ...global, ...KEYWORDS]);
  return {
    start: offset - typed.length,
    end: offset,
    names: [...names].filter((name) => startsWith(name, typed) && !name.startsWith('__nbs')),
  };
}

const startsWith = (name: string, typed: string): boolean => name.toLowerCase().startsWith(typed.toLowerCase());

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
