/** Entry `nbserve/cli`: what a command of `nbserve` is made of. Not for notebooks. */
export { BadUsage, type Command, parseCommand } from './command.js';
export { OutputExists } from './errors.js';
export { packageRunnerGone, RUNNER_GONE } from './package-runner.js';
