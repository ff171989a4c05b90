#!/usr/bin/env python3
"""Opens a model folder of ours with the reference implementation and compares logits.

    python check_with_transformers.py MODEL_DIR REFERENCE LOGITS

MODEL_DIR  a folder written by Instella, opened by from_pretrained as it is.
REFERENCE  a checkout of github.com/AMD-AIG-AIMA/Instella (hf_instella/modeling_instella.py).
LOGITS     a safetensors file with input_ids [batch, sequence] and our logits, float32.

Needs torch, numpy, safetensors and transformers 4.x. docs/proving-numerics.md has the commands.
"""

import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file

TOLERANCE = 1e-5


def main():
    model_dir, reference, logits_file = map(Path, sys.argv[1:4])
    # 4.57 insists on a "Returns:" section that one docstring of the reference lacks.
    transformers.utils.replace_return_docstrings = lambda *a, **k: lambda function: function
    sys.path.insert(0, str(reference))
    from hf_instella.modeling_instella import InstellaForCausalLM

    model, report = InstellaForCausalLM.from_pretrained(
        model_dir, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    problems = {key: value for key, value in report.items() if value}
    ours = load_file(logits_file)
    ids = ours["input_ids"].long()
    with torch.no_grad():
        single = model(ids, use_cache=False).logits
        double = model.double()(ids, use_cache=False).logits
    parameters = sum(p.numel() for p in model.parameters())
    scale = double.abs().max()
    distance = ((ours["logits"].double() - double).abs().max() / scale).item()
    own = ((single.double() - double).abs().max() / scale).item()
    same = (ours["logits"].argmax(-1) == double.argmax(-1)).float().mean().item()
    print(f"transformers {transformers.__version__}, torch {torch.__version__}")
    print(f"parameters {parameters:,}, tokens {ids.numel()}, loading problems {problems or 'none'}")
    print(f"relative distance to the reference in float64: ours {distance:.2e}, its own float32 {own:.2e}")
    print(f"same likeliest token: {same:.2%}")
    ok = not problems and distance <= TOLERANCE
    print("OK" if ok else f"DIFFERENT: allowed is {TOLERANCE}")
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
