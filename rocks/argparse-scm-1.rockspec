package = 'argparse'
version = 'scm-1'
source = { url = 'git+file://.' }
description = {
  summary = 'Command lines, by the Debian package lua-argparse',
  license = 'BSD-3-Clause',
}
dependencies = { 'lua >= 5.1' }
build = {
  type = 'command',
  build_command = '$(LUA) -e "require [[argparse]]" || { echo "install it first: apt-get install lua-argparse" >&2; exit 1; }',
  install_command = 'true',
}
