import { statSync } from 'node:fs';

/**
 * Call it right before modules are looked up. Node follows the links in a module's path until it meets what it knows from before, and then asks
 * whether the last thing of which anybody asked `fs.statSync` was a pipe or socket: it stops there, and the module is loaded a second time
 * under the path with the links.
 */
export function forgetLastStat(): void {
  statSync('/');
}
