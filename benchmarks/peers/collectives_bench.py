#!/usr/bin/env python3
"""All-reduce, reduce-scatter and all-gather between two local processes, ours and gloo in turn.

    python collectives_bench.py [--rounds 3] -- JAVA_COMMAND...

Both sides sum float32 buffers of 1, 10 and 100 MB (10^6 bytes), with a barrier before each operation;
all buffers are made before the clock starts. Prints medians over all repetitions of all rounds (the
first tenth of each round left out as warm-up), fastest times, processor seconds per process and
operation, and two limits of the machine measured in between: a copy of the buffer within one process,
and the bytes that an all-reduce must move, sent one way through a loopback socket.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time

SIZES = [(1, 60), (10, 30), (100, 12)]
OPERATIONS = ["all-reduce", "reduce-scatter", "all-gather"]


def gloo(rank, port):
    import torch
    import torch.distributed as dist

    torch.set_num_threads(1)
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), GLOO_SOCKET_IFNAME="lo")
    dist.init_process_group("gloo", rank=rank, world_size=2)
    scatter = getattr(dist, "reduce_scatter_single", dist.reduce_scatter_tensor)
    gather = getattr(dist, "all_gather_single", dist.all_gather_into_tensor)
    for megabytes, repetitions in SIZES:
        whole = torch.zeros(megabytes * 250_000)
        part = torch.zeros(megabytes * 125_000)
        calls = {
            "all-reduce": lambda: dist.all_reduce(whole),
            "reduce-scatter": lambda: scatter(part, whole),
            "all-gather": lambda: gather(whole, part),
        }
        for _ in range(repetitions):
            for name in OPERATIONS:
                dist.barrier()
                cpu, start = time.process_time(), time.perf_counter()
                calls[name]()
                wall = time.perf_counter() - start
                print(f"{name} {megabytes} {wall:.6f} {time.process_time() - cpu:.6f}")
    dist.destroy_process_group()


def pair(commands):
    """Runs two processes; times of the first, without each size's warm-up."""
    processes = [
        subprocess.Popen(c, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for c in commands
    ]
    outputs = [p.communicate() for p in processes]
    for process, (_, errors) in zip(processes, outputs):
        if process.returncode != 0:
            sys.exit(f"failed: {errors}")
    times = {}
    for line in outputs[0][0].splitlines():
        name, megabytes, wall, cpu = line.split()
        times.setdefault((name, int(megabytes)), []).append((float(wall), float(cpu)))
    return {key: values[len(values) // 10 + 1 :] for key, values in times.items()}


def copy_seconds(megabytes):
    import torch

    torch.set_num_threads(1)
    a, b = torch.zeros(megabytes * 250_000), torch.zeros(megabytes * 250_000)
    best = []
    for _ in range(7):
        start = time.perf_counter()
        b.copy_(a)
        best.append(time.perf_counter() - start)
    return min(best)


def loopback_seconds(megabytes):
    """Seconds to send 2 buffers one way between two processes: what an all-reduce moves in all."""
    count = 2 * megabytes * 1_000_000
    listener = socket.create_server(("127.0.0.1", 0))
    child = os.fork()
    if child == 0:
        connection = socket.create_connection(listener.getsockname())
        block = bytearray(1 << 20)
        for _ in range(5):
            connection.recv(1)
            left = count
            while left:
                left -= connection.recv_into(block, min(left, 1 << 20))
            connection.sendall(b"x")
        os._exit(0)
    connection, _ = listener.accept()
    block = memoryview(bytearray(1 << 20))
    best = []
    for _ in range(5):
        connection.sendall(b"x")
        start = time.perf_counter()
        left = count
        while left:
            left -= connection.send(block[: min(left, 1 << 20)])
        connection.recv(1)
        best.append(time.perf_counter() - start)
    os.waitpid(child, 0)
    return min(best)


def main():
    if len(sys.argv) > 1 and sys.argv[1] == "--gloo":
        gloo(int(sys.argv[2]), int(sys.argv[3]))
        return
    split = sys.argv.index("--")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(sys.argv[1:split])
    java = sys.argv[split + 1 :]
    times = {"ours": {}, "gloo": {}}
    limits = {megabytes: ([], []) for megabytes, _ in SIZES}
    for round_number in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            sizes = [str(n) for size in SIZES for n in size]
            results = {"ours": pair([java + [str(r), folder] + sizes for r in (0, 1)])}
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        results["gloo"] = pair(
            [[sys.executable, __file__, "--gloo", str(r), str(port)] for r in (0, 1)]
        )
        for megabytes, (copies, loopbacks) in limits.items():
            copies.append(copy_seconds(megabytes))
            loopbacks.append(loopback_seconds(megabytes))
        for side, found in results.items():
            for key, values in found.items():
                times[side].setdefault(key, []).extend(values)
    import torch

    print(f"two processes, {os.cpu_count()} cores, PyTorch {torch.__version__}, {options.rounds} rounds,"
          f" load {os.getloadavg()[0]:.1f}\n")
    print("| Operation | MB | ours: median ms | gloo: median ms | gloo / ours | ours: fastest | gloo: fastest"
          " | ours: CPU ms | gloo: CPU ms | of a copy | of the loopback |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for name in OPERATIONS:
        for megabytes, _ in SIZES:
            ours, theirs = (times[s][(name, megabytes)] for s in ("ours", "gloo"))
            median = [1e3 * statistics.median(w for w, _ in side) for side in (ours, theirs)]
            fastest = [1e3 * min(w for w, _ in side) for side in (ours, theirs)]
            cpu = [1e3 * statistics.mean(c for _, c in side) for side in (ours, theirs)]
            copy, loop = (1e3 * min(limit) for limit in limits[megabytes])
            if name != "all-reduce":
                loop /= 2
            print(
                f"| {name} | {megabytes} | {median[0]:.1f} | {median[1]:.1f} | {median[1] / median[0]:.2f}x"
                f" | {fastest[0]:.1f} | {fastest[1]:.1f} | {cpu[0]:.1f} | {cpu[1]:.1f}"
                f" | {copy / fastest[0]:.2f} | {loop / fastest[0]:.2f} |"
            )
    print("\n'of a copy' and 'of the loopback': seconds of the limit over our fastest.")


if __name__ == "__main__":
    main()
