#!/usr/bin/env python3
"""Time of a training step, ours and Python PyTorch eager in turn, same shape, batch and threads.

    python benchmarks/step_time.py [--shape 6,320,4,864,8192] [--run 4,512,12,2] [--rounds 3]
        [--bfloat16] [--compile]

Shape: layers, hidden, heads, feed-forward, vocabulary; run: batch, sequence, steps, threads. A step
is forward, backward and a fused AdamW update. Reported: medians over all steps but the first three
of each round, of wall time and of processor time (which a busy machine disturbs less), and the ratio
PyTorch / ours, above 1 where ours is faster.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WARM = 3


def ours(options):
    output = Path(tempfile.mkdtemp()) / "times"
    subprocess.run(
        [
            "mvn", "-q", "-B", "-o", "-pl", "model", "-am", "test", "-Dtest=StepTimeBenchmark",
            "-Dsurefire.failIfNoSpecifiedTests=false",
            f"-Dinstella.benchmark.shape={options.shape}",
            f"-Dinstella.benchmark.run={options.run}",
            f"-Dinstella.benchmark.bfloat16={str(options.bfloat16).lower()}",
            f"-Dinstella.benchmark.head-chunk={options.head_chunk}",
            f"-Dinstella.benchmark.output={output}",
        ],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return [tuple(map(float, line.split())) for line in output.read_text().splitlines()]


def theirs(options):
    arguments = [sys.executable, __file__, "--peer", "--shape", options.shape, "--run", options.run]
    if options.bfloat16:
        arguments.append("--bfloat16")
    if options.compile:
        arguments.append("--compile")
    text = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
    return [tuple(map(float, line.split())) for line in text.splitlines() if line]


def peer(options):
    import torch
    import torch.nn.functional as F
    from torch import nn

    layers, hidden, heads, feed, vocabulary = map(int, options.shape.split(","))
    batch, sequence, steps, threads = map(int, options.run.split(","))
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    size = hidden // heads
    angles = torch.outer(
        torch.arange(sequence).float(), 10000.0 ** (-torch.arange(0, size, 2).float() / size)
    )
    cos, sin = (f(torch.cat([angles, angles], -1)) for f in (torch.cos, torch.sin))

    def rotate(x):
        a, b = x.chunk(2, -1)
        return (x * cos + torch.cat([-b, a], -1) * sin).to(x.dtype)

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.norm2 = nn.RMSNorm(hidden, 1e-5), nn.RMSNorm(hidden, 1e-5)
            self.q_norm, self.k_norm = nn.RMSNorm(hidden, 1e-5), nn.RMSNorm(hidden, 1e-5)
            self.qkv = nn.Linear(hidden, 3 * hidden, bias=False)
            self.out = nn.Linear(hidden, hidden, bias=False)
            self.up_gate = nn.Linear(hidden, 2 * feed, bias=False)
            self.down = nn.Linear(feed, hidden, bias=False)

        def forward(self, x):
            q, k, v = self.qkv(self.norm1(x)).split(hidden, -1)
            q, k, v = (
                t.view(batch, sequence, heads, size).transpose(1, 2)
                for t in (self.q_norm(q), self.k_norm(k), v)
            )
            y = F.scaled_dot_product_attention(
                rotate(q).to(v.dtype), rotate(k).to(v.dtype), v, is_causal=True
            )
            x = x + self.out(y.transpose(1, 2).reshape(batch, sequence, hidden))
            up, gate = self.up_gate(self.norm2(x)).chunk(2, -1)
            return x + self.down(F.silu(gate) * up)

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(vocabulary, hidden)
            self.blocks = nn.ModuleList(Block() for _ in range(layers))
            self.norm = nn.RMSNorm(hidden, 1e-5)
            self.head = nn.Linear(hidden, vocabulary, bias=False)

        def forward(self, ids, targets):
            x = self.embed(ids)
            for block in self.blocks:
                x = block(x)
            logits = self.head(self.norm(x)).float()
            return F.cross_entropy(logits.view(-1, vocabulary), targets.view(-1))

    model = Model()
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1, fused=True
    )
    forward = torch.compile(model) if options.compile else model
    ids = torch.randint(2, vocabulary, (batch, sequence))
    targets = torch.randint(2, vocabulary, (batch, sequence))
    for _ in range(steps):
        wall, cpu = time.perf_counter(), time.process_time()
        with torch.autocast("cpu", torch.bfloat16, enabled=options.bfloat16):
            loss = forward(ids, targets)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        value = loss.item()
        print(time.perf_counter() - wall, time.process_time() - cpu, value)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", default="6,320,4,864,8192")
    parser.add_argument("--run", default="4,512,12,2")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--head-chunk", type=int, default=512)
    parser.add_argument("--bfloat16", action="store_true")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--peer", action="store_true", help="only the PyTorch half")
    options = parser.parse_args()
    if options.peer:
        peer(options)
        return
    times = {"ours": [], "PyTorch": []}
    for _ in range(options.rounds):
        times["ours"] += ours(options)[WARM:]
        times["PyTorch"] += theirs(options)[WARM:]
    medians = {
        name: [statistics.median(row[i] for row in rows) for i in (0, 1)]
        for name, rows in times.items()
    }
    for name, (wall, cpu) in medians.items():
        print(f"{name:8} wall {wall * 1000:8.1f} ms  processor {cpu * 1000:8.1f} ms per step")
    for i, what in enumerate(("wall", "processor")):
        print(f"PyTorch / ours, {what} time: {medians['PyTorch'][i] / medians['ours'][i]:.2f}")


if __name__ == "__main__":
    main()
