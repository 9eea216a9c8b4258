package = 'cwrap'
version = 'scm-1'
source = { url = 'git+file://.' }
description = {
  summary = 'Nothing: wrappers of C functions are written with the FFI',
  license = 'BSD-3-Clause',
}
dependencies = { 'lua >= 5.1' }
build = { type = 'none' }
