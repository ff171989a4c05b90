#!/usr/bin/env bash
# Memory of `bin/instella tokenize` on a corpus, on ten and on forty times as much, all with the same
# small heap: the largest heap that was left after a collection, and the peak of resident memory, of the one process that is driver and
# executor in local mode.
#
#   PYTHON=/path/to/python SHARED=/path/to/shared benchmarks/tokenize_memory.sh [--copies 4] [--cores 2] \
#     [--sizes 1 10 40] [--heap-mib 512]
set -euo pipefail
cd "$(dirname "$0")/.."
exec "${PYTHON:-python3}" benchmarks/peers/tokenize_job_bench.py --memory \
  --shared "${SHARED:-../shared}" "$@"
