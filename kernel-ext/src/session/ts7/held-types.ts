import { children, isNode, type SyntaxNode } from '../syntax.js';
import { holdsFunction, isCollection, isData, isEmpty } from './cell-lookups.js';
import { type CellModule, isVariable, wordsOf } from './cell-module.js';
import { DYNAMIC, isStoringCall, rootOf } from './cell-mutations.js';
import type { ScopeName } from './cell-scope.js';
import type { Declaration } from './declared-names.js';

const FUNCTION = /^(FunctionExpression|ArrowFunctionExpression|ObjectMethod|TSInterface|TSTypeAlias)/;
const CALL = /^(CallExpression|OptionalCallExpression|TaggedTemplateExpression|ImportExpression|JSXElement|JSXFragment)$/;
const MEMBER = /^(MemberExpression|OptionalMemberExpression)$/;

/**
 * The type of a variable after names that its cell uses were declared again:
 * - `now`: the type in the cell's new module, in which statements use the old declarations and functions the present ones;
 * - `before`: the old type, because the value was computed with the old names; if the type contains code, which now does something else, then
 * - `both`: the value may have been made with the old names or with the new ones.
 */
export type HeldType = 'now' | 'before' | 'both';

/** How a variable was declared and used. */
interface Held extends Pick<ScopeName, 'kind' | 'isUsed'> {
  readonly isWritten: boolean;
}

/** Decides which type the variables of one cell have after a change. The decision uses only the syntax. */
export class HeldTypes {
  readonly #module: CellModule;
  readonly #changed: ReadonlySet<string>;
  readonly #fieldsOf: (className: string) => string | undefined;

  /**
   * @param changed names whose value or type differs from when the cell was checked
   * @param fieldsOf the text of the instance fields of a class and of its base classes, if these classes are known
   */
  constructor(module: CellModule, changed: ReadonlySet<string>, fieldsOf: (className: string) => string | undefined) {
    this.#module = module;
    this.#changed = changed;
    this.#fieldsOf = fieldsOf;
  }

  of(name: string, known: ScopeName): HeldType {
    if (!isVariable(known)) return 'now';
    const declarations = this.#module.syntax.declarations.get(name) ?? [];
    // The cell itself may have changed the value after it was made.
    const isWritten = known.isWritten === true || this.#module.syntax.mutated.has(name);
    const types = declarations.map((one) => this.#declared(one, { ...known, isWritten }));
    if (types.includes('both')) return 'both';
    return types.includes('before') ? 'before' : 'now';
  }

  #declared({ node, pattern, init }: Declaration, { kind, isUsed, isWritten }: Held): HeldType {
    if (!this.#mentions(node)) return 'now';
    // The variable belongs to a loop.
    if (pattern === undefined) return 'before';
    if (isNode(pattern.typeAnnotation)) {
      if (init !== undefined && FUNCTION.test(init.type)) return isWritten ? 'both' : 'now';
      if (!this.#mentions(pattern.typeAnnotation)) return 'now';
      const isHolder = isEmpty(init);
      if (isHolder && isUsed !== true && !this.#mayFill(node)) return 'now';
      if (kind !== 'const' || isHolder || init === undefined || holdsFunction(init)) return 'both';
      return isData(init) ? 'now' : 'before';
    }
    if (isWritten) return kind === 'const' ? 'before' : 'both';
    if (init === undefined) return 'now';
    if (isEmpty(init) && isUsed !== true) return this.#mayFill(node) ? 'before' : 'now';
    if (DYNAMIC.test(this.#module.text) && !FUNCTION.test(init.type)) return 'before';
    const isTaken = pattern.type !== 'Identifier' && !/^(Object|Array)Expression$/.test(init.type) && this.#mentions(init);
    return !isTaken && this.#isPlain(init) ? 'now' : 'before';
  }

  /** Tells whether the new module gives the correct type of an expression that was computed with the old names. */
  #isPlain(node: SyntaxNode): boolean {
    if (FUNCTION.test(node.type)) return true;
    if (/^Class(Expression|Declaration)$/.test(node.type)) return !isNode(node.superClass) || this.#isPlain(node.superClass);
    if (MEMBER.test(node.type)) return !this.#mentions(node.object as SyntaxNode);
    if (node.type === 'NewExpression') {
      const { typeParameters } = node;
      if (isNode(typeParameters) && this.#mentions(typeParameters)) return false;
      return isCollection(node)
        ? (node.arguments as SyntaxNode[]).every((one) => this.#isPlain(one))
        : this.#isPlainInstance(node);
    }
    if (CALL.test(node.type)) {
      // Functions that are passed to nbserve run later, in a replica.
      if (!isNode(node.callee) || rootOf(node.callee) !== 'serve') return !this.#mentions(node);
    }
    for (const child of children(node)) if (!this.#isPlain(child)) return false;
    return true;
  }

  /** Tells whether statements of the cell may have put values that were made with the old names into an empty variable of the cell. */
  #mayFill(declaration: SyntaxNode): boolean {
    const isOwn = ({ start, end }: SyntaxNode): boolean => start <= declaration.start && declaration.end <= end;
    return (this.#module.syntax.program.body as SyntaxNode[]).some((statement) => {
      if (statement.type !== 'VariableDeclaration') return this.#runsOld(statement, false);
      return (statement.declarations as SyntaxNode[]).some((one) => !isOwn(one) && this.#callsOld(one));
    });
  }

  #callsOld(node: SyntaxNode): boolean {
    if (FUNCTION.test(node.type)) return false;
    if (CALL.test(node.type) || node.type === 'NewExpression') return this.#runsOld(node, false);
    for (const child of children(node)) if (this.#callsOld(child)) return true;
    return false;
  }

  /**
   * Tells whether code that runs in a statement uses the old declaration of a name. Functions that are only stored run later, but they may give the old value
   * of a variable. Any other function may be called at once.
   */
  #runsOld(node: SyntaxNode, isStored: boolean): boolean {
    if (/^(TS(Interface|TypeAlias|Declare)|FunctionDeclaration)/.test(node.type)) return false;
    if (node.type === 'Identifier')
      return this.#changed.has(node.name as string) && (!isStored || this.#isValue(node.name as string));
    const isMethod = /^Class(Private)?(Method|Property)$/.test(node.type) && node.static !== true;
    if (isMethod) return false;
    const isStoring = isStoringCall(node);
    for (const child of isStoring ? (node.arguments as SyntaxNode[]) : children(node)) {
      const isLater = isStored || (isStoring && FUNCTION.test(child.type));
      if (this.#runsOld(child, isLater)) return true;
    }
    return false;
  }

  #isValue(name: string): boolean {
    const known = this.#module.syntax.names.get(name) ?? this.#module.uses.get(name)?.now;
    return known !== undefined && isVariable(known);
  }

  /** The methods of an instance are the present ones. Its fields were computed when it was made. */
  #isPlainInstance(node: SyntaxNode): boolean {
    const callee = node.callee as SyntaxNode;
    const fields = callee.type === 'Identifier' ? this.#fieldsOf(callee.name as string) : undefined;
    if (fields === undefined) return !this.#mentions(node);
    if (this.#mentionsIn(fields)) return false;
    return (node.arguments as SyntaxNode[]).every((one) => this.#isPlain(one) && !(holdsFunction(one) && this.#mentions(one)));
  }

  #mentions(node: SyntaxNode): boolean {
    return this.#mentionsIn(this.#module.text.slice(node.start, node.end));
  }

  #mentionsIn(text: string): boolean {
    for (const word of wordsOf(text)) if (this.#changed.has(word)) return true;
    return false;
  }
}

/** Returns the text of the instance fields of a class, and its base class; undefined if the module does not declare the class. */
export function fieldsIn({ text, syntax }: CellModule, className: string): { text: string; base?: string } | undefined {
  const found = syntax.declarations.get(className)?.find(({ node }) => node.type === 'ClassDeclaration')?.node;
  if (found === undefined) return undefined;
  const parts: SyntaxNode[] = [];
  const members = (found.body as SyntaxNode).body as SyntaxNode[];
  const fields = members.filter(({ type }) => /^Class(Private|Accessor)?Property$/.test(type));
  // A field without a type and a value has the type that the constructor assigns.
  const isGiven = fields.some(({ value, typeAnnotation }) => !isNode(value) && !isNode(typeAnnotation));
  for (const { value, typeAnnotation } of fields) {
    if (isNode(typeAnnotation)) parts.push(typeAnnotation);
    // A function in a field is treated like a method.
    if (isNode(value) && !FUNCTION.test(value.type)) parts.push(value);
  }
  for (const member of members)
    if (member.kind === 'constructor') parts.push(...(isGiven ? [member] : (member.params as SyntaxNode[])));
  const { superClass } = found;
  const named = isNode(superClass) && superClass.type === 'Identifier' ? { base: superClass.name as string } : {};
  if (isNode(superClass) && named.base === undefined) parts.push(superClass);
  return { text: parts.map((part) => text.slice(part.start, part.end)).join('\n'), ...named };
}
