#!/usr/bin/env bash
# Speed of our byte-level BPE encoder beside Hugging Face `tokenizers` and `tiktoken`: the same texts,
# one thread each, rounds in turn, ids compared. Results: benchmarks/results/tokenizer_*.md
#
#   PYTHON=/path/to/python SHARED=/path/to/shared \
#     benchmarks/tokenizer.sh [--rounds 7] [--megabytes 4] [--only texts|long]
#
# PYTHON needs the packages tokenizers and tiktoken. Texts and tokenizer files come from SHARED.
set -euo pipefail
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3}
SHARED=${SHARED:-../shared}
MAVEN=${MAVEN:-mvn -q -B}
classpath=$(mktemp)
trap 'rm -f "$classpath"' EXIT
$MAVEN -pl tokenize -am -DskipTests test-compile \
  dependency:build-classpath -Dmdep.outputFile="$classpath" >&2
"$PYTHON" benchmarks/peers/tokenizer_bench.py --shared "$SHARED" "$@" -- \
  java -XX:+UseSerialGC -Xmx1g -cp "tokenize/target/test-classes:tokenize/target/classes:$(cat "$classpath")" \
  org.instella.tokenize.bpe.EncodeBenchmark
