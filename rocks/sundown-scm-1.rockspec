package = 'sundown'
version = 'scm-1'
source = { url = 'git+file://.' }
description = {
  summary = 'Nothing: documentation is written in LDoc comments',
  license = 'BSD-3-Clause',
}
dependencies = { 'lua >= 5.1' }
build = { type = 'none' }
