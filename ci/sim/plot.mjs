// Line plots as SVG, for the documentation. No dependency draws them.
const WIDTH = 720;
const HEIGHT = 360;
const MARGIN = { left: 70, right: 190, top: 40, bottom: 50 };
const COLOURS = ['#1f6feb', '#d1570b', '#2da44e', '#8250df'];

/**
 * @param {{ title: string, x: Axis, y: Axis, series: { name: string, points: [number, number][], step?: boolean }[] }} plot
 * @typedef {{ label: string, log?: boolean, ticks?: number[], format?: (value: number) => string }} Axis
 */
export function plot({ title, x, y, series }) {
  const all = series.flatMap(({ points }) => points);
  const across = scale(
    x,
    all.map(([value]) => value),
    MARGIN.left,
    WIDTH - MARGIN.right,
  );
  const up = scale(
    y,
    all.map(([, value]) => value),
    HEIGHT - MARGIN.bottom,
    MARGIN.top,
  );
  const lines = series.map(({ name, points, step }, i) => {
    const colour = COLOURS[i % COLOURS.length];
    const path = points.map(
      ([a, b], at) =>
        `${at === 0 ? 'M' : step === true ? `H${across.at(a)}V` : 'L'}${step === true && at > 0 ? up.at(b) : `${across.at(a)},${up.at(b)}`}`,
    );
    const dots =
      points.length <= 10
        ? points.map(([a, b]) => `<circle cx="${across.at(a)}" cy="${up.at(b)}" r="3" fill="${colour}"/>`).join('')
        : '';
    const legend = `<text x="${WIDTH - MARGIN.right + 12}" y="${MARGIN.top + 12 + i * 20}" fill="${colour}">${escaped(name)}</text>`;
    return `<path d="${path.join('')}" fill="none" stroke="${colour}" stroke-width="1.6"/>${dots}${legend}`;
  });
  const grid = [
    ...across.ticks.map(
      (tick) =>
        `<path d="M${across.at(tick)},${MARGIN.top}V${HEIGHT - MARGIN.bottom}" stroke="#d0d7de"/><text x="${across.at(tick)}" y="${HEIGHT - MARGIN.bottom + 18}" text-anchor="middle">${across.format(tick)}</text>`,
    ),
    ...up.ticks.map(
      (tick) =>
        `<path d="M${MARGIN.left},${up.at(tick)}H${WIDTH - MARGIN.right}" stroke="#d0d7de"/><text x="${MARGIN.left - 8}" y="${up.at(tick) + 4}" text-anchor="end">${up.format(tick)}</text>`,
    ),
  ];
  const middle = (MARGIN.top + HEIGHT - MARGIN.bottom) / 2;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif" font-size="12" fill="#57606a">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>
<text x="${MARGIN.left}" y="22" font-size="14" fill="#24292f">${escaped(title)}</text>
${grid.join('\n')}
${lines.join('\n')}
<text x="${(MARGIN.left + WIDTH - MARGIN.right) / 2}" y="${HEIGHT - 10}" text-anchor="middle">${escaped(x.label)}</text>
<text x="16" y="${middle}" text-anchor="middle" transform="rotate(-90 16 ${middle})">${escaped(y.label)}</text>
</svg>
`;
}

/** @param {Axis} axis */
function scale({ log = false, ticks, format = String }, values, from, to) {
  const least = log ? 10 ** Math.floor(Math.log10(Math.min(...values))) : 0;
  const most = log ? 10 ** Math.ceil(Math.log10(Math.max(...values))) : Math.max(...values, ...(ticks ?? []));
  const part = (value) => (log ? Math.log10(value / least) / Math.log10(most / least) : (value - least) / (most - least));
  return {
    at: (value) => Math.round((from + part(value) * (to - from)) * 10) / 10,
    ticks: ticks ?? (log ? powers(least, most) : steps(most)),
    format,
  };
}

const powers = (least, most) =>
  Array.from({ length: Math.round(Math.log10(most / least)) + 1 }, (_, i) => Number((least * 10 ** i).toPrecision(1)));

function steps(most) {
  const rough = most / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((size) => size >= rough);
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => Number((i * step).toPrecision(3)));
}

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
