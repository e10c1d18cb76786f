import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { freeMemory } from './free-memory.js';

const MIB = 2 ** 20;
const MACHINE = `MemTotal:       24000000 kB\nMemAvailable:   ${4096 * 1024} kB\n`;

function rootWith(t: TestContext, files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'nbf-'));
  t.after(() => rmSync(root, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

const free = (t: TestContext, files: Readonly<Record<string, string>>) => {
  const found = freeMemory(rootWith(t, files));
  return found === null ? null : `${found.bytes / MIB} MiB, ${found.why}`;
};

test('without a limit, it is what the machine has left', (t) => {
  const none = { 'sys/fs/cgroup/a/memory.max': 'max\n', 'proc/self/cgroup': '0::/a\n' };
  assert.equal(free(t, { 'proc/meminfo': MACHINE, ...none }), '4096 MiB, that is what the machine has left');
  const v1 = { 'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n', 'proc/self/cgroup': '4:memory:/\n0::/\n' };
  assert.equal(free(t, { 'proc/meminfo': MACHINE, ...v1 }), '4096 MiB, that is what the machine has left');
  assert.equal(free(t, {}), null);
});

test('a limit of a group counts, less what it uses, without pages of files', (t) => {
  const v2 = {
    'proc/self/cgroup': '0::/pods/one\n',
    'sys/fs/cgroup/pods/one/memory.max': `${512 * MIB}\n`,
    'sys/fs/cgroup/pods/one/memory.current': `${300 * MIB}\n`,
    'sys/fs/cgroup/pods/one/memory.stat': `anon ${200 * MIB}\ninactive_file ${60 * MIB}\nactive_file ${40 * MIB}\n`,
  };
  assert.equal(free(t, { 'proc/meminfo': MACHINE, ...v2 }), "312 MiB, the limit of this process's control group is 512 MiB");
  const above = { 'sys/fs/cgroup/pods/memory.max': `${100 * MIB}\n`, 'sys/fs/cgroup/pods/memory.current': `${99 * MIB}\n` };
  assert.equal(
    free(t, { 'proc/meminfo': MACHINE, ...v2, ...above }),
    "1 MiB, the limit of this process's control group is 100 MiB",
  );
});

test('in a container with version 1, the path is that of the host', (t) => {
  const v1 = {
    'proc/self/cgroup': '5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/\n',
    'sys/fs/cgroup/memory/memory.limit_in_bytes': `${256 * MIB}\n`,
    'sys/fs/cgroup/memory/memory.usage_in_bytes': `${300 * MIB}\n`,
    'sys/fs/cgroup/memory/memory.stat': `cache 0\ntotal_inactive_file 0\n`,
  };
  assert.equal(free(t, { 'proc/meminfo': MACHINE, ...v1 }), "0 MiB, the limit of this process's control group is 256 MiB");
});
