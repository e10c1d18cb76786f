"""Writes lib/test/fixtures/tokenizers.json: three small tokenizers, and what Hugging Face's tokenizers for Python make of a list of texts.

Run it as `pip install tokenizers==0.23.3 && python ci/datasets/tokenizer-sheet.py`.
"""
import json
import pathlib

import tokenizers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

CORPUS = [
    "The quick brown fox jumps over the lazy dog.",
    "A tensor has dimensions, and a batch has rows; the tokens of a text are numbers.",
    "Größe, Übung, naïve café, œuvre, 数は数である, 你好世界, Привет мир, emoji 😀🎉.",
    "tokens tokenizer tokenization tokenized; running runner runs, play playing played.",
    "don't can't it's we're 1234567890 3.14 100% #tag @name https://example.com/a?b=c",
] * 4
TEXTS = [
    "",
    " ",
    "a",
    "The quick brown fox.",
    "tokenization of unseenwords",
    "  spaces   in\tbetween\nand a line  ",
    "Größe naïve CAFÉ œuvre",
    "cafe\u0301 e\u0301 (combining)",
    "数は数である 你好世界",
    "Привет мир",
    "😀🎉👩‍👩‍👧 🇩🇪",
    "zero\u200bwidth \ufeffmark \u00a0space",
    "don't it's 3.14 100% https://example.com/a?b=c",
    "control\u0001 and \u0000 nul",
    "unknown: ᚠᛇᚻ ꙮ",
    "[CLS] written [SEP] by a user <s> </s> <|end|>",
    "long " * 300,
]
PAIRS = [("", ""), ("a", ""), ("", "a"), ("The quick fox", "jumps over"), ("數 😀", "Größe"), ("dog " * 20, "fox"), ("dog", "fox " * 20), ("dog " * 20, "fox " * 21)]
LIMITS = [4, 5, 8, 16]


def trained(tokenizer, trainer):
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def word_pieces():
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    trained(tokenizer, trainers.WordPieceTrainer(vocab_size=260, special_tokens=special, show_progress=False))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return tokenizer, {"pad_token": "[PAD]", "model_max_length": 512}


def byte_pairs():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trained(tokenizer, trainers.BpeTrainer(vocab_size=400, special_tokens=["<|end|>"], initial_alphabet=alphabet, show_progress=False))
    return tokenizer, {"pad_token": "<|end|>", "padding_side": "left"}


def roberta():
    tokenizer, _ = byte_pairs()
    tokenizer.add_special_tokens(["<s>", "</s>"])
    ids = {name: tokenizer.token_to_id(name) for name in ["<s>", "</s>"]}
    tokenizer.post_processor = processors.RobertaProcessing(sep=("</s>", ids["</s>"]), cls_token=("<s>", ids["<s>"]), trim_offsets=True, add_prefix_space=False)
    return tokenizer, {"pad_token": "</s>"}


def row(encoding):
    return {"ids": encoding.ids, "types": encoding.type_ids}


def cases(tokenizer, config):
    pad = {"pad_id": tokenizer.token_to_id(config["pad_token"]), "pad_token": config["pad_token"], "direction": config.get("padding_side", "right")}
    found = []
    for given in TEXTS + PAIRS:
        parts = (given,) if isinstance(given, str) else given
        tokenizer.no_truncation()
        whole = tokenizer.encode(*parts)
        bare = tokenizer.encode(*parts, add_special_tokens=False)
        cut = {}
        for limit in LIMITS:
            tokenizer.enable_truncation(limit)
            cut[limit] = row(tokenizer.encode(*parts))
        found.append({"text": given, **row(whole), "bare": bare.ids, "cut": cut, "decoded": tokenizer.decode(whole.ids), "all": tokenizer.decode(whole.ids, skip_special_tokens=False)})
    tokenizer.no_truncation()
    tokenizer.enable_padding(**pad)
    texts = TEXTS[:-1]
    batch = tokenizer.encode_batch(texts)
    tokenizer.no_padding()
    return {"cases": found, "batch": {"ids": [each.ids for each in batch], "mask": [each.attention_mask for each in batch], "count": len(texts)}}


def main():
    sheet = {"tokenizers": tokenizers.__version__}
    for name, make in {"wordPieces": word_pieces, "bytePairs": byte_pairs, "roberta": roberta}.items():
        tokenizer, config = make()
        sheet[name] = {"tokenizer": json.loads(tokenizer.to_str()), "config": config, **cases(tokenizer, config)}
    path = pathlib.Path(__file__).parents[2] / "lib/test/fixtures/tokenizers.json"
    path.write_text(json.dumps(sheet, ensure_ascii=True, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size)


main()
