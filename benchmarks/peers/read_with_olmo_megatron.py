"""Opens our exports with the readers that OLMo and Megatron-Core train with, and has ours open what
Megatron-Core's writer writes.

    python benchmarks/peers/read_with_olmo_megatron.py --olmo CHECKOUT --megatron CHECKOUT \
        DATASET --dolma-folder FOLDER --megatron-folder FOLDER [--write FOLDER]

CHECKOUT is a working copy of github.com/allenai/OLMo or github.com/NVIDIA/Megatron-LM. Needs numpy,
pyarrow and torch. Modules that their packages import and that are not installed are replaced by
empty ones, named at the end: the readers themselves, `olmo/data/memmap_dataset.py` and
`megatron/core/datasets/indexed_dataset.py`, run as they are. With --write, Megatron's builder writes
the documents of the data set anew into FOLDER, to be read with `instella shards convert --from`.
"""
import argparse
import importlib.abc
import importlib.machinery
import pathlib
import sys
import types

import numpy as np

from open_shards import arrow_shard

REPLACED = []


class Missing(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Found last: an empty module in place of one that is not installed."""

    def __init__(self, inside):
        self.inside = inside

    def find_spec(self, name, path=None, target=None):
        frame = sys._getframe(1)
        while frame and "importlib" in frame.f_code.co_filename:
            frame = frame.f_back
        importer = frame.f_globals.get("__name__", "") if frame else ""
        replaced = name.partition(".")[0] in {r.partition(".")[0] for r in REPLACED}
        if not replaced and importer.partition(".")[0] != self.inside:
            return None
        if name.partition(".")[0] == self.inside:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        REPLACED.append(spec.name)
        return Replaced(spec.name)

    def exec_module(self, module):
        pass


class Replaced(types.ModuleType):
    __version__ = "99.0.0"
    __path__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything(name, (), {"__init__": lambda self, *a, **k: None,
                                   "__getattr__": lambda self, method: lambda *a, **k: None,
                                   "__call__": lambda self, f=None, *a, **k: f})


class Anything(type):
    """The class of what an empty module holds: its own attributes are empty tuples."""

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return ()

    def __getitem__(cls, item):
        return cls


def documents(dataset):
    for path in sorted(dataset.glob("part-*.arrow")):
        _, ids, ends, rows = arrow_shard(path)
        yield path.stem, ids, np.concatenate([[0], ends]).astype(np.int64), rows


def with_olmo(dataset, folder, length):
    from olmo.data.memmap_dataset import MemMapDataset
    shards = list(documents(dataset))
    theirs = MemMapDataset(*[folder / f"{name}.npy" for name, *_ in shards], chunk_size=length,
                           memmap_dtype=shards[0][1].dtype.type, include_instance_metadata=False)
    expected = [ids[at:at + length] for _, ids, *_ in shards
                for at in range(0, len(ids) // length * length, length)]
    assert len(theirs) == len(expected), (len(theirs), len(expected))
    for i, want in enumerate(expected):
        assert np.array_equal(theirs[i]["input_ids"].numpy(), want.astype(np.int64)), i
    print(f"OLMo's MemMapDataset: {len(theirs)} instances of {length} ids, all equal")


def without_init(root, *packages):
    """Packages whose own __init__ is passed over: Megatron's import everything that it can train."""
    for name in packages:
        package = types.ModuleType(name)
        package.__path__ = [str(root.joinpath(*name.split(".")))]
        sys.modules[name] = package


def with_megatron(dataset, folder, write):
    from megatron.core.datasets import indexed_dataset
    count = 0
    for name, ids, ends, _ in documents(dataset):
        theirs = indexed_dataset.IndexedDataset(str(folder / name), multimodal=False, mmap=True)
        assert len(theirs) == len(ends) - 1, name
        assert np.array_equal(theirs.document_indices, np.arange(len(ends))), name
        for i in range(len(theirs)):
            assert np.array_equal(theirs[i], ids[ends[i]:ends[i + 1]]), (name, i)
        count += len(theirs)
        if write:
            write.mkdir(parents=True, exist_ok=True)
            builder = indexed_dataset.IndexedDatasetBuilder(str(write / f"{name}.bin"), dtype=theirs.index.dtype)
            import torch
            for i in range(len(theirs)):
                builder.add_document(torch.from_numpy(theirs[i].astype(np.int64)), [int(ends[i + 1] - ends[i])])
            builder.finalize(str(write / f"{name}.idx"))
            for ending in ("bin", "idx"):
                same = (write / f"{name}.{ending}").read_bytes() == (folder / f"{name}.{ending}").read_bytes()
                print(f"  its builder's {name}.{ending} has {'the same bytes as ours' if same else 'OTHER BYTES'}")
    print(f"Megatron's IndexedDataset: {count} documents, all equal")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("dataset", type=pathlib.Path)
    arguments.add_argument("--olmo", type=pathlib.Path)
    arguments.add_argument("--megatron", type=pathlib.Path)
    arguments.add_argument("--dolma-folder", type=pathlib.Path)
    arguments.add_argument("--megatron-folder", type=pathlib.Path)
    arguments.add_argument("--write", type=pathlib.Path)
    arguments.add_argument("--sequence-length", type=int, default=2048)
    options = arguments.parse_args()
    import torch  # noqa: F401 — before the finder, which would replace what torch tries to import
    if options.olmo:
        sys.path.insert(0, str(options.olmo))
        sys.meta_path.append(Missing("olmo"))
        with_olmo(options.dataset, options.dolma_folder, options.sequence_length)
    if options.megatron:
        without_init(options.megatron, "megatron", "megatron.core", "megatron.core.datasets")
        # The reader takes one function for logging from there, the module takes all of the trainer.
        sys.modules["megatron.core.utils"] = Replaced("megatron.core.utils")
        REPLACED.append("megatron.core.utils")
        sys.meta_path.append(Missing("megatron"))
        with_megatron(options.dataset, options.megatron_folder, options.write)
    print("not installed here, replaced by empty modules:", ", ".join(REPLACED) or "none")


if __name__ == "__main__":
    main()
