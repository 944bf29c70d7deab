#!/usr/bin/env bash
# Runs the unit tests on the other Node versions that obslab supports, side by side: bash test/node-versions.sh [folder]
# Left out is what takes long and does not depend on Node: documents, notebooks, what a compiler does with generated types
# and exported code, imports between layers.
# The binaries come from the npm package "node". Reports go to the folder, out/ by default: unit-22.json, unit-22.log.
set -euo pipefail
cd "$(dirname "$0")/.."
reports=${1:-out}
mkdir -p "$reports"

excluded='test/docs/** test/types/** test/notebooks/** test/export/** test/bench/** test/layers.test.ts'
pids=()
versions=()
for version in 20 22 24; do
  [ "$version" = "$(node -p 'process.versions.node.split(".")[0]')" ] && continue
  OBSLAB_EXCLUDE="$excluded" npm exec --yes --package="node@$version" -- node node_modules/vitest/vitest.mjs run --project unit \
    --reporter=default --reporter=json --outputFile="$reports/unit-$version.json" \
    >"$reports/unit-$version.log" 2>&1 &
  pids+=($!)
  versions+=("$version")
done

failed=0
for i in "${!pids[@]}"; do
  if wait "${pids[$i]}"; then
    printf 'Node %s: ' "${versions[$i]}"
    grep -E '^ *Tests ' "$reports/unit-${versions[$i]}.log" || true
  else
    failed=1
    printf 'Node %s failed:\n' "${versions[$i]}"
    cat "$reports/unit-${versions[$i]}.log"
  fi
done
exit $failed
