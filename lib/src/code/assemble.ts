import MagicString, { Bundle } from 'magic-string';
import type { Closure } from './closure.js';
import type { Range } from './declaration.js';
import { HOOKS, isFile } from './hooks.js';
import { anglesIn, jsxOf, renamedForJsx } from './jsx.js';
import { modulesOf } from './module-uses.js';
import { inOrder } from './order.js';
import type { Node } from './parse.js';
import type { SourceRegistryOptions } from './types.js';
import { compareUnits, type Unit } from './unit.js';

/** A closure, written as one TypeScript module. */
export interface Assembled {
  readonly text: string;
  /** The source map from `text` to the cells. */
  readonly map: string;
  readonly exportName: string;
  /** Modules to load with `import()` before the module runs. */
  readonly preload: readonly string[];
  /** The user's own files that it imports, as the cells name them. Their code is shipped too. */
  readonly files: readonly string[];
  /** Those of them that it imports by statements, or requires. */
  readonly required: readonly string[];
  readonly isJsx: boolean;
  /** The names in the module that are not the user's, each with the user's name. */
  readonly renamed: Readonly<Record<string, string>>;
}

const RESERVED = ['require', 'module', 'exports', '__filename', '__dirname', 'default', 'globalThis', ...Object.values(HOOKS)];

export function assemble(closure: Closure, options: Pick<SourceRegistryOptions, 'folder' | 'fileOf'>): Assembled {
  const names = nameUnits(closure);
  const nameOf = (unit: Unit): string => names.get(unit) as string;
  const bundle = new Bundle({ separator: '\n' });
  const jsx = jsxOf(closure);
  const isJsx = jsx !== undefined;
  const preload = new Set<string>();
  const references = closure.units
    .filter((unit) => isReferenced(unit, closure))
    .map((unit) => `${JSON.stringify(unit.key)}: () => ${nameOf(unit)}`);
  if (isJsx) bundle.prepend(`${jsx}\n`);
  if (references.length > 0) bundle.prepend(`${HOOKS.sources}({ ${references.join(', ')} });\n`);

  for (const unit of inOrder(closure.units)) {
    if (unit.form.as === 'preload') preload.add(unit.form.module);
    if (unit.form.as === 'statements') addStatements(bundle, unit, nameOf, isJsx);
    else if (unit.form.as === 'expression') addExpression(bundle, unit, nameOf, isJsx);
    else bundle.addSource({ content: new MagicString(plainText(unit, nameOf)) });
    for (const index of unit.own ?? []) bundle.addSource({ content: new MagicString(`${HOOKS.value}(${index});`) });
  }
  const entry = nameOf(closure.entry);
  const exportName = closure.entry.name;
  bundle.append(`\nexport { ${entry} as ${JSON.stringify(exportName)} };\n`);

  const renamed: Record<string, string> = {};
  for (const [unit, name] of names) if (name !== unit.name) renamed[name] = unit.name;
  const map = bundle.generateMap({ hires: 'boundary', includeContent: false, file: 'notebook.ts' }).toString();
  const { files, required } = filesIn(closure.units, options);
  return { text: bundle.toString(), map, exportName, preload: [...preload], files, required, isJsx, renamed };
}

function filesIn(units: readonly Unit[], options: Parameters<typeof isFile>[1]): Pick<Assembled, 'files' | 'required'> {
  const uses = units.flatMap(modulesOf);
  const files = [...new Set(uses.map(({ module }) => module))].filter((module) => isFile(module, options)).toSorted();
  const required = new Set(uses.filter(({ isLater }) => !isLater).map(({ module }) => module));
  return { files, required: files.filter((file) => required.has(file)) };
}

/** True if a captured value refers to this source: it is the class of instances in it, or a function in it, or gets it as a property. */
const isReferenced = (unit: Unit, closure: Closure): boolean =>
  unit.own !== undefined || closure.units.some((user) => user.form.as === 'value' && user.needs.includes(unit));

/** If two declarations of the same name are needed, the latest keeps the name, and the older one gets another. */
function nameUnits(closure: Closure): Map<Unit, string> {
  const names = new Map<Unit, string>();
  const taken = new Set([...RESERVED, ...closure.globals]);
  for (const unit of closure.units.toSorted(compareUnits).toReversed()) {
    let name = unit.name;
    for (let n = 1; taken.has(name); n += 1) name = `${unit.name}$${n}`;
    taken.add(name);
    names.set(unit, name);
  }
  return names;
}

function plainText(unit: Unit, nameOf: (unit: Unit) => string): string {
  const name = nameOf(unit);
  const { form } = unit;
  switch (form.as) {
    case 'alias':
      return `${form.keyword} ${name} = ${nameOf(form.target)};`;
    case 'value':
      return `${form.keyword} ${name} = ${HOOKS.value}(${form.index});`;
    case 'global':
      return `const ${name} = ${HOOKS.global}(require(${JSON.stringify(form.module)}), ${JSON.stringify(unit.name)});`;
    case 'preload':
      return `${form.keyword} ${name} = ${HOOKS.preload}(${JSON.stringify(form.module)})${form.path};`;
    case 'import':
      return importText(name, form.module, form.imported);
    default:
      return '';
  }
}

function importText(name: string, module: string, imported: string): string {
  const from = JSON.stringify(module);
  if (imported === 'default') return `import ${name} from ${from};`;
  if (imported === '=') return `import ${name} = require(${from});`;
  if (imported === '*') return `import * as ${name} from ${from};`;
  if (imported.startsWith('*['))
    return `import * as ${name}$module from ${from};\nconst ${name} = ${name}$module${imported.slice(1)};`;
  return `import { ${/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(imported) ? imported : JSON.stringify(imported)} as ${name} } from ${from};`;
}

function addStatements(bundle: Bundle, unit: Unit, nameOf: (unit: Unit) => string, isJsx: boolean): void {
  if (unit.form.as !== 'statements' || !unit.cell) return;
  const name = nameOf(unit);
  for (const part of unit.form.parts) {
    const content = edited(unit, part, nameOf, isJsx);
    if (name !== unit.name) {
      for (const own of unit.form.names)
        if (own.start >= part.start && own.end <= part.end) content.overwrite(own.start, own.end, name);
    }
    bundle.addSource({ filename: unit.cell.id, content });
  }
  const isNamed = unit.form.node?.type === 'ClassDeclaration' || unit.form.node?.type === 'FunctionDeclaration';
  if (name !== unit.name && isNamed) bundle.addSource({ content: new MagicString(rename(name, unit.name)) });
}

function addExpression(bundle: Bundle, unit: Unit, nameOf: (unit: Unit) => string, isJsx: boolean): void {
  if (unit.form.as !== 'expression' || !unit.cell) return;
  const { form } = unit;
  const name = nameOf(unit);
  const content = edited(unit, form.part, nameOf, isJsx);
  // A declaration if possible, because the compiler renames `const A = class A`.
  const named = (form.node.id as Node | null | undefined)?.name;
  const isOwn = form.before === '(' && form.after === ')';
  if (!isOwn || named !== name) {
    content.prepend(`${form.keyword} ${name} = ${form.before}`);
    content.append(`${form.after};`);
  }
  bundle.addSource({ filename: unit.cell.id, content });
  if (isOwn && name !== unit.name && /^(Class|Function|Arrow)/.test(form.node.type)) {
    bundle.addSource({ content: new MagicString(rename(name, (named as string | undefined) ?? unit.name)) });
  }
}

const rename = (local: string, name: string): string =>
  `Object.defineProperty(${local}, 'name', { value: ${JSON.stringify(name)}, configurable: true });`;

/** One range of the cell's source. References to renamed declarations are renamed in it. */
function edited(unit: Unit, part: Range, nameOf: (unit: Unit) => string, isJsx: boolean): MagicString {
  const cell = unit.cell as NonNullable<Unit['cell']>;
  const content = new MagicString(cell.source, { filename: cell.id });
  if (part.start > 0) content.remove(0, part.start);
  if (part.end < cell.source.length) content.remove(part.end, cell.source.length);
  for (const { reference, target } of unit.links) {
    const name = nameOf(target);
    if (name === reference.name || reference.start < part.start || reference.end > part.end) continue;
    if (reference.start === reference.end) throw renamedForJsx(unit, reference.name);
    content.overwrite(reference.start, reference.end, reference.shorthand ? `${reference.name}: ${name}` : name);
  }
  for (const { start } of cell.analysis.imports) {
    if (start < part.start || start >= part.end) continue;
    content.overwrite(start, start + 'import'.length, HOOKS.import);
  }
  for (const { start, end, text } of isJsx && cell.jsx.length === 0 ? anglesIn(cell) : []) {
    if (start < part.start || end > part.end) continue;
    if (start === end) content.appendLeft(end, text);
    else content.update(start, end, text);
  }
  return content;
}
