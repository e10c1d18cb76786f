// Reads parts of the documentation from the syntax trees of the sources.
import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { findFiles } from '../find-files.mjs';

export function sourceFiles() {
  return ['lib/src', 'kernel-ext/src']
    .flatMap((folder) => findFiles(folder, '.ts'))
    .filter((file) => !/\.test(-support)?\.ts$/.test(file));
}

const parse = (file) => ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);

function* nodesOf(node) {
  yield node;
  for (const child of node.getChildren()) yield* nodesOf(child);
}

/** The text of a node's doc comment, without its tags. */
function docOf(node) {
  const holder =
    ts.findAncestor(node, (one) => ts.isVariableStatement(one) || ts.isPropertySignature(one) || ts.isPropertyAssignment(one)) ??
    node;
  const doc = ts.getJSDocCommentsAndTags(holder).find(ts.isJSDoc);
  return oneLine(ts.getTextOfJSDocComment(doc?.comment) ?? '');
}

const oneLine = (text) => text.replaceAll(/\s*\n\s*/g, ' ').trim();

/**
 * Every coded error: `defineError('NBS_…', status, 'message')`.
 * @returns {{ code: string, status: number, message: string, doc: string, file: string }[]}
 * @throws Error if the sources name a code that nothing defines
 */
export function codedErrors() {
  const found = [];
  const named = new Map();
  for (const file of sourceFiles()) {
    for (const node of nodesOf(parse(file))) {
      if (ts.isStringLiteralLike(node) && /^NBS_[A-Z_]*[A-Z]$/.test(node.text)) named.set(node.text, file);
      if (!ts.isCallExpression(node) || node.expression.getText() !== 'defineError') continue;
      const [code, status, message] = node.arguments;
      if (!ts.isStringLiteralLike(code) || !ts.isStringLiteralLike(message))
        throw new Error(`${file}: defineError takes texts that can be read`);
      found.push({ code: code.text, status: Number(status.getText()), message: message.text, doc: docOf(node), file });
    }
  }
  for (const extra of ANSWERS) found.push(extra);
  const known = new Set(found.map(({ code }) => code));
  for (const [code, file] of named) if (!known.has(code)) throw new Error(`${file} names ${code}, which no defineError defines`);
  return found;
}

const UNREADABLE = 'the request could not be read: {reason}';
const unreadable = (code, status, doc) => ({ code, status, message: UNREADABLE, doc, file: 'lib/src/serve/proxy/malformed.ts' });

/** Answers for which the proxy does not use `defineError`. */
const ANSWERS = [
  unreadable('NBS_REQUEST_TOO_SLOW', 408, 'The head of the request did not come in time.'),
  unreadable('NBS_HEADERS_TOO_LARGE', 431, ''),
  {
    code: 'NBS_UNAUTHORIZED',
    status: 401,
    message: "send the cluster's token: nbserve-token: <token>, or authorization: Bearer <token>",
    doc: 'On pages of the proxy itself that are not for everyone.',
    file: 'lib/src/serve/proxy/own-pages.ts',
  },
  {
    code: 'NBS_INTERNAL',
    status: 500,
    message: '{message}',
    doc: 'A fault of nbserve itself: an error without a code got as far as the proxy.',
    file: 'lib/src/serve/proxy/error-answer.ts',
  },
];

/** The range of an interface's members in `text`: after its opening brace, and before the closing one. */
export function interfaceBody(file, text, name) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const node = source.statements.filter(ts.isInterfaceDeclaration).find((one) => one.name.text === name);
  if (node === undefined) throw new Error(`${file} has no interface ${name}`);
  return { start: text.indexOf('{', node.name.end) + 1, end: node.end - 1 };
}

/** Members of an interface: `{ name, type, doc, default }`. */
export function interfaceMembers(file, name) {
  for (const node of nodesOf(parse(file))) {
    if (!ts.isInterfaceDeclaration(node) || node.name.text !== name) continue;
    return node.members.filter(ts.isPropertySignature).map((member) => ({
      name: member.name.getText(),
      type: oneLine(member.type?.getText() ?? ''),
      doc: docOf(member),
      default: defaultOf(member),
      isOptional: member.questionToken !== undefined,
    }));
  }
  throw new Error(`${file} has no interface ${name}`);
}

function defaultOf(member) {
  const tag = ts.getJSDocTags(member).find((one) => one.tagName.text === 'default');
  const text = oneLine(ts.getTextOfJSDocComment(tag?.comment) ?? '');
  return text === '' ? null : text;
}

/** The members of `const name = { … }` with their doc comments. */
export function objectMembers(file, name) {
  for (const node of nodesOf(parse(file))) {
    if (!ts.isVariableDeclaration(node) || node.name.getText() !== name || node.initializer === undefined) continue;
    const object = [...nodesOf(node.initializer)].find(ts.isObjectLiteralExpression);
    return object.properties.filter(ts.isPropertyAssignment).map((member) => {
      const doc = ts.getJSDocCommentsAndTags(member).find(ts.isJSDoc);
      return {
        name: member.name.getText(),
        value: member.initializer.getText(),
        doc: oneLine(ts.getTextOfJSDocComment(doc?.comment) ?? ''),
      };
    });
  }
  throw new Error(`${file} has no object ${name}`);
}

/** Environment variables: `const x = () => …` with a comment that begins with the variable's name in backticks. */
export function environmentVariables(file) {
  const found = [];
  for (const node of nodesOf(parse(file))) {
    if (!ts.isVariableStatement(node)) continue;
    const doc = ts.getJSDocCommentsAndTags(node).find(ts.isJSDoc);
    const match = /^`([A-Z_]+)`:? *(.*)$/.exec(oneLine(ts.getTextOfJSDocComment(doc?.comment) ?? ''));
    if (match !== null) found.push({ name: match[1], doc: match[2] });
  }
  return found;
}
