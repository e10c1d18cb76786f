import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What tests left behind: processes with this run's mark in their environment, and files in a folder that was their NBSERVE_HOME.
 * @param {{ mark: string, homes: ReadonlyMap<string, string> }} run `homes`: who had each folder
 */
export function findLeftovers({ mark, homes }) {
  return [...processesWith(mark, homes), ...[...homes].flatMap(([home, whose]) => filesIn(home, whose))];
}

function processesWith(mark, homes) {
  const found = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (Number(pid) === process.pid) continue;
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
      if (!environment.includes(mark)) continue;
      if (/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) continue;
      const home = environment.find((entry) => entry.startsWith('NBSERVE_HOME='))?.slice('NBSERVE_HOME='.length) ?? '';
      const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      found.push(`process ${pid} of ${homes.get(home) ?? home}: ${commandLine}`);
    } catch {
      // It has ended meanwhile, or it belongs to another user.
    }
  }
  return found;
}

function filesIn(home, whose) {
  if (!existsSync(home)) return [];
  return readdirSync(home, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.split('/').length > 1)
    .map((name) => `file ${join(home, name)} of ${whose}`);
}
