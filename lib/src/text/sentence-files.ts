import { NotATextModel } from './errors.js';
import { readAny, readJson } from './model-files.js';

const KIND = 'model of embeddings';
/** The steps of sentence-transformers that the model itself does, or `embed`, or that do nothing outside of training. */
const KNOWN_STEPS = new Set(['Transformer', 'Pooling', 'Normalize', 'Dropout']);
/** The file with the settings of the first step has one of these names. */
const SETTINGS = ['bert', 'roberta', 'distilbert', 'camembert', 'albert', 'xlm-roberta', 'xlnet'].map(
  (name) => `sentence_${name}_config.json`,
);

/** What sentence-transformers writes beside a model. */
export interface SentenceFiles {
  /** The content of 1_Pooling/config.json. */
  readonly pooling: Readonly<Record<string, unknown>>;
  /** The types of further steps in modules.json that change the vectors. */
  readonly steps: readonly string[];
  /** Tokens of a text that are read; 0 if the files do not say it. */
  readonly maxLength: number;
  /** Whether texts are read in lower case. */
  readonly isLowerCase: boolean;
}

/** @throws NBS_TEXT_MODEL_INVALID */
export async function readSentenceFiles(folder: string): Promise<SentenceFiles> {
  const [pooling = {}, modules = [], ...settings] = await Promise.all([
    readJson(folder, '1_Pooling/config.json', KIND),
    readAny(folder, 'modules.json', KIND),
    ...SETTINGS.map((name) => readJson(folder, name, KIND)),
  ]);
  if (!Array.isArray(modules)) throw NotATextModel({ folder, kind: KIND, reason: 'modules.json is no list' });
  // A type is the path of a class of Python, such as sentence_transformers.models.Dense.
  const types = modules.map(
    (each) =>
      String((each as { readonly type?: unknown } | null)?.type)
        .split('.')
        .at(-1) as string,
  );
  const { max_seq_length: length, do_lower_case: isLowerCase } = settings.find((each) => each !== undefined) ?? {};
  return {
    pooling,
    steps: types.filter((type) => !KNOWN_STEPS.has(type)),
    maxLength: typeof length === 'number' && length > 0 ? length : 0,
    isLowerCase: isLowerCase === true,
  };
}
