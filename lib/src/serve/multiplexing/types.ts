/** Types of `serve.multiplexed`. No third-party types: these reach notebook cells. */

export interface MultiplexedOptions {
  /** Models that one replica keeps; one more, and the one that was not asked for the longest goes. -1 is no limit. @default 3 */
  readonly maxNumModelsPerReplica?: number;
}

/** A method that loads the model of an id. */
export type ModelLoader<This> = (this: This, id: string) => Promise<unknown>;

export type MultiplexedDecorator = <This, F extends ModelLoader<This>>(
  method: F,
  context: ClassMethodDecoratorContext<This, F>,
) => F;
