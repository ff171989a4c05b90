#!/usr/bin/env bash
# The whole job, documents to published shards: ours (bin/instella tokenize on local[CORES]) and a
# Python loop in as many processes, built like `dolma tokens` (benchmarks/peers/dolma_like.py), in
# turn on the same files. Prints both rates, the ratio, our shares of time and the bound.
# Results: benchmarks/results/tokenize_job_*.md
#
#   PYTHON=/path/to/python SHARED=/path/to/shared \
#     benchmarks/tokenize_job.sh [--copies 20] [--peer-copies 2] [--cores 2] [--rounds 3] [--form gz|zst|plain] [--shard-mib 256]
#
# PYTHON needs tokenizers and numpy, and zstandard for --form zst. Texts and the tokenizer come from
# SHARED; the corpus is copied --copies times into a temporary folder, for the loop --peer-copies times.
set -euo pipefail
cd "$(dirname "$0")/.."
exec "${PYTHON:-python3}" benchmarks/peers/tokenize_job_bench.py --shared "${SHARED:-../shared}" "$@"
