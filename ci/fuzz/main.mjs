// `npm run fuzz`: tests with random input. The seeds are printed, so that a case can be run again.
// Options: --only http (any of the names below) · --without http (any of them) · --count N (requests or frames of each) · --quick (seconds; part of the tests) · --seed N (the first of the seeds; each case has one of its own)
// A failure prints the seed of its case: `npm run fuzz -- --only http --seed <it> --count 1` runs that case alone.
import { parseArgs } from 'node:util';

/** Name → its module, which exports `count` (of `--count`), `quickCount` and `fuzz({ count, seed })`: `{ done, failures }`. */
const FUZZERS = {
  http: () => import('./http.mjs'),
  frames: () => import('./frames.mjs'),
  routes: () => import('./routes.mjs'),
  grpc: () => import('./grpc.mjs'),
  malformed: () => import('./malformed.mjs'),
  inference: () => import('./inference.mjs'),
  lessons: () => import('./lessons.mjs'),
  control: () => import('./control.mjs'),
  kernel: () => import('./kernel.mjs'),
};

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    without: { type: 'string', default: '' },
    count: { type: 'string' },
    seed: { type: 'string' },
    quick: { type: 'boolean', default: false },
  },
});
const without = options.without.split(',').filter((name) => name !== '');
const asked = options.only?.split(',') ?? Object.keys(FUZZERS);
const names = asked.filter((name) => !without.includes(name));
const unknown = [...asked, ...without].filter((name) => !Object.hasOwn(FUZZERS, name));
if (unknown.length > 0) throw new Error(`no fuzzer ${unknown.join(', ')}; there are ${Object.keys(FUZZERS).join(', ')}`);
// Each run has new cases, unless a seed is given.
const seed = Number(options.seed ?? Math.floor(Math.random() * 2 ** 31));

let failed = 0;
for (const name of names) {
  const { fuzz, count, quickCount } = await FUZZERS[name]();
  const wanted = Number(options.count ?? (options.quick ? quickCount : count));
  const begun = performance.now();
  const { done, failures } = await fuzz({ count: wanted, seed });
  failed += failures.length;
  for (const { seed: own, text } of failures) {
    console.log(`✖ ${name}, seed ${own}; again: npm run fuzz -- --only ${name} --seed ${own} --count 1\n${text}\n`);
  }
  const seconds = ((performance.now() - begun) / 1000).toFixed(0);
  console.log(`${name}: ${done.toLocaleString('en')} from seed ${seed}, ${failures.length} failed, ${seconds} s`);
}
process.exitCode = failed === 0 ? 0 : 1;
