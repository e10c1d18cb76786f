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
  pid: { regex: /\bpid[ :=]+\d+/gi, replace: 'PID' },
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

/**
 * Reads sanitizers from a file in the form of nbval: sections with `regex:` and `replace:`.
 * @throws NBS_BAD_SANITIZER
 */
export function readSanitizers(file: string): readonly Sanitizer[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw BadSanitizer({ sanitizer: file, reason: reasonOf(error) }, error);
  }
  const sections: { name: string; line: number; regex?: string; replace?: string }[] = [];
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*([#;].*)?$/.test(line)) continue;
    const name = /^\s*\[(.+)\]\s*$/.exec(line)?.[1];
    if (name !== undefined) {
      sections.push({ name, line: i + 1 });
      continue;
    }
    const [, key, value = ''] = /^\s*(regex|replace)\s*[:=]\s?(.*)$/.exec(line) ?? [];
    const section = sections.at(-1);
    if (section === undefined || (key !== 'regex' && key !== 'replace'))
      throw BadSanitizer({ sanitizer: `${file}:${i + 1}`, reason: 'a line is [name], regex: … or replace: …' });
    section[key] = value;
  }
  return sections.map(({ name, line, regex, replace }) => {
    const sanitizer = `[${name}] in ${file}:${line}`;
    if (regex === undefined || regex === '' || replace === undefined)
      throw BadSanitizer({ sanitizer, reason: 'it needs regex: and replace:' });
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
  return new RegExp(source, [...new Set(`gm${flags}`)].join(''));
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
