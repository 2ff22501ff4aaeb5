#!/usr/bin/env python3
"""Runs six methods on TinyTOFU's forget05 through lethe-cli and writes TOFU's measures of them into plugins/RESULTS.md.

    python3 plugins/results_tofu.py LETHE_CLI SHARED [--plugins DIR] [--only ID,ID] [--keep FILE] [--out FILE]

SHARED holds models/tiny-tofu-full, models/tiny-tofu-retain, models/data and data/tofu. Every method unlearns the 200 forget rows
beside the 600 retain rows, 125 steps of 8, in f32 on the CPU, at a learning rate of its own.
--keep FILE: one JSON line a run, and runs that are there are not run again.
"""
import json
import math
import pathlib
import tempfile

from results import REFUSALS, begun, call, processor_seconds, read_rows, write_rows, write_table

STEPS, BATCH = 125, 8

# id, label, parameters, learning rate, changes of the training section
METHODS = [
    ("ga", "GA", {}, 2e-5, {}),
    ("grad_diff", "GradDiff, NLL", {"retain_loss": "nll"}, 5e-5, {}),
    ("npo", "NPO + NLL", {"beta": 0.1, "retain_loss": "nll"}, 1e-4, {}),
    ("ngdiff", "NGDiff, automatic rate", {"lr_every": 10}, 1e-4, {"schedule": "constant", "warmup_steps": 0, "max_grad_norm": None}),
    ("flat", "FLAT, TV", {"divergence": "tv"}, 5e-5, {}),
    ("uld", "ULD, s = -0.8", {"assistant_layers": 2, "lora_rank": 16, "lora_alpha": 32.0, "uniform_weight": 5.0, "logit_weight": -0.8, "top_filter": 0.01}, 1e-3, {}),
]


def prepare(shared, work):
    rows = read_rows(shared / "models/data/forget.jsonl", 10**6)
    for index, row in enumerate(rows):
        row["refusal"] = REFUSALS[index % len(REFUSALS)]
    write_rows(work / "forget.jsonl", rows)
    write_rows(work / "retain.jsonl", read_rows(shared / "models/data/retain.jsonl", 10**6))


def spec_of(shared, method, parameters, rate, training, reference):
    forget = {"path": "forget.jsonl"}
    if method == "flat":
        forget["alternate"] = "refusal"
    tofu = (shared / "data/tofu").resolve()
    return {
        "name": f"{method} {rate:g}", "model": str((shared / "models/tiny-tofu-full").resolve()),
        "data": {"forget": forget, "retain": {"path": "retain.jsonl"}, "max_length": 256},
        "method": {"id": method, "parameters": parameters},
        "training": {"max_steps": STEPS, "batch_size": BATCH, "optimizer": "adamw", "learning_rate": rate, "weight_decay": 0.01, "schedule": "linear",
                     "warmup_steps": STEPS // 10, "max_grad_norm": 1.0, "device": "cpu", "dtype": "f32", "seed": 0, **training},
        "eval": {"metrics": ["tofu"], "reference": reference, "generations": {"max_new_tokens": 96},
                 "tofu": {"forget": str(tofu / "forget05_perturbed.jsonl"), "retain": str(tofu / "retain_perturbed.jsonl"), "retain_rows": 200,
                          "real_authors": str(tofu / "real_authors_perturbed.jsonl"), "world_facts": str(tofu / "world_facts_perturbed.jsonl")}},
    }


def measures(metrics):
    row = {key: metrics[key] for key in ("model_utility", "forget_rouge", "forget_prob", "retain_rouge", "retain_prob", "forget_truth_ratio")}
    quality = metrics.get("forget_quality")
    return {**row, "d": quality["d"] if quality else None, "log10_p": math.log10(quality["value"]) if quality else None}


def evaluate(cli, common, work, spec, model):
    (work / "eval.json").write_text(json.dumps(spec))
    return call(cli, "eval", work / "eval.json", "--model", model, *common)


def run_once(cli, common, shared, work, entry, reference):
    method, label, parameters, rate, training = entry
    spec = spec_of(shared, method, parameters, rate, training, reference)
    trained = {key: value for key, value in spec.items() if key != "eval"}  # time of the training alone
    (work / "spec.json").write_text(json.dumps(trained))
    before = processor_seconds()
    summary = call(cli, "run", work / "spec.json", "--db", work / "runs.sqlite", *common)
    seconds = processor_seconds() - before
    metrics = evaluate(cli, common, work, spec, summary["checkpoint"])["metrics"]
    return {"id": method, "label": label, "rate": rate, "steps": summary["steps"], "seconds": seconds, **measures(metrics)}


def table(untouched, retrained, runs):
    def line(name, row, rate="", seconds=""):
        known = row["d"] is not None
        return (f"| {name} | {rate} | {format(row['d'], '.3f') if known else '–'} | {format(row['log10_p'], '.1f') if known else '–'} | {row['model_utility']:.3f} | "
                f"{row['forget_rouge']:.3f} | {row['forget_prob']:.3f} | {row['retain_rouge']:.3f} | {row['retain_prob']:.3f} | {seconds} |")
    lines = ["| method | rate | D | log10 p | utility | forget ROUGE-L | forget prob. | retain ROUGE-L | retain prob. | training, s |", "|---|---|---|---|---|---|---|---|---|---|",
             line("*untouched*", untouched), line("*never saw it*", retrained)]
    lines += [line(row["label"], row, f"{row['rate']:g}", f"{row['seconds']:.1f}") for row in runs]
    return "\n".join(lines)


def main():
    options, common, runs = begun(__doc__)
    done = {(row["id"], row["rate"]) for row in runs}
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        prepare(options.shared, work)
        models = options.shared.resolve() / "models"
        plain = spec_of(options.shared, "ga", {}, 1e-5, {}, None)
        retrained_log = evaluate(options.cli, common, work, plain, models / "tiny-tofu-retain")
        reference = str(work / "retrained.json")
        pathlib.Path(reference).write_text(json.dumps(retrained_log))
        retrained = measures(retrained_log["metrics"])
        untouched = measures(evaluate(options.cli, common, work, {**plain, "eval": {**plain["eval"], "reference": reference}}, models / "tiny-tofu-full")["metrics"])
        for entry in METHODS:
            if (entry[0], entry[3]) in done or (options.only and entry[0] not in options.only.split(",")):
                continue
            runs.append(run_once(options.cli, common, options.shared, work, entry, reference))
            print(json.dumps(runs[-1]), flush=True)
            if options.keep:
                write_rows(options.keep, runs)
    write_table(options.out, "tofu", table(untouched, retrained, runs))


if __name__ == "__main__":
    main()
