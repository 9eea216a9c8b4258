#!/bin/sh
# Ours against PyTorch, workload by workload, in one run.
#
#   sh test/bench/compare.sh [--only TEXT | --name NAME] [--device cpu|cuda] [--threads N] [--quick] [--turns N]
#
# PYTHON names a Python that has PyTorch; else .venv/bin/python or python3 is taken.
set -eu
cd "$(dirname "$0")/../.."
build=${RK_BUILD:-build}
[ -x "$build/th" ] || sh rocks/build.sh
if [ -z "${PYTHON:-}" ]; then
  PYTHON=python3
  [ ! -x .venv/bin/python ] || PYTHON=.venv/bin/python
fi
if ! "$PYTHON" -c 'import torch' 2>/dev/null; then
  echo "compare.sh: $PYTHON has no PyTorch. For example:" >&2
  echo "  python3 -m venv .venv && .venv/bin/pip install torch" >&2
  exit 1
fi
export PYTHON
exec "$build/th" test/bench/compare.lua "$@"
