package = 'moses'
version = 'scm-1'
source = { url = 'git+file://.' }
description = {
  summary = 'Functional programming, by the Debian package lua-moses',
  license = 'BSD-3-Clause',
}
dependencies = { 'lua >= 5.1' }
build = {
  type = 'command',
  build_command = '$(LUA) -e "require [[moses]]" || { echo "install it first: apt-get install lua-moses" >&2; exit 1; }',
  install_command = 'true',
}
