// Counts breaches of the rules for prose (CONTRIBUTING.md, "Documentation") in comments and Markdown. A count above its limit fails.
// When a count falls, lower its limit: limits only go down.
import { readFileSync } from 'node:fs';
import { findFiles } from './find-files.mjs';

const LIMITS = {
  // How often, for each 100 times "if" or "when". "Where" means a place; a condition begins with "if" or "when".
  'where in comments': 2,
  'where in comments of tests and scripts': 10,
  'where in texts of errors, options and commands': 0,
  'where in Markdown': 3,
  'comments that begin with "Of"': 0,
  'lines of Markdown with several sentences': 0,
};

/** `npm run docs` writes these pages from texts in the code. */
const GENERATED = /lib\/docs\/(errors|options|reference\/.*)\.md$/;
/** `npm run docs` or `npm run simulate` writes the lines between such a mark and the end mark. */
const MARK = /^<!-- (begin|help|rooms|kernel rooms)/;

/** Pieces of code and the addresses of links are not prose. */
const withoutCode = (text) => text.replace(/`[^`]*`/g, '`').replace(/\]\([^)]*\)/g, ']');

/** Names that begin a sentence with a small letter. */
const NAMES = 'npm|npx|nbserve|tslab|esbuild|sharp|nbclient';
const NEXT_SENTENCE = new RegExp(`[.!?][)*"”’]* +(?=[A-ZÀ-Þ\`[*("“]|(?:${NAMES})\\b)`);

const hasSeveralSentences = (line) => NEXT_SENTENCE.test(withoutCode(line).replace(/\b(e\.g|i\.e|vs)\./g, ''));

/** The lines of prose with their numbers: without code, HTML comments and texts that a program wrote. */
function proseOf(source) {
  const prose = [];
  let fence = '';
  let made = false;
  for (const [i, line] of source.split('\n').entries()) {
    const text = line.trim().replace(/^([-*]|\d+\.) /, '');
    if (MARK.test(text)) made = true;
    if (text === '<!-- end -->') made = false;
    const mark = /^(`{3,}|~{3,})/.exec(text)?.[1];
    if (mark && (fence === '' || text === fence)) fence = fence === '' ? mark : '';
    else if (fence === '' && !made && text !== '' && !text.startsWith('<!--')) prose.push({ number: i + 1, text });
  }
  return prose;
}

const isParagraph = ({ text }) => !/^(\||#|!\[)/.test(text);

/** @returns {string[]} */
const commentsOf = (source) => source.match(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm) ?? [];

/** @returns {string[]} The Markdown texts in a file: its own, or those of a notebook's cells. */
function markdownOf(file) {
  const source = readFileSync(file, 'utf8');
  if (!file.endsWith('.ipynb')) return [source];
  const { cells } = JSON.parse(source);
  return cells.filter((cell) => cell.cell_type === 'markdown').map((cell) => [cell.source].flat().join(''));
}

const timesOf = (pattern, text) => text.match(pattern)?.length ?? 0;

/** How many times a text has "where" for each 100 times that it has "if" or "when". */
function wheres(text) {
  const plain = withoutCode(text);
  return Math.ceil((100 * timesOf(/\bwhere\b/gi, plain)) / Math.max(1, timesOf(/\b(if|when)\b/gi, plain)));
}

/** Pages whose texts about errors, options and commands come from the code. `{where}` is a parameter there. */
const FROM_CODE = ['lib/docs/errors.md', 'lib/docs/options.md', 'lib/docs/command-line.md'];
const textFromCode = (file) => readFileSync(file, 'utf8').replace(/\{\w+\}/g, '{}');

const commentsBelow = (folders) =>
  folders
    .flatMap((folder) => ['.ts', '.mjs', '.cjs'].flatMap((suffix) => findFiles(folder, suffix)))
    .filter((file) => !file.startsWith('ci/dist/'))
    .flatMap((file) => commentsOf(readFileSync(file, 'utf8')).map((text) => ({ file, text })));

/** A comment, or a paragraph of it, that begins with "Of": its sentence is turned round or has no verb. */
const beginsWithOf = ({ text }) => /^(\/\*\*|\/\/) Of |^\s*\/?\*+\n\s*\* Of |\n\s*\*\n\s*\* Of /.test(text);

/** Each rule must find its breach, and leave a text alone that keeps it. */
function triesItself() {
  const isOf = (text) => beginsWithOf({ text });
  const trials = [
    [wheres(commentsOf('const where = 1; // if it is\n/** Where it fails, or when */').join('\n')), 50],
    [commentsOf("const a = 1; // one\n/* two */ const b = 'https://x';").length, 2],
    [
      [isOf('/**\u0020Of a queue. */'), isOf('// Of two'), isOf('/**\n   * Of two'), isOf('/**\n * One.\n *\n * Of two')],
      [true, true, true, true],
    ],
    [
      [isOf('/** The end\n * Of it */'), isOf('// Often')],
      [false, false],
    ],
    [
      [hasSeveralSentences('One. Two.'), hasSeveralSentences('One, e.g. Two.'), hasSeveralSentences('`a. B`')],
      [true, false, false],
    ],
    [proseOf('- one\n```ts\ntwo\n```\n<!-- begin x -->\nthree\n<!-- end -->\nfour').map(({ text }) => text), ['one', 'four']],
  ];
  for (const [got, expected] of trials) {
    if (JSON.stringify(got) === JSON.stringify(expected)) continue;
    process.exitCode = 1;
    console.log(`✖ the check is wrong about its own texts: it found ${JSON.stringify(got)}, not ${JSON.stringify(expected)}`);
  }
}

function main() {
  triesItself();
  const comments = commentsBelow(['lib/src', 'kernel-ext/src']);
  const others = commentsBelow(['lib/test', 'kernel-ext/test', 'ci']);
  const turned = [...comments, ...others].filter(beginsWithOf);
  for (const { file, text } of turned) console.log(`${file}: ${text}`);
  const wheresIn = (list) => wheres(list.map(({ text }) => text).join('\n'));
  const pages = [
    'README.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
    'datasets/README.md',
    'lib/README.md',
    'kernel-ext/README.md',
    ...findFiles('lib/docs', '.md'),
    ...findFiles('notebooks', '.ipynb'),
  ];
  const prose = pages
    .filter((file) => !GENERATED.test(file))
    .flatMap((file) =>
      markdownOf(file)
        .flatMap(proseOf)
        .map((line) => ({ file, ...line })),
    );
  const several = prose.filter((line) => isParagraph(line) && hasSeveralSentences(line.text));
  for (const { file, number, text } of several) console.log(`${file}:${number}: ${text}`);

  const counts = {
    'where in comments': wheresIn(comments),
    'where in comments of tests and scripts': wheresIn(others),
    'where in texts of errors, options and commands': wheres(FROM_CODE.map(textFromCode).join('\n')),
    'where in Markdown': wheres(prose.map(({ text }) => text).join('\n')),
    'comments that begin with "Of"': turned.length,
    'lines of Markdown with several sentences': several.length,
  };
  for (const [name, limit] of Object.entries(LIMITS)) {
    const count = counts[name];
    if (count > limit) process.exitCode = 1;
    console.log(`${count > limit ? '✖' : '✔'} ${name}: ${count}, at most ${limit}${count < limit ? '; lower the limit' : ''}`);
  }
}

main();
