import { InvalidOption } from '../../core/index.js';
import { StateMismatch } from './errors.js';
import type { Network } from './network.js';

/** What an optimizer needs to go on after a restart, bit by bit. */
export interface OptimizerState {
  readonly kind: string;
  readonly step: number;
  /** The learning rate. States of older versions have none. */
  readonly lr?: number;
  /** One number for each parameter, in the order of the network's parameters. */
  readonly slots: Readonly<Record<string, Float32Array>>;
}

/** Changes the weights of a network by its gradients. */
export interface Optimizer {
  /** The learning rate. It can be changed between two steps. */
  lr: number;
  /** Changes the weights by the gradients of the last `backward`. */
  step(): void;
  state(): OptimizerState;
  /** @throws NBS_TRAIN_STATE_MISMATCH, before anything is changed */
  restore(state: OptimizerState): void;
}

abstract class Stepping implements Optimizer {
  lr: number;
  protected steps = 0;
  protected abstract readonly slots: Readonly<Record<string, Float32Array>>;
  protected abstract readonly kind: string;

  constructor(
    protected readonly network: Network,
    where: string,
    options: Readonly<Record<string, number>> & { readonly lr: number },
  ) {
    for (const [option, value] of Object.entries(options))
      if (!Number.isFinite(value) || value < 0)
        throw InvalidOption({ where, option, expected: 'a number of at least 0', value: String(value) });
    this.lr = options.lr;
  }

  step(): void {
    this.steps += 1;
    this.update(this.network.parameters.values, this.network.gradients.values);
  }

  protected abstract update(values: Float32Array, gradients: Float32Array): void;

  state(): OptimizerState {
    return { kind: this.kind, step: this.steps, lr: this.lr, slots: this.slots };
  }

  restore(state: OptimizerState): void {
    this.check(state);
    for (const [name, slot] of Object.entries(this.slots)) slot.set(state.slots[name] as Float32Array);
    this.steps = state.step;
    this.lr = state.lr ?? this.lr;
  }

  protected check(state: OptimizerState): void {
    if (state.kind !== this.kind) throw wrongState(`it is of ${state.kind}, and this is ${this.kind}`);
    for (const [name, slot] of Object.entries(this.slots))
      if (state.slots[name]?.length !== slot.length)
        throw wrongState(
          `${name} has ${state.slots[name]?.length ?? 'no'} numbers, and the network has ${slot.length} parameters`,
        );
  }
}

const wrongState = (reason: string) => StateMismatch({ source: "the optimizer's state", reason });

export interface SgdOptions {
  readonly lr: number;
  /** How much of the last step is added to the next. @default 0 */
  readonly momentum?: number;
  /** How much of each weight is added to its gradient. @default 0 */
  readonly weightDecay?: number;
}

/** Stochastic gradient descent, as PyTorch's `SGD`: v = momentum · v + g, w = w - lr · v. */
export class Sgd extends Stepping {
  protected readonly kind = 'Sgd';
  protected readonly slots: { readonly velocity: Float32Array };
  readonly #momentum: number;
  readonly #weightDecay: number;

  /** @throws NBS_INVALID_OPTION */
  constructor(network: Network, options: SgdOptions) {
    const { lr, momentum = 0, weightDecay = 0 } = options;
    super(network, 'Sgd', { lr, momentum, weightDecay });
    [this.#momentum, this.#weightDecay] = [momentum, weightDecay];
    this.slots = { velocity: new Float32Array(momentum === 0 ? 0 : network.parameters.values.length) };
  }

  protected override check(state: OptimizerState): void {
    const had = (state.slots.velocity?.length ?? 0) > 0;
    if (state.kind === this.kind && had !== this.#momentum > 0)
      throw wrongState(
        `it is ${had ? 'of an Sgd with momentum, and this has none' : 'of an Sgd without momentum, and this has one'}`,
      );
    super.check(state);
  }

  protected update(values: Float32Array, gradients: Float32Array): void {
    const [lr, momentum, decay] = [this.lr, this.#momentum, this.#weightDecay];
    const { velocity } = this.slots;
    for (let i = 0; i < values.length; i += 1) {
      const gradient = (gradients[i] as number) + decay * (values[i] as number);
      if (momentum === 0) values[i] = (values[i] as number) - lr * gradient;
      else {
        const moved = momentum * (velocity[i] as number) + gradient;
        velocity[i] = moved;
        values[i] = (values[i] as number) - lr * moved;
      }
    }
  }
}

export interface AdamOptions {
  /** @default 0.001 */
  readonly lr?: number;
  /** How slowly the means of the gradients and of their squares change. @default [0.9, 0.999] */
  readonly betas?: readonly [number, number];
  /** Added to the divisor. @default 1e-8 */
  readonly epsilon?: number;
  /** How much of each weight is added to its gradient. @default 0 */
  readonly weightDecay?: number;
}

/** Adam (Kingma and Ba 2015), as PyTorch's `Adam`. */
export class Adam extends Stepping {
  protected readonly kind = 'Adam';
  protected readonly slots: { readonly mean: Float32Array; readonly square: Float32Array };
  readonly #betas: readonly [number, number];
  readonly #epsilon: number;
  readonly #weightDecay: number;

  /** @throws NBS_INVALID_OPTION */
  constructor(network: Network, options: AdamOptions = {}) {
    const { lr = 1e-3, betas = [0.9, 0.999], epsilon = 1e-8, weightDecay = 0 } = options;
    super(network, 'Adam', { lr, epsilon, weightDecay, beta1: betas[0], beta2: betas[1] });
    [this.#betas, this.#epsilon, this.#weightDecay] = [betas, epsilon, weightDecay];
    const { length } = network.parameters.values;
    this.slots = { mean: new Float32Array(length), square: new Float32Array(length) };
  }

  protected update(values: Float32Array, gradients: Float32Array): void {
    const { mean, square } = this.slots;
    const [beta1, beta2] = this.#betas;
    const [epsilon, decay] = [this.#epsilon, this.#weightDecay];
    const rate = this.lr / (1 - beta1 ** this.steps);
    const correction = 1 / Math.sqrt(1 - beta2 ** this.steps);
    for (let i = 0; i < values.length; i += 1) {
      const gradient = (gradients[i] as number) + decay * (values[i] as number);
      const m = beta1 * (mean[i] as number) + (1 - beta1) * gradient;
      const v = beta2 * (square[i] as number) + (1 - beta2) * gradient * gradient;
      mean[i] = m;
      square[i] = v;
      values[i] = (values[i] as number) - (rate * m) / (Math.sqrt(v) * correction + epsilon);
    }
  }
}
