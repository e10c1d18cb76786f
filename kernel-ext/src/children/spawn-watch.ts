import { ChildProcess } from 'node:child_process';

/** The undocumented method that `spawn`, `exec`, `execFile` and `fork` share. The synchronous forms do not come through here. */
interface Spawning {
  spawn(options: unknown): unknown;
}

/** Tells of every child process that this thread starts from now on, in the context of the code that starts it. */
export function watchSpawns(onSpawn: (pid: number) => void): void {
  const prototype = ChildProcess.prototype as unknown as Spawning;
  const own = prototype.spawn;
  prototype.spawn = function (this: ChildProcess, options: unknown): unknown {
    const result = Reflect.apply(own, this, [options]);
    if (this.pid !== undefined) onSpawn(this.pid);
    return result;
  };
}
