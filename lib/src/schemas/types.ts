/** Types of `serve.get` and its like. No third-party types: these reach notebook cells. */

/** Names of the parameters in a path: `'id'` of `'/items/:id'`. */
export type PathParameters<P extends string> = P extends `${string}/:${infer Name}/${infer Rest}`
  ? Name | PathParameters<`/${Rest}`>
  : P extends `${string}/:${infer Name}`
    ? Name
    : never;

/** What a method is called with for one request: `serve.batch` takes lists of it. */
type One<T> = T extends readonly (infer Item)[] ? Item : T;
// biome-ignore lint/suspicious/noExplicitAny: any method may be decorated; what it takes is looked at by its parameters' types
type AnyMethod<This> = (this: This, ...args: any[]) => any;
type Item<T> = NonNullable<One<T>>;
type Has<T, Names extends string> = [Item<T>] extends [never] ? false : Names extends keyof Item<T> ? true : false;
type Problem<Names extends string, Which extends string> = `the ${Which} parameter must be an object with ${Names}`;

/** The method itself, or what is wrong with it: a text, to which no method is assignable. */
// biome-ignore lint/suspicious/noExplicitAny: as above
type WithParameters<F extends (...args: any[]) => any, Names extends string, At extends 0 | 1> = [Names] extends [never]
  ? F
  : false extends Has<Parameters<F>[At], Names>
    ? Problem<Names, At extends 0 ? 'first' : 'second'>
    : F;

/** Decorates a method that takes one object of path and query parameters. */
export type ReadRoute<P extends string> = <This, F extends AnyMethod<This>>(
  method: WithParameters<F, PathParameters<P>, 0>,
  context: ClassMethodDecoratorContext<This, F>,
) => void;

/** Decorates a method that takes the body, and then an object of path and query parameters. */
export type BodyRoute<P extends string> = <This, F extends AnyMethod<This>>(
  method: WithParameters<F, PathParameters<P>, 1>,
  context: ClassMethodDecoratorContext<This, F>,
) => void;
