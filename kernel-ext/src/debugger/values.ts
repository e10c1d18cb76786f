import type { Runtime } from 'node:inspector';
import type { InspectorClient } from './inspector-client.js';
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

/** What a reference stands for: the properties of these objects, of which earlier ones hide later ones. */
type Referred = readonly string[];

/** What the kernel gives to each cell's code. */
const OWN = /^(?:exports|require|module|arguments|__dirname|__filename|__nbs.*)$/;
const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

/** The values that a client looks at, by the numbers that it got for them. They are valid until the code continues. */
export class Values {
  readonly #inspector: InspectorClient;
  readonly #referred = new Map<number, Referred>();
  /** Goes on over pauses, so that an old number is not taken for another value. */
  #count = 0;

  constructor(inspector: InspectorClient) {
    this.#inspector = inspector;
  }

  clear(): void {
    this.#referred.clear();
  }

  refer(objects: Referred): number {
    this.#referred.set(++this.#count, objects);
    return this.#count;
  }

  async variables(reference: number): Promise<Variable[]> {
    const objects = this.#referred.get(reference);
    if (objects === undefined) throw new DebugRefusal(`there is no value with the number ${reference} any more`);
    const found = new Map<string, Variable>();
    for (const objectId of objects) {
      const { result } = await this.#inspector.send<Runtime.GetPropertiesReturnType>('Runtime.getProperties', {
        objectId,
        ownProperties: true,
        generatePreview: true,
      });
      for (const { name, value, get } of result) {
        if (OWN.test(name) || found.has(name)) continue;
        if (value !== undefined) found.set(name, this.variable(name, value));
        else if (get !== undefined) found.set(name, { ...this.variable(name, get), value: '(a getter)' });
      }
    }
    return [...found.values()];
  }

  variable(name: string, value: Runtime.RemoteObject): Variable {
    return {
      name,
      evaluateName: IDENTIFIER.test(name) ? name : '',
      value: textOfValue(value),
      type: value.className ?? value.type,
      variablesReference: value.objectId === undefined || value.type === 'symbol' ? 0 : this.refer([value.objectId]),
    };
  }
}

/** One line. */
export function textOfValue(value: Runtime.RemoteObject): string {
  if (value.type === 'string') return JSON.stringify(value.value);
  const { preview } = value;
  if (value.type === 'object' && preview !== undefined && (value.subtype === undefined || value.subtype === 'array')) {
    const isArray = value.subtype === 'array';
    const shown = (one: Runtime.PropertyPreview): string =>
      one.type === 'string' ? JSON.stringify(one.value) : (one.value ?? one.type);
    const parts = preview.properties.map((one) => (isArray ? shown(one) : `${one.name}: ${shown(one)}`));
    if (preview.overflow) parts.push('…');
    const named = value.className === undefined || value.className === 'Object' || isArray ? '' : `${value.className} `;
    return isArray ? `[${parts.join(', ')}]` : `${named}{ ${parts.join(', ')} }`.replace('{  }', '{}');
  }
  return value.unserializableValue ?? value.description?.split('\n')[0] ?? String(value.value);
}
