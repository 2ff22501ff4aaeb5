"""Makes the models and cases of this folder: python make_cases.py TEXT, TEXT a file of some thousand English lines.

Wants transformers 5.23, tokenizers 0.23, sentencepiece 0.2.3 and protobuf. Cases of a class hold what transformers makes of the file,
those without one what the SentencePiece library itself gives.
"""
import json, os, shutil, sys, tempfile

import sentencepiece
from transformers import AutoTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
RULES = [("ﬁ", "fi"), ("ﬂ", "fl"), ("Ａ", "A"), ("Ｂ", "B"), ("\t", " "), ("\u00a0", " "), ("…", "..."), ("①", "1"), ("e\u0301", "\u00e9"), ("\u200b", " ")]
TEXTS = ["", " ", "  ", "a", " a", "a ", "Hello world", "Hello  world   again", "  leading and trailing  ", "What is the full name of the author?",
         "wörld, naïve café", "日本語のテキスト", "emoji 😀 and 👩‍👩‍👧 families", "tabs\tand\nnew\nlines\n\n", "1234567890 3.14 -42", "ﬁne ﬂow ＡＢ … ①",
         "non\u00a0breaking\u200bzero", "▁literal▁mark ▁", "UPPER lower MiXeD", "punctuation!?;:()[]{}<>", "x" * 60, "the the the the the",
         "\u0000\u0001\u007f", "Ünïcödé ñ ß", "e\u0301 combining", "multi\r\nline", "\ufeffbom", "a b  c   d    e"]
SPECIAL = ["<user> hi", "hi<user>there <user>", "<ctl>", "x<ctl> y</s>z", "<s>Hello</s>", "<s> Hello </s> again", "<unk> token", "<|u|> x  <|u|>y<pad>"]


def flags(content, special, **more):
    return {"content": content, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": special} | more


def transformers_says(model, config):
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(os.path.join(HERE, model), os.path.join(folder, "tokenizer.model"))
        json.dump(config, open(os.path.join(folder, "tokenizer_config.json"), "w"))
        kind = "gemma" if config["tokenizer_class"].startswith("Gemma") else "llama"
        json.dump({"model_type": kind}, open(os.path.join(folder, "config.json"), "w"))
        tokenizer = AutoTokenizer.from_pretrained(folder)
        for text in TEXTS + SPECIAL:
            ids = tokenizer.encode(text)
            yield {"text": text, "ids": ids, "plain": tokenizer.decode(ids, skip_special_tokens=True), "all": tokenizer.decode(ids)}


def library_says(model):
    library = sentencepiece.SentencePieceProcessor(model_file=os.path.join(HERE, model))
    for text in TEXTS:
        if "\u0000" in text:  # an unknown character of its own there, none of the text's
            continue
        ids = library.encode(text)
        # what it shows for an unknown piece is its own affair
        yield {"text": text, "ids": ids} | ({} if library.unk_id() in ids else {"plain": library.decode(ids)})


def main():
    common = dict(input=sys.argv[1], unk_id=0, bos_id=1, eos_id=2, pad_id=-1, character_coverage=0.9995, num_threads=1, minloglevel=2)
    sentencepiece.SentencePieceTrainer.train(
        model_prefix=os.path.join(HERE, "bpe"), model_type="bpe", vocab_size=900, byte_fallback=True, split_digits=True, normalization_rule_name="identity",
        remove_extra_whitespaces=False, allow_whitespace_only_pieces=True, user_defined_symbols=["<user>"], control_symbols=["<ctl>"], **common)
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as rules:
        for source, target in RULES:
            rules.write(" ".join(f"{ord(c):X}" for c in source) + "\t" + " ".join(f"{ord(c):X}" for c in target) + "\n")
        rules.flush()
        sentencepiece.SentencePieceTrainer.train(model_prefix=os.path.join(HERE, "unigram"), model_type="unigram", vocab_size=600,
                                                 normalization_rule_tsv=rules.name, **common)
        sentencepiece.SentencePieceTrainer.train(model_prefix=os.path.join(HERE, "word"), model_type="word", vocab_size=100, normalization_rule_name="identity", **common)
    os.remove(os.path.join(HERE, "bpe.vocab"))
    os.remove(os.path.join(HERE, "unigram.vocab"))
    os.remove(os.path.join(HERE, "word.vocab"))
    llama = {"tokenizer_class": "LlamaTokenizer"}
    added = {"0": flags("<unk>", True), "900": flags("<pad>", True), "901": flags("<|u|>", False, normalized=True, lstrip=True)}
    configs = {
        "llama": llama,
        "llama, both ends": llama | {"add_bos_token": True, "add_eos_token": True},
        "llama, legacy": llama | {"legacy": True, "add_bos_token": True},
        "llama, no prefix": llama | {"add_prefix_space": False},
        "llama, more tokens": llama | {"added_tokens_decoder": added, "pad_token": "<pad>"},
        "llama, other ends": llama | {"bos_token": flags("<|begin|>", True, __type="AddedToken"), "eos_token": "<|end|>", "add_bos_token": True},
        "gemma": {"tokenizer_class": "GemmaTokenizer", "add_bos_token": True},
    }
    groups = [{"name": name, "model": "bpe.model", "config": config, "cases": list(transformers_says("bpe.model", config))} for name, config in configs.items()]
    groups += [{"name": f"{kind}, its own", "model": f"{kind}.model", "config": None, "cases": list(library_says(f"{kind}.model"))} for kind in ("bpe", "unigram")]
    with open(os.path.join(HERE, "cases.json"), "w") as out:
        json.dump(groups, out, ensure_ascii=True, indent=0)
        out.write("\n")


main()
