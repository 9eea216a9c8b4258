#!/bin/sh
# Fuzzes under the sanitizers: sh test/fuzz/run.sh BUILD [seconds [seed [cases]]] runs every target with BUILD/th,
# which was configured with -DRK_SANITIZE=ON, for so many seconds and at most so many cases (damaged files are small:
# six times as many). The seed is printed; the calls before a crash stand at the end of BUILD/fuzz-*.log.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "$1" && pwd) || exit 1
seconds=${2:-60} seed=${3:-$(($(date +%s) % 1000003))} cases=${4:-1000000000}
# Allocations that the machine would refuse fail here, too; the collector of Lua frees at its own time.
options=detect_leaks=0:allocator_may_return_null=1:max_allocation_size_mb=512:intercept_tls_get_addr=0
status=0
for target in api examples t7; do
  log=$build/fuzz-$target.log most=$cases
  [ $target != t7 ] || most=$((cases * 6))
  ASAN_OPTIONS=$options UBSAN_OPTIONS=print_stacktrace=1 OMP_NUM_THREADS=2 \
    timeout $((seconds + 240)) "$build/th" "test/fuzz/$target.lua" --seconds "$seconds" --seed "$seed" --cases $most \
    --log "$log" >"$log.out" 2>&1
  code=$?
  grep -v -e 'AddressSanitizer failed to allocate' -e "ASan doesn't fully support makecontext" "$log.out" | tail -n 60
  if [ $code != 0 ]; then
    status=1
    echo "FAILED: fuzz $target --seed $seed (status $code), last calls:"
    tail -n 30 "$log" | cut -c 1-400
  fi
done
exit $status
