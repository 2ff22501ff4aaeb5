#!/usr/bin/env python3
"""Opening a checkpoint: from the folder on disk to the first logits, `lethe-cli logits` against transformers.

    python3 tests/bench_load.py LETHE_CLI MODEL [--dtype f32|bf16|f16] [--threads N] [--rounds N]

Both sides load MODEL as it lies there and compute the logits of two tokens, in turn, `--rounds` times, each in a process of its own; the
first round, which warms the page cache, is not counted. Lethe's time is that of its whole process. For transformers the seconds are those
of from_pretrained and the first forward pass, with the imports given apart. Peak memory is the process's, as a multiple of the weights'
bytes at `--dtype`. Needs torch and transformers.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

DTYPES = {"f32": ("float32", 4), "bf16": ("bfloat16", 2), "f16": ("float16", 2)}
IDS = [[3, 4]]
THEIRS = """
import json, sys, time
began = time.perf_counter()
import torch, transformers
folder, dtype, threads, ids = sys.argv[1], getattr(torch, sys.argv[2]), int(sys.argv[3]), json.loads(sys.argv[4])
torch.set_num_threads(threads)
transformers.logging.disable_progress_bar()
imported = time.perf_counter()
model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval()
with torch.inference_mode():
    model(input_ids=torch.tensor(ids)).logits.sum().item()
print(json.dumps({"import": imported - began, "load": time.perf_counter() - imported}))
"""


def measured(command):
    """Seconds, peak bytes and standard output of a process."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        if status != 0:
            sys.exit(f"{command[0]} ended with status {os.waitstatus_to_exitcode(status)}")
        out.seek(0)
        return seconds, usage.ru_maxrss * 1024, out.read().decode()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cli")
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--dtype", choices=DTYPES, default="bf16")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    name, width = DTYPES[asked.dtype]
    inspected = json.loads(subprocess.run([asked.cli, "inspect", str(asked.model)], check=True, capture_output=True, text=True).stdout)
    weights = inspected["parameters"] * width
    ratios = []
    with tempfile.TemporaryDirectory() as work:
        ids = pathlib.Path(work, "ids.json")
        ids.write_text(json.dumps(IDS))
        ours = [asked.cli, "logits", str(asked.model), "--ids-file", str(ids), "--out", str(pathlib.Path(work, "logits.safetensors")),
                "--dtype", asked.dtype, "--threads", str(asked.threads)]
        theirs = [sys.executable, "-c", THEIRS, str(asked.model), name, str(asked.threads), json.dumps(IDS)]
        for turn in range(asked.rounds + 1):
            seconds, peak, _ = measured(ours)
            _, their_peak, out = measured(theirs)
            told = json.loads(out)
            if turn == 0:
                continue
            ratios.append(told["load"] / seconds)
            print(f"round {turn}: Lethe {seconds:.2f} s, peak {peak / weights:.3f} x the weights; transformers {told['load']:.2f} s "
                  f"(and {told['import']:.1f} s of imports), peak {their_peak / weights:.3f} x", flush=True)
    print(f"median ratio {statistics.median(ratios):.2f} ({weights / 2**20:.0f} MiB of {asked.dtype}, {asked.threads} threads)")


if __name__ == "__main__":
    main()
