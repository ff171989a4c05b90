"""The Instella decoder in Python PyTorch, as a good PyTorch programmer would write it: fused QKV and
up/gate products, scaled_dot_product_attention, nn.RMSNorm, a fused AdamW. The peer of our benchmarks.

    python instella_torch.py eager|compile --shape L,D,H,F,V --run BATCH,SEQUENCE,STEPS,THREADS
        [--bfloat16] [--ranks N]

Prints a line per step: wall seconds, processor seconds, loss. With --ranks it starts N processes with
DistributedDataParallel over gloo, each with its own batch, and prints what rank 0 sees. With `matmul`
in place of eager it prints the operations per second of the products that a step is made of.
"""

import argparse
import os
import statistics
import time

import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    def __init__(self, hidden, heads, feed):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.RMSNorm(hidden, 1e-5), nn.RMSNorm(hidden, 1e-5)
        self.q_norm, self.k_norm = nn.RMSNorm(hidden, 1e-5), nn.RMSNorm(hidden, 1e-5)
        self.qkv = nn.Linear(hidden, 3 * hidden, bias=False)
        self.out = nn.Linear(hidden, hidden, bias=False)
        self.up_gate = nn.Linear(hidden, 2 * feed, bias=False)
        self.down = nn.Linear(feed, hidden, bias=False)

    @staticmethod
    def rotate(x, cos, sin):
        a, b = x.chunk(2, -1)
        return (x * cos + torch.cat([-b, a], -1) * sin).to(x.dtype)

    def forward(self, x, cos, sin):
        batch, sequence, hidden = x.shape
        q, k, v = self.qkv(self.norm1(x)).split(hidden, -1)
        q, k, v = (
            t.view(batch, sequence, self.heads, -1).transpose(1, 2)
            for t in (self.q_norm(q), self.k_norm(k), v)
        )
        q, k = self.rotate(q, cos, sin).to(v.dtype), self.rotate(k, cos, sin).to(v.dtype)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(y.transpose(1, 2).reshape(batch, sequence, hidden))
        up, gate = self.up_gate(self.norm2(x)).chunk(2, -1)
        return x + self.down(F.silu(gate) * up)


class Model(nn.Module):
    def __init__(self, layers, hidden, heads, feed, vocabulary, sequence):
        super().__init__()
        self.vocabulary = vocabulary
        self.embed = nn.Embedding(vocabulary, hidden)
        self.blocks = nn.ModuleList(Block(hidden, heads, feed) for _ in range(layers))
        self.norm = nn.RMSNorm(hidden, 1e-5)
        self.head = nn.Linear(hidden, vocabulary, bias=False)
        size = hidden // heads
        angles = torch.outer(
            torch.arange(sequence).float(), 10000.0 ** (-torch.arange(0, size, 2).float() / size)
        )
        self.register_buffer("cos", torch.cat([angles, angles], -1).cos())
        self.register_buffer("sin", torch.cat([angles, angles], -1).sin())

    def forward(self, ids, targets):
        x = self.embed(ids)
        for block in self.blocks:
            x = block(x, self.cos, self.sin)
        logits = self.head(self.norm(x)).float()
        return F.cross_entropy(logits.view(-1, self.vocabulary), targets.view(-1))


def train(options, rank):
    layers, hidden, heads, feed, vocabulary = map(int, options.shape.split(","))
    batch, sequence, steps, threads = map(int, options.run.split(","))
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    model = Model(layers, hidden, heads, feed, vocabulary, sequence)
    wrapped = nn.parallel.DistributedDataParallel(model) if options.ranks > 1 else model
    forward = torch.compile(wrapped) if options.mode == "compile" else wrapped
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1, fused=True
    )
    ids = torch.randint(2, vocabulary, (batch, sequence))
    targets = torch.randint(2, vocabulary, (batch, sequence))
    for _ in range(steps):
        wall, cpu = time.perf_counter(), time.process_time()
        with torch.autocast("cpu", torch.bfloat16, enabled=options.bfloat16):
            loss = forward(ids, targets)
        loss.backward()
        if options.clip:
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        value = loss.item()
        if rank == 0:
            print(time.perf_counter() - wall, time.process_time() - cpu, value, flush=True)


def rank_main(rank, options):
    import torch.distributed as dist

    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ["MASTER_PORT"] = str(options.port)
    dist.init_process_group("gloo", rank=rank, world_size=options.ranks)
    train(options, rank)
    dist.destroy_process_group()


def matmul(options):
    """Operations per second of the largest products of a step, forward and backward."""
    layers, hidden, heads, feed, vocabulary = map(int, options.shape.split(","))
    batch, sequence, _, threads = map(int, options.run.split(","))
    torch.set_num_threads(threads)
    kind = torch.bfloat16 if options.bfloat16 else torch.float32
    tokens = batch * sequence
    best = 0.0
    for rows, inner, columns in (
        (tokens, hidden, 2 * feed),
        (tokens, 2 * feed, hidden),
        (2 * feed, tokens, hidden),
        (min(tokens, 512), hidden, vocabulary),
        (2048, 2048, 2048),
    ):
        a, b = torch.randn(rows, inner).to(kind), torch.randn(inner, columns).to(kind)
        out = torch.empty(rows, columns, dtype=kind)
        torch.mm(a, b, out=out)
        times = []
        for _ in range(7):
            start = time.perf_counter()
            torch.mm(a, b, out=out)
            times.append(time.perf_counter() - start)
        best = max(best, 2.0 * rows * inner * columns / min(times))
        del a, b, out
    print(best)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mode", choices=["eager", "compile", "matmul"])
    parser.add_argument("--shape", required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--bfloat16", action="store_true")
    parser.add_argument("--clip", action="store_true", help="clip by the global norm, as our trainer does")
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument("--port", type=int, default=29511)
    options = parser.parse_args()
    if options.mode == "matmul":
        matmul(options)
    elif options.ranks > 1:
        torch.multiprocessing.spawn(rank_main, (options,), options.ranks)
    else:
        train(options, 0)


if __name__ == "__main__":
    main()
