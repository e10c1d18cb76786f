/** Types of `serve.multiplexed`. They use no third-party types, because notebook cells see them. */

export interface MultiplexedOptions {
  /**
   * Largest number of models in one replica, including those that are being loaded or freed. To load one more, the replica frees the model that was
   * not used for the longest time, once no request uses it. -1 means no limit. Set it to the number of models that fit into memory.
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
