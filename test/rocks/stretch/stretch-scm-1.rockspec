package = "stretch"
version = "scm-1"
source = { url = "git://example.org/stretch.git" }
description = { summary = "A rock as Torch7's packages were: pure Lua, installed by CMake" }
dependencies = { "torch >= 7.0", "nn >= 1.0", "sys >= 1.0", "xlua >= 1.0" }
build = {
  type = "command",
  build_command = [[
cmake -E make_directory build && cd build && cmake .. -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH="$(LUA_BINDIR)/.." -DCMAKE_INSTALL_PREFIX="$(PREFIX)" && $(MAKE)
]],
  install_command = "cd build && $(MAKE) install"
}
