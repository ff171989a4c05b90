#!/usr/bin/env python3
"""Merges random small models with bin/instella and with mergekit itself, method by method; prints a Markdown table.

    PYTHONPATH=MERGEKIT_CHECKOUT python3 benchmarks/peers/merge_mergekit.py [bin/instella]

Needs mergekit (a checkout of github.com/arcee-ai/mergekit with its requirements), numpy, torch, safetensors, pyyaml.
mergekit computes in float64 here (slerp: float32, it has no other). Methods that drop elements at random
get our dice in place of torch.bernoulli, so both drop the same elements, and neither rescales: mergekit rescales to
the old norm, we by the papers' 1 / density.
"""
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch
import yaml
from pydantic_core import core_schema
from safetensors.numpy import load_file, save_file

torch.Tensor.__get_pydantic_core_schema__ = classmethod(lambda cls, source, handler: core_schema.any_schema())
from mergekit.graph import Executor  # noqa: E402
from mergekit.merge_methods.generalized_task_arithmetic import GTATask  # noqa: E402
from mergekit.merge_methods.multislerp import multislerp  # noqa: E402
from mergekit.merge_methods.nearswap import nearswap_merge  # noqa: E402
from mergekit.options import MergeOptions  # noqa: E402
from mergekit.scripts import merge_raw_pytorch  # noqa: E402
from mergekit.scripts.merge_raw_pytorch import RawPyTorchMergeConfig, plan_flat_merge  # noqa: E402

merge_raw_pytorch.dtype_from_name = lambda name: torch.float64

# A parameter that no model sets is an empty list there, which its evaluation does not expect.
evaluate_setting = merge_raw_pytorch.evaluate_setting
merge_raw_pytorch.evaluate_setting = lambda tensor, setting, t=0: (
    None if isinstance(setting, list) and not setting else evaluate_setting(tensor, setting, t)
)

SEED, MASK, GAMMA = 42, (1 << 64) - 1, 0x9E3779B97F4A7C15
SHAPES = {
    "model.embed_tokens.weight": (60, 32),
    "model.layers.0.self_attn.q_proj.weight": (32, 32),
    "model.layers.0.mlp.up_proj.weight": (96, 32),
    "model.norm.weight": (33,),
}
W = [0.5, 0.3, 0.2]
LIST = "[0.5, 0.3, 0.2]"
# name, ours, mergekit's method, its parameters, models, whether there is a base
METHODS = [
    ("mean", "mean", "linear", {"weight": 1.0}, 3, False),
    ("linear", f"linear, weights = {LIST}", "linear", {"weight": W, "normalize": False}, 3, False),
    ("slerp, t = 0.3", "slerp, t = 0.3", "slerp", {"t": 0.3}, 2, False),
    ("multi-slerp", f"multi-slerp, weights = {LIST}", "multislerp", {"weight": W}, 3, False),
    ("multi-slerp from base", f"multi-slerp, weights = {LIST}", "multislerp", {"weight": W}, 3, True),
    ("nearswap", "nearswap, t = 0.01", "nearswap", {"t": 0.01}, 2, False),
    ("task-arithmetic", f"task-arithmetic, weights = {LIST}, lambda = 1.2", "task_arithmetic",
     {"weight": W, "lambda": 1.2}, 3, True),
    ("ties", f"ties, weights = {LIST}, density = 0.4", "ties", {"weight": W, "density": 0.4}, 3, True),
    ("breadcrumbs", f"breadcrumbs, weights = {LIST}, density = 0.6, gamma = 0.1", "breadcrumbs",
     {"weight": W, "density": 0.6, "gamma": 0.1, "rescale": False}, 3, True),
    ("breadcrumbs-ties", f"breadcrumbs-ties, weights = {LIST}, density = 0.6, gamma = 0.1", "breadcrumbs_ties",
     {"weight": W, "density": 0.6, "gamma": 0.1, "rescale": False}, 3, True),
    ("model-stock", "model-stock", "model_stock", {}, 3, True),
    ("dare-linear, same mask", f"dare-linear, weights = {LIST}, density = 0.4", "dare_linear",
     {"weight": W, "density": 0.4, "rescale": False}, 3, True),
    ("dare-ties, same mask", f"dare-ties, weights = {LIST}, density = 0.4", "dare_ties",
     {"weight": W, "density": 0.4, "rescale": False}, 3, True),
    ("della, same mask", f"della, weights = {LIST}, density = 0.4", "della",
     {"weight": W, "density": 0.4, "epsilon": 0.15, "rescale": False}, 3, True),
    ("della-linear, same mask", f"della-linear, weights = {LIST}, density = 0.4", "della_linear",
     {"weight": W, "density": 0.4, "epsilon": 0.15, "rescale": False}, 3, True),
]


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def dice(name, model, count):
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = ((h ^ byte) * 0x100000001B3) & MASK
    key = mix((mix(mix((SEED + GAMMA) & MASK) ^ h) + (model + 1) * GAMMA) & MASK)
    return np.array([(mix((key + (i + 1) * GAMMA) & MASK) >> 11) * 2.0**-53 for i in range(count)])


class Dice:
    """Stands in for torch.bernoulli: asked once per model, in their order, for each tensor."""

    def __init__(self):
        self.tensor, self.model = "", 0
        execute = GTATask.execute

        def with_name(task, tensors, **more):
            self.tensor, self.model = task.weight_info.name, 0
            return execute(task, tensors, **more)

        GTATask.execute = with_name
        torch.bernoulli = self.draw

    def draw(self, chances):
        rolls = dice(self.tensor, self.model, chances.numel())
        self.model += 1
        return (torch.from_numpy(rolls).reshape(chances.shape) < chances.double()).to(chances.dtype)


def models(root):
    random = np.random.default_rng(7)
    base = {name: random.normal(0, 0.05, shape).astype(np.float32) for name, shape in SHAPES.items()}
    folders = []
    for i, name in enumerate(["base", "a", "b", "c"]):
        tensors = {k: (v + (i > 0) * random.normal(0, 0.02, v.shape)).astype(np.float32) for k, v in base.items()}
        folders.append(os.path.join(root, name))
        os.makedirs(folders[-1])
        save_file(tensors, os.path.join(folders[-1], "model.safetensors"), {"format": "pt"})
        with open(os.path.join(folders[-1], "config.json"), "w") as f:
            f.write('{"model_type": "instella", "hidden_size": 32}')
    return folders


def by_function(method, parameters, folders, base):
    """The two methods that mergekit defines as one function each."""
    tensors = [{k: torch.from_numpy(v).double() for k, v in load_file(os.path.join(f, "model.safetensors")).items()}
               for f in folders + ([base] if base else [])]
    start = tensors.pop() if base else None
    merged = {}
    for name in SHAPES:
        values = [t[name] for t in tensors]
        if method == "nearswap":
            merged[name] = nearswap_merge(values[1:], values[0], parameters["t"])
        else:
            merged[name] = multislerp(values, parameters["weight"], start[name] if base else None)
    return {name: value.numpy() for name, value in merged.items()}


def by_mergekit(root, method, parameters, folders, base):
    if method in ("multislerp", "nearswap"):
        return by_function(method, parameters, folders, base)
    files = [os.path.join(f, "model.safetensors") for f in folders]
    each, common = {}, {}
    for key, value in parameters.items():
        (each if key in ("weight", "density", "gamma", "epsilon") else common)[key] = value
    config = {
        "merge_method": method, "dtype": "float32", "parameters": common,
        "models": [{"model": file, "parameters": {
            k: (v[i] if isinstance(v, list) else v) for k, v in each.items()}} for i, file in enumerate(files)],
    }
    if base:
        config["base_model"] = os.path.join(base, "model.safetensors")
    elif method == "slerp":
        config["base_model"] = files[0]
    out = os.path.join(root, "theirs")
    plan = plan_flat_merge(RawPyTorchMergeConfig.model_validate(yaml.safe_load(yaml.dump(config))), out, False, False,
                           MergeOptions())
    Executor(plan, math_device="cpu", storage_device="cpu").execute(desc=method)
    merged = {}
    for file in os.listdir(out):
        if file.endswith(".safetensors"):
            merged.update(load_file(os.path.join(out, file)))
    subprocess.run(["rm", "-r", out], check=True)
    return merged


def by_instella(root, launcher, recipe, folders, base):
    out, conf = os.path.join(root, "ours"), os.path.join(root, "merge.conf")
    if recipe.split(",")[0] in ("dare-linear", "dare-ties", "della", "della-linear"):
        recipe += f", rescale = false, seed = {SEED}"
    with open(conf, "w") as f:
        f.write("merge { models = [%s], method = %s, output-type = f32\n%s }\n" % (
            ", ".join(f'"{x}"' for x in folders), recipe, f'base = "{base}"' if base else ""))
    subprocess.run([launcher, "merge", "--conf", conf, "--output", out], check=True, stderr=subprocess.DEVNULL)
    merged = load_file(os.path.join(out, "model.safetensors"))
    subprocess.run(["rm", "-r", out], check=True)
    return merged


def main():
    launcher = sys.argv[1] if len(sys.argv) > 1 else "bin/instella"
    Dice()
    print("| Method | Largest difference | Largest weight |")
    print("|---|---|---|")
    with tempfile.TemporaryDirectory() as root:
        folders = models(root)
        for name, recipe, method, parameters, count, from_base in METHODS:
            base = folders[0] if from_base else None
            theirs = by_mergekit(root, method, parameters, folders[1:1 + count], base)
            ours = by_instella(root, launcher, recipe, folders[1:1 + count], base)
            assert ours.keys() == theirs.keys() == SHAPES.keys(), (ours.keys(), theirs.keys())
            difference = max(np.abs(ours[k].astype(np.float64) - theirs[k]).max() for k in SHAPES)
            print(f"| {name} | {difference:.1e} | {max(np.abs(theirs[k]).max() for k in SHAPES):.2f} |", flush=True)


if __name__ == "__main__":
    main()
