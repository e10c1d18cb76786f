import type { OptionSpec } from '../../../core/index.js';
import { DEPLOYMENT_OPTIONS } from './deployment.js';
import type { Change } from './option.js';

type Options = typeof DEPLOYMENT_OPTIONS;
type ValueOf<S> = S extends OptionSpec<infer T> ? T : never;
/** What may be `undefined` is left out instead. */
type Shared<T> = { readonly [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  readonly [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};
/** Fields of the options of which a change means `C`. */
type FieldsOf<C extends Change> = Shared<{
  [K in keyof Options as C extends Options[K]['change'][number] ? Options[K]['field'] : never]: ValueOf<Options[K]>;
}>;
type AllFields = Shared<{ [K in keyof Options as Options[K]['field']]: ValueOf<Options[K]> }>;

/** What a replica, a router and the controller need to know of a deployment: its options, checked; durations are milliseconds. */
export interface DeploymentConfig extends Omit<AllFields, 'name' | 'version' | 'numReplicas'> {
  /** Where `autoscaling` is there, this is only where it starts, and the load decides from then on. */
  readonly numReplicas: number;
}

/** What routers are told of it as it is. */
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

/** Of a configuration, what has this meaning when it changes. */
export function partOf<C extends Change>(change: C, config: object): FieldsOf<C> {
  const known = config as Readonly<Record<string, unknown>>;
  const part = fields[change].flatMap((field) => (known[field] === undefined ? [] : [[field, known[field]] as const]));
  return Object.fromEntries(part) as unknown as FieldsOf<C>;
}

/** Checked options under the names of their fields. */
export function configFields(values: Readonly<Record<string, unknown>>): AllFields {
  const all = Object.entries(DEPLOYMENT_OPTIONS).map(([name, { field }]) => [field, values[name]] as const);
  return Object.fromEntries(all.filter(([, value]) => value !== undefined)) as unknown as AllFields;
}
