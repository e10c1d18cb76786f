import type { AppSpec } from '../protocol/index.js';
import { InvalidApp } from './errors.js';

/** Refuses what the deciders cannot work with. Drivers check what users write; this is for drivers. @throws NBS_INVALID_APP */
export function validateApp(spec: AppSpec): void {
  const refuse = (reason: string): never => {
    throw InvalidApp({ app: spec.name, reason });
  };
  if (spec.name === '' || spec.name.includes('/')) refuse("its name must not be empty and must hold no '/'");
  const names = spec.deployments.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) refuse(`two deployments are called ${twice}`);
  const reserved = names.find((name) => name === '' || /[/@#]/.test(name));
  if (reserved !== undefined)
    refuse(`deployment ${JSON.stringify(reserved)}: a name must not be empty and must hold none of '/', '@' and '#'`);
  if (!names.includes(spec.ingress)) refuse(`its ingress ${spec.ingress} is none of its deployments: ${names.join(', ')}`);
  for (const { name, dependencies = [] } of spec.deployments) {
    const later = dependencies.find(
      (dependency) => names.indexOf(dependency) >= names.indexOf(name) || !names.includes(dependency),
    );
    if (later !== undefined) refuse(`deployment ${name} depends on ${later}, which is not listed before it: ${names.join(', ')}`);
  }
}
