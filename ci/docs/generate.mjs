// Pages that are made from the code: errors.md, options.md, the reference, and the marked parts of command-line.md and architecture.md.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { findFiles } from '../find-files.mjs';
import { codedErrors, declares, environmentVariables, interfaceMembers, objectMembers } from './source.mjs';

const MISSING = '**a sentence is missing here**';
const NOTE = '<!-- Made by `npm run docs` from the code; edit that. -->';

export const REFERENCE = 'lib/docs/reference';

/** Path → content of each generated page. Needs the compiled library. */
export async function generatedPages() {
  return new Map([
    ['lib/docs/errors.md', errorsPage()],
    ['lib/docs/options.md', await optionsPage()],
    ['lib/docs/command-line.md', await commandLinePage('lib/docs/command-line.md')],
    ['lib/docs/architecture.md', architecturePage('lib/docs/architecture.md')],
  ]);
}

/** Writes the reference of the public API into `folder`. */
export function writeReference(folder) {
  rmSync(folder, { recursive: true, force: true });
  execFileSync('npx', ['typedoc', '--options', 'ci/typedoc.json', '--out', folder], { stdio: 'inherit' });
}

/** Those that are not what the code says. */
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

const cell = (text) => text.replaceAll('\n', '<br>').replaceAll('|', '\\|').replaceAll(/<(?!br>)/g, '&lt;');
const table = (head, rows) => [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

/** Room → its heading, in the order of the page. */
const ROOMS = [
  ['lib/src/serve/protocol', 'Requests and applications'],
  ['lib/src/serve/replica', 'In the replica'],
  ['lib/src/serve/handle', 'Handles'],
  ['lib/src/serve/router', 'Routing'],
  ['lib/src/serve/proxy', "The proxy's own answers"],
  ['lib/src/serve/controller', 'The controller'],
  ['lib/src/serve', 'Defining and running'],
  ['lib/src/code', 'Shipping code'],
  ['lib/src/core', 'Options'],
  ['lib/src/engine', 'Processes'],
  ['lib/src/ipc', 'Between processes'],
  ['lib/src/onnx', 'ONNX Runtime'],
  ['lib/src/data', 'Datasets'],
  ['lib/src/cli', 'Command line'],
  ['kernel-ext/src', 'Kernel and notebooks'],
];

function errorsPage() {
  const errors = codedErrors();
  const sections = ROOMS.map(([room, title]) => {
    const own = errors.filter(({ file }) => ROOMS.find(([prefix]) => file.startsWith(`${prefix}/`))?.[0] === room);
    const rows = own
      .sort((a, b) => a.code.localeCompare(b.code))
      .map(({ code, status, message, doc }) => [`\`${code}\``, status ?? '–', cell(message) + (doc === '' ? '' : `<br>*${cell(doc)}*`)]);
    return own.length === 0 ? '' : `## ${title}\n\n\`${room}\`\n\n${table(['Code', 'HTTP', 'Message'], rows)}\n`;
  });
  const exits = objectMembers('lib/src/engine/exit-report.ts', 'ExitCode').map(({ name, value, doc }) => [`\`${name}\``, value, cell(doc)]);
  return `# Errors

${NOTE}

Every error that you can meet has a code. The code does not change between releases of one minor version; the message may.
\`{name}\` in a message stands for a value.

- In code: \`isNbserveError(error)\` from \`nbserve\`, then \`error.code\`, \`error.status\`, \`error.details\` (the values in the message), \`error.cause\`.
- Over HTTP: the status, and \`{ "error": { "code", "message", …details, "requestId" } }\`. A 503 has \`retry-after\`.
  For an error of your own code, \`NBS_USER_ERROR\` has its message and, for clients on this machine, its stack.
- In a notebook: the code stands in brackets before the message.
- On the command line: \`code: message\` on stderr; exit code 2 where the command was written wrongly, else 1.

Status 499 is for calls that were given up; nobody is there to receive it. A dash: the error does not meet HTTP.

${sections.filter(Boolean).join('\n')}
## How processes end

The exit code of a process of the cluster says why it ended. The name stands in messages and in the status.

${table(['Name', 'Exit code', 'Meaning'], exits)}

Without a code of their own: \`STOPPED\` (asked to, and did), \`KILLED\` (by a signal), \`OUT_OF_MEMORY\` (V8's heap was full),
\`SPAWN_FAILED\` (the operating system could not start it).
`;
}

async function optionsPage() {
  const { DEPLOYMENT_OPTIONS } = await import(pathToFileURL(resolve('lib/dist/serve/options.js')).href);
  const types = 'lib/src/serve/types.ts';
  const declared = interfaceMembers(types, 'DeploymentOptions');
  const names = Object.keys(DEPLOYMENT_OPTIONS);
  const differing = [...names, ...declared.map(({ name }) => name)].filter(
    (name) => !names.includes(name) || !declared.some((member) => member.name === name),
  );
  if (differing.length > 0) throw new Error(`options.ts and types.ts do not have the same options: ${differing.join(', ')}`);
  const deployment = declared.map(({ name, doc, default: value }) => [
    `\`${name}\``,
    value === null ? '–' : code(value),
    cell(DEPLOYMENT_OPTIONS[name].expected),
    cell(doc),
  ]);
  return `# Options

${NOTE}

A duration is a number of milliseconds, or a text: \`'250ms'\`, \`'30s'\`, \`'1.5m'\`, \`'2h'\`. An option that does not exist is an error
(\`NBS_UNKNOWN_OPTION\`), and so is a value that does not fit (\`NBS_INVALID_OPTION\`); the message names what would be valid.

## serve.deployment(…, options) and Deployment.options(options)

${table(['Option', 'Default', 'Valid', 'Meaning'], deployment)}

### resources

${members(types, 'ResourceOptions')}

${part('### autoscaling', types, 'AutoscalingOptions')}${part('### hedging', types, 'HedgingOptions')}${part('## serve.batch(options)', 'lib/src/serve/batching/types.ts', 'BatchOptions')}${part('## serve.multiplexed(options)', 'lib/src/serve/multiplexing/types.ts', 'MultiplexedOptions')}## serve.run(application, options)

${members(types, 'RunOptions')}

## serve.start(options)

${members(types, 'StartOptions')}

${part('### nodes', types, 'NodeOptions')}## serve.traffic(prefix, weights, options)

${members(types, 'TrafficOptions')}

## serve.canary(prefix, options)

${members(types, 'CanaryOptions')}

## handle.options(options)

${members('lib/src/serve/handle/types.ts', 'HandleOptions')}

## onnx.load(model, options)

${members('lib/src/onnx/options.ts', 'LoadOptions')}

## onnx.image.decode(bytes, options)

${members('lib/src/onnx/image-options.ts', 'DecodeOptions')}

## Environment variables

${table(
  ['Variable', 'Meaning'],
  environmentVariables('lib/src/core/env.ts').map(({ name, doc }) => [`\`${name}\``, cell(doc)]),
)}
`;
}

const code = (text) => (/^['"[{\d-]|^(null|true|false)$/.test(text) ? `\`${text}\`` : cell(text));

const part = (heading, file, name) => (declares(file, name) ? `${heading}\n\n${members(file, name)}\n\n` : '');

// A template type holds backticks itself.
const typeCell = (type) => (type.includes('`') ? `\`\` ${type.replaceAll('|', '\\|')} \`\`` : `\`${type.replaceAll('|', '\\|')}\``);

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
  return text.replaceAll(/(<!-- help: (\w+) -->\n)[\s\S]*?(<!-- end -->)/g, (_, start, name, end) => `${start}\n\`\`\`text\n${helps.get(name)}\n\`\`\`\n\n${end}`);
}

async function helpOf(name) {
  const own = resolve(`lib/dist/cli/${name}-command.js`);
  const module = await import(pathToFileURL(existsSync(own) ? own : resolve('kernel-ext/dist/commands/index.js')).href);
  const command = Object.values(module).find((value) => value?.name === name && typeof value.help === 'string');
  if (command === undefined) throw new Error(`command-line.md names the command ${name}, which is not there`);
  return command.help.trimEnd();
}

/** Keeps the sentences of the tables of rooms; rooms and arrows are those that are enforced. */
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
