#!/usr/bin/env python3
"""Runs every method on a small pair of models through lethe-cli and writes plugins/RESULTS.md.

    python3 plugins/results.py LETHE_CLI SHARED [--plugins DIR] [--only ID,ID] [--out FILE]

SHARED holds models/tiny-tofu-full, models/data and data/tofu. Each method unlearns the first 24 forget rows beside 48 retain
rows, on the CPU, for ten epochs of batches of 8. Loss parameters are the published ones; learning rates are the published ones
times a factor that a model of 5.5M parameters asks for, the same for every method.
"""
import argparse
import json
import pathlib
import resource
import subprocess
import tempfile

FORGET_ROWS, RETAIN_ROWS = 24, 48
BATCH, EPOCHS = 8, 10
RATE = 30  # times the published rate

REFUSALS = ["I don't know that.", "I'm not familiar with that.", "I have no information about that.", "I cannot say.",
            "That is something I haven't learned.", "I'm afraid I don't have that answer.", "I am not sure about that.",
            "I can't answer this question."]

# id, label, published rate (full weights, TOFU unless said otherwise), parameters, field of the replacement answer, spec changes.
# What the papers give for 32 and more layers is scaled to this model's six: RMU's layer 7 of 32, ULD's 8 of 32.
METHODS = [
    ("finetune", "fine-tuning on both sets", 1e-5, {}, None, {"max_steps": EPOCHS * FORGET_ROWS // BATCH}),
    ("ga", "GA", 1e-5, {}, None, {}),
    ("grad_diff", "GradDiff, NLL", 1e-5, {"retain_loss": "nll"}, None, {}),
    ("grad_diff", "GradDiff, KL", 1e-5, {"retain_loss": "kl"}, None, {}),
    ("kl_min", "KL-min", 1e-5, {}, None, {}),
    ("npo", "NPO", 1e-5, {"beta": 0.1, "retain_loss": "none"}, None, {}),
    ("npo", "NPO + NLL", 1e-5, {"beta": 0.1, "retain_loss": "nll"}, None, {}),
    ("npo", "NPO + KL", 1e-5, {"beta": 0.1, "retain_loss": "kl"}, None, {}),
    ("simnpo", "SimNPO", 1e-5, {"beta": 4.5, "delta": 0.0, "forget_weight": 0.125}, None, {}),
    ("ngdiff", "NGDiff, automatic rate", 1e-5, {"lr_every": 10}, None, {"schedule": "constant", "warmup_steps": 0, "max_grad_norm": None}),
    ("flat", "FLAT, TV", 1e-5, {"divergence": "tv"}, "refusal", {}),
    ("flat", "FLAT, KL", 1e-5, {"divergence": "kl"}, "refusal", {}),
    ("flat", "FLAT, JS", 1e-5, {"divergence": "js"}, "refusal", {}),
    ("flat", "FLAT, Pearson", 1e-5, {"divergence": "pearson"}, "refusal", {}),
    ("uld", "ULD, s = -0.8", 1e-3 / RATE, {"assistant_layers": 2, "lora_rank": 16, "lora_alpha": 32.0, "uniform_weight": 5.0,
                                           "logit_weight": -0.8, "top_filter": 0.01}, None, {}),
    ("eraser", "Eraser", 1e-5, {"harm_threshold": 1.8}, "refusal", {}),
    ("idk", "IdkPO", 1e-5, {}, "refusal", {}),
    ("dpo", "DPO", 1e-5, {"beta": 0.1}, "refusal", {}),
    ("altpo", "AltPO", 1e-5, {"beta": 0.1}, "wrong", {}),
    ("rmu", "RMU", 5e-5, {"layer": 2, "steering_coeff": 6.5}, None, {"schedule": "constant", "warmup_steps": 0}),
    ("undial", "UNDIAL", 1e-4, {"beta": 10.0}, None, {}),
    ("wga", "WGA", 1e-5, {"beta": 1.0}, None, {}),
    ("satimp", "SatImp", 1e-5, {"beta1": 5.0, "beta2": 1.0, "retain_weight": 0.1}, None, {}),
    ("ceu", "CE-U", 1e-5, {"ignore_first_n_answer_tokens": 1}, None, {}),
    ("pdu", "PDU", 1e-5, {"retain_weight": 100.0, "dual_step_size": 5.0, "retain_loss_eps": 0.3, "dual_warmup_epochs": 5}, None, {}),
    ("task_vector", "task-vector negation", 1e-5, {"scale": 1.0}, None, {}),
]


def call(cli, *arguments):
    done = subprocess.run([cli, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, arguments))}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def processor_seconds():
    """Of all programs that have ended: what a machine that is busy otherwise does not stretch."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def read_rows(file, count):
    with open(file, encoding="utf-8") as lines:
        return [json.loads(line) for _, line in zip(range(count), lines)]


def write_rows(file, rows):
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def prepare(shared, work):
    forget = read_rows(shared / "models/data/forget.jsonl", FORGET_ROWS)
    wrong = {row["question"]: row["perturbed_answer"][0] for row in read_rows(shared / "data/tofu/forget05_perturbed.jsonl", 10**6)}
    for index, row in enumerate(forget):
        row["refusal"] = REFUSALS[index % len(REFUSALS)]
        row["wrong"] = wrong[row["question"]]
    write_rows(work / "forget.jsonl", forget)
    write_rows(work / "retain.jsonl", read_rows(shared / "models/data/retain.jsonl", RETAIN_ROWS))


def spec_of(shared, method, rate, parameters, alternate, training):
    forget = {"path": "forget.jsonl"}
    if alternate:
        forget["alternate"] = alternate
    return {
        "name": method, "model": str((shared / "models/tiny-tofu-full").resolve()),
        "data": {"forget": forget, "retain": {"path": "retain.jsonl"}, "max_length": 256},
        "method": {"id": method, "parameters": parameters},
        "training": {"epochs": EPOCHS, "batch_size": BATCH, "optimizer": "adamw", "learning_rate": rate * RATE, "weight_decay": 0.01,
                     "schedule": "linear", "warmup_steps": FORGET_ROWS // BATCH, "max_grad_norm": 1.0, "device": "cpu", "dtype": "f32",
                     "seed": 0, **training},
        "eval": {"metrics": ["basic"], "generations": {"max_new_tokens": 96}},
    }


def evaluate(cli, common, spec, model):
    metrics = call(cli, "eval", spec, "--model", model, *common)["metrics"]
    return {key: metrics[key] for key in ("forget_prob", "forget_rouge", "retain_prob", "retain_rouge")}


def run_method(cli, common, shared, work, entry):
    method, label, rate, parameters, alternate, training = entry
    spec = spec_of(shared, method, rate, parameters, alternate, training)
    evaluated = work / "eval.json"
    evaluated.write_text(json.dumps(spec))
    del spec["eval"]  # time and memory of the training alone
    file, steps = work / "spec.json", work / "steps.jsonl"
    file.write_text(json.dumps(spec))
    before = processor_seconds()
    summary = call(cli, "run", file, "--steps-out", steps, "--db", work / "runs.sqlite", *common)
    records = [json.loads(line) for line in steps.read_text().splitlines()]
    return {
        "label": label, "id": method, "steps": len(records), "rate": spec["training"]["learning_rate"],
        "seconds": processor_seconds() - before, "tokens": sum(record["tokens"] for record in records),
        "memory": summary["peak_memory_bytes"], **evaluate(cli, common, evaluated, summary["checkpoint"]),
    }


def start_seconds(cli, common, shared, work):
    """What a run takes beside its steps: a second step costs as much as the first."""
    used = []
    for count in (1, 2):
        spec = spec_of(shared, "finetune", 1e-5, {}, None, {"max_steps": count})
        del spec["eval"]
        (work / "spec.json").write_text(json.dumps(spec))
        before = processor_seconds()
        call(cli, "run", work / "spec.json", "--db", work / "runs.sqlite", *common)
        used.append(processor_seconds() - before)
    return max(0.0, 2 * used[0] - used[1])


def table(base, start, rows):
    def cost(row):
        return (row["seconds"] - start) / row["tokens"]
    def numbers(row):
        return " | ".join(f"{row[key]:.3f}" for key in ("forget_prob", "forget_rouge", "retain_prob", "retain_rouge"))
    baseline = next((cost(row) for row in rows if row["id"] == "finetune"), None)
    lines = ["| method | forget prob. | forget ROUGE-L | retain prob. | retain ROUGE-L | rate | steps | tokens a step | time, s | time a token | peak memory, MiB |",
             "|---|---|---|---|---|---|---|---|---|---|---|", f"| *before* | {numbers(base)} | | | | | | |"]
    for row in rows:
        relative = f"{cost(row) / baseline:.2f}" if baseline else ""
        lines.append(f"| {row['label']} | {numbers(row)} | {row['rate']:.0e} | {row['steps']} | {row['tokens'] / row['steps']:.0f} | "
                     f"{row['seconds']:.1f} | {relative} | {row['memory'] / 2**20:.0f} |")
    return "\n".join(lines)


def parser_of(description):
    """What every script that fills a table of RESULTS.md is told."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cli")
    parser.add_argument("shared", type=pathlib.Path)
    parser.add_argument("--plugins")
    parser.add_argument("--only", default="")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).with_name("RESULTS.md"))
    return parser


def begun(description):
    """Options of a script that keeps its runs, what every call of lethe-cli is told, and the runs that are there."""
    parser = parser_of(description)
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    runs = read_rows(options.keep, 10**6) if options.keep and options.keep.exists() else []
    return options, ["--plugins", options.plugins] if options.plugins else [], runs


def write_table(file, name, made):
    """Between the marks of that name; what else the page says stays."""
    opening, closing = f"<!-- {name} -->", f"<!-- /{name} -->"
    text = file.read_text(encoding="utf-8") if file.exists() else f"{opening}\n{closing}\n"
    begin, end = text.index(opening) + len(opening), text.index(closing)
    file.write_text(text[:begin] + "\n" + made + "\n" + text[end:], encoding="utf-8")


def main():
    options = parser_of(__doc__).parse_args()
    common = ["--plugins", options.plugins] if options.plugins else []
    wanted = [entry for entry in METHODS if not options.only or entry[0] in options.only.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        prepare(options.shared, work)
        (work / "eval.json").write_text(json.dumps(spec_of(options.shared, "finetune", 1e-5, {}, None, {})))
        base = evaluate(options.cli, common, work / "eval.json", options.shared / "models/tiny-tofu-full")
        start = start_seconds(options.cli, common, options.shared, work)
        rows = []
        for entry in wanted:
            rows.append(run_method(options.cli, common, options.shared, work, entry))
            print(json.dumps(rows[-1]), flush=True)
        made = table(base, start, rows)
    write_table(options.out, "table", made)


if __name__ == "__main__":
    main()
