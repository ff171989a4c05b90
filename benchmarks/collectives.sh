#!/usr/bin/env bash
# Collectives between two processes of this machine: ours (two JVMs over TCP) and PyTorch's gloo (two Python
# processes), in turn, one thread for computing each, on buffers of 1, 10 and 100 MB.
# Results: benchmarks/results/collectives_*.md
#
#   PYTHON=/path/to/python benchmarks/collectives.sh [--rounds 3]
#
# PYTHON needs torch.
set -euo pipefail
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3}
MAVEN=${MAVEN:-mvn -q -B}
classpath=$(mktemp)
trap 'rm -f "$classpath"' EXIT
if [ -n "${CLASSPATH_FILE:-}" ]; then
  cp "$CLASSPATH_FILE" "$classpath" # already built
else
  $MAVEN -pl train-executor -am -DskipTests test-compile \
    dependency:build-classpath -Dmdep.outputFile="$classpath" >&2
  printf 'train-executor/target/test-classes:train-executor/target/classes:%s' "$(cat "$classpath")" >"$classpath.full"
  mv "$classpath.full" "$classpath"
fi
"$PYTHON" benchmarks/peers/collectives_bench.py "$@" -- \
  java -XX:+UseSerialGC -Xmx256m -cp "$(cat "$classpath")" org.instella.train.parallel.CollectivesBenchmark
