import type { Clock } from '../../../core/index.js';
import type { NpmPackages } from '../../protocol/index.js';
import type { WantedGroup } from '../target/index.js';
import type { ActualState } from './actual.js';
import { failure } from './failure-reason.js';

/** Installs npm packages. */
export interface PackageInstaller {
  /** The folder in which they are installed; undefined if they are not. */
  find(packages: NpmPackages): string | undefined;
  /** Rejects with the error to report. */
  install(packages: NpmPackages): Promise<void>;
  /** Their names, for people. */
  namesOf(packages: NpmPackages): string;
}

interface EquipOptions {
  readonly actual: ActualState;
  readonly packages: PackageInstaller;
  readonly clock: Clock;
  readonly onChange: () => void;
}

/** Installs the npm packages that the replicas of a group need. If that fails, the group has failed. */
export function equip(
  { key, app, name: deployment, spec }: WantedGroup,
  { actual, packages, clock, onChange }: EquipOptions,
): void {
  const { equipment } = actual;
  const { npm } = spec.config.runtimeEnv ?? {};
  if (npm === undefined) return;
  const names = packages.namesOf(npm);
  const found = packages.find(npm);
  equipment.set(key, { folder: found ?? null, names });
  const run = async (): Promise<void> => {
    if (found !== undefined) return;
    await packages.install(npm);
    const folder = packages.find(npm);
    if (folder === undefined) throw new Error(`the packages ${names} were removed from the cache`);
    if (equipment.has(key)) equipment.set(key, { folder, names });
  };
  run()
    .catch((error: unknown) => {
      if (!equipment.delete(key)) return;
      const cause = error instanceof Error ? error : new Error(String(error));
      actual.fail(key, failure({ app, deployment }, cause.message, { cause }), null, clock.now());
    })
    .finally(onChange);
}
