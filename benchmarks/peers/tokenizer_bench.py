"""Our encoder, Hugging Face `tokenizers` and `tiktoken` on the same texts, one thread each, in turn.

Called by benchmarks/tokenizer.sh. Our encoder runs in a JVM of its own that takes orders by line
(EncodeBenchmark); the two Python libraries run in this process. Each round visits all three, so that
a busy machine hurts them alike; medians of the rounds are compared.
"""

import argparse
import glob
import gzip
import hashlib
import json
import os
import random
import statistics
import struct
import subprocess
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

import tiktoken
import tokenizers
from tokenizers import Tokenizer

CL100K = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|"
    r"\s++$|\s*[\r\n]|\s+(?!\S)|\s"
)
R50K = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"


def read_json(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as f:
        return json.loads(f.read())


def byte_alphabet():
    plain = [b for b in range(256) if 33 <= b <= 126 or 161 <= b <= 172 or 174 <= b <= 255]
    table, extra = {}, 256
    for b in range(256):
        table[chr(b) if b in plain else chr(extra)] = b
        extra += b not in plain
    return table


def tiktoken_of(tokenizer, pattern):
    """tiktoken with the merges of a tokenizer.json as ranks, and the way from rank to id."""
    alphabet = byte_alphabet()
    vocabulary = tokenizer["model"]["vocab"]
    ranks, ids = {}, []

    def add(token):
        data = bytes(alphabet[c] for c in token)
        if data not in ranks:
            ranks[data] = len(ids)
            ids.append(vocabulary.get(token, -1))

    for character in alphabet:
        add(character)
    for merge in tokenizer["model"]["merges"]:
        add("".join(merge.split(" ") if isinstance(merge, str) else merge))
    encoding = tiktoken.Encoding("peer", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
    return encoding, ids


def documents(shared, *folders):
    for folder in folders:
        for path in sorted(glob.glob(f"{shared}/data/corpus/stage1/{folder}/*.jsonl.gz")):
            with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
                for line in lines:
                    yield json.loads(line)["text"]


def is_cjk(text):
    east = sum(0x2E80 <= ord(c) <= 0xD7FF or 0xF900 <= ord(c) <= 0xFAFF for c in text)
    return east * 2 > len(text)


def digest(ids):
    return hashlib.sha256(struct.pack(f"<{len(ids)}I", *ids)).hexdigest()[:16]


OWN_RUNS = 5  # of ours for each of the peer's, where texts are long


class Ours:
    def __init__(self, java):
        self.process = subprocess.Popen(java, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, order):
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the JVM ended at: {order}")
        return json.loads(line)

    def close(self):
        self.process.stdin.write("quit\n")
        self.process.stdin.flush()
        self.process.wait()


def seconds(encode, texts):
    start = time.thread_time()  # CPU time of this thread, as on the Java side
    for text in texts:
        encode(text)
    return time.thread_time() - start


def text_rounds(name, path, texts, java, library, peer, rank_ids, rounds):
    """One row: medians of interleaved rounds, and on how many documents the ids are the same."""
    size = sum(len(t.encode("utf-8")) for t in texts)
    for _ in range(3):
        java.ask(f"run {name} bytes")
        java.ask(f"run {name} strings")
    own, own_strings, hf, tt = [], [], [], []
    garbage = tokens = 0
    for _ in range(rounds):
        answer = java.ask(f"run {name} bytes")
        own.append(answer["seconds"])
        garbage, tokens = answer["garbage"], answer["tokens"]
        own_strings.append(java.ask(f"run {name} strings")["seconds"])
        hf.append(seconds(lambda t: library.encode(t, add_special_tokens=False), texts))
        tt.append(seconds(peer.encode_ordinary, texts))
    ours = java.ask(f"digests {name}")["digests"]
    same_hf = sum(d == digest(library.encode(t, add_special_tokens=False).ids) for d, t in zip(ours, texts))
    same_tt = sum(d == digest([rank_ids[r] for r in peer.encode_ordinary(t)]) for d, t in zip(ours, texts))
    rate = lambda times: size / statistics.median(times) / 1e6
    print(
        f"| {path} | {name} | {size / 1e6:.2f} | {rate(own):.1f} | {rate(own_strings):.1f} | {rate(hf):.2f} | "
        f"{rate(tt):.2f} | {rate(own) / rate(hf):.1f}x | {rate(own) / rate(tt):.2f}x | "
        f"{same_hf}/{len(texts)} | {same_tt}/{len(texts)} | {garbage / max(1, tokens):.3f} |",
        flush=True,
    )


def stations(java, kinds):
    """How fast each part of our work is alone, and one pass over the bytes: what limits it."""
    print("\n| text | part | MB/s alone |\n|---|---|---|")
    for kind, texts in kinds.items():
        size = sum(len(t.encode("utf-8")) for t in texts)
        for part, took in java.ask(f"stations {kind}").items():
            if part != "kept" and took > 0:
                print(f"| {kind} | {part} | {size / took / 1e6:.0f} |", flush=True)


def long_words(java, folder, path, peer, rounds):
    """Text without a split point, by size: ours and tiktoken's time, and the growth per doubling."""
    letters = random.Random(7)
    drawn = "".join(letters.choices("abcdefghijklmnopqrstuvwxyz", k=2_000_000))
    for kind, text in (("random letters", drawn), ("one letter", "a" * 2_000_000)):
        before = None
        for size in (100_000, 200_000, 400_000, 800_000, 1_000_000, 2_000_000):
            file = os.path.join(folder, "long.jsonl")
            with open(file, "w", encoding="utf-8") as out:
                out.write(json.dumps({"text": text[:size]}) + "\n")
            java.ask(f"load long {file}")
            for _ in range(3):
                java.ask("run long bytes")
            own, tt = [], []
            for _ in range(rounds):
                # Ours takes a fraction of the peer's time, and what the machine adds to a single run
                # of 60 ms is a tenth: several runs, of which the first comes into cold caches.
                own.extend(java.ask("run long bytes")["seconds"] for _ in range(OWN_RUNS))
                tt.append(seconds(peer.encode_ordinary, [text[:size]]))
            mine, theirs = statistics.median(own), statistics.median(tt)
            # Growth from the quietest runs: a ratio of two medians doubles what the machine adds.
            growth = f"{min(own) / before[0]:.2f}" if before and size == 2 * before[1] else ""
            print(
                f"| {path} | {kind} | {size / 1e6:.1f} | {mine * 1e3:.1f} | {theirs * 1e3:.1f} | "
                f"{theirs / mine:.2f}x | {growth} |",
                flush=True,
            )
            before = (min(own), size)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", required=True)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--megabytes", type=float, default=4.0, help="of each kind of text")
    parser.add_argument("--only", default="", help="texts or long")
    parser.add_argument("java", nargs="+", help="the command that starts EncodeBenchmark")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kinds = {
            "english": documents(arguments.shared, "books", "web"),
            "code": documents(arguments.shared, "code"),
            "cjk": (t for t in documents(arguments.shared, "wiki") if is_cjk(t)),
        }
        texts = {}
        for kind, source in kinds.items():
            texts[kind], size = [], 0
            every = list(source)
            random.Random(1).shuffle(every)
            for text in every:
                if size < arguments.megabytes * 1e6:
                    texts[kind].append(text)
                    size += len(text.encode("utf-8"))
            with open(os.path.join(folder, f"{kind}.jsonl"), "w", encoding="utf-8") as out:
                for text in texts[kind]:
                    out.write(json.dumps({"text": text}) + "\n")
        print(f"tokenizers {tokenizers.__version__}, tiktoken {tiktoken.__version__}; medians of {arguments.rounds} rounds in turn")
        for file, pattern in (
            ("allenai_eleuther-ai-gpt-neox-20b-pii-special.json", R50K),
            ("allenai_dolma2.json", CL100K),
        ):
            path = f"{arguments.shared}/data/tokenizers/{file}"
            parsed = read_json(path)
            library = Tokenizer.from_str(json.dumps(parsed))
            peer, rank_ids = tiktoken_of(parsed, pattern)
            java = Ours(arguments.java)
            opened = java.ask(f"open {path}")
            for kind in texts:
                java.ask(f"load {kind} {os.path.join(folder, kind + '.jsonl')}")
            warm = java.ask("warm english")
            print(
                f"\n{file}: {opened['implementation']}; tables read in {opened['seconds']:.2f} s; "
                f"warm after {warm['seconds']:.2f} s (first 50 ms {warm['first']:.1f} MB/s, then {warm['full']:.1f})\n"
            )
            name = "NeoX" if "neox" in file else "dolma2"
            if arguments.only != "long":
                print("| file | text | MB | ours MB/s | ours from String | tokenizers | tiktoken | / tokenizers | / tiktoken | ids = tokenizers | ids = tiktoken | garbage B/token |")
                print("|---|---|---|---|---|---|---|---|---|---|---|---|")
                for kind in texts:
                    text_rounds(kind, name, texts[kind], java, library, peer, rank_ids, arguments.rounds)
                stations(java, texts)
            if arguments.only != "texts":
                print("\n| file | no split point | MB | ours ms | tiktoken ms | tiktoken / ours | t(2n)/t(n) |")
                print("|---|---|---|---|---|---|---|")
                long_words(java, folder, name, peer, arguments.rounds)
            java.close()


if __name__ == "__main__":
    main()
