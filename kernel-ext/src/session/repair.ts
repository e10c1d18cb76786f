import { type Edit, edited, type MappedText } from './mapped-text.js';
import { isNode, opening, parseCell, type SyntaxNode, walk } from './syntax.js';
import { innerFirst, usingEdits } from './using.js';

/**
 * Rewrites what tslab's converter gets wrong and what its TypeScript 5.0 does not know, in place: every character of the user keeps its position in errors.
 * A cell that does not parse is returned as it is: the type checker names what is wrong with it.
 */
export function repaired(cell: MappedText): MappedText {
  const program = parseCell(cell.text);
  if (program === undefined) return cell;
  const edits: Edit[] = [];
  walk(program, (node, parent) => {
    const repair = REPAIRS[node.type];
    if (repair !== undefined) edits.push(...repair(node, cell.text, parent));
    return undefined;
  });
  const { before, behind } = usingEdits(program, cell.text);
  return edited(cell, [...before, ...edits, ...innerFirst(behind)]);
}

type Repair = (node: SyntaxNode, text: string, parent: SyntaxNode | undefined) => Edit[];

const REPAIRS: Readonly<Record<string, Repair>> = {
  // tslab writes `exports.P` over every identifier of an earlier cell, also over names of properties.
  ObjectProperty: (node, text, parent) => {
    const { key } = node;
    if (!isNode(key) || key.type !== 'Identifier' || node.computed === true) return [];
    const name = text.slice(key.start, key.end);
    if (node.shorthand === true) {
      // In a declaration the name is a new variable: nothing to repair, unless the property's type has a declaration in an earlier cell.
      return [
        { start: key.start, end: key.start, text: parent?.type === 'ObjectPattern' ? `${JSON.stringify(name)}: ` : `${name}: ` },
      ];
    }
    return parent?.type === 'ObjectPattern' ? [{ start: key.start, end: key.end, text: JSON.stringify(name) }] : [];
  },

  ExportNamedDeclaration: (node, _text, parent) => {
    if (parent?.type !== 'Program') return []; // in a namespace it means something
    const { declaration, source } = node;
    if (isNode(declaration)) return [removed(node.start, declaration.start)];
    if (isNode(source)) return [{ start: node.start, end: node.start + 'export'.length, text: 'import' }];
    // The lines around it may have no semicolons.
    return [{ start: node.start, end: node.end, text: ';' }];
  },
  ExportDefaultDeclaration: (node) =>
    isNode(node.declaration) ? [{ start: node.start, end: opening(node.declaration), text: ';' }] : [],

  // `with { type: 'json' }` is newer than TypeScript 5.0; the loader goes by the file's name.
  ImportDeclaration: (node, text) => attributes(node, text),

  // `import fs = require('fs')` is for CommonJS modules only.
  TSImportEqualsDeclaration: (node, text) => {
    const { id, moduleReference } = node;
    if (
      !isNode(id) ||
      !isNode(moduleReference) ||
      moduleReference.type !== 'TSExternalModuleReference' ||
      !isNode(moduleReference.expression)
    )
      return [];
    const { start, end } = moduleReference.expression;
    return [{ start: id.end, end: node.end, text: ` from ${text.slice(start, end)};` }];
  },

  MetaProperty: (node) =>
    isNode(node.meta) && node.meta.name === 'import' ? [{ start: node.start, end: node.end, text: '__nbs_meta' }] : [],
};

function attributes(node: SyntaxNode, text: string): Edit[] {
  const { source } = node;
  if (!isNode(source)) return [];
  const rest = /^\s*(?:with|assert)\s*\{[^}]*\}/.exec(text.slice(source.end, node.end));
  return rest === null ? [] : [removed(source.end, source.end + rest[0].length)];
}

function removed(start: number, end: number): Edit {
  return { start, end, text: '' };
}
