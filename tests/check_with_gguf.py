"""Holds a GGUF export against the Hugging Face export of the same run: python check_with_gguf.py HF_FOLDER GGUF_FILE.

Wants gguf, safetensors, torch and numpy. Every tensor is read back and compared: to the bit, or for q8_0 within half a step of its block.
"""
import json, re, sys
from pathlib import Path

import numpy as np
import torch
from gguf import GGUFReader, dequantize
from safetensors import safe_open

NAMES = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
         "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
         "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm"}


def gguf_name(name):
    whole = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight", "lm_head.weight": "output.weight"}
    if name in whole:
        return whole[name]
    layer, role, part = re.fullmatch(r"model\.layers\.(\d+)\.(.+)\.(weight|bias)", name).groups()
    return f"blk.{layer}.{NAMES[role]}.{part}"


def turned(values, heads):
    return values.reshape(heads, 2, values.shape[0] // heads // 2, *values.shape[1:]).swapaxes(1, 2).reshape(values.shape)


def main():
    folder, reader = Path(sys.argv[1]), GGUFReader(sys.argv[2])
    config = json.loads((folder / "config.json").read_text())
    theirs = {tensor.name: tensor for tensor in reader.tensors}
    architecture = reader.fields["general.architecture"].contents()
    worst, exact, seen = 0.0, 0, set()
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, framework="pt") as weights:
            for name in weights.keys():
                stored = weights.get_tensor(name)
                ours = stored.float().numpy()
                if architecture == "llama" and re.search(r"self_attn\.[qk]_proj", name):
                    heads = config["num_attention_heads"] if "q_proj" in name else config.get("num_key_value_heads", config["num_attention_heads"])
                    ours = turned(ours, heads)
                tensor = theirs[gguf_name(name)]
                seen.add(tensor.name)
                values = dequantize(tensor.data, tensor.tensor_type).astype(np.float32).reshape(ours.shape)
                if tensor.tensor_type.name == "Q8_0":
                    blocks = np.abs(ours.reshape(-1, 32)).max(axis=1, keepdims=True) / 127
                    off = np.abs((values - ours).reshape(-1, 32))
                    assert (off <= blocks * 0.58 + 1e-12).all(), name
                    worst = max(worst, float((off / np.maximum(blocks, 1e-30)).max()))
                else:
                    values = torch.from_numpy(values.copy()).to(stored.dtype).float().numpy()  # vectors stay f32 in the file
                    assert np.array_equal(values, ours), (name, tensor.tensor_type.name, float(np.abs(values - ours).max()))
                    exact += 1
    rest = set(theirs) - seen
    assert rest <= {"rope_freqs.weight"}, rest
    print(f"{len(theirs)} tensors of {architecture}: {exact} to the bit" + (f", others within {worst:.3f} of a step" if worst else ""))


main()
