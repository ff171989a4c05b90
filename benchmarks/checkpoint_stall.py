#!/usr/bin/env python3
"""How long a checkpoint in the background halts training, against one copy of the state in memory.

    python benchmarks/checkpoint_stall.py [--shape 100m] [--steps 76]

The state is weights and both moments in float32 (100m: 1.2 GB, and as much again for the copy). A
Trainer saves every 25 steps, by when the checkpoint before is written; the halt is `checkpoint_seconds` of metrics.jsonl. The copy is measured in the
same way and process: two buffers of that length, touched before. The first checkpoint also makes its
buffers; it is reported by itself. Mark: 1.2. About 3 minutes for 100m.
"""

import argparse
import tempfile
from pathlib import Path

import common
from common import say

BATCH, SEQUENCE, EVERY = 1, 64, 25


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", default="100m")
    parser.add_argument("--steps", type=int, default=76)
    options = parser.parse_args()
    path = common.class_path()
    shape = common.SHAPES[options.shape]
    with tempfile.TemporaryDirectory() as folder:
        data = common.tokens(folder)
        recipe = common.train_recipe(folder, data, shape, BATCH, SEQUENCE, options.steps, 1)
        recipe.write_text(recipe.read_text().replace("1000000 steps", f"{EVERY} steps, keep = 1"))
        output = Path(folder) / "run"
        text = common.java(path, "BareTrainer", recipe, output, common.parameters(shape))
        lines = common.metrics(output)
    copies = [row[0] for row in common.rows(text)]
    copy = common.middle(copies)
    # The state is taken after the step that is a multiple of EVERY, so the next one shows the halt.
    halts = [line["checkpoint_seconds"] for line in lines if line["step"] % EVERY == 1][1:]
    halts = halts or [max(line["checkpoint_seconds"] for line in lines)]
    say(f"{common.machine()}; {options.shape}\n")
    say("| What | Seconds |")
    say("|---|---|")
    say(f"| one copy of the state, median of {len(copies)} | {copy:.3f} |")
    say(f"| halt of the first checkpoint | {halts[0]:.3f} |")
    say(f"| halt of the others, median of {len(halts) - 1} | {common.middle(halts[1:] or halts):.3f} |")
    say(f"\nhalt / copy: {common.middle(halts[1:] or halts) / copy:.2f} (mark 1.2)")


if __name__ == "__main__":
    main()
