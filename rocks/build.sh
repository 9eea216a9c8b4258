#!/bin/sh
# Configures and builds into build/ (or $RK_BUILD), quietly: what test/run.sh and examples/run.sh share.
# Arguments go to cmake. On failure the end of the log is shown.
set -eu
cd "$(dirname "$0")/.."
build=${RK_BUILD:-build}
jobs=$(nproc 2>/dev/null || echo 2)
mkdir -p "$build"
log=$build/build.log
echo "building in $build"
if ! { cmake -S . -B "$build" "$@" && cmake --build "$build" -j "$jobs"; } >"$log" 2>&1 </dev/null; then
  echo "build failed ($log):" >&2
  grep -m 1 -n -E 'error|Error' "$log" >&2 || true
  tail -n 30 "$log" >&2
  exit 1
fi
