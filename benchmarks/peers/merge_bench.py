#!/usr/bin/env python3
"""Contestants of benchmarks/merge.sh: see there. Prints one Markdown table.

Wall time, CPU time and peak memory are those of a process of its own per run, start included. Peak memory is
anonymous memory (RssAnon, looked at every 20 ms): pages of the files themselves belong to the system's cache.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time

LOOP = """
import os, sys
import torch
from safetensors import safe_open
from safetensors.torch import save_file
models = [safe_open(os.path.join(m, "model.safetensors"), "pt") for m in sys.argv[2:]]
merged = {k: sum(m.get_tensor(k) for m in models) / len(models) for k in models[0].keys()}
os.makedirs(sys.argv[1])
path = os.path.join(sys.argv[1], "model.safetensors")
save_file(merged, path, {"format": "pt"})
with open(path, "rb") as f:
    os.fsync(f.fileno())
"""

COPIES = """
import os, shutil, sys
block = bytearray(1 << 22)
for m in sys.argv[3:]:
    with open(os.path.join(m, "model.safetensors"), "rb", buffering=0) as f:
        while f.readinto(block):
            pass
os.makedirs(sys.argv[1])
path = os.path.join(sys.argv[1], "model.safetensors")
shutil.copyfile(os.path.join(sys.argv[2], "model.safetensors"), path)
with open(path, "rb") as f:
    os.fsync(f.fileno())
"""

COPIED = "copies: read three, write one"
OURS = "instella, exact mean"

MODELS = """
import json, os, sys
import torch
from safetensors.torch import save_file
work, size, dtype = sys.argv[1], float(sys.argv[2]), getattr(torch, sys.argv[3])
rows, columns = 5504, 2048
count = max(1, round(size * 1e9 / (rows * columns * torch.empty(0, dtype=dtype).element_size())))
for seed in range(3):
    folder = os.path.join(work, f"model-{seed}")
    if os.path.exists(os.path.join(folder, "config.json")):
        continue
    os.makedirs(folder, exist_ok=True)
    generator = torch.Generator().manual_seed(seed)
    tensors = {
        f"model.layers.{i}.mlp.up_proj.weight":
            torch.empty(rows, columns, dtype=dtype).normal_(0, 0.02, generator=generator)
        for i in range(count)
    }
    save_file(tensors, os.path.join(folder, "model.safetensors"), {"format": "pt"})
    with open(os.path.join(folder, "config.json"), "w") as f:
        json.dump({"model_type": "instella", "hidden_size": columns}, f)
"""

COMPARE = """
import sys
from safetensors import safe_open
different = total = 0
with safe_open(sys.argv[1], "pt") as left, safe_open(sys.argv[2], "pt") as right:
    for name in left.keys():
        x, y = left.get_tensor(name), right.get_tensor(name)
        different += (x != y).sum().item()
        total += x.numel()
print(different, "of", total)
"""


def make_models(work, size, dtype):
    run([sys.executable, "-c", MODELS, work, str(size), dtype])
    return [os.path.join(work, f"model-{seed}") for seed in range(3)]


def forget(models):
    os.sync()
    for model in models:
        with open(os.path.join(model, "model.safetensors"), "rb") as f:
            os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def look(pid, peak, threads):
    """Peak anonymous memory in MB; user and system seconds of every thread that was ever seen."""
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("RssAnon:"):
                peak[0] = max(peak[0], int(line.split()[1]) / 1024)
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/stat") as stat:
                name, rest = stat.read().rsplit(")", 1)
                fields = rest.split()
                tick = os.sysconf("SC_CLK_TCK")
                threads[task] = (name.split("(", 1)[1], int(fields[11]) / tick, int(fields[12]) / tick)
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile; what was seen last stays


def watch(pid, peak, threads, ended):
    while not ended.wait(0.02):
        try:
            look(pid, peak, threads)
        except (FileNotFoundError, ProcessLookupError):
            return


def run(command):
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    peak, threads, ended = [0.0], {}, threading.Event()
    watcher = threading.Thread(target=watch, args=(process.pid, peak, threads, ended))
    watcher.start()
    process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    ended.set()
    watcher.join()
    if status != 0:
        raise SystemExit(f"failed: {command[:3]}")
    return wall, usage.ru_utime + usage.ru_stime, peak[0], threads


def profile(threads):
    """CPU seconds by kind of thread, as 'name user + system'."""
    kinds = {}
    for name, user, system in threads.values():
        kind = name.rstrip("0123456789#-_ ")
        before = kinds.get(kind, (0, 0))
        kinds[kind] = (before[0] + user, before[1] + system)
    return ", ".join("%s %.2f + %.2f" % (kind, *seconds) for kind, seconds in
                     sorted(kinds.items(), key=lambda item: -sum(item[1])) if sum(seconds) >= 0.05)


def main():
    split = sys.argv.index("--")
    launcher = sys.argv[split + 1:]
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--compare", action="store_true")
    parser.add_argument("--keep", action="store_true", help="leave the models on disk")
    parser.add_argument("--only", choices=["make"])
    parser.add_argument("--work", default="/tmp/instella-merge-benchmark")
    options = parser.parse_args(sys.argv[1:split])
    work = os.path.join(options.work, f"{options.dtype}-{options.size:g}")
    models = make_models(work, options.size, options.dtype)
    if options.only == "make":
        return
    out = os.path.join(work, "out")
    ours = launcher + ["--models", ",".join(models), "--set", "merge.max-shard-size=1000 GB", "--output", out]
    reference = ours + ["--set", "merge.arithmetic=reference"]
    loop = [sys.executable, "-c", LOOP, out] + models
    contestants = {
        COPIED: [sys.executable, "-c", COPIES, out] + models,
        "Python loop over safetensors": loop,
        OURS: ours,
        "instella, reference mean": reference,
    }
    print(f"{options.size:g} GB per model, {options.dtype}, {'cold' if options.cold else 'warm'} files, "
          f"{options.rounds} rounds, {os.cpu_count()} cores")
    if options.compare:
        print(f"reference mean against the Python loop: {compare(loop, reference, out)} elements differ")
    run(ours)  # untimed: the first call after a build prepares the archive of classes
    shutil.rmtree(out)
    results = {name: [] for name in contestants}
    for _ in range(options.rounds):
        for name, command in contestants.items():
            forget(models) if options.cold else remember(models)
            results[name].append(run(command))
            shutil.rmtree(out)
    print("CPU seconds of the last exact mean by kind of thread, user + system: " + profile(results[OURS][-1][3]))
    if not options.keep:
        shutil.rmtree(work)
    table(results)


def remember(models):
    """Reads the files, untimed, so that each contestant finds as much of them in the page cache as the others."""
    for model in models:
        with open(os.path.join(model, "model.safetensors"), "rb", buffering=0) as f:
            block = bytearray(1 << 22)
            while f.readinto(block):
                pass


def compare(loop, reference, out):
    run(loop)
    os.rename(out, out + "-loop")
    run(reference)
    files = [os.path.join(folder, "model.safetensors") for folder in (out + "-loop", out)]
    differences = subprocess.run(
        [sys.executable, "-c", COMPARE] + files, check=True, capture_output=True, text=True).stdout.strip()
    shutil.rmtree(out + "-loop")
    shutil.rmtree(out)
    return differences


def table(results):
    copies = [r[0] for r in results[COPIED]]
    print()
    print("| What | Median s | Best s | Against copies (median) | (best) | CPU s | Peak MB |")
    print("|---|---|---|---|---|---|---|")
    for name, runs in results.items():
        wall = [r[0] for r in runs]
        print("| %s | %.2f | %.2f | %.2fx | %.2fx | %.2f | %.0f |" % (
            name, statistics.median(wall), min(wall), statistics.median(wall) / statistics.median(copies),
            min(wall) / min(copies), statistics.median(r[1] for r in runs), max(r[2] for r in runs)))


if __name__ == "__main__":
    main()
