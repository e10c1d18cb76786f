import { readFileSync } from 'node:fs';
import { reasonOf } from '../runner/index.js';
import { BadSanitizer } from './errors.js';

/** Replaces parts of a text that differ from run to run, before outputs are compared. */
export interface Sanitizer {
  readonly regex: RegExp;
  readonly replace: string;
}

/** The sanitizers that `--sanitize` knows by name. */
export const SANITIZERS = {
  /** `2026-11-29`, `2026-11-29T02:08:12.345Z` */
  date: { regex: /\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?/g, replace: 'DATE' },
  /** `12 ms`, `0.3 s`, `5 minutes`. A microsecond is written with the sign for micro or with the Greek letter. */
  duration: {
    regex: /\b\d+(?:\.\d+)?(?:e[+-]?\d+)?\s?(?:ns|[\u00b5\u03bc]s|us|ms|s|sec|seconds?|min|minutes?|h|hours?)\b/g,
    replace: 'DURATION',
  },
  uuid: { regex: /\b[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}\b/gi, replace: 'UUID' },
  /** `localhost:8000`, `127.0.0.1:41233` */
  port: { regex: /\b(localhost|(?:\d{1,3}\.){3}\d{1,3}):\d{2,5}\b/g, replace: '$1:PORT' },
  /** Absolute paths below `/home`, `/Users`, `/root`, `/tmp` and `/var`. */
  path: { regex: /(?<![\w/.])\/(?:home|Users|root|tmp|private|var)\/[^\s'"`)\],:;]+/g, replace: 'PATH' },
  /** `pid 4711`, and the number in `(node:4711) Warning` */
  pid: { regex: /\bpid[ :=]+\d+|(?<=\(node:)\d+(?=\))/gi, replace: 'PID' },
  /** `(Talker#ab12)`, as lines that a replica prints begin */
  replica: { regex: /(?<=\()([^()\s#]+)#[\da-z]+(?=\))/gi, replace: '$1#ID' },
} as const satisfies Record<string, Sanitizer>;

/** @param names separated by commas @throws NBS_BAD_SANITIZER */
export function namedSanitizers(names: string): readonly Sanitizer[] {
  return names.split(',').map((name) => {
    const trimmed = name.trim();
    if (!Object.hasOwn(SANITIZERS, trimmed))
      throw BadSanitizer({ sanitizer: `--sanitize ${trimmed}`, reason: `known are ${Object.keys(SANITIZERS).join(', ')}` });
    return SANITIZERS[trimmed as keyof typeof SANITIZERS];
  });
}

const NEEDS = 'it needs regex: and replace:';

/**
 * Reads sanitizers from a file in the form of nbval: pairs of `regex:` and `replace:`, with or without `[name]` above them.
 * @throws NBS_BAD_SANITIZER
 */
export function readSanitizers(file: string): readonly Sanitizer[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw BadSanitizer({ sanitizer: file, reason: reasonOf(error) }, error);
  }
  const pairs: { name: string; line: number; regex: string; replace?: string }[] = [];
  let section = '';
  let sectionLine = 0;
  /** The section has a pair. */
  let isFilled = true;
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*([#;].*)?$/.test(line)) continue;
    const name = /^\s*\[(.+)\]\s*$/.exec(line)?.[1];
    if (name !== undefined) {
      if (!isFilled) throw BadSanitizer({ sanitizer: `[${section}] in ${file}:${sectionLine}`, reason: NEEDS });
      [section, sectionLine, isFilled] = [name, i + 1, false];
      continue;
    }
    const [, key, value = ''] = /^\s*(regex|replace)\s*[:=]\s?(.*)$/.exec(line) ?? [];
    const last = pairs.at(-1);
    if (key === 'regex') {
      pairs.push({ name: section, line: i + 1, regex: value });
      isFilled = true;
    } else if (key !== 'replace') {
      throw BadSanitizer({ sanitizer: `${file}:${i + 1}`, reason: 'a line is [name], regex: … or replace: …' });
    } else if (last === undefined || !isFilled || last.replace !== undefined) {
      throw BadSanitizer({ sanitizer: `${file}:${i + 1}`, reason: 'replace: stands below its regex:' });
    } else last.replace = value;
  }
  if (!isFilled) throw BadSanitizer({ sanitizer: `[${section}] in ${file}:${sectionLine}`, reason: NEEDS });
  return pairs.map(({ name, line, regex, replace }) => {
    const sanitizer = `${name === '' ? 'regex:' : `[${name}]`} in ${file}:${line}`;
    if (regex === '' || replace === undefined) throw BadSanitizer({ sanitizer, reason: NEEDS });
    try {
      return { regex: pythonRegex(regex), replace: pythonReplacement(replace) };
    } catch (error) {
      throw BadSanitizer({ sanitizer, reason: (error as Error).message }, error);
    }
  });
}

/** A regular expression of Python, as far as JavaScript writes the same in another way. @throws SyntaxError */
function pythonRegex(text: string): RegExp {
  const [head = '', flags = ''] = /^\(\?([ims]+)\)/.exec(text) ?? [];
  const source = text
    .slice(head.length)
    .replaceAll('(?P<', '(?<')
    .replace(/\(\?P=(\w+)\)/g, '\\k<$1>')
    .replace(/(?<!\\)((?:\\\\)*)\\A/g, '$1(?<![\\s\\S])')
    .replace(/(?<!\\)((?:\\\\)*)\\Z/g, '$1(?![\\s\\S])');
  // At the end, Python's `$` stands also in front of the last line break.
  const ended = flags.includes('m')
    ? source
    : source.replace(/\\.|\[(?:\\.|[^\]\\])*\]|\$/g, (token) => (token === '$' ? '(?=\\n?(?![\\s\\S]))' : token));
  return new RegExp(ended, [...new Set(`g${flags}`)].join(''));
}

/** `\1`, `\g<1>` and `\g<name>` name groups. */
function pythonReplacement(text: string): string {
  const ofNumber = (number: number): string => (number === 0 ? '$&' : `$${String(number).padStart(2, '0')}`);
  return text.replaceAll('$', '$$$$').replace(/\\(?:(\d{1,2})|g<(\w+)>)/g, (_, digits?: string, name?: string) => {
    const group = digits ?? name ?? '';
    return /^\d+$/.test(group) ? ofNumber(Number(group)) : `$<${group}>`;
  });
}

export const sanitize = (text: string, sanitizers: readonly Sanitizer[]): string =>
  sanitizers.reduce((sofar, { regex, replace }) => sofar.replace(regex, replace), text);
