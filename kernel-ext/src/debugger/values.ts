import type { Runtime } from 'node:inspector';
import { beginningOf } from 'nbserve/basics';
import type { Inspector } from './inspector-client.js';
import { DebugRefusal } from './protocol.js';

/** A variable as clients see it. */
export interface Variable {
  readonly name: string;
  readonly value: string;
  readonly type: string;
  readonly evaluateName: string;
  /** 0 if it has no parts. */
  readonly variablesReference: number;
}

/** What a reference stands for. */
interface Referred {
  /** The properties of these objects, of which earlier ones hide later ones. */
  readonly objects: readonly string[];
  /** Whether only the first {@link MAX_PARTS} properties are wanted. */
  readonly isCut: boolean;
}

/** A client draws each part of a value. An array of a million numbers would block it. */
const MAX_PARTS = 1_000;
const MAX_TEXT = 10_000;

/** Is called on a value in the main thread. @returns the first parts of a value that has too many, and how many there are */
const FIRST_PARTS = `function (max) {
  const isList = Array.isArray(this) || (ArrayBuffer.isView(this) && !(this instanceof DataView));
  const keys = isList ? undefined : Reflect.ownKeys(this);
  const count = isList ? this.length : keys.length;
  if (count <= max) return null;
  const first = {};
  for (const key of isList ? Array(max).keys() : keys.slice(0, max)) {
    const property = Object.getOwnPropertyDescriptor(this, key);
    if (property) Object.defineProperty(first, key, property);
  }
  return { first, count };
}`;

/** What V8 knows of a value that is no property of it: the entries of a map, the state of a promise, the target of a proxy. */
const SHOWN_INSIDE =
  /^\[\[(?:Entries|PromiseState|PromiseResult|PrimitiveValue|Target|Handler|BoundThis|BoundArgs|TargetFunction)\]\]$/;

/** What the kernel gives to each cell's code. */
const OWN = /^(?:exports|require|module|arguments|__dirname|__filename|__nbs.*)$/;
const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

/** The values that a client looks at, by the numbers that it got for them. They are valid until the code continues. */
export class Values {
  readonly #inspector: Inspector;
  readonly #referred = new Map<number, Referred>();
  readonly #number: () => number;

  /** @param number gives the next number, which no other value of any process ever had */
  constructor(inspector: Inspector, number: () => number) {
    this.#inspector = inspector;
    this.#number = number;
  }

  has(reference: number): boolean {
    return this.#referred.has(reference);
  }

  clear(): void {
    this.#referred.clear();
  }

  /** @param objects the objects whose properties are shown; a property of an earlier object hides one of the same name in a later object */
  refer(objects: readonly string[]): number {
    return this.#refer({ objects, isCut: false });
  }

  #refer(referred: Referred): number {
    const number = this.#number();
    this.#referred.set(number, referred);
    return number;
  }

  async variables(reference: number): Promise<Variable[]> {
    const referred = this.#referred.get(reference);
    if (referred === undefined) throw new DebugRefusal(`there is no value with the number ${reference} any more`);
    const found = new Map<string, Variable>();
    for (const whole of referred.objects) {
      const cut = referred.isCut ? await this.#cut(whole) : undefined;
      const objectId = cut?.first ?? whole;
      const { result, internalProperties = [] } = await this.#inspector.send<Runtime.GetPropertiesReturnType>(
        'Runtime.getProperties',
        {
          objectId,
          ownProperties: true,
          generatePreview: true,
        },
      );
      for (const { name, value, get } of result) {
        if (OWN.test(name) || found.has(name)) continue;
        if (value !== undefined) found.set(name, this.variable(name, value));
        else if (get !== undefined) found.set(name, { ...this.variable(name, get), value: '(a getter)' });
      }
      for (const { name, value } of internalProperties) {
        if (value !== undefined && SHOWN_INSIDE.test(name)) found.set(name, this.variable(name, value));
      }
      if (cut !== undefined) found.set('…', { ...NOTHING, name: '…', value: `${cut.left} more` });
    }
    return [...found.values()];
  }

  /** The first parts of a value that has too many, and the number of the others; undefined if all can be shown. */
  async #cut(objectId: string): Promise<{ readonly first: string; readonly left: number } | undefined> {
    const { result } = await this.#inspector.send<Runtime.CallFunctionOnReturnType>('Runtime.callFunctionOn', {
      objectId,
      functionDeclaration: FIRST_PARTS,
      arguments: [{ value: MAX_PARTS }],
      silent: true,
    });
    if (result.objectId === undefined || result.subtype === 'error') return undefined;
    const parts = await this.#inspector.send<Runtime.GetPropertiesReturnType>('Runtime.getProperties', {
      objectId: result.objectId,
      ownProperties: true,
    });
    const part = (name: string) => parts.result.find((one) => one.name === name)?.value;
    const first = part('first')?.objectId;
    return first === undefined ? undefined : { first, left: Number(part('count')?.value) - MAX_PARTS };
  }

  variable(name: string, value: Runtime.RemoteObject): Variable {
    const { objectId, type, subtype, className } = value;
    return {
      name,
      evaluateName: IDENTIFIER.test(name) ? name : '',
      value: textOfValue(value),
      type: className ?? type,
      // The keys of a proxy come from user code.
      variablesReference:
        objectId === undefined || type === 'symbol' ? 0 : this.#refer({ objects: [objectId], isCut: subtype !== 'proxy' }),
    };
  }
}

const NOTHING = { name: '', value: '', type: '', evaluateName: '', variablesReference: 0 } as const satisfies Variable;

/** One line, of a limited length. */
export function textOfValue(value: Runtime.RemoteObject): string {
  const text = wholeText(value);
  if (text.length <= MAX_TEXT) return text;
  const beginning = beginningOf(text, MAX_TEXT);
  return `${beginning}… (${text.length - beginning.length} more characters)`;
}

function wholeText(value: Runtime.RemoteObject): string {
  if (value.type === 'string') return JSON.stringify(value.value);
  const { preview, description } = value;
  if (value.type === 'object' && preview !== undefined && (value.subtype === undefined || value.subtype === 'array')) {
    const isArray = value.subtype === 'array';
    const parts = preview.properties.map((one) => (isArray ? textOfPart(one) : `${one.name}: ${textOfPart(one)}`));
    if (preview.overflow) parts.push('…');
    const named = value.className === undefined || value.className === 'Object' || isArray ? '' : `${value.className} `;
    return isArray ? `[${parts.join(', ')}]` : `${named}{ ${parts.join(', ')} }`.replace('{  }', '{}');
  }
  const line = description?.split('\n')[0];
  // The body of a function begins with a brace.
  if (value.type === 'function') return line?.replace(/\s*\{$/, '') ?? 'function';
  return value.unserializableValue ?? line ?? String(value.value);
}

function textOfPart({ type, subtype, value = type }: Runtime.PropertyPreview): string {
  if (type === 'string') return JSON.stringify(value);
  if (type === 'function') return 'function';
  return type === 'object' && subtype === undefined && value === 'Object' ? '{…}' : value;
}
