package = 'torch'
version = 'scm-1'
source = { url = 'git+file://.' }
description = {
  summary = 'Rekindle: tensors, th, and every package of the engine (nn, optim, ...)',
  license = 'BSD-3-Clause',
}
dependencies = { 'lua >= 5.1' }
-- The whole engine: one library, one tree of Lua files. The rocks nn, optim, ... beside this one only give its
-- packages their own names, so that what depends on them resolves.
build = {
  type = 'command',
  build_command = 'RK_BUILD=${RK_BUILD:-build.luarocks} sh rocks/build.sh -DCMAKE_BUILD_TYPE=Release',
  install_command = 'sh rocks/lay-out "$(PREFIX)"',
}
