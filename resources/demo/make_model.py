#!/usr/bin/env python3
"""Makes the model that the demo's training starts from: a byte-level BPE tokenizer of the demo's own text, and a small llama with
random weights, as a Hugging Face model folder.

    make_model.py DATA_FOLDER MODEL_FOLDER

Only the standard library, and one seed: the same files every time.
"""

import array
import collections
import json
import math
import pathlib
import random
import re
import struct
import sys

SEED = 20261
VOCABULARY = 1536
HIDDEN, LAYERS, HEADS, KEY_VALUE_HEADS, INTERMEDIATE, CONTEXT = 192, 6, 6, 3, 512, 256
SPECIAL = ["<|begin|>", "<|end|>", "<|pad|>"]
DEVIATION = 0.02

# GPT-2's way to cut a text into words, for text in ASCII
WORDS = re.compile(r"'(?:s|t|re|ve|m|ll|d)| ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+(?!\S)|\s+")


def byte_alphabet():
    """The printable letter that stands for each byte, as byte-level tokenizers spell them."""
    kept = [*range(ord("!"), ord("~") + 1), *range(ord("\xa1"), ord("\xac") + 1), *range(ord("\xae"), ord("\xff") + 1)]
    letters = {byte: chr(byte) for byte in kept}
    others = [byte for byte in range(256) if byte not in letters]
    return letters | {byte: chr(256 + i) for i, byte in enumerate(others)}


def texts(folder):
    for name in ("forget.jsonl", "retain.jsonl", "facts.jsonl"):
        for line in (folder / name).read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            for question, answer in (("question", "answer"), ("paraphrased_question", "paraphrased_answer")):
                yield f"Question: {row[question]}\nAnswer: {row[answer]}"


def train_merges(folder, count):
    """The \\p count merges that byte-pair encoding learns: each time the commonest pair, of equals the first by its letters."""
    letters = byte_alphabet()
    frequency = collections.Counter(word for text in texts(folder) for word in WORDS.findall(text))
    words = [([letters[byte] for byte in word.encode()], times) for word, times in sorted(frequency.items())]
    merges = []
    while len(merges) < count:
        pairs = collections.Counter()
        for pieces, times in words:
            for pair in zip(pieces, pieces[1:]):
                pairs[pair] += times
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        joined = "".join(best)
        for pieces, _ in words:
            i = 0
            while i + 1 < len(pieces):
                if (pieces[i], pieces[i + 1]) == best:
                    pieces[i:i + 2] = [joined]
                i += 1
    return merges


def tokenizer(folder):
    merges = train_merges(folder, VOCABULARY - 256 - len(SPECIAL))
    tokens = SPECIAL + sorted(byte_alphabet().values()) + ["".join(pair) for pair in merges]
    vocabulary = {token: i for i, token in enumerate(tokens)}
    assert len(vocabulary) == len(tokens) == VOCABULARY
    begin = {"id": SPECIAL[0], "type_id": 0}

    def sequence(name):
        return {"Sequence": {"id": name, "type_id": 0}}

    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [{"id": i, "content": token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
                          "special": True} for i, token in enumerate(SPECIAL)],
        "normalizer": None,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": begin}, sequence("A")],
            "pair": [{"SpecialToken": begin}, sequence("A"), sequence("B")],
            "special_tokens": {SPECIAL[0]: {"id": SPECIAL[0], "ids": [0], "tokens": [SPECIAL[0]]}}},
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None,
                  "fuse_unk": False, "byte_fallback": False, "ignore_merges": False, "vocab": vocabulary,
                  "merges": [list(pair) for pair in merges]},
    }


def shapes():
    head = HIDDEN // HEADS
    yield "model.embed_tokens.weight", (VOCABULARY, HIDDEN)
    for layer in range(LAYERS):
        name = f"model.layers.{layer}"
        yield f"{name}.input_layernorm.weight", (HIDDEN,)
        yield f"{name}.self_attn.q_proj.weight", (HEADS * head, HIDDEN)
        yield f"{name}.self_attn.k_proj.weight", (KEY_VALUE_HEADS * head, HIDDEN)
        yield f"{name}.self_attn.v_proj.weight", (KEY_VALUE_HEADS * head, HIDDEN)
        yield f"{name}.self_attn.o_proj.weight", (HIDDEN, HEADS * head)
        yield f"{name}.post_attention_layernorm.weight", (HIDDEN,)
        yield f"{name}.mlp.gate_proj.weight", (INTERMEDIATE, HIDDEN)
        yield f"{name}.mlp.up_proj.weight", (INTERMEDIATE, HIDDEN)
        yield f"{name}.mlp.down_proj.weight", (HIDDEN, INTERMEDIATE)
    yield "model.norm.weight", (HIDDEN,)


def write_weights(file):
    rng = random.Random(SEED)
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, shape in shapes():
        size = 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(file, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for name, shape in shapes():
            norm = name.endswith("norm.weight")
            values = array.array("f", (1.0 if norm else rng.gauss(0, DEVIATION) for _ in range(math.prod(shape))))
            if sys.byteorder == "big":
                values.byteswap()
            values.tofile(out)
    return offset // 4


def main():
    data, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)

    def write(name, content):
        (folder / name).write_text(json.dumps(content, indent=None if name == "tokenizer.json" else 2, ensure_ascii=False) + "\n",
                                   encoding="utf-8")

    write("config.json", {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "attention_bias": False, "attention_dropout": 0.0,
        "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2, "head_dim": HIDDEN // HEADS, "hidden_act": "silu",
        "hidden_size": HIDDEN, "initializer_range": DEVIATION, "intermediate_size": INTERMEDIATE, "max_position_embeddings": CONTEXT,
        "mlp_bias": False, "num_attention_heads": HEADS, "num_hidden_layers": LAYERS, "num_key_value_heads": KEY_VALUE_HEADS,
        "pretraining_tp": 1, "rms_norm_eps": 1e-06, "rope_theta": 10000.0, "rope_scaling": None, "tie_word_embeddings": True,
        "torch_dtype": "float32", "use_cache": True, "vocab_size": VOCABULARY})
    write("generation_config.json", {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2, "do_sample": False})
    write("tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": SPECIAL[0], "eos_token": SPECIAL[1],
                                    "pad_token": SPECIAL[2], "model_max_length": CONTEXT, "clean_up_tokenization_spaces": False})
    write("tokenizer.json", tokenizer(data))
    parameters = write_weights(folder / "model.safetensors")
    print(f"{folder}: {parameters} parameters, {VOCABULARY} tokens")


if __name__ == "__main__":
    main()
