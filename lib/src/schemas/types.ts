/** The types of `serve.get` and the like. They use no types of other packages, because notebook cells see them. */

/** The names of the parameters in a path, for example `'id'` in `'/items/:id'`. */
export type PathParameters<P extends string> = P extends `${string}/:${infer Name}/${infer Rest}`
  ? Name | PathParameters<`/${Rest}`>
  : P extends `${string}/:${infer Name}`
    ? Name
    : never;

/** The parameters of a method for one request. If `serve.batch` decorates the method, it takes lists of them. */
type One<T> = T extends readonly (infer Item)[] ? Item : T;
// biome-ignore lint/suspicious/noExplicitAny: any method may be decorated; what it takes is looked at by its parameters' types
type AnyMethod<This> = (this: This, ...args: any[]) => any;
type Item<T> = NonNullable<One<T>>;
type Has<T, Names extends string> = [Item<T>] extends [never] ? false : Names extends keyof Item<T> ? true : false;
type Problem<Names extends string, Which extends string> = `the ${Which} parameter must be an object with ${Names}`;

/** The method itself, or a text that says what is wrong with it; no method is assignable to a text, so the compiler shows that text. */
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
