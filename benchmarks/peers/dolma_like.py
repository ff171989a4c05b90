"""A tokenisation loop in Python, built like `dolma tokens`: one process a core, each takes files,
parses lines with json, encodes with Hugging Face `tokenizers`, appends the end-of-text id and writes
uint16 to a raw .npy and rows to a .csv.gz. Written for this comparison; nothing of Dolma is used.

    python benchmarks/peers/dolma_like.py TOKENIZER OUTPUT PROCESSES FILE...

Prints one JSON line: documents, tokens, bytes of text, wall and CPU seconds.
"""
import csv
import gzip
import json
import multiprocessing
import os
import pathlib
import resource
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"


def lines(path):
    if path.endswith(".zst"):
        import io
        import zstandard
        raw = zstandard.ZstdDecompressor().stream_reader(open(path, "rb"), read_across_frames=True)
        return io.TextIOWrapper(raw, encoding="utf-8")
    return gzip.open(path, "rt") if path.endswith(".gz") else open(path)


def work(task):
    import numpy as np
    from tokenizers import Tokenizer
    tokenizer_file, output, number, files = task
    tokenizer = Tokenizer.from_file(tokenizer_file)
    tokenizer.encode_special_tokens = False
    documents = tokens = text_bytes = 0
    base = pathlib.Path(output) / f"part-{number:02d}"
    with open(f"{base}.npy", "wb") as ids_out, gzip.open(f"{base}.csv.gz", "wt", newline="") as rows:
        table = csv.writer(rows)
        for path in files:
            with lines(path) as f:
                batch = []
                for number_of_line, line in enumerate(f, 1):
                    batch.append((json.loads(line), number_of_line))
                    if len(batch) == 1000:
                        documents, tokens, text_bytes = write(
                            batch, path, tokenizer, table, ids_out, documents, tokens, text_bytes, np)
                        batch = []
                documents, tokens, text_bytes = write(
                    batch, path, tokenizer, table, ids_out, documents, tokens, text_bytes, np)
    return documents, tokens, text_bytes


def write(batch, path, tokenizer, table, out, documents, tokens, text_bytes, np):
    encoded = tokenizer.encode_batch([row["text"] for row, _ in batch], add_special_tokens=False)
    for (row, line), one in zip(batch, encoded):
        ids = one.ids + [0] if one.ids and one.ids[-1] != 0 else one.ids
        np.array(ids, dtype=np.uint16).tofile(out)
        table.writerow((tokens, tokens + len(ids), row["id"], path, line))
        tokens += len(ids)
        documents += 1
        text_bytes += len(row["text"].encode())
    return documents, tokens, text_bytes


def main():
    tokenizer, output, processes, files = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
    pathlib.Path(output).mkdir(parents=True)
    files.sort(key=lambda f: -os.path.getsize(f))
    tasks = [(tokenizer, output, i, files[i::processes]) for i in range(processes)]
    begin = time.time()
    with multiprocessing.Pool(processes) as pool:
        results = pool.map(work, tasks, chunksize=1)
        pool.close()
        pool.join()
    wall = time.time() - begin
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(json.dumps({
        "documents": sum(r[0] for r in results), "tokens": sum(r[1] for r in results),
        "text_bytes": sum(r[2] for r in results), "wall_s": wall,
        "cpu_s": usage.ru_utime + usage.ru_stime}))


if __name__ == "__main__":
    main()
