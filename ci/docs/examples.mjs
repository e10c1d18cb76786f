// Runs the examples of one page. CONTRIBUTING.md says what the words after ```ts and ```sh mean.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { blocksOf } from './pages.mjs';

const CELL_SECONDS = 120;
const SHELL_MS = 180_000;
const DOCUMENTED_PORT = 8123;
const READY = /runs at/;

/** Whether a page has a block that runs, or one whose mark is wrong. */
export const hasExamples = (page) =>
  blocksOf(page).some((block) => ['cell', 'run', 'background', 'problem'].includes(taskOf(page, block).kind));

/** @returns the problems, each as `page:line: …`, and how many blocks ran */
export async function runExamples(page) {
  const blocks = blocksOf(page).map((block) => ({ ...block, task: taskOf(page, block) }));
  const problems = blocks.flatMap(({ task }) => (task.kind === 'problem' ? [task.problem] : []));
  const running = blocks.filter(({ task }) => ['cell', 'run', 'background'].includes(task.kind));
  if (problems.length > 0 || running.length === 0) return { problems, ran: 0 };

  // The folder is inside the repository, so that `npx nbserve` and imports work. Its name is short, because paths of sockets must be short.
  const folder = resolve('.cache/docs', basename(page, '.md').toLowerCase());
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const home = mkdtempSync(join(tmpdir(), 'nbsd-'));
  // An example does not clear away the files that it shows.
  const temporary = join(home, 't');
  mkdirSync(temporary);
  const env = {
    ...process.env,
    NBSERVE_HOME: home,
    TMPDIR: temporary,
    PATH: `${resolve('node_modules/.bin')}:${process.env.PATH}`,
  };
  try {
    await shellTrack(page, blocks, folder, env, problems);
    if (problems.length === 0) notebookTrack(page, blocks, folder, env, problems);
  } finally {
    rmSync(home, { recursive: true, force: true });
    if (problems.length === 0) rmSync(folder, { recursive: true, force: true });
  }
  return { problems, ran: running.length };
}

function taskOf(page, { language, words, comment, line }) {
  const [word, ...rest] = words;
  const file = /^file=(\S+)$/.exec(word ?? '')?.[1];
  if (file !== undefined) return { kind: 'file', file };
  if (language === 'text') return { kind: word === 'output' ? 'output' : 'shown' };
  if (language === 'sh' && ['run', 'background'].includes(word)) return { kind: word };
  if (language !== 'ts') return { kind: 'shown' };
  if (word === undefined) return { kind: 'cell' };
  if (word === 'error' && rest.length === 1) return { kind: 'cell', error: rest[0] };
  if (word === 'skip' && /^skip: ./.test(comment)) return { kind: 'shown' };
  const why =
    word === 'skip' ? 'a skipped block needs <!-- skip: why --> on the line above it' : `unknown mark "${words.join(' ')}"`;
  return { kind: 'problem', problem: `${page}:${line}: ${why}` };
}

/** Writes the files and runs the shell commands, in the page's order. */
async function shellTrack(page, blocks, folder, env, problems) {
  const port = String(await freePort());
  const servers = [];
  let printed = null;
  for (const { task, text, line } of blocks) {
    const script = text.replaceAll(String(DOCUMENTED_PORT), port);
    if (task.kind === 'file') {
      mkdirSync(dirname(join(folder, task.file)), { recursive: true });
      writeFileSync(join(folder, task.file), `${text}\n`);
    } else if (task.kind === 'background') {
      const server = background(script, folder, env);
      servers.push({ ...server, line });
      const problem = await server.ready;
      if (problem !== null) problems.push(`${page}:${line}: ${problem}`);
      printed = server.output();
    } else if (task.kind === 'run') {
      // npx finds the same program, which is on the PATH here, and takes five times as long. Servers are started with it.
      const done = spawnSync('bash', ['-ec', script.replaceAll('npx nbserve', 'nbserve')], {
        cwd: folder,
        env,
        encoding: 'utf8',
        timeout: SHELL_MS,
      });
      printed = `${done.stdout ?? ''}${done.stderr ?? ''}`;
      if (done.status !== 0) problems.push(`${page}:${line}: exit code ${done.status}\n${printed}`);
    } else if (task.kind === 'output' && printed !== null) {
      problems.push(
        ...missing(printed.replaceAll(port, String(DOCUMENTED_PORT)), text).map((what) => `${page}:${line}: ${what}`),
      );
    } else if (task.kind === 'cell') {
      printed = null; // notebookTrack compares the outputs of cells
    }
    if (problems.length > 0) break;
  }
  for (const server of servers) {
    const code = await server.stop();
    // The signal ends npx itself, however its command handles it.
    if (code !== 0 && code !== null) problems.push(`${page}:${server.line}: exit code ${code} after Ctrl-C\n${server.output()}`);
  }
}

function background(script, cwd, env) {
  const child = spawn('bash', ['-ec', `exec ${script}`], { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const ended = new Promise((done) => child.on('close', done));
  const ready = new Promise((done) => {
    const look = (chunk) => {
      output += chunk;
      if (READY.test(output)) done(null);
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    void ended.then((code) => done(`ended with exit code ${code} before it was up\n${output}`));
  });
  const stop = async () => {
    const killer = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), 30_000);
    if (child.exitCode === null) process.kill(-child.pid, 'SIGINT');
    const code = await ended;
    clearTimeout(killer);
    return code;
  };
  return { ready, stop, output: () => output };
}

/** Runs the cells as one notebook. */
function notebookTrack(page, blocks, folder, env, problems) {
  const cells = blocks.filter(({ task }) => task.kind === 'cell');
  if (cells.length === 0) return;
  const notebook = {
    cells: cells.map(({ task, text, line }) => ({
      cell_type: 'code',
      id: `line-${line}`,
      metadata: task.error === undefined ? {} : { tags: ['raises-exception'] },
      execution_count: null,
      outputs: [],
      source: text,
    })),
    metadata: {},
    nbformat: 4,
    nbformat_minor: 5,
  };
  const input = join(folder, 'page.ipynb');
  const output = join(folder, 'page.executed.ipynb');
  writeFileSync(input, JSON.stringify(notebook));
  const args = ['execute', input, '--output', output, '--timeout', String(CELL_SECONDS), '--quiet'];
  const done = spawnSync('nbserve', args, { cwd: folder, env, encoding: 'utf8' });
  let executed;
  try {
    executed = JSON.parse(readFileSync(output, 'utf8'));
  } catch {
    problems.push(`${page}: the page's notebook did not run: exit code ${done.status}\n${done.stdout}${done.stderr}`);
    return;
  }
  const outputs = new Map(executed.cells.map(({ id, outputs: list }) => [id, list]));
  let printed = null;
  for (const { task, text, line } of blocks) {
    if (task.kind === 'cell') {
      const list = outputs.get(`line-${line}`) ?? [];
      printed = list.map(textOf).join('\n');
      const error = list.find((one) => one.output_type === 'error');
      const problem = problemOf(error, task.error);
      if (problem !== null) problems.push(`${page}:${line}: ${problem}`);
      if (error !== undefined && task.error === undefined) return;
    } else if (task.kind === 'run' || task.kind === 'background') printed = null;
    else if (task.kind === 'output' && printed !== null) {
      problems.push(...missing(printed, text).map((what) => `${page}:${line}: ${what}`));
    }
  }
  if (done.status !== 0 && problems.length === 0) problems.push(`${page}: exit code ${done.status}\n${done.stderr}`);
}

function problemOf(error, expected) {
  if (error === undefined) return expected === undefined ? null : `this block should have failed with ${expected}`;
  const said = plain(error.traceback.join('\n'));
  if (expected === undefined) return `this block failed\n${said}`;
  return error.ename === expected || said.includes(expected)
    ? null
    : `this block should have failed with ${expected}, but it says\n${said}`;
}

const joined = (text) => (Array.isArray(text) ? text.join('') : String(text ?? ''));

function textOf(output) {
  if (output.output_type === 'stream') return joined(output.text);
  if (output.output_type === 'error') return plain(output.traceback.join('\n'));
  return joined(output.data['text/plain']);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a traceback
const plain = (text) => text.replaceAll(/\u001b\[[0-9;]*m/g, '');

/**
 * The lines of the shown output that the block did not print, and those that it printed more often. `…` matches anything, and a line of it any lines. The
 * block may print other lines.
 */
function missing(printed, shown) {
  const lines = printed.split('\n').map((line) => line.trimEnd());
  const wanted = shown.split('\n').map((line) => line.trimEnd());
  const count = (all, line) => all.filter((one) => one === line).length;
  const more = new Set(
    wanted.includes('…') ? [] : wanted.filter((line) => line !== '' && count(lines, line) > count(wanted, line)),
  );
  const absent = wanted
    .filter((line) => line !== '' && line !== '…')
    .filter((line) => {
      const pattern = new RegExp(
        `^\\s*${line
          .trim()
          .split('…')
          .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
          .join('.*')}$`,
      );
      return !lines.some((one) => pattern.test(one));
    })
    .map((line) => `the output does not have the line\n    ${line}`);
  const problems = [...absent, ...[...more].map((line) => `the output has more often than shown the line\n    ${line}`)];
  return problems.map((problem) => `${problem}\n  it is\n    ${lines.join('\n    ')}`);
}

function freePort() {
  return new Promise((done, fail) => {
    const server = createServer();
    server.on('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => done(port));
    });
  });
}
