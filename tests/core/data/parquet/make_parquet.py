#!/usr/bin/env python3
"""Makes the Parquet files beside it, with pyarrow: what tst_parquet reads. make_parquet.py [FOLDER]"""
import datetime
import pathlib
import sys

import pyarrow as pa
import pyarrow.parquet as pq

folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
folder = folder if folder.is_dir() else folder.parent

# every kind of column that data sets use, an empty and a missing value in each
table = pa.table({
    "question": pa.array(["Wer wohnt in Gänserndorf?", "", "What is 2 < 3?"]),
    "answer": pa.array(["A \"baker\".\n", "nobody", "true"]).dictionary_encode(),
    "perturbed_answer": pa.array([["a cook", "a smith"], [], None], pa.list_(pa.string())),
    "author": pa.array([{"name": "Ada", "born": 1970}, None, {"name": "Bo", "born": None}]),
    "score": pa.array([0.1, None, -3.0], pa.float64()),
    "count": pa.array([9007199254740993, None, -1], pa.int64()),
    "kept": pa.array([True, False, None]),
    "day": pa.array([datetime.date(2024, 2, 29), None, datetime.date(1970, 1, 1)]),
    "nothing": pa.nulls(3),
})
for codec in ("none", "snappy", "gzip", "zstd", "lz4", "brotli"):
    pq.write_table(table, folder / f"columns-{codec}.parquet", compression=codec, write_statistics=False)

# several row groups, more rows than are decoded at once
many = pa.table({"question": [f"question {i}" for i in range(5000)], "answer": [f"answer {i % 7}" for i in range(5000)]})
pq.write_table(many, folder / "many.parquet", row_group_size=1500, compression="zstd", write_statistics=False)

pq.write_table(pa.table({"question": ["a", "b"], "answer": pa.array([b"fine", b"\xff\xfe"], pa.binary())}), folder / "bytes.parquet")
