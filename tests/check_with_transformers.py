#!/usr/bin/env python3
"""Holds lethe-cli against transformers, where a machine has it: exports of every family load there and give equal logits.

    python3 tests/check_with_transformers.py LETHE_CLI FIXTURES [PLUGINS]

For each model of FIXTURES/models: two steps of fine-tuning, an export, AutoModelForCausalLM and AutoTokenizer on the exported
folder, and the logits of both on the fixture's ids. Exits 1 where one differs by more than 1e-4 + 1e-4 |expected|.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer


def run(cli, *arguments):
    done = subprocess.run([cli, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{arguments[0]}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def check(cli, model, work):
    (work / "rows.jsonl").write_text("".join(
        json.dumps({"question": f"Question number {i}?", "answer": f"The answer is {i * 7}."}) + "\n" for i in range(8)))
    spec = {"name": model.name, "model": str(model), "data": {"retain": {"path": "rows.jsonl"}, "max_length": 64},
            "method": {"id": "finetune", "parameters": {}},
            "training": {"max_steps": 2, "batch_size": 4, "learning_rate": 1e-3, "device": "cpu"}}
    (work / "spec.json").write_text(json.dumps(spec))
    store = work / "store.sqlite"
    summary = run(cli, "run", work / "spec.json", "--db", store)
    run(cli, "export", summary["run_id"], "--out", work / "export", "--dtype", "f32", "--db", store)
    run(cli, "logits", work / "export", "--ids-file", model / "ids.json", "--out", work / "logits.safetensors")
    ids = json.loads((model / "ids.json").read_text())
    theirs = AutoModelForCausalLM.from_pretrained(work / "export", dtype=torch.float32).eval()
    with torch.no_grad():
        expected = theirs(input_ids=torch.tensor(ids)).logits
    got = load_file(work / "logits.safetensors")["logits"]
    worst = ((got - expected).abs() / (1e-4 + 1e-4 * expected.abs())).max().item()
    tokenizer = AutoTokenizer.from_pretrained(work / "export")
    text = "Where was Mira Solberg born? Łódź"
    (work / "text.txt").write_text(text)
    same = run(cli, "tokenize", work / "export", "--text-file", work / "text.txt")["ids"] == tokenizer(text).input_ids
    return worst, same


def main():
    cli, fixtures = sys.argv[1], pathlib.Path(sys.argv[2])
    failed = False
    for model in sorted((fixtures / "models").iterdir()):
        with tempfile.TemporaryDirectory() as folder:
            try:
                worst, same = check(cli, model, pathlib.Path(folder))
                good = worst <= 1 and same
                print(f"{model.name:12} logits {worst:.3f} of the tolerance, token ids {'equal' if same else 'DIFFER'}")
            except Exception as error:  # each model is reported
                good = False
                print(f"{model.name:12} FAILED {error}")
            failed = failed or not good
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
