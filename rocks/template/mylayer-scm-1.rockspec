rockspec_format = '3.0'
package = 'mylayer'
version = 'scm-1'
source = { url = 'git+https://example.org/you/mylayer.git' }
description = {
  summary = 'A layer that scales its input by a learned factor',
  homepage = 'https://example.org/you/mylayer',
  license = 'BSD-3-Clause',
}
dependencies = { 'lua >= 5.1', 'torch >= 7.0', 'nn >= 1.0' }
build = {
  type = 'builtin',
  modules = {
    mylayer = 'init.lua',
    ['mylayer.Scale'] = 'Scale.lua',
  },
}
test = { type = 'command', command = 'th test/run.lua' }
