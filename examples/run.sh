#!/bin/sh
# Installs what is missing, builds, trains LeNet on Fashion-MNIST and prints the test accuracy.
#
#   sh examples/run.sh [options of examples/fashion-mnist/train.lua]     e.g. -epochs 1
set -eu
cd "$(dirname "$0")/.."
sh rocks/install-deps || echo "going on with what is there"
sh rocks/build.sh
echo "training LeNet on Fashion-MNIST"
build=${RK_BUILD:-build}
exec "$build/th" examples/fashion-mnist/train.lua -save "$build/fashion-mnist" "$@"
