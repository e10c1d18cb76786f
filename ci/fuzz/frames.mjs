// Peers that send false frames: a replica with the token, a caller with the token, and strangers without it. Whatever they send,
// the answers of others must be complete, and nobody may get an answer that is not theirs. node ci/fuzz/frames.mjs --seed 1 --count 10000
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { random } from '../sim/random.mjs';
import { Stage } from './frames-stage.mjs';

export const count = 10_000;
export const quickCount = 600;

/** How many requests are open at once. */
const AT_ONCE = 48;

/**
 * The fuzzer for `npm run fuzz`. A run is one case, whose steps share a proxy.
 * @param {{ seed: number, count: number }} options
 * @returns {Promise<{ done: number, failures: { seed: number, text: string }[] }>}
 */
export async function fuzz({ seed, count }) {
  try {
    await fuzzFrames({ seed, count });
    return { done: count, failures: [] };
  } catch (error) {
    return { done: count, failures: [{ seed, text: `${error.stack}\nwith --count ${count}` }] };
  }
}

/**
 * @param {{ seed: number, count: number }} options
 * @returns {Promise<{ requests: number, callers: number, strangers: number, answered: number }>} how many of each were made
 * @throws Error that names the seed and the step
 */
export async function fuzzFrames({ seed, count }) {
  const draw = random(seed);
  const stage = await Stage.open(draw);
  const made = { requests: 0, callers: 0, strangers: 0, answered: 0 };
  const faults = [];
  const onFault = (error) => faults.push(error);
  process.on('uncaughtException', onFault).on('unhandledRejection', onFault);
  let step = 0;
  const run = async () => {
    while (step < count && faults.length === 0) {
      step += 1;
      const at = step;
      const kind = draw();
      try {
        if (kind < 0.7) {
          made.requests += 1;
          if (await stage.request(at)) made.answered += 1;
        } else if (kind < 0.8) {
          made.requests += 1;
          await stage.call(at);
        } else if (kind < 0.9) {
          made.callers += 1;
          await stage.caller();
        } else {
          made.strangers += 1;
          await stage.stranger();
        }
      } catch (error) {
        faults.push(new Error(`seed ${seed}, step ${at}: ${error.message}`, { cause: error }));
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, run));
    if (faults.length === 0) await stage.check('the end');
  } catch (error) {
    faults.push(error);
  } finally {
    await stage.close();
    process.off('uncaughtException', onFault).off('unhandledRejection', onFault);
  }
  if (faults.length > 0) throw faults[0];
  return made;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({
    options: { seed: { type: 'string', default: '1' }, count: { type: 'string', default: '10000' } },
  });
  const made = await fuzzFrames({ seed: Number(values.seed), count: Number(values.count) });
  console.log(`seed ${values.seed}: ${JSON.stringify(made)}`);
  process.exit(0);
}
