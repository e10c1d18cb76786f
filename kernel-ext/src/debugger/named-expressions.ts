import type { Debugger, Runtime } from 'node:inspector';
import type { Inspector } from './inspector-client.js';
import { VIEW } from './view.js';

/** The types of scopes whose variables are the frame's own. */
export const LOCAL = new Set<string>(['local', 'block', 'catch', 'with', 'eval']);
/** Those of the scopes around the function. */
export const CLOSURE = new Set<string>(['closure', 'module']);
const WORD = /[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/gu;

/** Makes expressions of the debugger's client find the names of the notebook. */
export class NamedExpressions {
  readonly #inspector: Inspector;

  constructor(inspector: Inspector) {
    this.#inspector = inspector;
  }

  /**
   * The names of earlier cells are no variables of the frame: those in the expression that the frame does not have become variables around it. What it
   * assigns to them, the notebook's names get too.
   */
  async expression(expression: string, frame: Debugger.CallFrame | undefined): Promise<string> {
    let used = await this.#known([...new Set(expression.match(WORD))]);
    for (const { type, object } of frame?.scopeChain ?? []) {
      if (used.length === 0) break;
      if ((LOCAL.has(type) || CLOSURE.has(type)) && object.objectId !== undefined)
        used = await this.#missing(object.objectId, used);
    }
    if (used.length === 0) return expression;
    const names = used.join(', ');
    // A line break ends a comment at the end of the expression.
    return `((__nbs_names) => { let { ${names} } = __nbs_names; try { return (${expression}\n); } finally { ${VIEW}.assign(__nbs_names, { ${names} }); } })(${VIEW}.pick(${JSON.stringify(used)}))`;
  }

  /** The frame is not known yet, so the frame's own variables are tried first. Names that the notebook gets later are not found. */
  async condition(condition: string): Promise<string> {
    const used = await this.#known([...new Set(condition.match(WORD))]);
    if (used.length === 0) return condition;
    const values = used.map((name) => {
      const own = `${VIEW}.pick(['${name}'])['${name}']`;
      const isGlobal = `'${name}' in globalThis && globalThis['${name}'] === ${name}`;
      return `get ${name}() { try { return ${isGlobal} ? ${own} : ${name}; } catch { return ${own}; } }`;
    });
    return `(({ ${used.join(', ')} }) => (${condition}\n))({ ${values.join(', ')} })`;
  }

  /** Those of the words that are names of the notebook. */
  async #known(words: readonly string[]): Promise<string[]> {
    if (words.length === 0) return [];
    const { result } = await this.#inspector.send<Runtime.EvaluateReturnType>('Runtime.evaluate', {
      expression: `${VIEW}?.known(${JSON.stringify(words)})`,
      returnByValue: true,
      silent: true,
    });
    return (result.value as string[] | undefined) ?? [];
  }

  /** Those of the names that a scope does not have. */
  async #missing(scope: string, names: readonly string[]): Promise<string[]> {
    const { result } = await this.#inspector.send<Runtime.CallFunctionOnReturnType>('Runtime.callFunctionOn', {
      objectId: scope,
      functionDeclaration: 'function (names) { return names.filter((name) => !Object.hasOwn(this, name)); }',
      arguments: [{ value: names }],
      returnByValue: true,
      silent: true,
    });
    return result.value as string[];
  }
}
