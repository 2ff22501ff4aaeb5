#!/usr/bin/env python3
"""Holds training with 8-bit averages (`"optimizer": "adamw_8bit"`) against `adamw`, on TinyTOFU's forget05 and over seeds, and writes plugins/RESULTS.md.

    python3 plugins/results_optimizer.py LETHE_CLI SHARED [--plugins DIR] [--only ID,ID] [--keep FILE] [--out FILE]

The methods, sets and settings are results_tofu's; each runs with seeds 0, 1 and 2 and either optimizer. Measured without generating.
--keep FILE: one JSON line a run, and runs that are there are not run again.
"""
import json
import pathlib
import statistics
import tempfile

from results import begun, call, write_rows, write_table
from results_tofu import METHODS, evaluate, prepare, spec_of

SEEDS = (0, 1, 2)
OPTIMIZERS = ("adamw", "adamw_8bit")
MEASURED = {"d": "D", "forget_prob": "forget prob.", "retain_prob": "retain prob.", "ra_prob": "real authors prob.", "wf_prob": "world facts prob."}


def asked(shared, reference):
    spec = spec_of(shared, "ga", {}, 1e-5, {}, reference)
    spec["eval"]["metrics"] = ["forget_quality"] + [key for key in MEASURED if key != "d"]
    return spec


def run_once(cli, common, shared, work, entry, seed, optimizer, reference):
    method, label, parameters, rate, training = entry
    spec = spec_of(shared, method, parameters, rate, {**training, "seed": seed, "optimizer": optimizer}, None)
    del spec["eval"]
    (work / "spec.json").write_text(json.dumps(spec))
    summary = call(cli, "run", work / "spec.json", "--db", work / "runs.sqlite", *common)
    metrics = evaluate(cli, common, work, asked(shared, reference), summary["checkpoint"])["metrics"]
    return {"id": method, "label": label, "seed": seed, "optimizer": optimizer, "d": metrics["forget_quality"]["d"],
            **{key: metrics[key] for key in MEASURED if key != "d"}}


def table(runs):
    def spread(values):
        return f"{statistics.mean(values):.3f}" + (f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else "")
    lines = ["| method | optimizer | " + " | ".join(MEASURED.values()) + " |", "|---|---|" + "---|" * len(MEASURED)]
    for label in dict.fromkeys(row["label"] for row in runs):
        for optimizer in OPTIMIZERS:
            own = [row for row in runs if row["label"] == label and row["optimizer"] == optimizer]
            if own:
                lines.append(f"| {label} | `{optimizer}` | " + " | ".join(spread([row[key] for row in own]) for key in MEASURED) + " |")
    return "\n".join(lines)


def main():
    options, common, runs = begun(__doc__)
    wanted = options.only.split(",") if options.only else ["grad_diff", "npo", "ngdiff"]
    done = {(row["id"], row["seed"], row["optimizer"]) for row in runs}
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        prepare(options.shared, work)
        reference = str(work / "retrained.json")
        retrained = evaluate(options.cli, common, work, asked(options.shared, None), options.shared.resolve() / "models/tiny-tofu-retain")
        pathlib.Path(reference).write_text(json.dumps(retrained))
        for entry in METHODS:
            for seed in SEEDS:
                for optimizer in OPTIMIZERS:
                    if entry[0] not in wanted or (entry[0], seed, optimizer) in done:
                        continue
                    runs.append(run_once(options.cli, common, options.shared, work, entry, seed, optimizer, reference))
                    print(json.dumps(runs[-1]), flush=True)
                    if options.keep:
                        write_rows(options.keep, runs)
    write_table(options.out, "optimizer", table(runs))


if __name__ == "__main__":
    main()
