import type { Clock, Log } from '../../../core/index.js';
import {
  type CanaryRules,
  type CanarySpec,
  CanaryState,
  type CanaryStatus,
  type StickyBy,
  type TrafficReport,
  type TrafficSpec,
  type TrafficStatus,
} from '../../protocol/index.js';
import {
  baseOf,
  CanaryEvent,
  type CanaryTrial,
  clearTraffic,
  endCanary,
  InvalidTraffic,
  moveCanary,
  resolveVersion,
  setCanary,
  setTrafficRule,
  type TargetState,
  type TargetStore,
  type TrafficRule,
  validatePrefix,
} from '../target/index.js';
import { decideCanary } from './decide-canary.js';
import { NoCanary } from './errors.js';
import { canaryStatus, trafficStatus } from './traffic-status.js';
import { TrafficWindow } from './traffic-window.js';

export interface TrafficInit {
  readonly clock: Clock;
  readonly log: Pick<Log, 'info'>;
  readonly store: TargetStore;
  /** Called when the target has changed. It runs a round, which ends with {@link Traffic.observe}. */
  readonly onChange: () => void;
  /** Resolves when every proxy has applied the last snapshot, or after a time; never rejects. */
  readonly proxiesKnow: () => Promise<void>;
}

/** What is known about one rule. */
interface Followed {
  rule: TrafficRule;
  /** Counts since the rule was set, and since the current step of its canary began. A restarted controller measures the step again. */
  readonly all: TrafficWindow;
  step: TrafficWindow;
  /** The result of {@link measured} for the step. */
  measured: string | null;
  /** True while a decision is being stored. */
  isMoving: boolean;
  cancelWake: () => void;
}

interface Waiting {
  readonly rule: number;
  readonly resolve: (status: CanaryStatus) => void;
}

/** Number of canaries that are remembered after other weights ended them, for callers that ask for their status. */
const MAX_REPLACED = 100;

/** Splits of routes: accepts the requests for them, adds up the reports of proxies, and carries out canaries. The decisions are made elsewhere. */
export class Traffic {
  readonly #options: TrafficInit;
  readonly #followed = new Map<string, Followed>();
  readonly #replaced = new Map<number, CanaryStatus>();
  readonly #waiting = new Set<Waiting>();

  constructor(options: TrafficInit) {
    this.#options = options;
  }

  /** @throws as `setTrafficRule`; NBS_CHECKPOINT_FAILED */
  async set(prefix: string, spec: TrafficSpec | null): Promise<TrafficStatus | null> {
    validatePrefix(prefix);
    const { store, onChange, proxiesKnow } = this.#options;
    await store.change((target) => (spec === null ? clearTraffic(target, prefix) : setTrafficRule(target, prefix, spec)));
    onChange();
    await proxiesKnow();
    return this.status()[prefix] ?? null;
  }

  /** @throws as `setTrafficRule`; NBS_CHECKPOINT_FAILED */
  async begin(prefix: string, { to: named, from: base, stickyBy, ...rules }: CanarySpec): Promise<{ readonly rule: number }> {
    validatePrefix(prefix);
    const { store, onChange, proxiesKnow, clock } = this.#options;
    let rule = 0;
    await store.change((target) => {
      const now = clock.now();
      const to = resolveVersion(target, named);
      const from = base === null ? baseOf(target, prefix, to) : resolveVersion(target, base);
      if (to === from) throw InvalidTraffic({ prefix, reason: `${to} cannot be compared with itself` });
      const state = CanaryState.RUNNING;
      const canary: CanaryTrial = {
        rules,
        to,
        from,
        state,
        step: 0,
        baseP95Ms: null,
        message: '',
        startedAt: now,
        changedAt: now,
      };
      const next = setCanary(target, prefix, canary, stickyBy);
      rule = next.generation;
      return next;
    });
    onChange();
    await proxiesKnow();
    return { rule };
  }

  /** The status of a canary. If `ended` is true, it resolves only when the canary has ended. @throws NBS_NO_CANARY */
  async canary(prefix: string, rule: number, ended: boolean): Promise<CanaryStatus> {
    const status = this.#canaryNow(prefix, rule);
    if (!ended || status.state !== CanaryState.RUNNING) return status;
    return new Promise((resolve) => this.#waiting.add({ rule, resolve }));
  }

  /** @throws NBS_NO_CANARY, NBS_CHECKPOINT_FAILED */
  async abort(prefix: string, rule: number, reason: string): Promise<CanaryStatus> {
    const { store, onChange, proxiesKnow, clock } = this.#options;
    this.#canaryNow(prefix, rule);
    await store.change((target) => {
      const present = target.traffic.get(prefix);
      if (present?.id !== rule || present.canary === null) return target;
      const { canary } = present;
      const ended = endCanary(canary, CanaryEvent.STOP, reason, clock.now());
      return ended === canary ? target : moveCanary(target, prefix, canary, ended);
    });
    onChange();
    await proxiesKnow();
    return this.#canaryNow(prefix, rule);
  }

  /** Takes over a proxy's report. Reports about removed rules are ignored. */
  report(report: TrafficReport): void {
    for (const tally of report) {
      const followed = this.#followed.get(tally.prefix);
      if (followed?.rule.id !== tally.rule) continue;
      followed.all.add(tally);
      followed.step.add(tally);
      this.#decide(tally.prefix, followed);
    }
  }

  status(): Readonly<Record<string, TrafficStatus>> {
    const { store, clock } = this.#options;
    const entries = [...this.#followed].map(([prefix, { rule, all, step }]): [string, TrafficStatus] => {
      return [prefix, trafficStatus(rule, store.current, all, step, clock.now())];
    });
    return Object.fromEntries(entries);
  }

  /** Takes over the rules of the target. */
  observe(target: TargetState): void {
    const { traffic } = target;
    for (const [prefix, followed] of this.#followed) {
      const rule = traffic.get(prefix);
      if (rule?.id === followed.rule.id) continue;
      followed.cancelWake();
      this.#followed.delete(prefix);
      this.#onReplaced(followed, rule === undefined ? 'the split was undone' : 'other weights were set');
      if (rule === undefined) this.#options.log.info(`traffic of ${prefix}: split no longer`);
    }
    for (const [prefix, rule] of traffic) this.#follow(prefix, rule, measured(target, rule));
  }

  #follow(prefix: string, rule: TrafficRule, versions: string | null): void {
    const known = this.#followed.get(prefix);
    if (known?.rule === rule && (versions === null || known.measured === versions)) return;
    const now = this.#options.clock.now();
    this.#options.log.info(`traffic of ${prefix}: ${ruleText(rule)}`);
    const step = new TrafficWindow(now);
    const all = new TrafficWindow(now);
    const followed = known ?? { rule, all, step, measured: versions, isMoving: false, cancelWake: () => {} };
    const isUpdated = versions !== null && followed.measured !== versions;
    if (followed.rule.canary?.step !== rule.canary?.step || isUpdated) followed.step = step;
    followed.rule = rule;
    followed.measured = versions;
    this.#followed.set(prefix, followed);
    if (rule.canary?.state === CanaryState.RUNNING) this.#decide(prefix, followed);
    else if (rule.canary !== null) this.#settle(rule.id, canaryStatus(rule.canary, followed.step, now));
  }

  #decide(prefix: string, followed: Followed): void {
    const { rule, step, isMoving } = followed;
    const { canary } = rule;
    if (isMoving || canary?.state !== CanaryState.RUNNING) return;
    const { clock, log, store, onChange } = this.#options;
    const window = { since: step.since, canary: step.of(canary.to), base: step.of(canary.from) };
    const decision = decideCanary(canary, window, clock.now());
    followed.cancelWake();
    if (decision.canary === canary) {
      if (decision.wakeAt === null) return;
      const inMs = Math.max(1, decision.wakeAt - clock.now());
      followed.cancelWake = clock.after(inMs, () => this.#decide(prefix, followed));
      return;
    }
    log.info(`canary ${canary.to} of ${prefix}: ${decision.canary.state}: ${decision.message}`);
    followed.isMoving = true;
    // A full disk must not keep a bad version in use.
    void store
      .changeAnyway((target) => moveCanary(target, prefix, canary, decision.canary))
      .then(() => {
        followed.isMoving = false;
        onChange();
      });
  }

  #canaryNow(prefix: string, rule: number): CanaryStatus {
    const followed = this.#followed.get(prefix);
    const canary = followed?.rule.id === rule ? followed.rule.canary : null;
    if (followed !== undefined && canary !== null) return canaryStatus(canary, followed.step, this.#options.clock.now());
    const replaced = this.#replaced.get(rule);
    if (replaced === undefined) throw NoCanary({ prefix });
    return replaced;
  }

  #onReplaced({ rule, step }: Followed, reason: string): void {
    if (rule.canary === null) return;
    const now = this.#options.clock.now();
    const ended = canaryStatus(endCanary(rule.canary, CanaryEvent.STOP, reason, now), step, now);
    this.#replaced.set(rule.id, ended);
    for (const id of this.#replaced.keys()) if (this.#replaced.size > MAX_REPLACED) this.#replaced.delete(id);
    this.#settle(rule.id, ended);
  }

  #settle(rule: number, status: CanaryStatus): void {
    for (const waiting of this.#waiting) {
      if (waiting.rule !== rule) continue;
      this.#waiting.delete(waiting);
      waiting.resolve(status);
    }
  }
}

/** The versions whose code a canary compares. If either is updated, the step begins again. `null` if no canary runs. */
function measured({ apps }: TargetState, { canary }: TrafficRule): string | null {
  if (canary?.state !== CanaryState.RUNNING) return null;
  return [canary.to, canary.from].map((app) => apps.get(app)?.live?.generation ?? '').join(' ');
}

/** `v1 90 %, v2 10 %, sticky by cookie session, copies of 50 % to v3`. */
function ruleText({ arms, stickyBy, mirror, canary }: TrafficRule): string {
  const parts = arms.map(({ app, weight }) => `${app} ${percent(weight)}`);
  if (stickyBy !== null) parts.push(`sticky by ${nameOf(stickyBy)}`);
  if (mirror !== null) parts.push(`copies of ${percent(mirror.share)} to ${mirror.app}`);
  if (canary !== null) parts.push(`canary ${canary.to} ${canary.state}`);
  return parts.join(', ');
}

const percent = (part: number): string => `${Number((part * 100).toFixed(1))} %`;
const nameOf = (by: StickyBy): string => Object.entries(by).flat().join(' ');

const USUAL_MS = 1000;
const SHORTEST_MS = 50;
/** Smallest number of reports in each step of a canary. */
const REPORTS = 4;

/** How often proxies report the results of requests. */
export function reportIntervalMs(rules: Pick<CanaryRules, 'intervalMs'> | undefined): number {
  return rules === undefined ? USUAL_MS : Math.max(SHORTEST_MS, Math.min(USUAL_MS, rules.intervalMs / REPORTS));
}
