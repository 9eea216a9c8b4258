-- luacheck lua test examples rocks
std = 'luajit'
max_line_length = 120
-- What th and the packages set on purpose.
globals = { 'torch', 'nn', 'optim', 'xlua', 'paths', 'sys', 'vision', 'graph', 'nngraph', 'image', 'dok', 'gnuplot' }
read_globals = { 'print_old', 'print_new', 'setprintlevel' }
ignore = { '212/self', '212/_.*' } -- unused self and _arguments: signatures of protocols
exclude_files = { 'build*', 'test/golden' }
files['test/**/*_spec.lua'] = { std = '+busted' }
files['test/rocks'] = { globals = { 'stretch' } } -- as Torch7's packages do
files['lua/trepl'] = { globals = { '_RESULTS', '_LAST' } }
