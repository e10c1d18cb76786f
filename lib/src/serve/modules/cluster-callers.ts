/** Finds `serve.run` and `serve.start` in the text of code. */
const MENTIONS = /serve\w*\s*\.\s*(?:run|start)\s*\(/i;
/** The name of what a statement at the top level of a bundle declares. */
const DECLARED = /^(?:async\s+)?(?:function\b\s*\*?|class\b|var\b|let\b|const\b)\s*([\w$]+)/;
const NAMES = /[\w$]+/g;

/** Which code of a module can call `serve.run` or `serve.start`: it names them, or something at the top level of the module that can. */
export class ClusterCallers {
  readonly #names = new Set<string>();

  /** @param bundle the module, as esbuild has compiled it: only the lines at which a statement of the top level begins or ends are not indented */
  constructor(bundle = '') {
    if (!MENTIONS.test(bundle)) return;
    const declared = bundle.split(/\n(?=\w)/).flatMap((text) => {
      const name = DECLARED.exec(text)?.[1];
      return name === undefined ? [] : [{ name, text }];
    });
    for (let before = -1; before < this.#names.size; ) {
      before = this.#names.size;
      for (const { name, text } of declared) if (!this.#names.has(name) && this.includes(text)) this.#names.add(name);
    }
  }

  /** @param text of a class or function */
  includes(text: string): boolean {
    if (MENTIONS.test(text)) return true;
    return this.#names.size > 0 && (text.match(NAMES)?.some((name) => this.#names.has(name)) ?? false);
  }
}
