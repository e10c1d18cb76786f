/** Types of `serve.multiplexed`. No third-party types: these reach notebook cells. */

export interface MultiplexedOptions {
  /**
   * Models that one replica holds at most, those that are being loaded or freed included. For one more, that which was not asked for the longest goes
   * once no request uses it. -1 is no limit.
   * @default 3
   */
  readonly maxNumModelsPerReplica?: number;
}

/** A method that loads the model of an id. */
export type ModelLoader<This> = (this: This, id: string) => Promise<unknown>;

export type MultiplexedDecorator = <This, F extends ModelLoader<This>>(
  method: F,
  context: ClassMethodDecoratorContext<This, F>,
) => F;
