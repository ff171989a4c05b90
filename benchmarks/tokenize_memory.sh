#!/usr/bin/env bash
# Memory of `bin/instella tokenize` on a corpus and on ten times as much: the largest heap that was
# left after a collection, and the peak of resident memory, of the one process that is driver and
# executor in local mode.
#
#   PYTHON=/path/to/python SHARED=/path/to/shared benchmarks/tokenize_memory.sh [--copies 4] [--cores 2]
set -euo pipefail
cd "$(dirname "$0")/.."
exec "${PYTHON:-python3}" benchmarks/peers/tokenize_job_bench.py --memory \
  --shared "${SHARED:-../shared}" "$@"
