import { cellCode } from './cell-code.js';
import { parsedCell } from './parsed-cell.js';

/** Code with what usual cells contain. */
const SAMPLE = `import { basename, type ParsedPath } from 'node:path';
interface Named<T extends string = string> { readonly name: T; tags?: readonly string[]; parse(text: string): ParsedPath }
type Part<K extends keyof Named> = Pick<Named, K> | { kind: 'none' };
let count: number = 0;
const { name, ...rest } = { name: 'a', size: 1 } satisfies { name: string; size: number };
function total(...values: number[]): number { return values.reduce((sum, value) => sum + value, 0); }
class Store<T extends Named> extends Map<string, T> {
  static readonly kind = 'store';
  #changes = 0;
  constructor(private readonly limit: number, readonly label = \`store \${count}\`) { super(); }
  add(value: T): this {
    if (this.size >= this.limit) throw new RangeError(\`\${this.label} is full\`);
    this.#changes += 1;
    return this.set(value.name, value);
  }
  get full(): boolean { return this.size === this.limit; }
  async each(work: (value: T, at: number) => Promise<void>): Promise<void> {
    let at = 0;
    for (const value of this.values()) await work(value, at++);
  }
  sorted = (): T[] => [...this.values()].sort((a, b) => a.name.localeCompare(b.name));
}
for (const [key, value] of Object.entries(rest)) { try { count += value as number; } catch (error) { console.error(key, error); } }
const answer = await fetch('http://localhost').then((reply) => (reply.ok ? (reply.json() as Promise<{ items?: number[] }>) : undefined));
console.log(basename(name), total(1, 2), answer?.items?.length ?? 0, Store.kind!, /a+/g.test(name));
count`;

/** Converts an ordinary cell and forgets it, so that V8 has compiled the parser before the user's first long cell comes. */
export function convertSample(): void {
  const syntax = parsedCell(SAMPLE);
  if (syntax !== undefined) cellCode(SAMPLE, syntax, () => false, undefined);
}
