// Pages that are made from the code: errors.md, options.md, the reference, and the marked parts of command-line.md, kernel.md and architecture.md.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { findFiles } from '../find-files.mjs';
import { cell, code, table } from './markdown.mjs';
import { optionInterfaces, optionSections, optionsTable } from './options.mjs';
import { codedErrors, environmentVariables, interfaceMembers, objectMembers } from './source.mjs';

const MISSING = '**a sentence is missing here**';
const NOTE = '<!-- Made by `npm run docs` from the code; edit that. -->';

export const REFERENCE = 'lib/docs/reference';

/** Path → content of each generated page. Needs the compiled library. */
export async function generatedPages() {
  return new Map([
    ['lib/docs/errors.md', errorsPage()],
    ['lib/docs/options.md', await optionsPage()],
    ...(await optionInterfaces()),
    ['lib/docs/command-line.md', await commandLinePage('lib/docs/command-line.md')],
    ['lib/docs/kernel.md', await kernelPage('lib/docs/kernel.md')],
    ['lib/docs/architecture.md', architecturePage('lib/docs/architecture.md')],
  ]);
}

/** Writes the reference of the public API into `folder`. */
export function writeReference(folder) {
  rmSync(folder, { recursive: true, force: true });
  execFileSync(process.execPath, ['node_modules/typedoc/bin/typedoc', '--options', 'ci/typedoc.json', '--out', folder], {
    stdio: 'inherit',
  });
}

/** The generated pages that are not up to date. */
export async function outdatedPages() {
  const outdated = [];
  const fresh = '.cache/reference';
  writeReference(fresh);
  const pages = (folder) => findFiles(folder, '.md').map((file) => [relative(folder, file), readFileSync(file, 'utf8')]);
  if (JSON.stringify(pages(fresh)) !== JSON.stringify(pages(REFERENCE))) outdated.push(REFERENCE);
  rmSync(fresh, { recursive: true, force: true });
  for (const [file, text] of await generatedPages()) {
    if (text.includes(MISSING)) outdated.push(`${file}, which lacks a sentence on a room,`);
    else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) outdated.push(file);
  }
  return outdated;
}

/** Room → its heading, in the order of the page. */
const ROOMS = [
  ['lib/src/serve/protocol', 'Requests and applications'],
  ['lib/src/serve/access', 'Who may call'],
  ['lib/src/serve/replica', 'In the replica'],
  ['lib/src/serve/handle', 'Handles'],
  ['lib/src/serve/router', 'Routing'],
  ['lib/src/serve/proxy', "The proxy's own answers"],
  ['lib/src/serve/controller', 'The controller'],
  ['lib/src/serve', 'Defining and running'],
  ['lib/src/openapi', 'Requests to routes'],
  ['lib/src/ingress', 'Routes with Fastify'],
  ['lib/src/schemas', 'Typed methods'],
  ['lib/src/code', 'Shipping code'],
  ['lib/src/core', 'Options'],
  ['lib/src/engine', 'Processes'],
  ['lib/src/ipc', 'Between processes'],
  ['lib/src/grpc', 'gRPC'],
  ['lib/src/downloads', 'Downloads'],
  ['lib/src/onnx', 'ONNX Runtime'],
  ['lib/src/cuda', 'Set-up of CUDA'],
  ['lib/src/python', 'Programs in Python'],
  ['lib/src/oip', 'Serving ONNX files'],
  ['lib/src/text', 'Language models'],
  ['lib/src/openai', "OpenAI's interface"],
  ['lib/src/assets', 'Assets'],
  ['lib/src/data', 'Data sets'],
  ['lib/src/actors', 'Workers'],
  ['lib/src/train', 'Training'],
  ['lib/src/trees', 'Trees'],
  ['lib/src/tune', 'Searches'],
  ['lib/src/plot', 'Charts'],
  ['lib/src/lessons', 'Exercises'],
  ['lib/src/config', 'Configurations'],
  ['lib/src/notebook', 'Building notebooks'],
  ['lib/src/deploy', 'Deploying modules and configurations'],
  ['lib/src/dashboard', 'The REST API'],
  ['lib/src/cli', 'Command line'],
  ['kernel-ext/src', 'Kernel and notebooks'],
];

function errorsPage() {
  const errors = codedErrors();
  const roomOf = (file) => ROOMS.find(([prefix]) => file.startsWith(`${prefix}/`))?.[0];
  const lost = errors.filter(({ file }) => roomOf(file) === undefined);
  if (lost.length > 0) throw new Error(`no section of errors.md takes ${lost.map(({ code, file }) => `${code} of ${file}`)}`);
  const sections = ROOMS.map(([room, title]) => {
    const own = errors.filter(({ file }) => roomOf(file) === room);
    const rows = own
      .sort((a, b) => a.code.localeCompare(b.code))
      .map(({ code, status, message, doc }) => [`\`${code}\``, status, cell(message) + (doc === '' ? '' : `<br>*${cell(doc)}*`)]);
    return own.length === 0 ? '' : `## ${title}\n\n\`${room}\`\n\n${table(['Code', 'HTTP', 'Message'], rows)}\n`;
  });
  const exits = objectMembers('lib/src/engine/exit-report.ts', 'ExitCode').map(({ name, value, doc }) => [
    `\`${name}\``,
    value,
    cell(doc),
  ]);
  return `# Errors

${NOTE}

Every error that you can meet has a code.
The code does not change between releases of one minor version, but the message may change.
In a message, \`{name}\` stands for a value.

- In code: \`isNbserveError(error)\` from \`nbserve/errors\` (or \`nbserve\`), then \`error.code\`, \`error.status\`, \`error.details\` (the values in the message), \`error.cause\`.
- Over HTTP: the status, and \`{ "error": { "code", "message", "requestId" } }\`. A 503 has \`retry-after\`.
  The message is the one below only if it is about the request itself.
  If not, it says what the client can do.
  The cluster's log has the whole message with the same id, and so has the answer to a client that [shows the token](security.md#what-clients-are-told), with the values in the message and the stack of your code.
- An error of your own code is \`NBS_USER_ERROR\`. A client reads its message only if the error has a \`status\` (or \`statusCode\`) of 400 to 499, or \`expose: true\`.
- In a notebook: the code stands in brackets before the message.
- On the command line: \`code: message\` on stderr; the exit code is 2 if the command was written wrongly, and otherwise 1.

Status 499 means that the caller gave up the call, so nobody receives it.

${sections.filter(Boolean).join('\n')}
## How processes end

The exit code of a process of the cluster says why it ended.
Messages and the status show its name.

${table(['Name', 'Exit code', 'Meaning'], exits)}

These reasons have no exit code of their own: \`STOPPED\` (it was asked to end), \`KILLED\` (by a signal), \`OUT_OF_MEMORY\` (V8's heap was full, or the system ended it because memory ran out),
\`SPAWN_FAILED\` (the operating system could not start it).
`;
}

async function optionsPage() {
  const sections = await optionSections();
  return `# Options

${NOTE}

A duration is a number of milliseconds, or a text: \`'250ms'\`, \`'30s'\`, \`'1.5m'\`, \`'2h'\`.
If an option does not exist, you get the error \`NBS_UNKNOWN_OPTION\`; if its value is not valid, you get \`NBS_INVALID_OPTION\`.
The message says what would be valid.

The column "A change" says what happens when you update a running deployment with another value of the option:

| A change | |
| --- | --- |
| restarts | new replicas replace those that run |
| is pushed | running replicas get the new value and keep their processes, models and connections |
| reaches routers | the HTTP proxies and the handles get the new value |
| is control | the controller uses the new value from then on |

${sections.map(({ heading, file, name, specs }) => `${heading}\n\n${specs === undefined ? members(file, name) : optionsTable(specs)}\n`).join('\n')}
## Environment variables

${table(
  ['Variable', 'Meaning'],
  ['lib/src/core/env.ts', 'kernel-ext/src/versions/env.ts', 'kernel-ext/src/history/env.ts']
    .flatMap((file) => environmentVariables(file))
    .map(({ name, doc }) => [`\`${name}\``, cell(doc)]),
)}
`;
}

// A template type contains backticks.
const typeCell = (type) =>
  type.includes('`') ? `\`\` ${type.replaceAll('|', '\\|')} \`\`` : `\`${type.replaceAll('|', '\\|')}\``;

function members(file, name) {
  const rows = interfaceMembers(file, name).map((member) => [
    `\`${member.name}\``,
    typeCell(member.type.replaceAll('readonly ', '')),
    member.default === null ? (member.isOptional ? '–' : 'required') : code(member.default),
    cell(member.doc),
  ]);
  return table(['Option', 'Type', 'Default', 'Meaning'], rows);
}

/** Puts each command's own help between its marks. */
async function commandLinePage(file) {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const helps = new Map();
  for (const [, name] of text.matchAll(/<!-- help: (\w+) -->/g)) helps.set(name, await helpOf(name));
  const all = readdirSync('lib/src/cli').flatMap((one) => /^(\w+)-command\.ts$/.exec(one)?.[1] ?? []);
  // It calls the commands of the other package.
  const missing = all.filter((name) => name !== 'kernel' && !helps.has(name));
  if (missing.length > 0) throw new Error(`command-line.md has no help of ${missing.join(', ')}`);
  return text.replaceAll(
    /(<!-- help: (\w+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, start, name, end) => `${start}\n\`\`\`text\n${helps.get(name)}\n\`\`\`\n\n${end}`,
  );
}

/** Writes the table of magics, the versions, and the cells that do not do what their authors wished. @param {string} file */
async function kernelPage(file) {
  const { magicTable } = await import(pathToFileURL(resolve('kernel-ext/build/magics/magics.js')).href);
  const rows = magicTable().map(([usage, help]) => [`\`${usage.replaceAll('|', '\\|')}\``, cell(help)]);
  const text = readFileSync(file, 'utf8');
  const wished = await wishedTable();
  return text
    .replace(/(<!-- magics -->\n)[\s\S]*?(<!-- end -->)/, (_, start, end) => `${start}\n${table(['Magic', ''], rows)}\n\n${end}`)
    .replace(/(<!-- wished -->\n)[\s\S]*?(<!-- end -->)/, (_, start, end) => `${start}\n${wished}\n\n${end}`)
    .replace(/(<!-- versions -->\n)[\s\S]*?(<!-- end -->)/, (_, start, end) => `${start}\n${checkerVersions()}\n\n${end}`);
}

/** The cells of the suite that do not do what their authors wished, with the reasons. */
async function wishedTable() {
  const { WISHED_CELLS } = await import(pathToFileURL(resolve('kernel-ext/dist-test/fixtures/wished/index.js')).href);
  const rows = WISHED_CELLS.filter(({ otherwise }) => otherwise !== undefined).map(({ source, cells, otherwise }) => [
    source.replace(
      /^https:\/\/github\.com\/(\S+)\/(?:issues|pull)\/(\d+)$/,
      (url, repository, number) => `[${repository} ${number}](${url})`,
    ),
    `\`${cells.at(-1).split('\n').at(-1).replaceAll('|', '\\|')}\``,
    cell(otherwise),
  ]);
  return table(['Source', 'Cell', 'Why it does not do what was wished'], rows);
}

/** The sentence on the checker and its types, whose versions are those that the kernel's package depends on. */
function checkerVersions() {
  const { dependencies } = JSON.parse(readFileSync('kernel-ext/package.json', 'utf8'));
  const version = (name) => dependencies[name].replace(/^.*[@^~]/, '');
  const types = Object.keys(dependencies).filter((name) => /^@types(?:-node-\d+)?\/node$/.test(name));
  const sorted = types.map(version).sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  return `TypeScript ${version('typescript7')} checks the cells, with the types of Node ${sorted.slice(0, -1).join(', ')} or ${sorted.at(-1)}.`;
}

async function helpOf(name) {
  const own = resolve(`lib/build/cli/${name}-command.js`);
  const module = await import(pathToFileURL(existsSync(own) ? own : resolve('kernel-ext/build/commands/index.js')).href);
  const command = Object.values(module).find((value) => value?.name === name && typeof value.help === 'string');
  if (command === undefined) throw new Error(`command-line.md names the command ${name}, which is not there`);
  return command.help.trimEnd();
}

/** Keeps the sentences in the tables of rooms, and writes the rooms and arrows of rooms.cjs. */
function architecturePage(file) {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const { ROOMS: rooms, KERNEL_ROOMS: kernelRooms } = createRequire(import.meta.url)('../rooms.cjs');
  const page = withRooms(text, 'rooms', 'lib/src', rooms);
  return withRooms(page, 'kernel rooms', 'kernel-ext/src', kernelRooms);
}

function withRooms(text, mark, folder, rooms) {
  return text.replace(new RegExp(`(<!-- ${mark} -->\\n)([\\s\\S]*?)(<!-- end -->)`), (_, start, old, end) => {
    const known = [...old.matchAll(/^\| `(\S+)` \| (.*?) \|/gm)].map(([, room, sentence]) => [room, sentence]);
    const sentences = new Map(/** @type {[string, string][]} */ (known));
    const rows = Object.entries(rooms).map(([room, allowed]) => {
      const arrows = allowed.length === 0 ? '–' : allowed.map((one) => `\`${one}\``).join(' ');
      return [`\`${folder}/${room}\``, sentences.get(`${folder}/${room}`) ?? MISSING, arrows];
    });
    return `${start}\n${table(['Room', 'What lives there', 'May import'], rows)}\n\n${end}`;
  });
}
