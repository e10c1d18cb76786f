import type { Edit } from '../mapped-text.js';
import { isNode, type SyntaxNode } from '../syntax.js';
import type { ParsedCell } from './parsed-cell.js';

/** The changes for the imports of a cell. */
export interface ImportEdits {
  readonly edits: readonly Edit[];
  /** The code of imports that follow other code. */
  readonly hoisted: string;
  /** Imported names whose values may change: name → expression for the value. */
  readonly live: ReadonlyMap<string, string>;
}

/**
 * Replaces imports by awaited calls. An import that follows other code runs before that code, as in a module.
 * @param isLive whether a module may give its exports new values; its names are then looked up at each use
 */
export function importEdits({ program, names }: ParsedCell, isLive: (specifier: string) => boolean): ImportEdits {
  const edits: Edit[] = [];
  const live = new Map<string, string>();
  let hoisted = '';
  let begun = false;
  for (const statement of program.body as SyntaxNode[]) {
    const code = importCode(statement, names, (module) => (isLive(module) ? live : undefined));
    if (code !== undefined) {
      if (begun) hoisted += code;
      // The lines around it may have no semicolons.
      edits.push({ start: statement.start, end: statement.end, text: begun || code === '' ? ';' : code });
    } else if (isAlias(statement)) {
      begun = true;
      const id = statement.id as SyntaxNode;
      // esbuild removes the alias of a type.
      const word = names.get(nameOf(id))?.hasValue === false ? 'import' : 'const';
      edits.push({ start: statement.start, end: id.start, text: `${word} ` });
    } else if (!/^TS(Interface|TypeAlias)/.test(statement.type)) begun = true;
  }
  return { edits, hoisted, live };
}

function importCode(
  statement: SyntaxNode,
  names: ParsedCell['names'],
  liveIn: (module: string) => Map<string, string> | undefined,
): string | undefined {
  switch (statement.type) {
    case 'ImportDeclaration':
      return statement.importKind === 'type' ? '' : bindings(statement, names, liveIn(sourceOf(statement)));
    // `export { a } from 'x'` and `export * from 'x'` load their module, although a cell exports nothing.
    case 'ExportAllDeclaration':
      return statement.exportKind === 'type' ? '' : `${moduleOf(statement)};`;
    case 'ExportNamedDeclaration':
      return isNode(statement.source) && statement.exportKind !== 'type' ? `${moduleOf(statement)};` : undefined;
    case 'TSImportEqualsDeclaration': {
      const { moduleReference } = statement;
      if (!isNode(moduleReference) || moduleReference.type !== 'TSExternalModuleReference') return undefined;
      const { value } = moduleReference.expression as unknown as { value: string };
      return statement.importKind === 'type' ? '' : `const ${nameOf(statement.id)} = require(${JSON.stringify(value)});`;
    }
    default:
      return undefined;
  }
}

/** Tells whether a statement is `import y = A.x`. */
const isAlias = ({ type, moduleReference }: SyntaxNode): boolean =>
  type === 'TSImportEqualsDeclaration' && isNode(moduleReference) && moduleReference.type !== 'TSExternalModuleReference';

/** The places of the names that a cell imports, or declares by `import y = A.x`, and that may have values. */
export function importedNames({ program, names }: ParsedCell): { name: string; at: number }[] {
  const places = (program.body as SyntaxNode[]).flatMap((statement) => {
    if (isAlias(statement)) return [statement.id];
    return statement.type === 'ImportDeclaration' ? (statement.specifiers as SyntaxNode[]).map(({ local }) => local) : [];
  });
  return (places as SyntaxNode[])
    .map((place) => ({ name: nameOf(place), at: place.start }))
    .filter(({ name }) => names.get(name)?.hasValue === true);
}

const sourceOf = (statement: SyntaxNode): string => (statement.source as unknown as { value: string }).value;

const moduleOf = (statement: SyntaxNode): string => `await __nbs.wait(__nbs.import(${JSON.stringify(sourceOf(statement))}))`;

/** The name in a specifier: `a` or `'a-b'`. */
function nameOf(node: unknown): string {
  const { name, value } = (node ?? {}) as { name?: string; value?: string };
  return name ?? value ?? '';
}

/** @param live gets the names, if the module may change their values */
function bindings(statement: SyntaxNode, names: ParsedCell['names'], live: Map<string, string> | undefined): string {
  const specifiers = statement.specifiers as SyntaxNode[];
  // A type that is imported without the keyword `type` does not exist at run time either.
  const values = specifiers.filter((one) => one.importKind !== 'type' && names.get(nameOf(one.local))?.hasValue !== false);
  if (values.length === 0 && specifiers.length > 0) return '';
  const module = moduleOf(statement);
  if (live !== undefined) return liveBindings(values, module, live);
  const named: string[] = [];
  let space: string | undefined;
  for (const one of values) {
    if (one.type === 'ImportNamespaceSpecifier') space = nameOf(one.local);
    else
      named.push(
        `${JSON.stringify(one.type === 'ImportDefaultSpecifier' ? 'default' : nameOf(one.imported))}: ${nameOf(one.local)}`,
      );
  }
  const parts: string[] = [];
  if (named.length > 0) parts.push(`const { ${named.join(', ')} } = ${module};`);
  if (space !== undefined) parts.push(`const ${space} = ${module};`);
  return parts.length === 0 ? `${module};` : parts.join(' ');
}

function liveBindings(values: readonly SyntaxNode[], module: string, live: Map<string, string>): string {
  if (values.length === 0) return `${module};`;
  const [first] = values as [SyntaxNode];
  const space = `__nbs_live${first.start}`;
  let namespace = '';
  for (const { type, local, imported } of values) {
    if (type === 'ImportNamespaceSpecifier') namespace = `, ${nameOf(local)} = ${space}`;
    else {
      const name = type === 'ImportDefaultSpecifier' ? 'default' : nameOf(imported);
      live.set(
        nameOf(local),
        /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) ? `${space}.${name}` : `${space}[${JSON.stringify(name)}]`,
      );
    }
  }
  return `const ${space} = ${module}${namespace};`;
}
