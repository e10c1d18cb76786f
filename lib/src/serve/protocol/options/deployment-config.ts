import type { OptionSpec } from '../../../core/index.js';
import { DEPLOYMENT_OPTIONS } from './deployment.js';
import type { Change } from './option.js';

type Options = typeof DEPLOYMENT_OPTIONS;
type ValueOf<S> = S extends OptionSpec<infer T> ? T : never;
/** A field that may be `undefined` becomes optional instead. */
type Shared<T> = { readonly [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  readonly [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};
/** Fields of the options whose change means `C`. */
type FieldsOf<C extends Change> = Shared<{
  [K in keyof Options as C extends Options[K]['change'][number] ? Options[K]['field'] : never]: ValueOf<Options[K]>;
}>;
type AllFields = Shared<{ [K in keyof Options as Options[K]['field']]: ValueOf<Options[K]> }>;

/** What a replica, a router and the controller need to know about a deployment: its checked options. Durations are in milliseconds. */
export interface DeploymentConfig extends Omit<AllFields, 'name' | 'version' | 'numReplicas'> {
  /** If there is `autoscaling`, this is only the initial number, and after that the load decides. */
  readonly numReplicas: number;
}

/** The part that routers get without changes. */
export interface RoutedConfig extends FieldsOf<'routes'> {}

const specs: readonly { readonly field: string; readonly change: readonly Change[] }[] = Object.values(DEPLOYMENT_OPTIONS);
const fields: Readonly<Record<Change, readonly string[]>> = {
  restart: fieldsFor('restart'),
  push: fieldsFor('push'),
  routes: fieldsFor('routes'),
  control: fieldsFor('control'),
};

function fieldsFor(change: Change): readonly string[] {
  return specs.filter((spec) => spec.change.includes(change)).map(({ field }) => field);
}

/** The part of a configuration whose change has this meaning. */
export function partOf<C extends Change>(change: C, config: object): FieldsOf<C> {
  const known = config as Readonly<Record<string, unknown>>;
  const part = fields[change].flatMap((field) => (known[field] === undefined ? [] : [[field, known[field]] as const]));
  return Object.fromEntries(part) as unknown as FieldsOf<C>;
}

/** Renames checked options to the names of their fields. */
export function configFields(values: Readonly<Record<string, unknown>>): AllFields {
  const all = Object.entries(DEPLOYMENT_OPTIONS).map(([name, { field }]) => [field, values[name]] as const);
  return Object.fromEntries(all.filter(([, value]) => value !== undefined)) as unknown as AllFields;
}
