package = 'lpeg'
version = 'scm-1'
source = { url = 'git+file://.' }
description = {
  summary = 'Parsing expressions, by the Debian package lua-lpeg',
  license = 'BSD-3-Clause',
}
dependencies = { 'lua >= 5.1' }
build = {
  type = 'command',
  build_command = '$(LUA) -e "require [[lpeg]]" || { echo "install it first: apt-get install lua-lpeg" >&2; exit 1; }',
  install_command = 'true',
}
