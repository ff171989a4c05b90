#!/usr/bin/env python3
"""What Spark, the JVM and the trainer cost on top of the program: the same step in three ways, in turn.

    python benchmarks/overhead.py [--shape 10m] [--rounds 5] [--steps 12] [--threads 1]

program: forward, backward and update alone (benchmarks/java/StepTime.java). trainer: a Trainer in one
process without Spark (benchmarks/java/BareTrainer.java), which also reads data, clips, exchanges and
logs. spark: `bin/instella train` with one rank. Reported are the median and the least step; the mark
is spark / trainer <= 1.03 (Spark + JVM) and the wait for data, which should be nothing. About 6 minutes.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

import common
from common import say

BATCH, SEQUENCE, WARM = 4, 512, 3


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", default="10m")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    path = common.class_path()
    shape = common.SHAPES[options.shape]
    steps = options.steps + WARM
    with tempfile.TemporaryDirectory() as folder:
        data = common.tokens(folder)
        recipe = common.train_recipe(
            folder, data, shape, BATCH, SEQUENCE, steps, options.threads
        )
        times = {"program": [], "trainer": [], "spark": []}
        waits = []
        for _ in range(options.rounds):
            run = f"{BATCH},{SEQUENCE},{steps},{options.threads}"
            times["program"] += [
                row[0] for row in common.rows(common.java(path, "StepTime", shape, run, "float32"))
            ][WARM:]
            for way in ("trainer", "spark"):
                output = Path(folder) / way
                if way == "trainer":
                    common.java(path, "BareTrainer", recipe, output)
                else:
                    common.instella("train", "--conf", recipe, "--output", output)
                lines = common.metrics(output)[WARM:]
                times[way] += [line["step_seconds"] for line in lines]
                waits += [line["data_seconds"] / line["step_seconds"] for line in lines]
                shutil.rmtree(output)
    say(f"{common.machine()}; {options.shape}, float32, {options.threads} thread(s)\n")
    say("| What | Step s, median | least | to the program: median | least |")
    say("|---|---|---|---|---|")
    for name, values in times.items():
        say(
            f"| {name} | {common.middle(values):.4f} | {min(values):.4f} |"
            f" {common.middle(values) / common.middle(times['program']):.3f} |"
            f" {min(values) / min(times['program']):.3f} |"
        )
    say(
        f"\nspark / trainer: median {common.middle(times['spark']) / common.middle(times['trainer']):.3f},"
        f" least {min(times['spark']) / min(times['trainer']):.3f} (mark 1.03)"
    )
    say(f"waiting for data: median {100 * common.middle(waits):.3f} % of a step, most {100 * max(waits):.2f} %")


if __name__ == "__main__":
    main()
