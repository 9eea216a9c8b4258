package = 'env'
version = 'scm-1'
source = { url = 'git+file://.' }
description = {
  summary = "th's printing, globals and require under plain LuaJIT",
  license = 'BSD-3-Clause',
}
dependencies = { 'lua >= 5.1', 'torch >= 7.0' }
build = { type = 'none' } -- the rock torch brings it
