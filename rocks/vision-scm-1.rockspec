package = 'vision'
version = 'scm-1'
source = { url = 'git+file://.' }
description = {
  summary = 'Data sets and models for images',
  license = 'BSD-3-Clause',
}
dependencies = { 'lua >= 5.1', 'torch >= 7.0' }
build = { type = 'none' } -- the rock torch brings it
