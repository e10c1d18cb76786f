// The kernel against ipykernel, Deno's kernel and our own on tslab's converter: until it answers, new cells early and late in a session, completion, memory, the types of a package.
import { setTimeout as delay } from 'node:timers/promises';
import { startDeno, startIpykernel, startNotebook, startTslab } from './harness/notebook.mjs';
import { descendants, memoryMiB } from './harness/processes.mjs';
import { median, pairedRounds, ratioOf } from './harness/rounds.mjs';

const PAUSE_MS = 3000;
/** So many cells around a place in a session are one measurement. */
const AROUND = 20;
const COMPLETIONS = 20;

const TYPESCRIPT = {
  line: (at) => `const x${at} = ${at} * 2`,
  type: (at) => `class Counter${at} {
  private count = 0;
  private readonly names: string[] = [];
  constructor(private readonly limit: number, readonly label = 'counter ${at}') {}
  add(name: string): number {
    if (this.count >= this.limit) throw new RangeError(\`\${this.label} is full\`);
    this.names.push(name);
    this.count += 1;
    return this.count;
  }
  get full(): boolean {
    return this.count === this.limit;
  }
  named(prefix: string): string[] {
    return this.names.filter((name) => name.startsWith(prefix)).map((name) => name.toUpperCase());
  }
  lengths(): Map<string, number> {
    const found = new Map<string, number>();
    for (const name of this.names) found.set(name, name.length);
    return found;
  }
  async each(work: (name: string, at: number) => Promise<void>): Promise<void> {
    for (const [i, name] of this.names.entries()) await work(name, i);
  }
  toJSON(): { label: string; count: number } {
    return { label: this.label, count: this.count };
  }
}
const counter${at} = new Counter${at}(${at + 1});
counter${at}.add('first')`,
  completed: { code: 'counter0.na', name: 'named' },
  // Its types alone: running the package is not what is measured.
  types: "import type { FastifyInstance } from 'fastify';\nlet app: FastifyInstance | undefined;\napp?.listen",
};

const PYTHON = {
  line: (at) => `x${at} = ${at} * 2`,
  type: (at) => `class Counter${at}:
    def __init__(self, limit: int, label: str = 'counter ${at}'):
        self.limit = limit
        self.label = label
        self.count = 0
        self.names: list[str] = []
    def add(self, name: str) -> int:
        if self.count >= self.limit:
            raise ValueError(f'{self.label} is full')
        self.names.append(name)
        self.count += 1
        return self.count
    @property
    def full(self) -> bool:
        return self.count == self.limit
    def named(self, prefix: str) -> list[str]:
        return [name.upper() for name in self.names if name.startswith(prefix)]
    def lengths(self) -> dict[str, int]:
        found = {}
        for name in self.names:
            found[name] = len(name)
        return found
    async def each(self, work):
        for i, name in enumerate(self.names):
            await work(name, i)
    def to_json(self) -> dict:
        return {'label': self.label, 'count': self.count}
counter${at} = Counter${at}(${at + 1})
counter${at}.add('first')`,
  completed: { code: 'counter0.na', name: 'named' },
};

/** @param cells how many one-line cells and how many classes */
async function session(open, language, cells) {
  const atOnce = await open();
  const hasty = (await atOnce.execute(language.line(0))).ms;
  await atOnce.end();

  const kernel = await open();
  try {
    await delay(PAUSE_MS);
    const memory = memoryMiB(descendants(kernel.child.pid).map(({ pid }) => pid));
    const lines = [];
    for (let at = 0; at < cells.lines; at += 1) lines.push((await kernel.execute(language.line(at))).ms);
    return {
      ready: median([atOnce.readyMs, kernel.readyMs]),
      hasty,
      memory,
      first: lines[0],
      hundredth: around(lines, 100),
      last: around(lines, cells.lines),
    };
  } finally {
    await kernel.end();
  }
}

async function classes(open, language, { types }) {
  const kernel = await open();
  try {
    await delay(PAUSE_MS);
    const times = [];
    for (let at = 0; at < types; at += 1) times.push((await kernel.execute(language.type(at))).ms);
    const completions = [];
    for (let at = 0; at < COMPLETIONS; at += 1) {
      const { ms, names } = await kernel.complete(language.completed.code);
      if (!names.some((name) => name.endsWith(language.completed.name))) throw new Error(`completed with ${names.join(', ')}`);
      completions.push(ms);
    }
    return { early: around(times, AROUND * 2), late: around(times, types), completion: median(completions) };
  } finally {
    await kernel.end();
  }
}

async function packageTypes(open, language) {
  if (language.types === undefined) return {};
  const kernel = await open();
  try {
    await delay(PAUSE_MS);
    return { types: (await kernel.execute(language.types)).ms };
  } finally {
    await kernel.end();
  }
}

/** The median of the cells up to `at`. */
const around = (times, at) => median(times.slice(Math.max(0, at - AROUND), at));

const ms = (values, digits) => `${median(values).toFixed(digits)} ms`;

export async function run(context) {
  const most = context.isQuick ? { lines: 200, types: 80 } : { lines: 1000, types: 200 };
  // tslab takes 10 times as long, and no aim looks at its late cells.
  const few = { lines: 100, types: 60 };
  const side = (open, language, cells) => async () => ({
    ...(await session(open, language, cells)),
    ...(await classes(open, language, cells)),
    ...(await packageTypes(open, language)),
  });
  const sides = { nbserve: side(startNotebook, TYPESCRIPT, most), tslab: side(startTslab, TYPESCRIPT, few) };
  if (context.jupyter !== undefined) sides.ipykernel = side(() => startIpykernel(context.jupyter), PYTHON, most);
  if (context.deno !== undefined) sides.deno = side(() => startDeno(context.deno), { ...TYPESCRIPT, types: undefined }, most);
  const found = await pairedRounds(context.rounds, sides);

  const valuesOf = (name, what) => found[name]?.map((one) => one[what]);
  const peers = { ipykernel: context.noJupyter, deno: context.noDeno, tslab: undefined };
  /** Beside one peer; `atMost` is a ratio. */
  const row = (name, what, digits, peer, atMost) => {
    const ours = valuesOf('nbserve', what);
    const theirs = valuesOf(peer, what);
    if (theirs === undefined) return { name, ours: ms(ours, digits), peer: peers[peer] };
    const ratio = ratioOf(ours, theirs);
    return { name, ours: ms(ours, digits), peer: `${peer}: ${ms(theirs, digits)}`, ratio, ...(atMost && { aim: { atMost } }) };
  };
  /** A number of ours with a limit, and that of a peer. */
  const limited = (name, what, unit, peer, atMost) => {
    const ours = valuesOf('nbserve', what);
    const theirs = valuesOf(peer, what);
    const text = (values) => `${median(values).toFixed(0)} ${unit}`;
    return {
      name,
      ours: text(ours),
      ...(theirs === undefined ? { peer: peers[peer] } : { peer: `${peer}: ${text(theirs)}`, ratio: ratioOf(ours, theirs) }),
      limit: { value: median(ours), atMost, unit },
    };
  };
  const pause = `${PAUSE_MS / 1000} s after ready`;
  const flat = ratioOf(valuesOf('nbserve', 'late'), valuesOf('nbserve', 'early'));
  return [
    row('kernel ready: process start → kernel_info_reply', 'ready', 0, 'ipykernel', 0.8),
    row('the same', 'ready', 0, 'deno'),
    limited('cell 1 sent the moment the kernel is ready', 'hasty', 'ms', 'ipykernel', 250),
    row('the same', 'hasty', 0, 'tslab', 0.3),
    row(`a new one-line cell, cell 1 (${pause})`, 'first', 1, 'ipykernel', 1.3),
    row('a new one-line cell, cell 100', 'hundredth', 1, 'ipykernel', 1),
    row('the same', 'hundredth', 1, 'deno'),
    row('the same', 'hundredth', 1, 'tslab'),
    row(`a new one-line cell, cell ${most.lines}`, 'last', 1, 'ipykernel', 1),
    row('a new class of 30 lines, around cell 40', 'early', 1, 'tslab'),
    row(`a new class of 30 lines, around cell ${most.types} (Deno checks no types)`, 'late', 1, 'deno', 4),
    {
      name: `the same against our own around cell 40`,
      ours: ms(valuesOf('nbserve', 'late'), 1),
      peer: `nbserve: ${ms(valuesOf('nbserve', 'early'), 1)}`,
      ratio: flat,
      aim: { atMost: 1.25 },
    },
    limited('completion of a member', 'completion', 'ms', 'ipykernel', 30),
    row('the same', 'completion', 1, 'deno'),
    limited(`memory (PSS) ${pause}, with the type server`, 'memory', 'MiB', 'ipykernel', 110),
    limited('the types of fastify, imported first', 'types', 'ms', 'tslab', 150),
  ];
}
