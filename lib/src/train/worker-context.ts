import { currentSession, type TrainCheckpoint } from '../session/index.js';
import { NoTraining } from './errors.js';
import { type Average, DataLoader, type Network } from './nn/index.js';

/** The place of this process among those of a training. */
export interface TrainPlace {
  readonly rank: number;
  readonly workers: number;
  readonly name: string;
  readonly mean: Average;
  readonly spread: Average;
}

/** It is kept beside the module, because a notebook and its workers may load this file twice, from two paths. */
const PLACE = Symbol.for('nbserve.train.place');
type Holder = { [PLACE]?: TrainPlace | undefined };

export const setPlace = (place: TrainPlace): void => {
  (globalThis as Holder)[PLACE] = place;
};

const placeNow = (): TrainPlace | undefined => (globalThis as Holder)[PLACE];

/** What a worker can ask about the training. Outside of one, it is worker 0 of 1. */
export interface TrainContext {
  /** The number of this worker, from 0. */
  getWorldRank(): number;
  /** The number of workers. */
  getWorldSize(): number;
  /** The number of this worker on its machine; all are on one. */
  getLocalRank(): number;
  /** The name of the training; '' outside of one. */
  getExperimentName(): string;
}

export function getContext(): TrainContext {
  const { rank = 0, workers = 1, name = '' } = placeNow() ?? {};
  return { getWorldRank: () => rank, getWorldSize: () => workers, getLocalRank: () => rank, getExperimentName: () => name };
}

/**
 * Makes a network one of several that are trained as one: all begin with the weights of worker 0, and `backward` gives the mean gradients of all workers.
 * Outside of a training it changes nothing, so the same function can be tried without workers.
 */
export async function prepareModel(network: Network): Promise<Network> {
  const place = placeNow();
  if (place === undefined || place.workers === 1) return network;
  await place.spread(network.parameters.values);
  await place.spread(network.buffers.values);
  network.distribute(place.rank, place.mean);
  return network;
}

/** Gives each worker its part of each epoch. The batch size is that of one worker. */
export function prepareDataLoader(loader: DataLoader): DataLoader {
  const { rank, workers } = placeNow() ?? { rank: 0, workers: 1 };
  if (workers === 1) return loader;
  const own = new DataLoader(loader.dataset, loader.options, { rank, workers });
  own.epoch = loader.epoch;
  return own;
}

/**
 * Reports metrics, and perhaps a checkpoint, of worker 0; those of the others are not kept. Every worker must call it equally often.
 * @param options.checkpoint a folder, which is copied into the folder of the result; you can remove it afterwards
 * @returns false if the training should end, because a search has stopped it
 * @throws NBS_TRAIN_NO_SESSION outside of a training, NBS_TRAIN_CHECKPOINT_NOT_KEPT
 */
export async function report(
  metrics: Readonly<Record<string, number>>,
  options: { readonly checkpoint?: TrainCheckpoint } = {},
): Promise<boolean> {
  const session = currentSession();
  if (session === undefined) throw NoTraining({ what: 'train.report' });
  return session.report(metrics, options.checkpoint);
}

/** The checkpoint from which this training goes on; null at its first start. */
export function getCheckpoint(): TrainCheckpoint | null {
  return currentSession()?.checkpoint ?? null;
}
