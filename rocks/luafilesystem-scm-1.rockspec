package = 'luafilesystem'
version = 'scm-1'
source = { url = 'git+file://.' }
description = {
  summary = 'Files and folders, by the Debian package lua-filesystem',
  license = 'BSD-3-Clause',
}
dependencies = { 'lua >= 5.1' }
build = {
  type = 'command',
  build_command = '$(LUA) -e "require [[lfs]]" || { echo "install it first: apt-get install lua-filesystem" >&2; exit 1; }',
  install_command = 'true',
}
