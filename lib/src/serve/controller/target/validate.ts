import type { AppSpec } from '../../protocol/index.js';
import { InvalidApp, InvalidTraffic } from './errors.js';

/** Characters that a terminal or a log would interpret, and the name that no record can have. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|^__proto__$/u;

/** Refuses what the deciding functions cannot work with. Drivers check what users write; this checks what drivers send. @throws NBS_INVALID_APP */
export function validateApp(spec: AppSpec): void {
  const refuse = (reason: string): never => {
    throw InvalidApp({ app: spec.name, reason });
  };
  if (spec.name === '' || spec.name.includes('/')) refuse("its name must not be empty and must hold no '/'");
  const unsafe = [spec.name, spec.routePrefix ?? '', ...spec.deployments.map(({ name }) => name)].find((text) =>
    UNSAFE.test(text),
  );
  if (unsafe !== undefined)
    refuse(`${JSON.stringify(unsafe)} cannot be a name or a route: it must hold no control characters and not be __proto__`);
  const odd = spec.deployments.find(({ config, initArgs }) => !(config?.numReplicas >= 0) || !(initArgs instanceof Uint8Array));
  if (odd !== undefined) refuse(`deployment ${odd.name} has no number of replicas, or no arguments as bytes`);
  const names = spec.deployments.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) refuse(`two deployments are called ${twice}`);
  const reserved = names.find((name) => name === '' || /[/@#]/.test(name));
  if (reserved !== undefined)
    refuse(`deployment ${JSON.stringify(reserved)}: a name must not be empty and must hold none of '/', '@' and '#'`);
  if (!names.includes(spec.ingress)) refuse(`its ingress ${spec.ingress} is none of its deployments: ${names.join(', ')}`);
  for (const { name, config } of spec.deployments) {
    const { policy } = config.autoscaling ?? {};
    if (policy !== undefined && !names.includes(policy))
      refuse(`deployment ${name} has the policy ${policy}, which is none of its deployments`);
  }
  for (const { name, dependencies = [] } of spec.deployments) {
    const later = dependencies.find(
      (dependency) => names.indexOf(dependency) >= names.indexOf(name) || !names.includes(dependency),
    );
    if (later !== undefined) refuse(`deployment ${name} depends on ${later}, which is not listed before it: ${names.join(', ')}`);
  }
}

/** Does the same for the prefix of a split. @throws NBS_INVALID_TRAFFIC */
export function validatePrefix(prefix: string): void {
  if (typeof prefix !== 'string' || !prefix.startsWith('/') || UNSAFE.test(prefix))
    throw InvalidTraffic({ prefix: JSON.stringify(prefix), reason: "it is not a route prefix such as '/' or '/classify'" });
}
