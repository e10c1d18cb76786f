import { nameUses, type Reference } from 'nbserve/analysis';
import { children, isNode, parseCell, type SyntaxNode, walk } from '../syntax.js';
import { type Augmentations, augmentationsIn } from './augmentations.js';
import { type Lookups, lookups } from './cell-lookups.js';
import { DYNAMIC, mutatedNames } from './cell-mutations.js';
import type { DeclaredName } from './cell-scope.js';
import { type Declaration, DeclaredNames, hasValue, nameOf } from './declared-names.js';

/** An operand that the cell itself waits for: that of an `await` or of a `for await`. */
export interface Awaited {
  readonly operand: SyntaxNode;
  readonly by: 'wait' | 'each';
}

/** The keyword `import` of an `import(…)`. */
interface DynamicImport {
  readonly start: number;
  readonly end: number;
  readonly inFunction: boolean;
}

/** The facts about a cell that its check and its conversion need. */
export interface ParsedCell {
  readonly program: SyntaxNode;
  /** True if the cell has JSX. */
  readonly isJsx: boolean;
  /** True if the parser found no error. */
  readonly isClean: boolean;
  /** The names that the cell declares at its top level. */
  readonly names: ReadonlyMap<string, DeclaredName>;
  readonly declarations: ReadonlyMap<string, readonly Declaration[]>;
  /** The names that the cell itself exports. */
  readonly exported: ReadonlySet<string>;
  /** True if the cell contains `declare global` or `declare module '…'`. */
  readonly augments: boolean;
  readonly augmentations: Augmentations;
  /** The uses of names that the cell does not declare. */
  readonly free: readonly Reference[];
  /** The uses of names that the cell declares. */
  readonly own: readonly Reference[];
  /** Those of them that are in functions. */
  readonly ownInFunctions: readonly Reference[];
  /** The offsets at which called functions and template tags begin. */
  readonly callees: ReadonlySet<number>;
  /** The offsets of the names with which tags of JSX begin: that of `Lib` in `<Lib.Bold>` and in `</Lib.Bold>`. */
  readonly tags: ReadonlySet<number>;
  /** The offsets at which expressions begin that are statements in a list of statements. The line before them may have no semicolon. */
  readonly listed: ReadonlySet<number>;
  readonly awaits: readonly Awaited[];
  /** The places of `import.meta`. */
  readonly metas: readonly SyntaxNode[];
  /** The keyword `import` of each `import(…)`. */
  readonly dynamicImports: readonly DynamicImport[];
  /** The modules that the cell names in imports, in exports, and in calls of `import` and `require`. */
  readonly specifiers: ReadonlySet<string>;
  /** The places of those of them that are not in functions: the texts with their quotes. */
  readonly imports: readonly SyntaxNode[];
  /** True if the cell contains syntax that only a compiler can convert. */
  readonly needsCompiler: boolean;
  /** The names that the cell assigns in a statement before it uses them in any other way. */
  readonly assigned: ReadonlySet<string>;
  /** The names of variables whose values the cell changes: `x.push(1)`, `x.a = 1`, `Object.assign(x, …)`. */
  readonly mutated: ReadonlySet<string>;
  /** The times at which the cell looks up the names of other cells. */
  readonly lookups: Lookups;
}

const COMPILED = new Set([
  'TSEnumDeclaration',
  'TSModuleDeclaration',
  'Decorator',
  'TSImportEqualsDeclaration',
  'TSExportAssignment',
  'ClassAccessorProperty',
  'JSXElement',
  'JSXFragment',
]);

/** Code without any of these contains no syntax in `COMPILED`, and no `for (using …)`. */
const MAY_NEED_COMPILER = /@|<\/|\/>|\b(?:import|export|enum|namespace|module|global|accessor|using)\b/;

/** @returns undefined if the text cannot be parsed; the type checker then reports the reason */
export function parsedCell(text: string): ParsedCell | undefined {
  const program = parseCell(text);
  if (program === undefined) return undefined;
  const body = program.body as SyntaxNode[];
  const declared = new DeclaredNames();
  for (const statement of body) declared.add(statement);
  const places = new ChangedPlaces();
  places.visit(program, false);
  const { free, own } = nameUses(body, text.length);
  return {
    program,
    isJsx: program.isJsx === true,
    isClean: program.errors.length === 0,
    names: declared.names,
    exported: declared.exported,
    augments: declared.augments,
    augmentations: declared.augments ? augmentationsIn(program) : new Map(),
    declarations: declared.declarations,
    free,
    own,
    ownInFunctions: own.filter(({ depth }) => depth > 0),
    mutated: mutatedNames(program, text),
    lookups: lookups(program, free, DYNAMIC.test(text)),
    assigned: assignedFirst(body, free),
    needsCompiler: MAY_NEED_COMPILER.test(text) && needsCompiler(program),
    callees: places.callees,
    tags: places.tags,
    listed: places.listed,
    awaits: places.awaits,
    metas: places.metas,
    dynamicImports: places.dynamicImports,
    specifiers: places.specifiers,
    imports: places.imports,
  };
}

function assignedFirst(body: readonly SyntaxNode[], free: readonly Reference[]): ReadonlySet<string> {
  const first = new Map<string, number>();
  for (const { name, start } of free) first.set(name, Math.min(start, first.get(name) ?? start));
  const assigned = new Set<string>();
  for (const { type, expression } of body) {
    if (type !== 'ExpressionStatement' || !isNode(expression) || expression.type !== 'AssignmentExpression') continue;
    const { operator, left, start, end } = expression;
    const name = operator === '=' ? nameOf(left) : undefined;
    if (name === undefined || first.get(name) !== (left as SyntaxNode).start) continue;
    const uses = free.filter((one) => one.name === name && one.start >= start && one.end <= end);
    if (uses.length === 1) assigned.add(name);
  }
  return assigned;
}

/** Returns the same cell, with some of its names marked as types only. */
export function typesAlone(cell: ParsedCell, types: readonly string[]): ParsedCell {
  if (types.length === 0) return cell;
  const names = new Map(cell.names);
  for (const name of types) names.set(name, { kind: 'import', isBoth: false, ...names.get(name), hasValue: false });
  return { ...cell, names };
}

/** Collects the places at which the cell's code is changed. */
class ChangedPlaces {
  readonly callees = new Set<number>();
  readonly tags = new Set<number>();
  readonly listed = new Set<number>();
  readonly awaits: Awaited[] = [];
  readonly metas: SyntaxNode[] = [];
  readonly dynamicImports: DynamicImport[] = [];
  readonly specifiers = new Set<string>();
  readonly imports: SyntaxNode[] = [];

  /** @param inFunction whether the node is inside a function of the user; its `await` then belongs to that function */
  visit(node: SyntaxNode, inFunction: boolean): void {
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ExportNamedDeclaration':
      case 'ExportAllDeclaration':
      case 'TSExternalModuleReference':
      case 'TSImportType':
        this.#names(node.source ?? node.expression ?? node.argument, inFunction);
        break;
      case 'CallExpression':
      case 'OptionalCallExpression': {
        const callee = node.callee as SyntaxNode;
        if (callee.type === 'Import' || nameOf(callee) === 'require')
          this.#names((node.arguments as SyntaxNode[])[0], inFunction);
        if (callee.type === 'Import') this.dynamicImports.push({ start: callee.start, end: callee.end, inFunction });
        else this.callees.add(callee.start);
        break;
      }
      case 'ImportExpression':
        this.#names(node.source, inFunction);
        this.dynamicImports.push({ start: node.start, end: node.start + 'import'.length, inFunction });
        break;
      case 'TaggedTemplateExpression':
        this.callees.add((node.tag as SyntaxNode).start);
        break;
      case 'JSXOpeningElement':
      case 'JSXClosingElement':
        this.tags.add((node.name as SyntaxNode).start);
        break;
      case 'AwaitExpression':
        if (!inFunction && !isTimer(node.argument)) this.awaits.push({ operand: node.argument as SyntaxNode, by: 'wait' });
        break;
      case 'ForOfStatement':
        if (!inFunction && node.await === true) this.awaits.push({ operand: node.right as SyntaxNode, by: 'each' });
        break;
      case 'Decorator':
        // The rewritten form `@(0, exports.logged)('x')` would not be a valid decorator.
        this.#visitDecorator(node.expression as SyntaxNode, inFunction);
        return;
      case 'MetaProperty':
        if ((node.meta as { name?: string }).name === 'import') this.metas.push(node);
        break;
      case 'Program':
      case 'BlockStatement':
      case 'StaticBlock':
      case 'TSModuleBlock':
        this.#list(node.body as SyntaxNode[]);
        break;
      case 'SwitchCase':
        this.#list(node.consequent as SyntaxNode[]);
        break;
    }
    const within = inFunction || (/Function|Method$/.test(node.type) && !node.type.startsWith('TS'));
    // The function around a line with `%time` contains the cell's own code.
    const timed = isTimer(node) ? (node.arguments as SyntaxNode[])[0] : undefined;
    for (const child of children(node)) {
      if (child === timed && isNode(child.body)) this.visit(child.body, inFunction);
      else this.visit(child, within);
    }
  }

  #list(statements: readonly SyntaxNode[]): void {
    for (const { type, start } of statements) if (type === 'ExpressionStatement') this.listed.add(start);
  }

  #names(specifier: unknown, inFunction: boolean): void {
    if (!isNode(specifier) || specifier.type !== 'StringLiteral') return;
    this.specifiers.add(specifier.value as string);
    if (!inFunction) this.imports.push(specifier);
  }

  #visitDecorator(expression: SyntaxNode, inFunction: boolean): void {
    const isCall = expression.type === 'CallExpression';
    this.visit(isCall ? (expression.callee as SyntaxNode) : expression, inFunction);
    if (isCall) for (const argument of expression.arguments as SyntaxNode[]) this.visit(argument, inFunction);
  }
}

const isUsingLoop = (node: SyntaxNode): boolean =>
  node.type === 'ForOfStatement' && isNode(node.left) && /using$/.test(String(node.left.kind));

const isTimer = (node: unknown): boolean =>
  isNode(node) && node.type === 'CallExpression' && /^__nbs_time(it)?$/.test(nameOf(node.callee) ?? '');

function needsCompiler(program: SyntaxNode): boolean {
  let found = false;
  walk(program, (node) => {
    if (found || node.declare === true) return false;
    if (isUsingLoop(node)) found = true;
    if (COMPILED.has(node.type) && !(node.type === 'TSModuleDeclaration' && !hasValue(node))) found = true;
    return undefined;
  });
  return found;
}
