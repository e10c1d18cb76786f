/** Entry `nbserve/cli`: what a command of `nbserve` is made of. Not for notebooks. */
export { BadUsage, type Command, parseCommand } from './command.js';
export { checkOutput, shownPath, writeOutput } from './output-file.js';
export { packageRunnerGone, RUNNER_GONE } from './package-runner.js';
