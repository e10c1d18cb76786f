import type ts from 'typescript';
import type { Fork } from './tslab-fork.js';

/** The statements of a declarations text that declare a name that `keep` accepts. If `declare const a: number, b: string` has both kinds, only the accepted parts stay. */
export function keptDeclarations(fork: Fork, declarations: string, keep: (name: string) => boolean): string {
  const file = parse(fork, declarations);
  let result = '';
  for (const statement of file.statements) {
    if (fork.isVariableStatement(statement)) {
      const { flags } = statement.declarationList;
      const word = flags & 2 ? 'const' : flags & 1 ? 'let' : 'var';
      for (const declaration of statement.declarationList.declarations) {
        if (keep(declaration.name.getText(file))) result += `declare ${word} ${declaration.getText(file)};\n`;
      }
    } else if (fork.isImportDeclaration(statement)) {
      result += keptImport(fork, file, statement, keep);
    } else {
      const { name } = statement as unknown as { name?: ts.Identifier };
      if (name !== undefined && keep(name.text)) result += `${statement.getText(file)}\n`;
    }
  }
  return result;
}

/** The names that a declarations text declares. */
export function declaredNames(fork: Fork, declarations: string): ReadonlySet<string> {
  const names = new Set<string>();
  keptDeclarations(fork, declarations, (name) => {
    names.add(name);
    return false;
  });
  return names;
}

/** tslab forgets a namespace, and `declare global`, one cell after it was declared: those of `before` that `after` does not declare anew. */
export function lostNamespaces(fork: Fork, before: string, after: string): string {
  if (!/\b(namespace|module|global)\b/.test(before)) return '';
  const names = new Set(
    parse(fork, after).statements.map((statement) => (statement as unknown as { name?: ts.Identifier }).name?.text),
  );
  const file = parse(fork, before);
  const lost = (statement: ts.Statement): boolean =>
    fork.isModuleDeclaration(statement) &&
    (statement.name.text === 'global' ? !after.includes(statement.getText(file)) : !names.has(statement.name.text));
  return file.statements
    .filter(lost)
    .map((statement) => `${statement.getText(file)}\n`)
    .join('');
}

function keptImport(fork: Fork, file: ts.SourceFile, statement: ts.ImportDeclaration, keep: (name: string) => boolean): string {
  const clause = statement.importClause;
  if (clause === undefined) return '';
  const from = ` from ${statement.moduleSpecifier.getText(file)};\n`;
  let result = '';
  if (clause.name !== undefined && keep(clause.name.text)) result += `import ${clause.name.text}${from}`;
  if (clause.namedBindings !== undefined) {
    if (fork.isNamespaceImport(clause.namedBindings)) {
      if (keep(clause.namedBindings.name.text)) result += `import ${clause.namedBindings.getText(file)}${from}`;
    } else {
      const kept = clause.namedBindings.elements
        .filter((element) => keep(element.name.text))
        .map((element) => element.getText(file));
      if (kept.length > 0) result += `import { ${kept.join(', ')} }${from}`;
    }
  }
  return result;
}

function parse(fork: Fork, text: string): ts.SourceFile {
  return fork.createSourceFile('scope.d.ts', text, 9 as ts.ScriptTarget, false, 3 as ts.ScriptKind);
}
