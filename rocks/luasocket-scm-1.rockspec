package = 'luasocket'
version = 'scm-1'
source = { url = 'git+file://.' }
description = {
  summary = 'Network, by the Debian package lua-socket',
  license = 'BSD-3-Clause',
}
dependencies = { 'lua >= 5.1' }
build = {
  type = 'command',
  build_command = '$(LUA) -e "require [[socket]]" || { echo "install it first: apt-get install lua-socket" >&2; exit 1; }',
  install_command = 'true',
}
