import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Two folders for each job: one for its clusters and one for temporary files. Their paths are short, because paths of sockets must be short. */
export const foldersOf = (root, number) => ({ home: join(root, `${number}`), temporary: join(root, `${number}t`) });

/** What other programs leave among the temporary files: tsgolint, pip, Chromium and Python's multiprocessing. */
const FOREIGN = /^(mat-debug-|pip-|\.?org\.chromium|pymp-)/;

/**
 * What tests left behind: processes with this run's mark in their environment, files in a folder that was their NBSERVE_HOME, and temporary files.
 * @param {{ mark: string, jobs: readonly { name: string, group: string, home: string, temporary: string }[] }} run
 */
export function findLeftovers({ mark, jobs }) {
  const homes = new Map(jobs.map(({ home, name }) => [home, name]));
  return [...processesWith(mark, homes), ...jobs.flatMap((job) => [...filesIn(job.home, job.name), ...temporaryOf(job)])];
}

/** The results of a lesson are there for its reader. */
function temporaryOf({ temporary, name, group }) {
  if (group === 'lessons' || !existsSync(temporary)) return [];
  const left = readdirSync(temporary).filter((entry) => !FOREIGN.test(entry));
  return left.map((entry) => `temporary file ${entry} of ${name}`);
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
