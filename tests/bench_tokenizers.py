"""Tokenizer MB/s beside Hugging Face's tokenizers, one thread each, in turn: python bench_tokenizers.py BENCH_ENCODE TEXT FOLDER…

BENCH_ENCODE is the program of that name (target bench_encode), TEXT a file of some MB. Prints the medians of 5 rounds, and the number of tokens.
"""
import os, statistics, subprocess, sys, time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
from tokenizers import Tokenizer

ROUNDS = 5


def main():
    program, text = sys.argv[1:3]
    lines = open(text, encoding="utf-8", newline="\n").read().split("\n")
    if lines and not lines[-1]:
        lines.pop()
    size = sum(len(line.encode()) for line in lines) / 1e6
    for folder in sys.argv[3:]:
        tokenizer = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
        ours, theirs, apart = [], [], []
        for _ in range(ROUNDS):
            speed, tokens = subprocess.run([program, folder, text, "1"], capture_output=True, text=True, check=True).stdout.split()
            ours.append(float(speed))
            start = time.perf_counter()
            count = sum(len(tokenizer.encode(line).ids) for line in lines)
            theirs.append(size / (time.perf_counter() - start))
            apart.append(count - int(tokens))
        a, b = statistics.median(ours), statistics.median(theirs)
        print(f"{os.path.basename(folder):18} Lethe {a:7.2f} MB/s  tokenizers {b:7.2f} MB/s  {a / b:5.2f} x  {count} tokens, {max(map(abs, apart))} apart", flush=True)


main()
