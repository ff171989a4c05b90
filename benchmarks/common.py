"""What the benchmarks of training share: our class path, the machine, shapes, medians, tables."""

import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEER = ROOT / "benchmarks/peers/instella_torch.py"

# layers, hidden, heads, feed-forward, vocabulary: the proportions of Instella, smaller.
SHAPES = {"10m": "6,320,4,864,8192", "100m": "12,768,12,2048,10240"}


# As bin/instella sets it for every run.
ALLOCATOR = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "17179869184",
    "MALLOC_TOP_PAD_": "67108864",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}


def parameters(shape):
    layers, hidden, heads, feed, vocabulary = map(int, shape.split(","))
    block = 4 * hidden + 4 * hidden * hidden + 3 * feed * hidden
    return 2 * vocabulary * hidden + layers * block + hidden


def operations(shape, batch, sequence):
    """Additions and multiplications in the products of a step: forward once, backward twice; of the
    attention only the half that the causal mask leaves; the embedding is a look-up."""
    layers, hidden, heads, feed, vocabulary = map(int, shape.split(","))
    matrices = layers * (4 * hidden * hidden + 3 * feed * hidden) + vocabulary * hidden
    attention = layers * 2 * hidden * sequence / 2
    return 3 * 2 * batch * sequence * (matrices + attention)


def class_path():
    """Ours as bin/instella uses it; the first call builds what has changed."""
    given = os.environ.get("INSTELLA_CLASSPATH")
    if given:
        return given
    subprocess.run([ROOT / "bin/instella", "--version"], check=True, stdout=subprocess.DEVNULL)
    return (ROOT / "deploy/target/launcher.classpath").read_text().strip()


def instella(*arguments):
    """One command of ours; its output."""
    return run([os.environ.get("INSTELLA_COMMAND", ROOT / "bin/instella"), *arguments])


def tokens(folder):
    """A small generated corpus as token shards; what the ids are does not matter to the time."""
    recipe = Path(folder) / "tokens.conf"
    recipe.write_text(
        """
        pipeline.steps {
          corpus.demo-corpus { size = small }
          tokenizer.train-tokenizer { vocabulary-size = 400, folders = ["@corpus/train"] }
          tokens.tokenize { tokenizer = "@tokenizer", folders = ["@corpus/train"] }
        }
        """
    )
    instella("pipeline", "--conf", recipe, "--output", folder, "--master", "local[1]")
    return Path(folder) / "tokens/stories"


def train_recipe(folder, data, shape, batch, sequence, steps, threads, ranks=1, more=""):
    """A recipe of a run with one micro-batch of `batch` sequences on every rank."""
    layers, hidden, heads, feed, vocabulary = map(int, shape.split(","))
    recipe = Path(folder) / "train.conf"
    recipe.write_text(
        f"""
        train {{
          ranks = {ranks}
          seed = 1
          sequence-length = {sequence}
          global-batch = {batch * ranks}
          micro-batch = {batch}
          duration = {steps} steps
          compute.threads = {threads}
          model {{
            layers = {layers}, hidden-size = {hidden}, heads = {heads}, key-value-heads = {heads}
            feed-forward-size = {feed}, vocabulary-size = {vocabulary}, max-positions = {sequence}
          }}
          data.sources = [{{ path = "{data}" }}]
          optimizer {{ learning-rate = 1e-3, clip-norm = 1.0 }}
          checkpoint {{ every = 1000000 steps }}
          {more}
        }}
        """
    )
    return recipe


def java(path, program, *arguments):
    """Runs one of benchmarks/java from source and returns its standard output."""
    return run(java_command(path, program, *arguments), **ALLOCATOR)


def java_command(path, program, *arguments):
    opens = ROOT / "deploy/conf/jvm.options"
    return [str(part) for part in [
        "java", "-Xmx1g", "-XX:+UseSerialGC", f"@{opens}", "-Dai.djl.offline=true",
        f"-Dlog4j2.configurationFile={ROOT / 'benchmarks/java/log4j2.xml'}",
        "-cp", path, ROOT / f"benchmarks/java/{program}.java", *arguments,
    ]]


def peer(mode, shape, run_, *flags, **environment):
    command = [sys.executable, PEER, mode, "--shape", shape, "--run", run_, *flags]
    return run(command, **environment)


def run(command, **more):
    environment = {**os.environ, "OPT_OUT_TRACKING": "true", **more}
    done = subprocess.run(
        [str(c) for c in command], env=environment, capture_output=True, text=True, cwd=ROOT
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))[:300]}\nended with {done.returncode}:\n{done.stderr[-3000:]}")
    return done.stdout


def rows(text):
    """The numbers of each line of numbers."""
    found = []
    for line in text.splitlines():
        try:
            found.append(tuple(map(float, line.split())))
        except ValueError:
            continue
    return [row for row in found if row]


def middle(values):
    return statistics.median(values)


def metrics(folder):
    """The lines of steps of a run's metrics.jsonl."""
    lines = [json.loads(line) for line in (Path(folder) / "metrics.jsonl").read_text().splitlines()]
    return [line for line in lines if "step_seconds" in line]


def machine():
    name = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                name = line.split(":", 1)[1].strip()
                break
    except OSError:
        pass
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True
    ).stdout.strip()
    flags = {"amx_bf16", "avx512_bf16", "bf16"} & set(cpu_flags())
    return (
        f"{datetime.date.today():%Y-%m}, {name}, {os.cpu_count()} cores,"
        f" bfloat16 instructions: {', '.join(sorted(flags)) or 'none'}, no GPU, commit {commit},"
        f" load average at start {os.getloadavg()[0]:.1f}"
    )


def cpu_flags():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []
    return next((line.split() for line in lines if line.startswith(("flags", "Features"))), [])


def say(text):
    print(text, flush=True)
