package = 'env'
version = 'scm-1'
source = { url = 'git+file://.' }
description = {
  summary = 'Nothing: th sets itself up',
  license = 'BSD-3-Clause',
}
dependencies = { 'lua >= 5.1' }
build = { type = 'none' }
