import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** How much memory this process can still get, and what sets that. */
export interface FreeMemory {
  readonly bytes: number;
  /** Such as `the limit of this process's control group is 512 MiB`. */
  readonly why: string;
}

/**
 * The memory that this process can still get: the least of what the machine has, and of what each control group (cgroup) above the process allows. Pages
 * that only copy files count as free, because the system drops them. Swap does not count.
 * @param root the folder that stands for `/`; another one is for tests
 * @returns null on a system that does not tell it
 */
export function freeMemory(root = '/'): FreeMemory | null {
  const machine = /^MemAvailable:\s+(\d+) kB$/m.exec(textOf(join(root, 'proc/meminfo')))?.[1];
  if (machine === undefined) return null;
  const found: FreeMemory[] = [{ bytes: Number(machine) * 1024, why: 'that is what the machine has left' }];
  for (const line of textOf(join(root, 'proc/self/cgroup')).split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    if (controllers === '') found.push(...groupsAbove(join(root, 'sys/fs/cgroup'), path, V2));
    else if (controllers?.split(',').includes('memory')) found.push(...groupsAbove(join(root, 'sys/fs/cgroup/memory'), path, V1));
  }
  return found.reduce((least, each) => (each.bytes < least.bytes ? each : least));
}

interface Files {
  readonly limit: string;
  readonly used: string;
  /** Lines of `memory.stat` about pages that only copy files. */
  readonly cached: RegExp;
}

const V2: Files = { limit: 'memory.max', used: 'memory.current', cached: /^(?:in)?active_file (\d+)$/gm };
const V1: Files = { limit: 'memory.limit_in_bytes', used: 'memory.usage_in_bytes', cached: /^total_(?:in)?active_file (\d+)$/gm };
/** Without a limit, version 1 has the largest number of pages. */
const NO_LIMIT = 2 ** 60;

/** What the group of a path and those above it allow. In a container, the path may be the host's, and only the topmost folder is there. */
function groupsAbove(mount: string, path: string, { limit: limitFile, used, cached }: Files): FreeMemory[] {
  const found: FreeMemory[] = [];
  for (let at = path; ; at = dirname(at)) {
    const folder = join(mount, at);
    const limit = Number.parseInt(textOf(join(folder, limitFile)), 10);
    if (limit < NO_LIMIT) {
      const files = [...textOf(join(folder, 'memory.stat')).matchAll(cached)].reduce((sum, [, bytes]) => sum + Number(bytes), 0);
      const bytes = Math.max(0, limit - (Number.parseInt(textOf(join(folder, used)), 10) || 0) + files);
      found.push({ bytes, why: `the limit of this process's control group is ${mebibytes(limit)}` });
    }
    if (at === '/') return found;
  }
}

/** A number of bytes for people: `512 MiB`. */
export const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;

function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
