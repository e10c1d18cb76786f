/** How the next token is chosen. */
export interface Sampling {
  /** 0 takes the most likely token. */
  readonly temperature: number;
  /** The most likely tokens are considered whose probabilities add up to this. */
  readonly topP: number;
}

/** Numbers from 0 to below 1, the same ones for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Chooses a token by its logit. @param random a number from 0 to below 1 */
export function chooseToken(logits: Float32Array, { temperature, topP }: Sampling, random: () => number): number {
  let best = 0;
  for (let i = 1; i < logits.length; i += 1) if ((logits[i] as number) > (logits[best] as number)) best = i;
  if (temperature === 0) return best;
  const highest = logits[best] as number;
  const weights = new Float64Array(logits.length);
  let sum = 0;
  for (let i = 0; i < logits.length; i += 1) {
    const weight = Math.exp(((logits[i] as number) - highest) / temperature);
    weights[i] = weight;
    sum += weight;
  }
  if (topP >= 1) return pick(weights, undefined, random() * sum, best);
  // Only tokens that are at least this likely can be among the most likely ones that add up to topP; few are left to be sorted.
  const least = sum * ((1 - topP) / logits.length);
  const order: number[] = [];
  for (let i = 0; i < weights.length; i += 1) if ((weights[i] as number) >= least) order.push(i);
  order.sort((a, b) => (weights[b] as number) - (weights[a] as number) || a - b);
  let kept = 0;
  let count = 0;
  while (count < order.length && kept < topP * sum) {
    kept += weights[order[count] as number] as number;
    count += 1;
  }
  return pick(weights, order.slice(0, Math.max(1, count)), random() * kept, best);
}

/** The token at which the running sum of the weights passes `at`. */
function pick(weights: Float64Array, tokens: readonly number[] | undefined, at: number, fallback: number): number {
  let rest = at;
  const count = tokens?.length ?? weights.length;
  for (let i = 0; i < count; i += 1) {
    const token = tokens === undefined ? i : (tokens[i] as number);
    rest -= weights[token] as number;
    if (rest < 0) return token;
  }
  return fallback;
}
