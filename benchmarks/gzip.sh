#!/usr/bin/env bash
# Speed of our gzip beside the JDK's (zlib), in turn on the same files, one thread.
#
#   SHARED=/path/to/shared benchmarks/gzip.sh [options for the JVM]
set -euo pipefail
cd "$(dirname "$0")/.."
${MAVEN:-mvn -q -B} -pl tokenize -am -DskipTests test-compile >&2
exec java -XX:+UseSerialGC "$@" -cp tokenize/target/test-classes:tokenize/target/classes \
  org.instella.tokenize.document.gzip.GzipBenchmark "${SHARED:-../shared}/data/corpus"
