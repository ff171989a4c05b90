#!/usr/bin/env bash
# Merging three models with bin/instella beside plain file copies (read three, write one) and beside the Python loop
# over safetensors, in turn, on the same files. Every contestant is a process of its own, start included, and leaves
# its output on disk (fsync). Results: benchmarks/results/merge_*.md
#
#   PYTHON=/path/to/python benchmarks/merge.sh \
#     [--size 1] [--rounds 5] [--dtype float32] [--cold] [--compare] [--keep] [--work FOLDER] [--only make]
#
# --size is GB per model (10^9 bytes); four times that must be free in FOLDER, five times with --compare; FOLDER is
# emptied again unless --keep is given.
# --cold drops the files from the page cache before every run, so that all read from the disk.
# --compare first checks, untimed, that the reference mean has the bits of the Python loop.
# --only make writes the models and ends.
# PYTHON needs numpy, torch and safetensors.
set -euo pipefail
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3}
"$PYTHON" benchmarks/peers/merge_bench.py "$@" -- bin/instella merge
