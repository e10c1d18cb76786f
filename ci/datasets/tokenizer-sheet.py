"""Writes lib/test/fixtures/tokenizers.json: small tokenizers, and what Hugging Face's tokenizers for Python make of a list of texts.

It also writes lib/test/fixtures/pre-tokenizers.json: how their pre-tokenizers and normalizers divide and change texts.

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
    "Add \u00bd cup, \u2153 or \u2461 b, in \u0662\u0660\u0662\u0664 x\u00b2",
    "a!!!b, c\u2014d",
    "abc\U00020000\U0002b920 \u39d0",
    "\u039f\u0394\u039f\u03a3 \u03a3\u03a3 \u0130",
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


def individual_digits():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    # A space and a digit behind it would have a token of their own if they were not divided.
    corpus = [" \u00b7 \u00b0 \u00ae \u00a9", "Add \u00bd cup", " \u2153", "a \u2461 b", "in \u0662\u0660\u0662\u0664"] * 20
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=["<|end|>"], initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(CORPUS + corpus, trainer)
    return tokenizer, {"pad_token": "<|end|>"}


def whole_words():
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]"]
    trained(tokenizer, trainers.WordPieceTrainer(vocab_size=300, special_tokens=special, show_progress=False))
    return tokenizer, {"pad_token": "[PAD]"}


def unigrams():
    pieces = sorted({letter for text in CORPUS for letter in text if letter.isascii() and letter != " "})
    words = ["\u2581the", "\u2581token", "s", "ize", "\u2581a", "\u2581text", "ing", "\u2581lo", "ng", "\u2581\u2581"]
    vocabulary = [("<unk>", 0.0), ("<pad>", 0.0), ("\u2581", -3.0)] + [(f"<0x{byte:02X}>", 0.0) for byte in range(256)]
    vocabulary += [(piece, -9.0 - i / 64) for i, piece in enumerate(pieces)] + [(word, -5.0 - i / 64) for i, word in enumerate(words)]
    tokenizer = Tokenizer(models.Unigram(list(dict(vocabulary).items()), unk_id=0, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace()])
    return tokenizer, {"pad_token": "<pad>"}


def unknown_words():
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation()])
    trained(tokenizer, trainers.BpeTrainer(vocab_size=120, special_tokens=["<unk>", "<pad>"], limit_alphabet=40, show_progress=False))
    return tokenizer, {"pad_token": "<pad>"}


BEHAVIORS = ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]
PARTS = [
    pre_tokenizers.Whitespace(),
    pre_tokenizers.WhitespaceSplit(),
    pre_tokenizers.BertPreTokenizer(),
    pre_tokenizers.Digits(individual_digits=True),
    pre_tokenizers.Digits(individual_digits=False),
    pre_tokenizers.ByteLevel(add_prefix_space=True),
    pre_tokenizers.FixedLength(length=3),
    pre_tokenizers.Metaspace(),
    pre_tokenizers.Metaspace(prepend_scheme="never"),
    pre_tokenizers.Metaspace(prepend_scheme="first", split=False),
    *[pre_tokenizers.Punctuation(behavior=each) for each in BEHAVIORS],
    *[pre_tokenizers.Split(pattern, behavior=each, invert=invert) for pattern in [".", tokenizers.Regex("[0-9. ]"), tokenizers.Regex(" ?\\w+")] for each in BEHAVIORS for invert in [False, True]],
]
NORMALIZERS = [
    normalizers.Lowercase(),
    normalizers.BertNormalizer(),
    normalizers.BertNormalizer(lowercase=False, strip_accents=True, handle_chinese_chars=False),
    normalizers.Sequence([normalizers.Lowercase(), normalizers.NFD()]),
]
PIECES = [
    "1.a..b. .2",
    " .. a1.5  b.",
    "  the\u2581tokens \u2581 of\u2581\u2581a   text",
    "caf\u00e9 Gr\u00f6\u00dfe na\u00efve_1 \u0924\u093f \u200d\u200c x\u0301",
    "\ufeffa\u0085b\u2028c\u200bd",
]


def part_of(part):
    tokenizer = Tokenizer(models.BPE())
    if isinstance(part, normalizers.Normalizer):
        tokenizer.normalizer = part
        return json.loads(tokenizer.to_str())["normalizer"]
    tokenizer.pre_tokenizer = part
    return json.loads(tokenizer.to_str())["pre_tokenizer"]


def pieces_of(part, text):
    return [piece for piece, _ in part.pre_tokenize_str(text)]


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
    makers = {"wordPieces": word_pieces, "bytePairs": byte_pairs, "roberta": roberta}
    makers |= {"individualDigits": individual_digits, "wholeWords": whole_words, "unigrams": unigrams, "unknownWords": unknown_words}
    for name, make in makers.items():
        tokenizer, config = make()
        sheet[name] = {"tokenizer": json.loads(tokenizer.to_str()), "config": config, **cases(tokenizer, config)}
    save("tokenizers.json", sheet)
    texts = TEXTS[:-1] + PIECES
    parts = {
        "texts": texts,
        "preTokenizers": [{"config": part_of(each), "pieces": [pieces_of(each, text) for text in texts]} for each in PARTS],
        "normalizers": [{"config": part_of(each), "texts": [each.normalize_str(text) for text in texts]} for each in NORMALIZERS],
    }
    save("pre-tokenizers.json", parts)


def save(name, sheet):
    path = pathlib.Path(__file__).parents[2] / "lib/test/fixtures" / name
    path.write_text(json.dumps(sheet, ensure_ascii=True, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size)


main()
