import { AmbiguousVersion, InvalidTraffic, UnknownVersion } from './errors.js';
import type { TargetState } from './target.js';

/**
 * The application that a key of a split means: the one with that name, or the only one whose ingress has that version. It must be running.
 * @throws NBS_UNKNOWN_VERSION, NBS_AMBIGUOUS_VERSION
 */
export function resolveVersion(target: TargetState, key: string): string {
  if (target.apps.get(key)?.live != null) return key;
  const running = [...target.apps].flatMap(([app, { live }]) => {
    if (live === null) return [];
    const { deployments, ingress } = live.spec;
    return [{ app, version: deployments.find(({ name }) => name === ingress)?.version ?? null }];
  });
  const matching = running.filter(({ version }) => version === key);
  const [only, ...others] = matching;
  if (only === undefined) {
    const valid = running.map(({ app, version }) => (version === null ? app : `${app} (version ${version})`));
    throw UnknownVersion({ key, valid: valid.join(', ') || 'none' });
  }
  if (others.length > 0) throw AmbiguousVersion({ key, apps: matching.map(({ app }) => app).join(', ') });
  return only.app;
}

/**
 * The application that a canary is compared with if the user did not name one: the only other one that gets requests of the prefix now. @throws
 * NBS_INVALID_TRAFFIC
 */
export function baseOf(target: TargetState, prefix: string, to: string): string {
  const rule = target.traffic.get(prefix);
  const owner = ownerOf(target, prefix);
  const present =
    rule === undefined ? (owner === null ? [] : [owner]) : rule.arms.filter(({ weight }) => weight > 0).map(({ app }) => app);
  const [only, ...others] = present.filter((app) => app !== to);
  if (only !== undefined && others.length === 0) return only;
  const has = present.length === 0 ? 'nobody answers it now' : `it is answered by ${present.join(', ')} now`;
  throw InvalidTraffic({ prefix, reason: `what ${to} is to be compared with is not clear, as ${has}; name it: { from: '…' }` });
}

/** The application whose own route prefix this is, in its live or next version. */
export function ownerOf(
  target: Pick<TargetState, 'apps'>,
  prefix: string,
  except: ReadonlySet<string> = new Set(),
): string | null {
  for (const [app, { live, next }] of target.apps) {
    if (except.has(app)) continue;
    if (live?.spec.routePrefix === prefix || next?.spec.routePrefix === prefix) return app;
  }
  return null;
}
