#!/bin/sh
# Installs what is missing, builds, runs every test. The last line is `N passed, N failed, N skipped`.
#
#   sh test/run.sh [spec files or folders]     RK_BUILD: the build folder (build); RK_CMAKE: arguments for cmake
set -eu
cd "$(dirname "$0")/.."
build=${RK_BUILD:-build}

sh rocks/install-deps || echo "going on with what is there"
# shellcheck disable=SC2086 # several arguments
sh rocks/build.sh ${RK_CMAKE:-}

passed=0 failed=0 skipped=0
if [ $# = 0 ]; then
  echo "C tests"
  for test in "$build"/test/*_test; do
    [ -x "$test" ] || continue
    name=$(basename "$test")
    [ -e "test/c/$name.c" ] || continue # left from an older build
    status=0
    "$test" >"$test.log" 2>&1 </dev/null || status=$?
    if [ $status = 0 ]; then
      echo "ok    test/c/$name.c"
      passed=$((passed + 1))
    else
      echo "FAIL  test/c/$name.c (exit status $status)"
      tail -n 30 "$test.log"
      failed=$((failed + 1))
    fi
  done
fi

echo "Lua specs"
summary=$build/specs.summary
status=0
"$build/th" test/run.lua --summary "$summary" "$@" </dev/null || status=$?
if [ -s "$summary" ]; then
  read -r p f s <"$summary"
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
elif [ $status != 0 ]; then
  echo "test/run.lua ended with status $status" >&2
  failed=$((failed + 1))
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
