package = 'luaffi'
version = 'scm-1'
source = { url = 'git+file://.' }
description = {
  summary = 'Nothing: LuaJIT has its FFI',
  license = 'BSD-3-Clause',
}
dependencies = { 'lua >= 5.1' }
build = { type = 'none' }
