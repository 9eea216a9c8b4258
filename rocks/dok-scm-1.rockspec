package = 'dok'
version = 'scm-1'
source = { url = 'git+file://.' }
description = {
  summary = 'Arguments by table, usage texts: what old packages call of dok',
  license = 'BSD-3-Clause',
}
dependencies = { 'lua >= 5.1', 'torch >= 7.0' }
build = { type = 'none' } -- the rock torch brings it
