import type { SyntaxNode } from '../session/index.js';
import { later } from './later.js';

export interface DeclaredParameter {
  readonly keyword: string;
  /** The type annotation as it is written, `: number`; '' if there is none. */
  readonly annotation: string;
  /** What follows the value, ` as 'fast' | 'slow'`; '' if there is nothing. */
  readonly assertion: string;
}

/** The variables that a cell declares at its top level; undefined if it cannot be parsed, which is an error when the cell runs. */
export function declaredParameters(code: string): ReadonlyMap<string, DeclaredParameter> | undefined {
  const syntax = later.session().cellSyntax(code);
  if (syntax === undefined) return undefined;
  const { statements, text } = syntax;
  const declared = new Map<string, DeclaredParameter>();
  for (const statement of statements) {
    const inner = statement.type === 'ExportNamedDeclaration' ? (statement.declaration as SyntaxNode | null) : statement;
    if (inner?.type !== 'VariableDeclaration') continue;
    for (const { id, init } of inner.declarations as readonly { id: SyntaxNode; init: SyntaxNode | null }[]) {
      const isName = id.type === 'Identifier';
      const annotation = isName ? textOf(id.typeAnnotation, text) : '';
      const assertion = isName ? assertionOf(init, text) : '';
      for (const name of namesIn(id)) declared.set(name, { keyword: inner.kind as string, annotation, assertion });
    }
  }
  return declared;
}

/** True if a variable may have this name. */
export function isVariableName(name: string): boolean {
  const [statement, ...more] = later.session().cellSyntax(`const ${name} = 0;`)?.statements ?? [];
  if (more.length > 0 || statement?.type !== 'VariableDeclaration') return false;
  const [first, ...others] = statement.declarations as readonly { id: SyntaxNode }[];
  return others.length === 0 && first?.id.type === 'Identifier' && first.id.name === name;
}

const textOf = (node: unknown, text: string): string => {
  const { start, end } = (node ?? { start: 0, end: 0 }) as SyntaxNode;
  return text.slice(start, end);
};

const ASSERTIONS: Readonly<Record<string, string>> = { TSAsExpression: 'as', TSSatisfiesExpression: 'satisfies' };

function assertionOf(value: SyntaxNode | null, text: string): string {
  const word = ASSERTIONS[value?.type ?? ''];
  if (value == null || word === undefined) return '';
  return `${assertionOf(value.expression as SyntaxNode, text)} ${word} ${textOf(value.typeAnnotation, text)}`;
}

function namesIn(pattern: unknown): readonly string[] {
  const node = pattern as { type: string } & Record<string, unknown>;
  switch (node?.type) {
    case 'Identifier':
      return [node.name as string];
    case 'ObjectPattern':
      return (node.properties as unknown[]).flatMap(namesIn);
    case 'ObjectProperty':
      return namesIn(node.value);
    case 'ArrayPattern':
      return (node.elements as unknown[]).flatMap(namesIn);
    case 'AssignmentPattern':
      return namesIn(node.left);
    case 'RestElement':
      return namesIn(node.argument);
    default:
      return [];
  }
}
