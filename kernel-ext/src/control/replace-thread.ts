/**
 * Replaces the program of this process by a new one. The pid and the parent stay the same, the memory is new. It runs in a thread of its own, because
 * loading a native library would wait forever if the main thread is loading another one and does not end.
 */
import { createRequire } from 'node:module';
import { workerData } from 'node:worker_threads';
import type { Replacement } from './replacement.js';

const F_SETFD = 2;
const CLOSE_RANGE_CLOEXEC = 4;
const STANDARD = [0, 1, 2];

const { file, args, folder, env, originals } = workerData as Replacement;
const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
const system = koffi.load(null);

// Node marks its descriptors, the standard streams too, so that the new program does not inherit them. A native library may not do that.
const fcntl = system.func('int fcntl(int descriptor, int command, ...)');
try {
  system.func('int close_range(unsigned int first, unsigned int last, int flags)')(3, 0xffffffff, CLOSE_RANGE_CLOEXEC);
} catch {
  // An older Linux or macOS does not have it.
}
const dup2 = system.func('int dup2(int from, int to)');
for (const [i, descriptor] of originals.entries()) dup2(descriptor, i + 1);
for (const descriptor of STANDARD) fcntl(descriptor, F_SETFD, 'int', 0);
system.func('int chdir(const char *path)')(folder);
const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
system.func('int execve(const char *path, const char **args, const char **env)')(
  file,
  [file, ...args, null],
  [...variables, null],
);
// This is reached only if it failed. Then the control thread ends the process.
