#!/usr/bin/env python3
"""Makes the small golden cases under model/src/test/resources/golden.

    python make_golden.py REFERENCE OUTPUT

REFERENCE is a checkout of github.com/AMD-AIG-AIMA/Instella: its hf_instella/modeling_instella.py
computes everything. Needs torch, numpy, safetensors and transformers 4.x (made with 4.57.6).

Weights are random and scaled up, so that norms, rotary positions and SwiGLU all matter. All is
computed in float64, except what the reference itself casts to float32 (norms, rotary tables), and
stored as float32. Loss: mean next-token cross entropy; gradients are those of that mean.
"""

import json
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file

CASES = {
    # layers, hidden, heads, key/value heads, feed-forward, vocabulary, rope base, tied head
    "full": dict(layers=2, hidden=12, heads=3, kv=3, ffn=16, vocab=24, base=10000.0, tied=False),
    "grouped": dict(layers=2, hidden=16, heads=4, kv=2, ffn=12, vocab=24, base=500000.0, tied=False),
    "tied": dict(layers=1, hidden=8, heads=2, kv=1, ffn=12, vocab=24, base=10000.0, tied=True),
}
BATCH, SEQUENCE, PROMPT, NEW = 2, 20, 16, 24


def reference(path):
    # 4.57 insists on a "Returns:" section that one docstring of the reference lacks.
    transformers.utils.replace_return_docstrings = lambda *a, **k: lambda function: function
    sys.path.insert(0, str(path))
    from hf_instella.configuration_instella import InstellaConfig
    from hf_instella.modeling_instella import InstellaForCausalLM

    return InstellaConfig, InstellaForCausalLM


def make(name, shape, folder, config_class, model_class, seed):
    torch.manual_seed(seed)
    config = config_class(
        vocab_size=shape["vocab"],
        hidden_size=shape["hidden"],
        intermediate_size=shape["ffn"],
        num_hidden_layers=shape["layers"],
        num_attention_heads=shape["heads"],
        num_key_value_heads=shape["kv"],
        max_position_embeddings=64,
        rope_theta=shape["base"],
        tie_word_embeddings=shape["tied"],
        attn_implementation="eager",
    )
    model = model_class(config)
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if parameter.dim() == 1:
                parameter.copy_(1 + 0.2 * torch.randn_like(parameter))
            elif "embed" not in key:
                parameter.copy_(torch.randn_like(parameter) * parameter.shape[1] ** -0.5)
            else:
                parameter.copy_(0.3 * torch.randn_like(parameter))
    model.float()
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    model.double()

    ids = torch.randint(2, shape["vocab"], (BATCH, SEQUENCE))
    logits = model(ids, use_cache=False).logits
    loss = torch.nn.functional.cross_entropy(
        logits[:, :-1].reshape(-1, shape["vocab"]), ids[:, 1:].reshape(-1)
    )
    loss.backward()
    gradients = {key: p.grad.float().contiguous() for key, p in model.named_parameters()}
    save_file(gradients, folder / "gradients.safetensors")
    save_file(
        {
            "input_ids": ids.int(),
            "positions": torch.arange(SEQUENCE, dtype=torch.int32),
            "logits": logits.detach().float().contiguous(),
        },
        folder / "forward.safetensors",
    )
    sequence = ids[:1, :PROMPT]
    with torch.no_grad():
        for _ in range(NEW):
            following = model(sequence, use_cache=False).logits[:, -1].argmax(-1, keepdim=True)
            sequence = torch.cat([sequence, following], 1)
    return {"loss": loss.item(), "greedy_prompt_first_16_then": sequence[0, PROMPT:].tolist()}


def main():
    config_class, model_class = reference(Path(sys.argv[1]))
    output = Path(sys.argv[2])
    cases = {
        name: make(name, shape, output / name, config_class, model_class, seed)
        for seed, (name, shape) in enumerate(CASES.items())
    }
    made_with = {
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "model": "AMD-AIG-AIMA/Instella hf_instella, eager attention, float64",
    }
    text = json.dumps({"made_with": made_with, "cases": cases}, indent=1)
    (output / "expected.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
