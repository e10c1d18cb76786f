"""Answers of a Llama model computed by numpy in float32 from a GGUF file, to compare conversions with.

usage: llama-reference.py model.gguf tokenizer.json questions.json > answers.json
needs: numpy, gguf, tokenizers
"""

import json
import sys

import numpy as np
from gguf import GGUFReader
from gguf.quants import dequantize
from tokenizers import Tokenizer

MAX_TOKENS = 16

reader = GGUFReader(sys.argv[1])
meta = {key: field.contents() for key, field in reader.fields.items()}
weights = {t.name: dequantize(t.data, t.tensor_type).astype(np.float32) for t in reader.tensors}
tokenizer = Tokenizer.from_file(sys.argv[2])
LAYERS, HEADS, KV = meta["llama.block_count"], meta["llama.attention.head_count"], meta["llama.attention.head_count_kv"]
WIDTH = meta["llama.embedding_length"] // HEADS
EPSILON = meta["llama.attention.layer_norm_rms_epsilon"]
END = meta["tokenizer.ggml.eos_token_id"]
FREQUENCIES = 1 / meta["llama.rope.freq_base"] ** (np.arange(0, WIDTH, 2) / WIDTH)


def norm(x, name):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON) * weights[name + ".weight"]


def rotate(x, positions):
    """llama.cpp's order: neighbours are rotated together."""
    angles = positions[:, None, None] * FREQUENCIES
    cos, sin = np.cos(angles), np.sin(angles)
    even, odd = x[..., 0::2], x[..., 1::2]
    return np.stack([even * cos - odd * sin, even * sin + odd * cos], -1).reshape(x.shape)


def forward(tokens):
    """Logits of the last token. Nothing is kept between calls, so that the cache of keys and values cannot be wrong."""
    positions = np.arange(len(tokens))
    mask = np.where(positions[:, None] >= positions[None, :], 0, -1e9)
    x = weights["token_embd.weight"][tokens]
    for layer in range(LAYERS):
        of = lambda name: weights[f"blk.{layer}.{name}.weight"]
        y = norm(x, f"blk.{layer}.attn_norm")
        q = rotate((y @ of("attn_q").T).reshape(len(tokens), HEADS, WIDTH), positions)
        k = rotate((y @ of("attn_k").T).reshape(len(tokens), KV, WIDTH), positions)
        v = (y @ of("attn_v").T).reshape(len(tokens), KV, WIDTH)
        k, v = (np.repeat(each, HEADS // KV, axis=1) for each in (k, v))
        scores = np.einsum("qhd,khd->hqk", q, k) / np.sqrt(WIDTH) + mask
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        shares /= shares.sum(-1, keepdims=True)
        x = x + np.einsum("hqk,khd->qhd", shares, v).reshape(len(tokens), -1) @ of("attn_output").T
        z = norm(x, f"blk.{layer}.ffn_norm")
        gate = z @ of("ffn_gate").T
        x = x + (gate / (1 + np.exp(-gate)) * (z @ of("ffn_up").T)) @ of("ffn_down").T
    return norm(x[-1], "output_norm") @ weights["token_embd.weight"].T


SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
sheet = []
for question in json.load(open(sys.argv[3])):
    prompt = f"<|im_start|>system\n{SYSTEM}<|im_end|>\n<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n"
    tokens = tokenizer.encode(prompt).ids
    answer = []
    while len(answer) < MAX_TOKENS and (not answer or answer[-1] != END):
        answer.append(int(forward(tokens + answer).argmax()))
    text = tokenizer.decode(answer)
    sheet.append({"question": question, "promptTokens": len(tokens), "tokens": len(answer), "answer": text})
    print(text, file=sys.stderr)
json.dump(sheet, sys.stdout, indent=2, ensure_ascii=False)
print()
