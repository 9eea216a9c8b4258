package = 'penlight'
version = 'scm-1'
source = { url = 'git+file://.' }
description = {
  summary = 'Penlight, by the Debian package lua-penlight',
  license = 'BSD-3-Clause',
}
dependencies = { 'lua >= 5.1' }
build = {
  type = 'command',
  build_command = '$(LUA) -e "require [[pl]]" || { echo "install it first: apt-get install lua-penlight" >&2; exit 1; }',
  install_command = 'true',
}
