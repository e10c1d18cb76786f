/** Compiled, never run: the types of searches: spaces, configurations of trials, results. */
import { train } from 'nbserve/train';
import { type Domain, tune } from 'nbserve/tune';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Equal<A, B>): void => {};

function net(config: { readonly lr: number; readonly layers: number; readonly name?: string }) {
  return { loss: config.lr * config.layers };
}

export async function spaces(): Promise<void> {
  const tuner = new tune.Tuner(net, {
    paramSpace: { lr: tune.loguniform(1e-4, 1e-1), layers: tune.choice([1, 2]) },
    tuneConfig: { metric: 'loss', mode: 'min', numSamples: 3, searchAlg: new tune.search.TPESearch() },
    runConfig: { stop: { trainingIteration: 5 } },
  });
  const results = await tuner.fit();
  const best = results.getBestResult();
  same<typeof best.config, { readonly lr: number; readonly layers: number }>(true);
  const loss: number | undefined = best.metrics.loss;
  for (const { config, checkpoint } of results) void [config.lr, checkpoint?.path];
  void loss;
  // @ts-expect-error: the space had no such parameter
  best.config.depth;

  // Values and nested objects stay as they are.
  const nested = new tune.Tuner(
    ({ optimizer, epochs }: { optimizer: { kind: 'sgd' | 'adam'; lr: number }; epochs: number }) => ({
      loss: optimizer.lr * epochs,
    }),
    {
      paramSpace: {
        optimizer: { kind: tune.gridSearch(['sgd', 'adam']), lr: tune.uniform(0, 1) },
        epochs: 3,
      },
    },
  );
  const { config } = (await nested.fit()).getBestResult({ metric: 'loss', mode: 'min' });
  same<typeof config.optimizer.kind, 'sgd' | 'adam'>(true);
  same<typeof config.epochs, number>(true);
}

/** Texts stay the ones that are listed; other values keep their usual types. */
export function choices(names: readonly string[]): void {
  tune.choice(['sgd', 'adam']) satisfies Domain<'sgd' | 'adam'>;
  tune.choice(['sgd', null]) satisfies Domain<'sgd' | null>;
  tune.gridSearch(['sgd', 'adam'] as const) satisfies Domain<'sgd' | 'adam'>;
  const [name, size, layers, mixed] = [
    tune.choice(names),
    tune.choice([1, 2]),
    tune.gridSearch([[64], [64, 32]]),
    tune.choice([true, 2]),
  ];
  same<typeof name, Domain<string>>(true);
  same<typeof size, Domain<number>>(true);
  same<typeof layers, Domain<number[]>>(true);
  same<typeof mixed, Domain<number | boolean>>(true);
  // @ts-expect-error: it is not listed
  tune.choice(['sgd', 'adam']) satisfies Domain<'sgd'>;
}

export async function wrong(): Promise<void> {
  // @ts-expect-error: layers is missing
  new tune.Tuner(net, { paramSpace: { lr: tune.uniform(0, 1) } });
  // @ts-expect-error: lr is a number
  new tune.Tuner(net, { paramSpace: { lr: tune.choice(['a']), layers: 1 } });
  // @ts-expect-error: lr is a number, and not a list
  new tune.Tuner(net, { paramSpace: { lr: [0.1, 0.2], layers: 1 } });
  // @ts-expect-error: numbers
  tune.uniform('0', '1');
  // @ts-expect-error: a list of values
  tune.choice(1, 2);
  const paramSpace = { lr: tune.uniform(0, 1), layers: tune.randint(1, 4) };
  // @ts-expect-error: no such option
  new tune.Tuner(net, { paramSpace, tuneConfig: { samples: 3 } });
  // @ts-expect-error: 'min' or 'max'
  new tune.Tuner(net, { paramSpace, tuneConfig: { metric: 'loss', mode: 'minimum' } });
  // @ts-expect-error: a search is an object
  new tune.Tuner(net, { paramSpace, tuneConfig: { searchAlg: 'tpe' } });
  // @ts-expect-error: no such option of the scheduler
  new tune.schedulers.ASHAScheduler({ max: 3 });
  // @ts-expect-error: metrics are numbers
  await tune.report({ loss: 'low' });
  // @ts-expect-error: no such resource
  tune.withResources(net, { cores: 2 });
  // @ts-expect-error: a function or a trainer
  new tune.Tuner('net', { paramSpace });
}

export async function trainers(): Promise<void> {
  const trees = new train.TreesTrainer({
    labelColumn: 'y',
    datasets: { train: [{ a: 1, y: 0 }] },
    params: { objective: 'binary:logistic' },
  });
  const tuned = await new tune.Tuner(trees, { paramSpace: { params: { maxDepth: tune.randint(2, 12) } } }).fit();
  const depth: number = tuned.getBestResult({ metric: 'train-logloss', mode: 'min' }).config.params.maxDepth;
  const { config } = (
    await new tune.Tuner(trees, { paramSpace: { numBoostRound: 3, params: { objective: 'binary:logistic' } } }).fit()
  ).getBestResult({ metric: 'train-logloss', mode: 'min' });
  same<typeof config.params.objective, 'binary:logistic'>(true);
  // @ts-expect-error: the depth is a number
  new tune.Tuner(trees, { paramSpace: { params: { maxDepth: tune.choice(['deep']) } } });
  // @ts-expect-error: no such parameter
  new tune.Tuner(trees, { paramSpace: { params: { max_depth: tune.choice([2, 3]) } } });
  // @ts-expect-error: no such option
  new tune.Tuner(trees, { paramSpace: { numRounds: 3 } });
  // @ts-expect-error: a trial of the restored search would fail
  tune.Tuner.restore('folder', trees, { paramSpace: { numBoostRound: tune.choice(['many']) } });
  const limited = tune.withResources(net, { cpu: 2, gpu: 0.5 });
  new tune.Tuner(limited, { paramSpace: { lr: tune.uniform(0, 1), layers: 2 } });
  await tune.Tuner.restore('folder', net, { paramSpace: { lr: tune.uniform(0, 1), layers: 2 } }).fit();
  void depth;
  // @ts-expect-error: a trial of the restored search lacks layers
  tune.Tuner.restore('folder', net, { paramSpace: { lr: tune.uniform(0, 1) } });
  // @ts-expect-error: what was given resources keeps the type of its configuration
  new tune.Tuner(limited, { paramSpace: { lr: tune.uniform(0, 1) } });
}

interface LoopConfig {
  readonly lr: number;
  readonly kind: 'sgd' | 'adam';
  readonly layers: number[];
  readonly data: { readonly path: string; readonly size?: number };
}

// biome-ignore lint/suspicious/noExplicitAny: a loop may take anything
type Loose = train.Trainer<any>;

export async function loops(trainer: train.Trainer<LoopConfig>, none: train.Trainer, loose: Loose): Promise<void> {
  const tuner = new tune.Tuner(trainer, {
    paramSpace: {
      trainLoopConfig: { lr: tune.uniform(0, 1), kind: 'sgd', layers: tune.choice([[64], [64, 32]]), data: { size: 3 } },
      scalingConfig: { numWorkers: tune.choice([1, 2]) },
    },
  });
  const { trainLoopConfig, scalingConfig } = (await tuner.fit()).getBestResult({ metric: 'loss', mode: 'min' }).config;
  same<typeof trainLoopConfig.lr, number>(true);
  same<typeof trainLoopConfig.kind, 'sgd'>(true);
  same<typeof trainLoopConfig.layers, number[]>(true);
  same<typeof scalingConfig.numWorkers, number>(true);
  new tune.Tuner(trainer, { paramSpace: { trainLoopConfig: tune.gridSearch([{ lr: 1 }, { lr: 2 }]) } });
  new tune.Tuner(loose, { paramSpace: { trainLoopConfig: { lr: tune.uniform(0, 1) } } });
  await tune.Tuner.restore('folder', trainer, { paramSpace: { trainLoopConfig: { lr: tune.uniform(0, 1) } } }).fit();
  // @ts-expect-error: lr is a number
  new tune.Tuner(trainer, { paramSpace: { trainLoopConfig: { lr: tune.choice(['a']) } } });
  // @ts-expect-error: the loop knows no such kind
  new tune.Tuner(trainer, { paramSpace: { trainLoopConfig: { kind: tune.choice(['sgd', 'adamw']) } } });
  // @ts-expect-error: the loop gets no such value
  new tune.Tuner(trainer, { paramSpace: { trainLoopConfig: { lrate: tune.uniform(0, 1) } } });
  // @ts-expect-error: what the loop gets is in trainLoopConfig
  new tune.Tuner(trainer, { paramSpace: { lr: tune.uniform(0, 1) } });
  // @ts-expect-error: this loop gets nothing
  new tune.Tuner(none, { paramSpace: { trainLoopConfig: { lr: tune.uniform(0, 1) } } });
  // @ts-expect-error: the loop stays the same
  new tune.Tuner(trainer, { paramSpace: { trainLoopPerWorker: () => {} } });
}
