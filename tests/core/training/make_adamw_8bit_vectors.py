#!/usr/bin/env python3
"""Writes adamw_8bit.json: what 8-bit AdamW makes of weights and gradients that tst_blockwise_adam makes up in the same way.

    python3 make_adamw_8bit_vectors.py > data/adamw_8bit.json

Steps are torchao's (0.18, `torchao.optim.AdamW8bit`, not compiled), the maps bitsandbytes' (0.50). torchao's optimizer is bitsandbytes' with every code
the nearest one; bitsandbytes' own CPU code takes the second nearest in 0.2 % of cases.
"""
import json

import bitsandbytes.functional
import numpy
import torch

torch.compile = lambda function, *_, **__: function
import torchao.optim

ROWS, COLUMNS, EVERY, STEPS = 40, 160, 53, 20
state = 7


def draw():
    """Uniform in [-0.5, 0.5), exact in f32."""
    global state
    state = (state * 1664525 + 1013904223) % 2**32
    return numpy.float32((state >> 8) / 2**24 - 0.5)


def away_from_zero(u, row):
    size = numpy.float32(0.1) + numpy.float32(abs(u))
    return numpy.copysign(size, u) * numpy.float32((1.0, 0.25, 0.0625)[row % 3])


def matrix(of):
    return torch.tensor(numpy.array([[of(row) for _ in range(COLUMNS)] for row in range(ROWS)], dtype=numpy.float32))


weight = torch.nn.Parameter(matrix(lambda row: draw()))
optimizer = torchao.optim.AdamW8bit([weight], lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)
result = {"rows": ROWS, "columns": COLUMNS, "every": EVERY, "steps": []}
for step in range(1, STEPS + 1):
    weight.grad = matrix(lambda row: away_from_zero(draw(), row))
    rate = 1e-3 * (1 - (step - 1) / STEPS)
    optimizer.param_groups[0]["lr"].fill_(rate)
    optimizer.step()
    if step in (1, 5, STEPS):
        held = optimizer.state[weight]
        decoded = [held[name].dequantize() for name in ("exp_avg", "exp_avg_sq")]
        sample = lambda tensor: [float(f"{value:.9g}") for value in tensor.detach().flatten()[::EVERY].tolist()]
        result["steps"].append({"step": step, "weight": sample(weight), "first": sample(decoded[0]), "second": sample(decoded[1])})
result["map"] = {name: bitsandbytes.functional.create_dynamic_map(signed=name == "first").tolist()[::17] for name in ("first", "second")}
print(json.dumps(result, separators=(",", ":")).replace('{"step"', '\n{"step"').replace('"map"', '\n"map"'))
