#!/usr/bin/env python3
"""Resident memory of a rank over 10,000 small steps: the slope, which should be nothing.

    python benchmarks/memory_flat.py [--steps 10000]

Runs a Trainer (benchmarks/java/BareTrainer.java) with a checkpoint every 500 steps and reads the
resident set of its process twice a second. The slope is a least-squares line over the last half, when
the compiler of the JVM and the buffers have settled. About 3 minutes on a quiet machine.
"""

import argparse
import os
import subprocess
import tempfile
import time
from pathlib import Path

import common
from common import say

SHAPE = "2,64,2,96,400"


def resident(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def last_step(output):
    try:
        with open(output / "metrics.jsonl", "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 2000))
            lines = file.read().decode().splitlines()
        return int(lines[-2].split('"step":')[1].split(",")[0]) if len(lines) > 1 else 0
    except (OSError, IndexError, ValueError):
        return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=10000)
    options = parser.parse_args()
    path = common.class_path()
    with tempfile.TemporaryDirectory() as folder:
        data = common.tokens(folder)
        recipe = common.train_recipe(folder, data, SHAPE, 2, 64, options.steps, 1)
        recipe.write_text(recipe.read_text().replace("every = 1000000 steps", "every = 500 steps"))
        output = Path(folder) / "run"
        command = common.java_command(path, "BareTrainer", recipe, output)
        process = subprocess.Popen(
            command, env={**os.environ, **common.ALLOCATOR}, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, cwd=common.ROOT,
        )
        points = []
        while process.poll() is None:
            step = last_step(output)
            if step:
                points.append((step, resident(process.pid)))
            time.sleep(0.5)
        if process.returncode:
            raise SystemExit(f"the trainer ended with {process.returncode}")
        made = common.metrics(output)[-1]["step"]
    points = [(step, size) for step, size in points if size]
    half = [point for point in points if point[0] >= options.steps / 2]
    x = sum(step for step, _ in half) / len(half)
    y = sum(size for _, size in half) / len(half)
    slope = sum((s - x) * (m - y) for s, m in half) / sum((s - x) ** 2 for s, _ in half)
    say(f"{common.machine()}; {made} steps, {len(points)} readings\n")
    say("| Step | Resident MB |")
    say("|---|---|")
    for i in range(0, 11):
        at = min(points, key=lambda point: abs(point[0] - i * options.steps / 10))
        say(f"| {at[0]} | {at[1]:.0f} |")
    say(f"\nslope over the last half: {slope * 1000:+.3f} MB per 1,000 steps")


if __name__ == "__main__":
    main()
