// Rows as a table, on the terminal and between the markers of lib/docs/performance.md.
// A row: { name, ours, peer?, ratio?: { median, min, max }, aim?: { atLeast | atMost } (a ratio), limit?: { value, atMost, unit } (a number of ours), cpu?: side → process → µs per request }
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { loadTool } from './load.mjs';

const PAGE = new URL('../../../lib/docs/performance.md', import.meta.url);
const BEGIN = '<!-- begin: npm run bench -- --write -->';
const END = '<!-- end -->';

const times = (value) =>
  value >= 10 ? `${value.toFixed(0)}×` : value >= 0.2 ? `${value.toFixed(2)}×` : `1/${(1 / value).toFixed(0)}`;
const spread = ({ median, min, max }) => (min === max ? times(median) : `${times(median)} (${times(min)} … ${times(max)})`);

function verdict({ aim, ratio, limit }) {
  if (limit !== undefined) return [`≤ ${limit.atMost} ${limit.unit}`, limit.value <= limit.atMost ? 'yes' : 'no'];
  if (aim === undefined || ratio === undefined) return ['', ''];
  const { atLeast, atMost } = aim;
  const holds = atLeast === undefined ? ratio.median <= atMost : ratio.median >= atLeast;
  return [atLeast === undefined ? `≤ ${times(atMost)}` : `≥ ${times(atLeast)}`, holds ? 'yes' : 'no'];
}

const cells = (row) => [row.name, row.ours, row.peer ?? '', row.ratio === undefined ? '' : spread(row.ratio), ...verdict(row)];

function cpuLines(rows) {
  return rows.flatMap(({ name, cpu = {} }) =>
    Object.entries(cpu).map(([side, processes]) => [
      name,
      side,
      Object.entries(processes)
        .map(([process, us]) => `${process} ${us.toFixed(us < 100 ? 1 : 0)}`)
        .join(' · '),
    ]),
  );
}

export function print(rows) {
  for (const row of rows) {
    const [name, ours, peer, ratio, aim, holds] = cells(row);
    console.log(`${name}: ${ours}${peer && ` | ${peer}`}${ratio && ` | ${ratio}`}${aim && ` | aim ${aim}: ${holds}`}`);
  }
  for (const [name, side, text] of cpuLines(rows)) console.log(`  CPU µs a request, ${name}, ${side}: ${text}`);
}

const table = (head, lines) => [head, head.map(() => '---'), ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n');

/** Rewrites the measured part of the page. The text around it does not change. */
export function writePage(rows, context, tookMs) {
  const [{ model }] = cpus();
  const machine = `${cpus().length} cores (${model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}, load average at the end ${loadavg()[0].toFixed(1)}`;
  const lines = [
    BEGIN,
    '',
    `Made by \`npm run bench -- --write\` on ${new Date().toISOString().slice(0, 10)} in ${Math.round(tookMs / 60_000)} minutes: ${machine}.`,
    `Load from ${loadTool}, on the same cores. ${context.rounds} paired rounds (${context.peerRounds} beside Ray${context.ray === undefined ? '' : ` ${context.ray}`}); ratios are nbserve ÷ peer: median (smallest … largest).`,
    '',
    table(['what', 'nbserve', 'peer', 'ratio', 'aim', 'holds'], rows.map(cells)),
    '',
    'CPU time per request, in µs, by process (`load` is the load generator):',
    '',
    table(['what', 'side', 'µs per request'], cpuLines(rows)),
    '',
    END,
  ];
  const page = readFileSync(PAGE, 'utf8');
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin === -1 || end === -1) throw new Error(`lib/docs/performance.md lacks its markers ${BEGIN} and ${END}`);
  writeFileSync(PAGE, page.slice(0, begin) + lines.join('\n') + page.slice(end + END.length));
  console.log('wrote lib/docs/performance.md');
}
