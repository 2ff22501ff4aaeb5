#!/usr/bin/env python3
"""Makes Eraser's three sets of your own files, with lethe-cli.

    python3 prepare.py --forget secrets.jsonl --entities questions.txt --model MODEL --out DIR
                       [--refusals FILE] [--cli lethe-cli] [--fields question,answer] [--suffix "\\nAnswer:"]

Eraser takes answers away up to a threshold while two distillation terms hold the rest, so it needs, beside what is to be forgotten,
what the model itself says: to questions about the same things (comprehension), and when it refuses. DIR gets

    forget.jsonl   question, answer (from --forget), refusal (the model's own where it refuses, else one of --refusals)
    retain.jsonl   question, answer (the model's own answers to --entities; those that refuse are left out)
    eraser.json    a spec over the two

--forget: JSON Lines with a question and an answer. --entities: one question a line, about the same things and harmless.
--refusals: one a line; by default those that ship with Lethe, if refusals.txt lies where this file expects it.
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

# Beginnings by which an answer is taken for a refusal.
SIGNS = ["i don't know", "i do not know", "i can't", "i cannot", "i'm sorry", "i am sorry", "i'm afraid", "i have no", "i'm not able", "i am not able",
         "i'm unable", "i am unable", "sorry", "i couldn't", "i have never", "i lack", "i would only be guessing"]


def refuses(text):
    start = text.strip().lower()
    return any(start.startswith(sign) for sign in SIGNS)


def lines_of(file):
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def ask(cli, model, questions, prefix, suffix, tokens):
    """The model's own greedy answers."""
    with tempfile.TemporaryDirectory() as folder:
        prompts = pathlib.Path(folder) / "prompts.json"
        prompts.write_text(json.dumps([prefix + question + suffix for question in questions]), encoding="utf-8")
        done = subprocess.run([*cli, "generate", str(model), "--prompts-file", str(prompts), "--max-new-tokens", str(tokens)],
                              capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"the model did not answer: {done.stderr.strip()}")
    return [made["text"].strip() for made in json.loads(done.stdout)["generations"]]


def write(file, rows):
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--forget", type=pathlib.Path, required=True)
    parser.add_argument("--entities", type=pathlib.Path, required=True)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--refusals", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent / "refusals.txt")
    parser.add_argument("--cli", default="lethe-cli", help="the command, with its own options")
    parser.add_argument("--fields", default="question,answer")
    parser.add_argument("--prefix", default="Question: ")
    parser.add_argument("--suffix", default="\nAnswer:")
    parser.add_argument("--max-new-tokens", type=int, default=64)
    options = parser.parse_args()
    cli = options.cli.split()
    prompt, answer = options.fields.split(",")
    secret = [json.loads(line) for line in options.forget.read_text(encoding="utf-8").splitlines() if line.strip()]
    entities = lines_of(options.entities)
    refusals = lines_of(options.refusals)
    if not secret or not entities or not refusals:
        sys.exit("one of the files holds nothing")

    def answers(questions):
        return ask(cli, options.model, questions, options.prefix, options.suffix, options.max_new_tokens)

    draw = random.Random(0)
    own = answers([row[prompt] for row in secret])
    forget = [{"question": row[prompt], "answer": row[answer], "refusal": said if refuses(said) else draw.choice(refusals)}
              for row, said in zip(secret, own)]
    retain = [{"question": question, "answer": said} for question, said in zip(entities, answers(entities)) if said and not refuses(said)]
    if not retain:
        sys.exit("the model answered none of the questions of --entities")
    options.out.mkdir(parents=True, exist_ok=True)
    write(options.out / "forget.jsonl", forget)
    write(options.out / "retain.jsonl", retain)
    spec = json.loads((pathlib.Path(__file__).resolve().parent / "eraser.json").read_text(encoding="utf-8"))
    spec["name"], spec["model"] = f"Eraser on {options.model.name}", str(options.model.resolve())
    spec["data"] = {"forget": {"path": "forget.jsonl", "prompt": "question", "answer": "answer", "alternate": "refusal"},
                    "retain": {"path": "retain.jsonl", "prompt": "question", "answer": "answer"},
                    "template": {"prompt_prefix": options.prefix, "prompt_suffix": options.suffix, "answer_prefix": " "}, "max_length": 256}
    (options.out / "eraser.json").write_text(json.dumps(spec, indent=2) + "\n", encoding="utf-8")
    kept = sum(refuses(said) for said in own)
    print(f"{options.out}: {len(forget)} rows to forget ({kept} with the model's own refusal), {len(retain)} of {len(entities)} answers to keep")


if __name__ == "__main__":
    main()
