#!/usr/bin/env python3
"""Steps of NPO + NLL: `lethe-cli bench train` against the loop that researchers run (Hugging Face transformers on PyTorch).

    python3 tests/bench_train.py LETHE_CLI SHARED [--size 10m|110m] [--dtype f32|bf16] [--threads N] [--rounds N] [--batch N]

Both sides train the same random llama on the same rows of TOFU in the same order, in turn, `--rounds` times; what is printed is each
side's tokens a second (real tokens, never padding), its peak memory, and the median of the ratios. The other side works as trainers do:
rows padded to the longest of the batch, logits of every position, the reference model run at every step, fused AdamW. In f32 the
losses of both must agree to 1e-3, or the ratio does not count and the script fails.

Needs torch, transformers and tokenizers; SHARED is the folder with models/tiny-tofu-full (its tokenizer) and data/tofu.
"""
import argparse
import itertools
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

SIZES = {
    "10m": dict(hidden_size=256, num_hidden_layers=8, num_attention_heads=8, num_key_value_heads=8, intermediate_size=1024, vocab_size=4096,
                tie_word_embeddings=False),
    "110m": dict(hidden_size=768, num_hidden_layers=12, num_attention_heads=12, num_key_value_heads=12, intermediate_size=2048,
                 vocab_size=32000, tie_word_embeddings=True),
}
TEMPLATE = {"prompt_prefix": "Question: ", "prompt_suffix": "\nAnswer:", "answer_prefix": " "}
WARMUP = 3


def make_model(shared, size, folder):
    import shutil
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM
    tokenizer = shared / "models/tiny-tofu-full"
    ids = json.loads((tokenizer / "config.json").read_text())
    torch.manual_seed(0)
    config = LlamaConfig(max_position_embeddings=1024, bos_token_id=ids.get("bos_token_id"), eos_token_id=ids.get("eos_token_id"), **SIZES[size])
    LlamaForCausalLM(config).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(tokenizer / name, folder / name)


def rows_of(file):
    return [json.loads(line) for line in file.read_text().splitlines() if line.strip()]


def other_side(arguments):
    """The Hugging Face loop; prints a JSON document."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    torch.set_num_threads(arguments.threads)
    folder = str(arguments.model)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    load = lambda: AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    model, reference = load(), load()
    amp = arguments.dtype == "bf16"
    if amp:
        reference = reference.to(torch.bfloat16)
    model.train(), reference.eval()
    decay, plain = [], []
    for name, parameter in model.named_parameters():
        (plain if "norm" in name else decay).append(parameter)
    optimizer = torch.optim.AdamW([{"params": decay, "weight_decay": 0.01}, {"params": plain, "weight_decay": 0.0}], lr=1e-5, fused=True)

    def encode(row):
        text = TEMPLATE["prompt_prefix"] + row["question"] + TEMPLATE["prompt_suffix"]
        full = text + TEMPLATE["answer_prefix"] + row["answer"]
        ids = tokenizer(full)["input_ids"]
        if ids[-1] != tokenizer.eos_token_id:
            ids.append(tokenizer.eos_token_id)
        ids = ids[:256]
        return ids, len(tokenizer(text)["input_ids"])

    def batches(file):
        encoded = [encode(row) for row in rows_of(file)]
        index = 0
        while True:
            rows = [encoded[(index + k) % len(encoded)] for k in range(arguments.batch)]
            index += arguments.batch
            longest = max(len(ids) for ids, _ in rows)
            pad = lambda values, fill: values + [fill] * (longest - len(values))
            yield {
                "input_ids": torch.tensor([pad(ids, tokenizer.eos_token_id) for ids, _ in rows]),
                "attention_mask": torch.tensor([pad([1] * len(ids), 0) for ids, _ in rows]),
                "labels": torch.tensor([pad([-100] * prompt + ids[prompt:], -100) for ids, prompt in rows]),
            }, sum(len(ids) for ids, _ in rows)

    def sequence_nll(network, inputs):
        logits = network(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).logits[:, :-1].transpose(1, 2)
        return torch.nn.functional.cross_entropy(logits.float(), inputs["labels"][:, 1:], ignore_index=-100, reduction="none").sum(-1)

    data = arguments.shared / "data/tofu"
    forget, retain = batches(data / "forget05.jsonl"), batches(data / "retain95.jsonl")
    losses, tokens, seconds = [], 0, 0.0
    for step in range(WARMUP + arguments.steps):
        (f, f_tokens), (r, r_tokens) = next(forget), next(retain)
        start = time.perf_counter()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=amp):
            with torch.no_grad():
                frozen = sequence_nll(reference, f)
            drift = sequence_nll(model, f) - frozen
            loss = -2 / 0.1 * torch.nn.functional.logsigmoid(0.1 * drift).mean() + model(**r).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        if step >= WARMUP:
            seconds += time.perf_counter() - start
            tokens += f_tokens + r_tokens
    print(json.dumps({"tokens_per_second": tokens / seconds, "tokens": tokens, "losses": losses,
                      "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))


def our_side(arguments, folder):
    data = arguments.shared / "data/tofu"
    spec = {
        "name": "bench", "model": str(arguments.model),
        "data": {"forget": {"path": str(data / "forget05.jsonl"), "prompt": "question", "answer": "answer"},
                 "retain": {"path": str(data / "retain95.jsonl"), "prompt": "question", "answer": "answer"},
                 "template": TEMPLATE, "max_length": 256},
        "method": {"id": "npo", "parameters": {"beta": 0.1, "retain_loss": "nll"}},
        "training": {"batch_size": arguments.batch, "learning_rate": 1e-5, "schedule": "constant", "max_grad_norm": 1.0, "shuffle": False,
                     "device": "cpu", "dtype": arguments.dtype},
    }
    file = folder / "spec.json"
    file.write_text(json.dumps(spec))
    command = [arguments.lethe_cli, "bench", "train", "--spec", file, "--steps", str(arguments.steps), "--warmup", str(WARMUP),
               "--threads", str(arguments.threads)]
    if arguments.plugins:
        command += ["--plugins", arguments.plugins]
    return json.loads(subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lethe_cli", type=pathlib.Path)
    parser.add_argument("shared", type=pathlib.Path)
    parser.add_argument("--size", choices=SIZES, default="10m")
    parser.add_argument("--dtype", choices=["f32", "bf16"], default="f32")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--plugins", type=pathlib.Path)
    parser.add_argument("--model", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--other-side", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.shared = arguments.shared.resolve()
    if arguments.other_side:
        return other_side(arguments)

    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        if arguments.model is None:
            arguments.model = folder / "model"
            make_model(arguments.shared, arguments.size, arguments.model)
        ratios = []
        for turn in range(arguments.rounds):
            ours = our_side(arguments, folder)
            theirs = json.loads(subprocess.run([sys.executable, __file__, *sys.argv[1:], "--model", str(arguments.model), "--other-side"],
                                               check=True, stdout=subprocess.PIPE, env=dict(os.environ, OMP_NUM_THREADS=str(arguments.threads))).stdout)
            if arguments.dtype == "f32":
                for step, (a, b) in enumerate(itertools.zip_longest(ours["losses"], theirs["losses"]), 1):
                    if a is None or b is None or abs(a - b) > 1e-3 * abs(b):
                        sys.exit(f"step {step}: Lethe's loss is {a}, the other side's {b}: the ratio does not count")
            ratios.append(ours["tokens_per_second"] / theirs["tokens_per_second"])
            print(f"round {turn + 1}: Lethe {ours['tokens_per_second']:.0f} tokens/s, {ours['peak_memory_bytes'] / 2**20:.0f} MiB; "
                  f"transformers {theirs['tokens_per_second']:.0f} tokens/s, {theirs['peak_memory_bytes'] / 2**20:.0f} MiB; "
                  f"ratio {ratios[-1]:.2f}", flush=True)
        print(f"median ratio {statistics.median(ratios):.2f} ({arguments.size}, {arguments.dtype}, {arguments.threads} threads, batch {arguments.batch})")


if __name__ == "__main__":
    main()
