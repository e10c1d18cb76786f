import { parse } from '@babel/parser';

type Parsed = ReturnType<typeof parse>['program']['body'][number];
type Pattern = Extract<Parsed, { type: 'VariableDeclaration' }>['declarations'][number]['id'];

export interface DeclaredParameter {
  readonly keyword: string;
  /** The type annotation as it is written, `: number`; '' if there is none. */
  readonly annotation: string;
}

/** The variables that a cell declares at its top level; undefined if it cannot be parsed, which is an error when the cell runs. */
export function declaredParameters(code: string): ReadonlyMap<string, DeclaredParameter> | undefined {
  const parsed = statements(code);
  if (parsed === undefined) return undefined;
  const declared = new Map<string, DeclaredParameter>();
  for (const statement of parsed) {
    const inner = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    if (inner?.type !== 'VariableDeclaration') continue;
    for (const { id } of inner.declarations) {
      for (const name of namesIn(id)) declared.set(name, { keyword: inner.kind, annotation: annotationOf(id, code) });
    }
  }
  return declared;
}

/** True if a variable may have this name. */
export function isVariableName(name: string): boolean {
  const [statement, ...more] = statements(`const ${name} = 0;`) ?? [];
  return more.length === 0 && statement?.type === 'VariableDeclaration' && statement.declarations[0]?.id.type === 'Identifier';
}

function statements(code: string): readonly Parsed[] | undefined {
  try {
    return parse(code, {
      sourceType: 'module',
      allowAwaitOutsideFunction: true,
      errorRecovery: false,
      plugins: ['typescript', 'decorators', 'explicitResourceManagement'],
    }).program.body;
  } catch {
    return undefined;
  }
}

function annotationOf(id: Pattern, code: string): string {
  const annotation = id.type === 'Identifier' ? id.typeAnnotation : undefined;
  return annotation == null ? '' : code.slice(annotation.start as number, annotation.end as number);
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
