// Paired rounds: the machine's speed changes over minutes, so every side is measured in every round, and only ratios within a round are compared.

export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

export const quantile = (values, q) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))];

/**
 * Measures each side once a round, in turns: A B, B A, A B…
 * @param sides name → () => Promise<measurement>
 * @returns name → its measurements, by round
 */
export async function pairedRounds(count, sides) {
  const names = Object.keys(sides);
  const found = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < count; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) found[name].push(await sides[name](round));
  }
  return found;
}

/** The ratio of two sides by round: { median, min, max }. */
export function ratioOf(ours, theirs) {
  const ratios = ours.map((value, round) => value / theirs[round]);
  return { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) };
}
