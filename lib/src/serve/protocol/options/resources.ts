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
  ...amount('GPUs: whole ones, or a part of one that others may share. Sets `CUDA_VISIBLE_DEVICES`.', '0, which sees none'),
  expected: 'a number of at least 0, below 1 or whole',
  parse: (value) => (isAmount(value) && (value <= 1 || Number.isInteger(value)) ? value : undefined),
};

const custom: OptionSpec<Readonly<Record<string, number>>> = {
  doc: 'What else you count on your nodes, by a name of your own, as `serve.start({ resources: { custom } })` declares it.',
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
    'Cores, also parts of one. Its whole part, at least 1, is how many threads libraries take: sets `OMP_NUM_THREADS` (ONNX Runtime), `VIPS_CONCURRENCY` (sharp, one picture) and `UV_THREADPOOL_SIZE` (pictures at a time, files).',
    '0, which limits nothing',
  ),
  gpu,
  memory: amount('Bytes.'),
  custom,
} as const;

/** @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION */
export const parseResources = (value: Readonly<Record<string, unknown>>): Resources =>
  parseOptions('resources', RESOURCE_OPTIONS, value);

const isAmount = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0;
