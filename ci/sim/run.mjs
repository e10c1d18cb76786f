// Runs one simulation in a process of its own, because its timers are virtual. The argument is JSON; the result is printed as JSON.
import { replaceTimers, VirtualClock } from './clock.mjs';
import { peakRate, simulate } from './simulation.mjs';
import { traces } from './traces.mjs';

const { trace, dayMs, shape = {}, serviceMs = 20_000, points = false, ...options } = JSON.parse(process.argv[2]);
const clock = new VirtualClock();
replaceTimers(clock);
const peak = peakRate({ perApp: options.replicas / options.apps, serviceMs });
const made = traces[trace]({ apps: options.apps, peak, seed: options.seed, ...(dayMs === undefined ? {} : { dayMs }), ...shape });
const samples = [];
const result = await simulate({
  ...options,
  clock,
  serviceMs,
  trace: made,
  onSample: (sample) => points && samples.push(sample),
});
process.stdout.write(JSON.stringify({ ...result, describe: made.describe, samples }));
process.exit(0);
