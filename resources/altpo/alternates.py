#!/usr/bin/env python3
"""Makes AltPO's alternates with the model itself: plausible wrong answers to the forget questions.

    python3 alternates.py --forget FILE --model MODEL --out FILE [--per-row 5] [--seed 0] [--temperature 1]
                          [--cli lethe-cli] [--fields question,answer] [--max-new-tokens 200] [--ask TEXT]

--forget and --out are JSON Lines. Each row comes out up to --per-row times, each time with another `alternate`: name that field in
data.forget.alternate. What only repeats the true answer, or an alternate that the row has already, is thrown away and asked for again
with another seed. --ask is what the model is asked, with {question} and {answer} in it.
Source: AltPO, arXiv 2409.13474 (five alternates a question, temperature 1, at most 200 tokens).
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

ASK = ("Question: {question}\nAnswer: {answer}\n\nThe same question, answered in the same form, with other facts in place of the true ones.\n"
       "Question: {question}\nAnswer:")
ROUNDS = 3  # how often a row is asked again, in units of --per-row


def words(text):
    return " ".join(text.lower().split()).strip(" .!?\"'")


def sampled(cli, options, prompts, seed):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "prompts.json"
        file.write_text(json.dumps(prompts), encoding="utf-8")
        done = subprocess.run([*cli, "generate", str(options.model), "--prompts-file", str(file), "--max-new-tokens", str(options.max_new_tokens),
                               "--temperature", str(options.temperature), "--seed", str(seed)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"the model did not answer: {done.stderr.strip()}")
    # The answer is the first line: a model that is no chat model goes on with a question of its own.
    return [made["text"].strip().split("\n")[0].strip() for made in json.loads(done.stdout)["generations"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--forget", type=pathlib.Path, required=True)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--per-row", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--cli", default="lethe-cli", help="the command, with its own options")
    parser.add_argument("--fields", default="question,answer")
    parser.add_argument("--max-new-tokens", type=int, default=200)
    parser.add_argument("--ask", default=ASK)
    options = parser.parse_args()
    question, answer = options.fields.split(",")
    rows = [json.loads(line) for line in options.forget.read_text(encoding="utf-8").splitlines() if line.strip()]
    if not rows:
        sys.exit(f"{options.forget} holds no rows")
    found = [{} for _ in rows]  # as compared: as written
    for turn in range(options.per_row * ROUNDS):
        short = [i for i, alternates in enumerate(found) if len(alternates) < options.per_row]
        if not short:
            break
        prompts = [options.ask.replace("{question}", rows[i][question]).replace("{answer}", rows[i][answer]) for i in short]
        for i, text in zip(short, sampled(options.cli.split(), options, prompts, options.seed + turn)):
            if words(text) and words(text) != words(rows[i][answer]):
                found[i].setdefault(words(text), text)
    lines = [dict(row, alternate=text) for row, alternates in zip(rows, found) for text in alternates.values()]
    options.out.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    fewer = sum(len(alternates) < options.per_row for alternates in found)
    print(f"{options.out}: {len(lines)} rows of {len(rows)} questions" + (f"; {fewer} questions have fewer than {options.per_row}" if fewer else ""))


if __name__ == "__main__":
    main()
