#!/usr/bin/env bash
# Merging three models beside plain file copies (read three, write one) and beside the Python loop over
# safetensors, in turn, on the same files. Every contestant leaves its output on disk (fsync).
# Results: benchmarks/results/merge_*.md
#
#   PYTHON=/path/to/python benchmarks/merge.sh \
#     [--size 1] [--rounds 5] [--dtype float32] [--cold] [--keep] [--work FOLDER]
#
# --size is GB per model (10^9 bytes); six times that must be free in FOLDER, which is emptied again.
# --cold drops the files from the page cache before every run, so that all read from the disk.
# PYTHON needs numpy, torch and safetensors.
set -euo pipefail
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3}
MAVEN=${MAVEN:-mvn -q -B}
classpath=$(mktemp)
trap 'rm -f "$classpath"' EXIT
$MAVEN -pl ensemble -am -DskipTests test-compile \
  dependency:build-classpath -Dmdep.outputFile="$classpath" >/dev/null
"$PYTHON" benchmarks/peers/merge_bench.py "$@" -- \
  java -Xmx256m -cp "ensemble/target/test-classes:ensemble/target/classes:$(cat "$classpath")" \
  org.instella.ensemble.MergeBenchmark
