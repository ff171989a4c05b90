#!/usr/bin/env python3
"""Time of a training step: ours and Python PyTorch in turn, same shape, batch and threads.

    python benchmarks/step_time.py [--shapes 10m,100m] [--types float32,bfloat16] [--threads 1]
        [--batch 4] [--rounds 3] [--steps 8] [--no-compile] [--same-allocator]

A step is forward, backward and a fused AdamW update of one batch, 4 x 512 tokens if --batch does not say else.
Ours runs bare (benchmarks/java/StepTime.java); PyTorch eager and compiled with autocast for bfloat16
(benchmarks/peers/instella_torch.py). Each round starts every one of them anew, in turn; the first
steps of a process do not count. Reported: median and least wall time, median processor time (which a
busy machine disturbs less), PyTorch / ours (above 1 where ours is faster), and ours against the
measured limit of products of matrices on this machine. About 4 minutes for 10m and float32 with three
rounds; an hour for all. --same-allocator gives PyTorch the settings of the memory allocator that bin/instella uses.
"""

import argparse

import common
from common import say

SEQUENCE = 512
WARM = 3


def measure(path, options, shape_name, kind):
    shape = common.SHAPES[shape_name]
    batch, sequence = options.batch, SEQUENCE
    run = f"{batch},{sequence},{options.steps + WARM},{options.threads}"
    half = ["--bfloat16"] if kind == "bfloat16" else []
    environment = common.ALLOCATOR if options.same_allocator else {}
    modes = ["eager"] + ([] if options.no_compile else ["compile"])
    times = {name: [] for name in ["ours", *modes]}
    for _ in range(options.rounds):
        times["ours"] += common.rows(common.java(path, "StepTime", shape, run, kind))[WARM:]
        for mode in modes:
            text = common.peer(mode, shape, run, *half, **environment)
            times[mode] += common.rows(text)[WARM:]
    # The best type for products is the limit: ours multiplies in float32 where bfloat16 is emulated.
    limit = max(
        common.rows(common.peer("matmul", shape, run, *flags))[0][0] for flags in ([], half)
    )
    floor = common.operations(shape, batch, sequence) / limit
    ours = times["ours"]
    for name, steps in times.items():
        wall, cpu = [step[0] for step in steps], [step[1] for step in steps]
        ratios = [
            common.middle([step[i] for step in steps]) / common.middle([step[i] for step in ours])
            for i in (0, 1)
        ]
        least = min(wall) / min(step[0] for step in ours)
        say(
            f"| {shape_name} | {kind} | {name} | {common.middle(wall):.3f} | {min(wall):.3f} |"
            f" {common.middle(cpu):.3f} | {ratios[0]:.2f} | {least:.2f} | {ratios[1]:.2f} |"
            f" {100 * floor / min(wall):.0f} % |"
        )
    return floor


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shapes", default="10m,100m")
    parser.add_argument("--types", default="float32,bfloat16")
    parser.add_argument("--batch", type=int, default=4, help="sequences of 512 tokens in a step")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--no-compile", action="store_true")
    parser.add_argument("--same-allocator", action="store_true")
    options = parser.parse_args()
    path = common.class_path()
    say(
        f"{common.machine()}; {options.batch} x {SEQUENCE} tokens, {options.threads} thread(s),"
        f" {options.rounds} rounds of {options.steps} steps\n"
    )
    say(
        "| Shape | Type | What | Wall s, median | least | Processor s, median | Ratio to ours: wall |"
        " least | processor | Share of the matmul limit |"
    )
    say("|---|---|---|---|---|---|---|---|---|---|")
    for shape in options.shapes.split(","):
        for kind in options.types.split(","):
            measure(path, options, shape, kind)


if __name__ == "__main__":
    main()
