// The requests to the apps over time. The simulator and the replay against a real cluster use the same generators.
// A trace: { name, describe, rate(app, t), next(app, t) }; rates are requests a second, times milliseconds from the start of the trace.
import { exponential, random } from './random.mjs';

/** The load between bursts, as a fraction of the load at the peak. */
const QUIET = 0.1;

/**
 * Each app has little load, and at other times, independently of the others, ten times as much: a Poisson process whose rate a Markov chain of two states
 * switches (MMPP).
 * @param {{ apps: number, peak: number, seed: number, quietMs?: number, burstMs?: number }} options `peak`: requests a second of one app in a burst
 */
function bursty({ apps, peak, seed, quietMs = 300_000, burstMs = 60_000 }) {
  const states = Array.from({ length: apps }, (_, app) => {
    const draw = random(seed * 7919 + app);
    return { draw, parts: [{ from: 0, burst: draw() < burstMs / (quietMs + burstMs) }], until: 0 };
  });
  for (const state of states) state.until = exponential(state.draw, state.parts[0].burst ? burstMs : quietMs);
  const rate = (app, t) => {
    const state = states[app];
    while (state.until <= t) {
      const burst = !state.parts.at(-1).burst;
      state.parts.push({ from: state.until, burst });
      if (state.parts.length > 100) state.parts.splice(0, 50);
      state.until += exponential(state.draw, burst ? burstMs : quietMs);
    }
    let at = state.parts.length - 1;
    while (at > 0 && state.parts[at].from > t) at -= 1;
    return peak * (state.parts[at].burst ? 1 : QUIET);
  };
  const describe = `bursts of ${seconds(burstMs)} on average with ten times the load, every ${seconds(quietMs + burstMs)} on average, each app by itself`;
  return { name: 'bursty', describe, rate, next: arrivals(rate, peak, apps, seed) };
}

/**
 * Day and night: a sine over `dayMs` from a tenth of the peak to the peak. The apps differ by up to an hour in 24. It begins in the night.
 * @param {{ apps: number, peak: number, seed: number, dayMs?: number }} options
 */
function diurnal({ apps, peak, seed, dayMs = 86_400_000 }) {
  const draw = random(seed * 104_729);
  const shifts = Array.from({ length: apps }, () => (draw() - 0.5) / 12);
  const rate = (app, t) => {
    const wave = (1 - Math.cos(2 * Math.PI * (t / dayMs + shifts[app]))) / 2;
    return peak * (QUIET + (1 - QUIET) * wave);
  };
  const describe = `a sine over ${seconds(dayMs)} from a tenth of the peak to the peak, apps up to 1/24 of that apart`;
  return { name: 'diurnal', describe, rate, next: arrivals(rate, peak, apps, seed) };
}

/** The times of requests, by thinning. Lewis and Shedler, "Simulation of nonhomogeneous Poisson processes by thinning" (1979). */
function arrivals(rate, peak, apps, seed) {
  const draws = Array.from({ length: apps }, (_, app) => random(seed * 15_485_863 + app));
  return (app, t) => {
    const draw = draws[app];
    for (let at = t; ; ) {
      at += exponential(draw, 1000 / peak);
      if (draw() * peak < rate(app, at)) return at;
    }
  };
}

function seconds(ms) {
  if (ms >= 7_200_000) return `${Math.round(ms / 3_600_000)} h`;
  return ms >= 120_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 1000)} s`;
}

/** The traces by name: `bursty`, `diurnal`. */
export const traces = { bursty, diurnal };
