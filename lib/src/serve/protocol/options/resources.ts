import { type OptionSpec, parseOptions } from '../../../core/index.js';
import type { Resources } from '../config.js';

const amount = (doc: string, defaultText?: string): OptionSpec<number> => ({
  doc,
  type: 'number',
  expected: 'a number of at least 0',
  default: 0,
  ...(defaultText === undefined ? {} : { defaultText }),
  parse: (value) => (isAmount(value) ? value : undefined),
});

const gpu: OptionSpec<number> = {
  ...amount(
    'Number of GPUs: a whole number, or a part of one GPU that replicas share. nbserve sets `CUDA_VISIBLE_DEVICES` for it. Set it if the code uses a GPU.',
    '0, so that no GPU is visible',
  ),
  expected: 'a number of at least 0, below 1 or whole',
  parse: (value) => (isAmount(value) && (value <= 1 || Number.isInteger(value)) ? value : undefined),
};

const custom: OptionSpec<Readonly<Record<string, number>>> = {
  doc: 'Amounts of your own resources, by name, as you declare them with `serve.start({ resources: { custom } })`. Set it if replicas need something that only some nodes have, or only a few at a time.',
  type: 'Readonly<Record<string, number>>',
  expected: 'an object of numbers of at least 0, such as { accelerator: 1 }',
  default: {},
  parse: (value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(isAmount)
      ? (value as Record<string, number>)
      : undefined,
};

/** Every option of `resources`. */
export const RESOURCE_OPTIONS = {
  cpu: amount(
    'Number of cores, which may be a fraction. It also limits the threads of libraries to its whole part, at least 1: nbserve sets `OMP_NUM_THREADS` (ONNX Runtime), `VIPS_CONCURRENCY` (sharp, for one picture) and, to one more, `UV_THREADPOOL_SIZE` (pictures and runs of models at the same time, files). Set it if replicas compute.',
    '0, which sets no limit',
  ),
  gpu,
  memory: amount(
    'Memory in bytes. Set it if replicas together could fill the memory of a node. It is counted, and not enforced; `memoryLimit` replaces a replica that has more.',
  ),
  custom,
} as const;

/** @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION */
export const parseResources = (value: Readonly<Record<string, unknown>>): Resources =>
  parseOptions('resources', RESOURCE_OPTIONS, value);

const isAmount = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0;
