package = "rowsum"
version = "scm-1"
source = { url = "git://example.org/rowsum.git" }
description = { summary = "A rock with a module in C that reads and makes tensors by rk.h" }
dependencies = { "torch >= 7.0" }
build = {
  type = "cmake",
  variables = { CMAKE_BUILD_TYPE = "Release", CMAKE_PREFIX_PATH = "$(LUA_BINDIR)/..", CMAKE_INSTALL_PREFIX = "$(PREFIX)" },
}
