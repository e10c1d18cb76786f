import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a test left behind: processes with this run's mark in their environment, and files in its NBSERVE_HOME. */
export function findLeftovers({ mark, home }) {
  return [...processesWith(mark), ...filesIn(home)];
}

function processesWith(mark) {
  const found = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (Number(pid) === process.pid) continue;
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark)) continue;
      if (/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) continue;
      found.push(`process ${pid}: ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()}`);
    } catch {
      // It has ended meanwhile, or it belongs to another user.
    }
  }
  return found;
}

function filesIn(home) {
  if (!existsSync(home)) return [];
  return readdirSync(home, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.split('/').length > 1)
    .map((name) => `file ${join(home, name)}`);
}
