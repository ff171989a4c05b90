#!/usr/bin/env python3
"""Two ranks: ours with executors of its own against torch DistributedDataParallel over gloo, in turn.

    python benchmarks/two_ranks.py [--shapes 10m,100m] [--rounds 3] [--steps 8] [--threads 1]

Both: two processes, one micro-batch each, gradients summed between them, clipping by the global norm,
AdamW. Ours is `bin/instella train` with train.ranks = 2; its step is the one in metrics.jsonl.
Reported: median and least step, DDP / ours (above 1 where ours is faster), and the part that ours spends in
collectives. The machine needs two free cores. About 4 minutes for 10m, 12 for 100m.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

import common
from common import say

BATCH = {"10m": (4, 512), "100m": (1, 512)}
WARM = 3


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shapes", default="10m,100m")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    common.class_path()
    say(f"{common.machine()}; two ranks, float32, {options.threads} thread(s) each\n")
    say("| Shape | What | Step s, median | least | in collectives | DDP / ours: median | least |")
    say("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        data = common.tokens(folder)
        for name in options.shapes.split(","):
            shape = common.SHAPES[name]
            batch, sequence = BATCH[name]
            steps = options.steps + WARM
            recipe = common.train_recipe(
                folder, data, shape, batch, sequence, steps, options.threads, ranks=2
            )
            ours, theirs, inside = [], [], []
            for round_ in range(options.rounds):
                output = Path(folder) / "run"
                common.instella("train", "--conf", recipe, "--output", output)
                lines = common.metrics(output)[WARM:]
                ours += [line["step_seconds"] for line in lines]
                inside += [line["communication_seconds"] / line["step_seconds"] for line in lines]
                shutil.rmtree(output)
                run = f"{batch},{sequence},{steps},{options.threads}"
                text = common.peer(
                    "eager", shape, run, "--clip", "--ranks", "2", "--port", str(29511 + round_)
                )
                theirs += [row[0] for row in common.rows(text)][WARM:]
            middle, least = common.middle, min
            say(
                f"| {name} | ours | {middle(ours):.3f} | {least(ours):.3f} |"
                f" {100 * middle(inside):.0f} % | | |"
            )
            say(
                f"| {name} | DDP, gloo | {middle(theirs):.3f} | {least(theirs):.3f} | |"
                f" {middle(theirs) / middle(ours):.2f} | {least(theirs) / least(ours):.2f} |"
            )


if __name__ == "__main__":
    main()
