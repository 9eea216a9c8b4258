package = 'lua-cjson'
version = 'scm-1'
source = { url = 'git+file://.' }
description = {
  summary = 'JSON, by the Debian package lua-cjson',
  license = 'BSD-3-Clause',
}
dependencies = { 'lua >= 5.1' }
build = {
  type = 'command',
  build_command = '$(LUA) -e "require [[cjson]]" || { echo "install it first: apt-get install lua-cjson" >&2; exit 1; }',
  install_command = 'true',
}
