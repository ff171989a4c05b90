"""Opens a token data set in pyarrow and numpy, and its exports as OLMo and Megatron read them.

    python benchmarks/peers/open_shards.py DATASET [--dolma FOLDER] [--megatron FOLDER]

Needs pyarrow and numpy. Nothing of ours is used: what agrees here is what others will read. Prints
one line per folder; ends with an AssertionError at the first difference.
"""
import argparse
import csv
import gzip
import hashlib
import json
import pathlib
import struct

import numpy as np
import pyarrow as pa


def arrow_shard(path):
    """ids, offsets, document ids, files and lines of one shard; the ids without a copy per batch."""
    with pa.memory_map(str(path)) as source:
        reader = pa.ipc.open_file(source)
        table = reader.read_all()
    table.validate(full=True)
    column = table["document"]
    ids = np.concatenate([chunk.flatten().to_numpy() for chunk in column.chunks]
                         or [np.array([], dtype=np.uint16)])
    lengths = np.concatenate([np.diff(chunk.offsets.to_numpy()) for chunk in column.chunks]
                             or [np.array([], dtype=np.int64)])
    ends = np.cumsum(lengths)
    rows = list(zip(table["id"].to_pylist(), table["file"].to_pylist(), table["line"].to_pylist()))
    return reader.schema, ids, ends, rows


def dolma_shard(base, dtype):
    """A memory map as OLMo's MemMapDataset makes it, and the rows that Dolma's tools read."""
    ids = np.memmap(f"{base}.npy", mode="r", dtype=dtype)
    with gzip.open(f"{base}.csv.gz", "rt", newline="") as f:
        rows = [(int(s), int(e), i, src, int(loc)) for s, e, i, src, loc in csv.reader(f)]
    return ids, rows


def olmo_instances(base, dtype, sequence_length):
    """What OLMo's MemMapDataset hands out, restated from its steps, since the package could not be
    installed here: the file's size over (item size x length) whole instances, the rest left out;
    instance i is that range of bytes as an array of the given type."""
    path = pathlib.Path(f"{base}.npy")
    size = np.dtype(dtype).itemsize * sequence_length
    with open(path, "rb") as f:
        for i in range(path.stat().st_size // size):
            f.seek(i * size)
            yield np.frombuffer(f.read(size), dtype=dtype).astype(np.int64)


def megatron_shard(base):
    """Megatron-Core's IndexedDataset, read by its documented layout."""
    with open(f"{base}.idx", "rb") as f:
        index = f.read()
    assert index[:9] == b"MMIDIDX\x00\x00"
    version, code, sequences, documents = struct.unpack_from("<QBQQ", index, 9)
    assert version == 1
    dtype = {8: np.uint16, 4: np.int32}[code]
    at = 34
    lengths = np.frombuffer(index, np.int32, sequences, at)
    pointers = np.frombuffer(index, np.int64, sequences, at + 4 * sequences)
    firsts = np.frombuffer(index, np.int64, documents, at + 12 * sequences)
    assert at + 12 * sequences + 8 * documents == len(index)
    assert (firsts == np.arange(sequences + 1)).all()
    return np.memmap(f"{base}.bin", mode="r", dtype=dtype), lengths, pointers


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("dataset", type=pathlib.Path)
    arguments.add_argument("--dolma", type=pathlib.Path)
    arguments.add_argument("--megatron", type=pathlib.Path)
    arguments.add_argument("--sequence-length", type=int, default=4096, help="of OLMo's instances")
    options = arguments.parse_args()
    manifest = json.loads((options.dataset / "manifest.json").read_text())
    sha = hashlib.sha256()
    documents = tokens = instances = 0
    for shard in manifest["facts"]["shards"]:
        path = options.dataset / shard["name"]
        schema, ids, ends, rows = arrow_shard(path)
        assert schema.metadata[b"instella.format"] == b"tokens/1"
        assert len(ids) == shard["tokens"] and len(rows) == shard["documents"], path
        sha.update(ids.tobytes())
        starts = np.concatenate([[0], ends[:-1]]).astype(np.int64)
        if options.dolma:
            theirs, table = dolma_shard(options.dolma / path.stem, ids.dtype)
            assert (theirs == ids).all() and len(theirs) == len(ids), path
            assert table == [(int(s), int(e), *row) for s, e, row in zip(starts, ends, rows)], path
            length = options.sequence_length
            count = 0
            for count, instance in enumerate(
                    olmo_instances(options.dolma / path.stem, ids.dtype, length), 1):
                assert (instance == ids[(count - 1) * length:count * length]).all(), (path, count)
            assert count == len(ids) // length, path
            instances += count
        if options.megatron:
            theirs, lengths, pointers = megatron_shard(options.megatron / path.stem)
            assert (theirs == ids).all() and len(theirs) == len(ids), path
            assert (lengths == ends - starts).all(), path
            assert (pointers == starts * theirs.itemsize).all(), path
        documents += len(rows)
        tokens += len(ids)
    assert tokens == manifest["facts"]["tokens"] and documents == manifest["facts"]["documents"]
    print(f"{options.dataset}: {documents} documents, {tokens} tokens, sha256 {sha.hexdigest()}")
    for name, folder in (("numpy (OLMo)", options.dolma), ("Megatron", options.megatron)):
        if folder:
            print(f"{folder}: same ids, boundaries and names in {name}"
                  + (f"; {instances} instances of {options.sequence_length} as OLMo cuts them"
                     if folder == options.dolma else ""))


if __name__ == "__main__":
    main()
