import { beginningOf, isNbserveError, isRecord, nearest, type OptionSpec, shownValue } from '../core/index.js';
import type { RayName, RayNames } from './ray-names.js';
import type { YamlText } from './yaml-text.js';

export type Path = readonly (string | number)[];
export type Values = Record<string, unknown>;

/** One group of keys of a configuration. */
export interface OptionGroup {
  /** What has the keys, for messages: `an application`. */
  readonly what: string;
  readonly options: Readonly<Record<string, OptionSpec<unknown>>>;
  readonly ray: RayNames;
  /** Groups of options inside, by the option that holds them. */
  readonly inner?: Readonly<Record<string, OptionGroup>>;
  /** Keys whose reading is not that of one option: they return the options that they stand for. */
  readonly special?: Readonly<Record<string, (value: unknown, path: Path) => Values>>;
}

/** Reads groups of options of one text. A wrong key or value is an error that names its line. */
export class OptionReader {
  /** Notes for the user about values that were read differently from how they are written. */
  readonly notes: string[] = [];
  readonly #text: YamlText;

  constructor(text: YamlText) {
    this.#text = text;
  }

  fail(path: Path, problem: string): Error {
    return this.#text.fail(path, problem);
  }

  /** The options of a group in nbserve's names, as they were given: checked, but not converted. @throws NBS_INVALID_CONFIG */
  read(group: OptionGroup, value: unknown, path: Path): Values {
    const { what, options, inner = {}, special = {} } = group;
    if (!isRecord(value)) throw this.fail(path, `${what} must be an object of ${Object.keys(options).join(', ')}`);
    const found: Values = {};
    const defaults: Values = {};
    const put = (key: string, option: string, given: unknown): void => {
      if (Object.hasOwn(found, option)) throw this.fail([...path, key], `${option} is given twice, by two of its names`);
      found[option] = given;
    };
    for (const [key, raw] of Object.entries(value)) {
      const at = [...path, key];
      const own = Object.hasOwn(special, key) ? special[key] : undefined;
      if (own !== undefined) {
        for (const [option, given] of Object.entries(own(raw, at))) put(key, option, given);
        continue;
      }
      const name = this.#nameOf(group, key, at);
      if ('refused' in name) throw this.fail(at, `${key} of Ray Serve cannot be used here: ${name.refused}`);
      if ('ignored' in name) {
        this.notes.push(`${key} of Ray Serve is left out: ${name.ignored}`);
        continue;
      }
      if ('defaultOf' in name) {
        if (raw === null) continue;
        for (const option of name.defaultOf) {
          this.#check(option, options[option] as OptionSpec<unknown>, raw, at);
          defaults[option] = raw;
        }
        continue;
      }
      const option = 'seconds' in name ? name.seconds : name.option;
      // In Ray's files, null is the default. Here it may be a value.
      if (raw === null && option !== key) continue;
      const given = 'seconds' in name && typeof raw === 'number' ? raw * 1000 : raw;
      const nested = Object.hasOwn(inner, option) ? inner[option] : undefined;
      put(key, option, nested !== undefined && isRecord(given) ? this.read(nested, given, at) : given);
      this.#check(option, options[option] as OptionSpec<unknown>, found[option], at);
    }
    for (const [option, { isRequired, expected }] of Object.entries(options)) {
      if (isRequired === true && found[option] === undefined) throw this.fail(path, `${what} needs ${option}: ${expected}`);
    }
    return { ...defaults, ...found };
  }

  #nameOf({ what, options, ray }: OptionGroup, key: string, at: Path): RayName {
    const has = (option: string): boolean => Object.hasOwn(options, option);
    if (Object.hasOwn(ray, key)) return ray[key] as RayName;
    if (has(key)) return { option: key };
    const camel = camelCase(key);
    if (has(camel) && key.includes('_')) return { option: camel };
    const [, seconds] = /^(.+)_s$/.exec(key) ?? [];
    if (seconds !== undefined && has(camelCase(seconds))) return { seconds: camelCase(seconds) };
    const names = Object.keys(options);
    const near = nearest(key, [...names, ...Object.keys(ray)]);
    const meant = near === undefined ? '' : `; did you mean ${near}?`;
    throw this.fail(
      at,
      `${what} has no key ${JSON.stringify(key)}${meant}${near === undefined ? '; the keys are' : ' The keys are'} ${names.join(', ')}`,
    );
  }

  #check(option: string, { parse, expected }: OptionSpec<unknown>, value: unknown, at: Path): void {
    try {
      if (value !== undefined && parse(value) !== undefined) return;
    } catch (error) {
      if (!isNbserveError(error)) throw error;
      throw this.fail(at, error.message);
    }
    throw this.fail(at, `${option} must be ${expected}, not ${shown(value)}`);
  }
}

const camelCase = (name: string): string => name.replace(/_+([a-z\d])/g, (_, letter: string) => letter.toUpperCase());

const LONGEST_SHOWN = 60;

export function shown(value: unknown): string {
  const text = shownValue(value);
  return text.length <= LONGEST_SHOWN ? text : `${beginningOf(text, LONGEST_SHOWN)}…`;
}
