-- luacheck lua test examples
std = 'luajit'
max_line_length = 120
-- What th and the packages set on purpose.
globals = { 'torch', 'nn', 'optim', 'xlua', 'paths', 'sys', 'vision', 'graph', 'nngraph' }
read_globals = { 'print_old', 'print_new', 'setprintlevel' }
ignore = { '212/self', '212/_.*' } -- unused self and _arguments: signatures of protocols
exclude_files = { 'build*', 'test/golden' }
files['test/**/*_spec.lua'] = { std = '+busted' }
files['lua/trepl'] = { globals = { '_RESULTS', '_LAST' } }
