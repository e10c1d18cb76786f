// Measures `nbserve test` on 60 notebooks with two workers, and the memory that it takes. Beside it: nbclient on as many notebooks for ipykernel, two at a time.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { descendants, memoryMiB, start } from './harness/processes.mjs';
import { median, pairedRounds, ratioOf } from './harness/rounds.mjs';

const NBSERVE = fileURLToPath(new URL('../../lib/bin/nbserve.js', import.meta.url));
const WORKERS = 2;
const LOOK_EVERY_MS = 100;

/** Each cell uses what the cell before it made, and prints. */
const TYPESCRIPT = [
  "import { createHash } from 'node:crypto';\ninterface Row { id: number; name: string }",
  'const rows: Row[] = Array.from({ length: 1000 }, (_, id) => ({ id, name: `row ${id}` }));\nrows.length',
  "const text = rows.map(({ id, name }) => `${id},${name}`).join('\\n');\nconsole.log(createHash('sha256').update(text).digest('hex'))",
];
const PYTHON = [
  'import hashlib',
  "rows = [{'id': id, 'name': f'row {id}'} for id in range(1000)]\nlen(rows)",
  "text = '\\n'.join(f\"{row['id']},{row['name']}\" for row in rows)\nprint(hashlib.sha256(text.encode()).hexdigest())",
];

/** Runs the notebooks of its arguments, as many at a time as the first one says. */
const NBCLIENT = `import sys, nbformat
from concurrent.futures import ThreadPoolExecutor
from nbclient import NotebookClient
run = lambda file: NotebookClient(nbformat.read(file, 4)).execute()
with ThreadPoolExecutor(int(sys.argv[1])) as pool:
    print(len(list(pool.map(run, sys.argv[2:]))))
`;

function write(folder, count, kernelspec, sources) {
  mkdirSync(folder);
  return Array.from({ length: count }, (_, n) => {
    const cells = sources.map((source) => ({ cell_type: 'code', execution_count: null, metadata: {}, outputs: [], source }));
    const file = join(folder, `${String(n).padStart(2, '0')}.ipynb`);
    writeFileSync(file, JSON.stringify({ cells, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 4 }));
    return file;
  });
}

/** Runs a command to its end. @returns its time in seconds, and the most memory that its processes had together */
async function measured(file, args, cwd) {
  const begun = performance.now();
  const child = start(file, args, { cwd });
  child.stdout.resume();
  let memory = 0;
  let isOver = false;
  const ended = child.exited.then(() => {
    isOver = true;
  });
  while (!isOver) {
    memory = Math.max(memory, memoryMiB(descendants(child.pid).map(({ pid }) => pid)));
    await Promise.race([ended, delay(LOOK_EVERY_MS)]);
  }
  if (child.exitCode !== 0) throw new Error(`${file} ${args[0]} ended with ${child.exitCode}: ${child.errors}`);
  return { seconds: (performance.now() - begun) / 1000, memory };
}

/** @param {any} context */
export async function run({ rounds, isQuick, jupyter }) {
  const count = isQuick ? 12 : 60;
  const folder = mkdtempSync(join(tmpdir(), 'nbs-notebooks-'));
  try {
    write(join(folder, 'ts'), count, { name: 'nbserve', display_name: 'TypeScript', language: 'typescript' }, TYPESCRIPT);
    const python = write(join(folder, 'py'), count, { name: 'python3', display_name: 'Python 3', language: 'python' }, PYTHON);
    const test = [NBSERVE, 'test', join(folder, 'ts'), '--workers', String(WORKERS), '--no-compare'];
    const sides = {
      nbserve: () => measured(process.execPath, test, folder),
      ...(jupyter && { ipykernel: () => measured(jupyter, ['-c', NBCLIENT, String(WORKERS), ...python], folder) }),
    };
    const found = await pairedRounds(Math.min(rounds, 3), sides);
    const describe = (some) => {
      const seconds = median(some.map((one) => one.seconds));
      return `${(count / seconds).toFixed(1)} notebooks/s, ${Math.round(Math.max(...some.map(({ memory }) => memory)))} MiB`;
    };
    const rates = (some) => some.map(({ seconds }) => count / seconds);
    return [
      {
        name: `${count} notebooks of 3 cells, ${WORKERS} workers`,
        ours: describe(found.nbserve),
        ...(found.ipykernel && {
          peer: `nbclient and ipykernel: ${describe(found.ipykernel)}`,
          ratio: ratioOf(rates(found.nbserve), rates(found.ipykernel)),
        }),
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
