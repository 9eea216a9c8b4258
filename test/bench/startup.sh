#!/bin/sh
# Time from process start to a first tensor result, and memory resident then. Also the installed size.
set -eu
cd "$(dirname "$0")/../.."
build=${RK_BUILD:-build}
[ -x "$build/th" ] || sh rocks/build.sh
"$build/th" test/bench/startup.lua
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cmake --install "$build" --prefix "$folder" --strip >/dev/null
echo "installed size $(du -sk "$folder" | cut -f 1) kB"
