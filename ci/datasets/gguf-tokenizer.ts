import { type Gguf, readGguf } from './gguf.js';

/** GGML's number for tokens that control the model, such as `<|im_start|>`. */
const CONTROL = 3;

const read = (file: Uint8Array): Gguf['metadata'] => readGguf(file, 'the GGUF file').metadata;
const json = (value: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value)}\n`);

/** `tokenizer.json` of the byte-pair encoder in a GGUF file, as Hugging Face's libraries read it: digits one by one, then bytes. */
export function buildTokenizer(file: Uint8Array): Uint8Array {
  const metadata = read(file);
  const tokens = metadata.get('tokenizer.ggml.tokens') as readonly string[];
  const kinds = metadata.get('tokenizer.ggml.token_type') as readonly number[];
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return json({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: tokens.flatMap((content, id) => (kinds[id] === CONTROL ? [{ id, content, ...flags }] : [])),
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Digits', individual_digits: true },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: metadata.get('tokenizer.ggml.merges'),
    },
  });
}

/** `tokenizer_config.json`: the special tokens, the chat template and the length of the context. */
export function buildTokenizerConfig(file: Uint8Array): Uint8Array {
  const metadata = read(file);
  const tokens = metadata.get('tokenizer.ggml.tokens') as readonly string[];
  const token = (name: string) => tokens[metadata.get(`tokenizer.ggml.${name}_token_id`) as number];
  return json({
    tokenizer_class: 'GPT2Tokenizer',
    add_prefix_space: false,
    bos_token: token('bos'),
    eos_token: token('eos'),
    pad_token: token('padding'),
    unk_token: token('unknown'),
    model_max_length: metadata.get('llama.context_length'),
    clean_up_tokenization_spaces: false,
    chat_template: metadata.get('tokenizer.chat_template'),
  });
}

/** `config.json`: the architecture, as transformers and transformers.js read it. */
export function buildModelConfig(file: Uint8Array): Uint8Array {
  const metadata = read(file);
  const llama = (name: string) => metadata.get(`llama.${name}`);
  return json({
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_act: 'silu',
    hidden_size: llama('embedding_length'),
    intermediate_size: llama('feed_forward_length'),
    num_hidden_layers: llama('block_count'),
    num_attention_heads: llama('attention.head_count'),
    num_key_value_heads: llama('attention.head_count_kv'),
    head_dim: llama('rope.dimension_count'),
    max_position_embeddings: llama('context_length'),
    rms_norm_eps: 1e-5,
    rope_theta: llama('rope.freq_base'),
    vocab_size: (metadata.get('tokenizer.ggml.tokens') as readonly string[]).length,
    tie_word_embeddings: true,
    bos_token_id: metadata.get('tokenizer.ggml.bos_token_id'),
    eos_token_id: metadata.get('tokenizer.ggml.eos_token_id'),
    pad_token_id: metadata.get('tokenizer.ggml.padding_token_id'),
  });
}
