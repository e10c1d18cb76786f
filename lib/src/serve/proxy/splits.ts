import type { OutgoingCall } from '../../ipc/index.js';
import type { Route, RouteSplit, TrafficReport } from '../protocol/index.js';
import type { Dispatch, RouterLike } from '../router/index.js';
import { AdditiveSequence, GOLDEN_STEP, SILVER_STEP } from './additive-sequence.js';
import { armAt, armOf } from './choose-arm.js';
import { MirrorCopies } from './mirror-copies.js';
import type { PrefixTable } from './prefix-table.js';
import { type Choice, SplitCall, type SplitHost } from './split-call.js';
import { stickyKey } from './sticky-key.js';
import { type MeteredRule, TrafficMeter } from './traffic-meter.js';

export interface SplitsOptions {
  readonly router: RouterLike;
  /** Sends a report to the controller; returns false if it cannot be reached. */
  readonly send: (report: TrafficReport) => boolean;
  /** Returns numbers in [0, 1). @default Math.random */
  readonly random?: () => number;
  /** Runs `action` after `delayMs`. @default a timer that does not keep the process alive */
  readonly after?: (delayMs: number, action: () => void) => void;
}

/** The sequences of one prefix. They are kept when its weights change. */
interface Sequences {
  readonly arms: AdditiveSequence;
  readonly copies: AdditiveSequence;
}

/** Sends the requests of split routes to their versions. It takes the place of the router for these requests only. */
export class Splits implements SplitHost {
  readonly #router: RouterLike;
  readonly #random: () => number;
  readonly #meter: TrafficMeter;
  readonly #copies: MirrorCopies;
  readonly #sequences = new Map<string, Sequences>();
  #table: PrefixTable | null = null;

  constructor({ router, send, random = Math.random, after = unheldTimer }: SplitsOptions) {
    this.#router = router;
    this.#random = random;
    this.#meter = new TrafficMeter({ send, after });
    this.#copies = new MirrorCopies(router, this.#meter);
  }

  update(table: PrefixTable): void {
    this.#table = table;
    const split = new Set(table.routes.filter((route) => route.split !== undefined).map(({ prefix }) => prefix));
    for (const prefix of this.#sequences.keys()) if (!split.has(prefix)) this.#sequences.delete(prefix);
  }

  /** Takes a request of a split route; its key may be that of any of the versions. */
  readonly split = {
    dispatch: (request: Dispatch): OutgoingCall => new SplitCall(this, request),
  };

  dispatch(request: Dispatch): OutgoingCall {
    return this.#router.dispatch(request);
  }

  choose(request: Dispatch): Choice {
    const { head } = request;
    if (head.kind !== 'http') throw new TypeError('only HTTP is split');
    // The newest routes are used, because they may have changed while the body arrived.
    const route = this.#table?.match(head.url);
    if (route?.split === undefined) return { to: route ?? ownKey(request), rule: null };
    return this.#armOf(route, route.split, head.headers, head.url);
  }

  #armOf(route: Route, split: RouteSplit, headers: readonly string[], url: string): Choice {
    const { arms, stickyBy } = split;
    const key = stickyBy === undefined ? undefined : stickyKey(stickyBy, headers, url);
    const arm = key === undefined ? armAt(arms, this.#sequencesOf(route.prefix).arms.next()) : armOf(arms, key);
    return { to: arm ?? route, rule: meteredRule(route, split) };
  }

  /**
   * The version for a call of gRPC, which names an application and no route.
   * @param owner the application that is called: its own route may be split. If undefined, the route `/` counts.
   * @param metadata name, value, name, value, …
   * @returns null if the route is not split
   */
  chooseFor(owner: string | undefined, metadata: readonly string[]): Choice | null {
    const isMeant = ({ prefix, split }: Route): boolean => (owner === undefined ? prefix === '/' : split?.owner === owner);
    const route = this.#table?.routes.find(isMeant);
    return route?.split === undefined ? null : this.#armOf(route, route.split, metadata, '');
  }

  sent(request: Dispatch, { to, rule }: Choice): void {
    const mirror =
      rule === null || request.head.kind !== 'http' ? undefined : this.#table?.match(request.head.url)?.split?.mirror;
    if (rule === null || mirror === undefined || mirror.app === to.app) return;
    if (this.#sequencesOf(rule.prefix).copies.next() < mirror.share) this.#copies.send(request, mirror, rule);
  }

  over({ to, rule }: Choice, failed: boolean, ms: number): void {
    if (rule !== null) this.#meter.record(rule, to.app, failed, ms);
  }

  #sequencesOf(prefix: string): Sequences {
    let sequences = this.#sequences.get(prefix);
    if (sequences === undefined) {
      sequences = {
        arms: new AdditiveSequence(GOLDEN_STEP, this.#random()),
        copies: new AdditiveSequence(SILVER_STEP, this.#random()),
      };
      this.#sequences.set(prefix, sequences);
    }
    return sequences;
  }
}

const unheldTimer = (delayMs: number, action: () => void): void => void setTimeout(action, delayMs).unref();

const meteredRule = ({ prefix }: Route, { rule, reportMs }: RouteSplit): MeteredRule => ({ prefix, rule, reportMs });

function ownKey({ key }: Dispatch): Choice['to'] {
  const slash = key.indexOf('/');
  return { app: key.slice(0, slash), deployment: key.slice(slash + 1) };
}
