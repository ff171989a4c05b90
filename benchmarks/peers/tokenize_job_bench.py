"""Runs the tokenise job and its peer in turn; see benchmarks/tokenize_job.sh and tokenize_memory.sh."""
import argparse
import gzip
import json
import os
import pathlib
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def corpus(shared, folder, copies, form):
    """The visible corpus, each source `copies` times under other names, in one of three forms."""
    for source in sorted(shared.glob("data/corpus/stage*/*")):
        target = folder / source.name
        target.mkdir(parents=True)
        for part in sorted(source.glob("*.jsonl.gz")):
            text = gzip.decompress(part.read_bytes())
            if form == "gz":
                data, ending = part.read_bytes(), ".jsonl.gz"
            elif form == "zst":
                import zstandard
                data, ending = zstandard.ZstdCompressor(level=3).compress(text), ".jsonl.zst"
            else:
                data, ending = text, ".jsonl"
            for copy in range(copies):
                (target / f"{part.name.split('.')[0]}-{copy:03d}{ending}").write_bytes(data)


def ours(documents, tokenizer, output, cores, shard_mib, options=""):
    shutil.rmtree(output, ignore_errors=True)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.time()
    run = subprocess.run(
        [str(ROOT / "bin/instella"), "tokenize", "--output", str(output), "--master", f"local[{cores}]",
         "--set", f"tokenize.tokenizer={tokenizer}", "--set", f'tokenize.folders=["{documents}"]',
         "--set", f"tokenize.shard-input={shard_mib} MiB"],
        cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "INSTELLA_JAVA_OPTS": options})
    wall = time.time() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    text = run.stdout + run.stderr
    if run.returncode:
        sys.exit(text)
    manifests = [json.loads(p.read_text()) for p in pathlib.Path(output).glob("*/manifest.json")]
    total = next(line for line in text.splitlines() if "all that was written now" in line)
    return {
        "tokens": sum(m["facts"]["tokens"] for m in manifests),
        "text_bytes": sum(m["facts"]["text_bytes"] for m in manifests),
        "command_s": wall,
        "cpu_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "job_rate": float(re.search(r"([\d.,]+) MB/s of text", total).group(1).replace(",", "")),
        "report": total[total.index("all that"):],
        "rss": after.ru_maxrss * 1024}


def peer(documents, tokenizer, output, cores):
    shutil.rmtree(output, ignore_errors=True)
    files = [str(p) for p in sorted(documents.glob("*/*"))]
    run = subprocess.run(
        [sys.executable, str(HERE / "dolma_like.py"), str(tokenizer), str(output), str(cores), *files],
        capture_output=True, text=True)
    if run.returncode:
        sys.exit(run.stderr)
    return json.loads(run.stdout.splitlines()[-1])


def compare(args, folder, tokenizer):
    """Ours on all copies, the loop on fewer: its rate does not depend on how long it runs."""
    documents, fewer = folder / "documents", folder / "fewer"
    corpus(args.shared, documents, args.copies, args.form)
    corpus(args.shared, fewer, args.peer_copies, args.form)
    os.sync()  # else the shards wait in the queue of the disk behind gigabytes of the corpus
    ours(fewer, tokenizer, folder / "warm", args.cores, args.shard_mib)  # the launcher builds
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True,
                            text=True).stdout.strip()
    print(f"# Tokenise job: {args.cores} cores, {args.form}, commit {commit}\n")
    print("| round | ours, MB/s of text | whole command with the start of Spark | CPU s | Python loop, MB/s "
          "| CPU s | ratio | ratio of the whole command |\n|---|---|---|---|---|---|---|---|")
    rounds = []
    for number in range(args.rounds):
        a = ours(documents, tokenizer, folder / "ours", args.cores, args.shard_mib, args.java_options)
        b = peer(fewer, tokenizer, folder / "peer", args.cores)
        assert a["tokens"] * args.peer_copies == b["tokens"] * args.copies, (a["tokens"], b["tokens"])
        rate = b["text_bytes"] / 1e6 / b["wall_s"]
        whole = a["text_bytes"] / 1e6 / a["command_s"]
        rounds.append((a["job_rate"] / rate, whole / rate, a["report"]))
        print(f"| {number + 1} | {a['job_rate']:.1f} | {whole:.1f} | {a['cpu_s']:.1f} | {rate:.1f} | {b['cpu_s']:.1f} "
              f"| {rounds[-1][0]:.1f}x | {rounds[-1][1]:.1f}x |", flush=True)
    print(f"\nMedian ratio {statistics.median(r[0] for r in rounds):.1f}x, whole command "
          f"{statistics.median(r[1] for r in rounds):.1f}x; ours {a['text_bytes'] / 1e6:,.0f} MB of text, "
          f"{a['tokens']:,} tokens; the loop {b['text_bytes'] / 1e6:,.0f} MB, {b['tokens']:,} tokens.\n")
    for number, one in enumerate(rounds, 1):
        print(f"- round {number}: {one[2]}")


def memory(args, folder, tokenizer):
    """Each size in a child of its own, so that the peak of resident memory is that run's. All with
    the same small heap: what grows with the corpus would not fit for long."""
    for times in args.sizes:
        child = os.fork()
        if child == 0:
            documents = folder / "documents"
            corpus(args.shared, documents, args.copies * times, args.form)
            log = folder / f"gc-{times}.log"
            run = ours(documents, tokenizer, folder / "tokens", args.cores, args.shard_mib,
                       f"-Xmx{args.heap_mib}m -Xlog:gc*:file={log}")
            after = [int(m) for m in re.findall(r"\d+M->(\d+)M\(\d+M\)", log.read_text())]
            print(f"{times:2d}x: {run['text_bytes'] / 1e6:8,.0f} MB of text, heap after a collection at most "
                  f"{max(after, default=0)} MB of {args.heap_mib}, resident at most {run['rss'] / 1e6:,.0f} MB",
                  flush=True)
            shutil.rmtree(documents)
            os._exit(0)
        if os.waitpid(child, 0)[1]:
            sys.exit("a run failed")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--shared", type=pathlib.Path, required=True)
    parser.add_argument("--copies", type=int, default=None)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--form", choices=["gz", "zst", "plain"], default="gz")
    parser.add_argument("--peer-copies", type=int, default=2, help="copies that the Python loop reads")
    parser.add_argument("--shard-mib", type=int, default=256, help="tokenize.shard-input")
    parser.add_argument("--java-options", default="", help="more options for our JVM")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 10, 40], help="of --memory: times --copies")
    parser.add_argument("--heap-mib", type=int, default=512, help="of --memory: largest heap; Spark wants 450")
    args = parser.parse_args()
    args.shared = args.shared.resolve()
    args.copies = args.copies or (4 if args.memory else 20)
    tokenizer = args.shared / "data/tokenizers/allenai_eleuther-ai-gpt-neox-20b-pii-special.json"
    with tempfile.TemporaryDirectory() as folder:
        (memory if args.memory else compare)(args, pathlib.Path(folder), tokenizer)


if __name__ == "__main__":
    main()
