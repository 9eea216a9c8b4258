--- Rocks: the engine installed by luarocks into a fresh tree, and three rocks in the form of third parties' from a
-- local server on top of it (test/rocks): pure Lua by CMake, the builtin kind, and C with rk.h.
require 'torch'
local root = paths.concat(paths.dirname(debug.getinfo(1, 'S').source:sub(2)), '..')
local build = paths.dirname(package.loaded['torch.libpath'])

-- Run a shell command: its output, and whether it succeeded.
local function shell(command)
  local pipe = io.popen(('{ %s ; } 2>&1; echo "status $?"'):format(command))
  local text = pipe:read '*a'
  pipe:close()
  local output, status = text:match '^(.-)\n?status (%d+)\n$'
  return output, status == '0'
end
local function run(command, ...)
  local output, fine = shell(command:format(...))
  assert(fine, command:format(...) .. '\n' .. output)
  return output
end

local have = select(2, shell 'command -v luarocks && command -v cmake')
local test = have and it or function(name) pending(name .. ': needs luarocks and cmake') end

describe('rocks', function()
  local home, tree, server
  -- luarocks' own variables, as `eval $(luarocks path)` sets them
  local function inside(command, ...)
    return run('eval "$(luarocks path --bin --tree %s)" && cd / && ' .. command, tree, ...)
  end
  local function luarocks(arguments, ...) return inside('luarocks ' .. arguments, ...) end

  setup(function()
    home = run('mktemp -d')
    tree, server = home .. '/tree', home .. '/server'
    run('mkdir -p %s %s', tree, server)
  end)
  teardown(function() run('rm -rf %s', home) end)

  -- A rock's source goes to the server as a tar file, and its rockspec names that.
  local function publish(name)
    run('cp -R %s/test/rocks/%s %s/%s', root, name, home, name)
    run('tar -C %s -czf %s/%s.tar.gz %s', home, server, name, name)
    for file in paths.files(home .. '/' .. name, '%.rockspec$') do
      local from, to = io.open(home .. '/' .. name .. '/' .. file), io.open(server .. '/' .. file, 'w')
      to:write((from:read('*a'):gsub('url = "[^"]*"', ('url = "file://%s/%s.tar.gz"'):format(server, name))))
      from:close()
      to:close()
    end
  end

  test('the engine installs, and is found without variables but those of luarocks', function()
    run('cd %s && RK_BUILD=%s luarocks make --tree %s rocks/torch-scm-1.rockspec', root, build, tree)
    assert.are.equal('3', inside [[luajit -e "require 'nn'; print(nn.Linear(2, 3):forward(torch.ones(2)):nElement())"]])
    assert.are.equal('6', inside [[th -e "require 'nn'; print(torch.FloatTensor(3):fill(2):sum())"]])
    assert.are.equal(tree, run('%s/bin/th --cmake-prefix', tree))
    assert.are.equal(tree .. '\t' .. tree .. '/share/lua/5.1',
      inside [[th -e "print(paths.install_prefix, paths.install_lua_path)"]])
    -- luarocks' LUA_PATH has no place for LuaJIT's own modules, which code with `...` asks for
    assert.are.equal('true', inside [[th -e "local a = ... print(a == nil and require 'image' ~= nil)"]])
    assert.are.equal('true', inside [[luajit -e "require 'torch.compat' print(require 'image' ~= nil)"]])
    -- and without any: th finds its tree by itself
    assert.are.equal('6', run([[cd / && %s/bin/th -e "print(torch.FloatTensor(3):fill(2):sum())"]], tree))
  end)

  test('the names of its packages satisfy dependencies', function()
    for _, name in ipairs {'nn', 'optim', 'sys', 'xlua', 'paths', 'cwrap'} do
      run('cd %s && luarocks make --tree %s rocks/%s-scm-1.rockspec', root, tree, name)
    end
    assert.is_truthy(luarocks('list --porcelain --tree %s', tree):find 'xlua%s+scm%-1')
  end)

  test('third-party rocks build, install and run unmodified', function()
    for _, name in ipairs {'stretch', 'tally', 'rowsum'} do publish(name) end
    run('luarocks-admin make-manifest --lua-version 5.1 %s', server)
    -- These say CMAKE_PREFIX_PATH=$(LUA_BINDIR)/.., which finds Debian's libtorch where that is installed.
    for _, name in ipairs {'tally', 'rowsum'} do -- tally brings stretch
      luarocks('install --tree %s --only-server=file://%s %s LUA_BINDIR=%s/bin LUA_INCDIR=%s', tree, server, name, tree,
        run 'pkg-config --variable=includedir luajit')
    end
    assert.are.equal('17', inside [[luajit -e "print(require 'tally'(4))"]])
    assert.are.equal(tree .. '/share/lua/5.1/stretch', inside [[th -e "print(require 'stretch'.folder)"]])
    assert.are.equal('stretched', run('cat %s/share/lua/5.1/stretch/words.txt', tree))
    assert.are.equal('10\t15', inside(
      [[th -e "local s = require 'rowsum'(torch.range(0, 5):float():view(2, 3):t():t():mul(2)); ]]
      .. [[s[1] = s[1] + 4; s[2] = s[2] - 9; print(s[1], s[2])"]]))
    local text, fine = shell(([[eval "$(luarocks path --tree %s)"; luajit -e "require 'rowsum'(3)"]]):format(tree))
    assert.is_false(fine)
    assert.is_truthy(text:find('tensor expected, got number', 1, true), text)
  end)

  test('the template builds, passes its own tests and works', function()
    run('cp -R %s/rocks/template %s/mylayer', root, home)
    inside('cd %s/mylayer && luarocks make --tree %s && luarocks test', home, tree)
    assert.are.equal('6', inside [[th -e "require 'mylayer'; print(nn.Scale(2):forward(torch.ones(3)):sum())"]])
    local text = inside [[th -e "require 'mylayer'; help 'nn.Scale'"]]
    assert.is_truthy(text:find('output = weight * input, with one learned number.', 1, true), text)
  end)

  test("packages with C against Torch7's own libraries are told so when they are configured", function()
    run('mkdir -p %s/old/below && cd %s/old && echo "int luaopen_libold(void *L) { return !L; }" > old.c', home, home)
    run([[cd %s/old/below && printf '#include <stdio.h>\n # include "luaT.h"\n' > deep.c]], home)
    run([[cd %s/old/below && echo 'ADD_LIBRARY(deep MODULE deep.c)' > CMakeLists.txt]], home)
    for _, line in ipairs {'TARGET_LINK_LIBRARIES(old luaT TH)', 'ADD_TORCH_WRAP(oldwrap wrap.lua)',
      'ADD_SUBDIRECTORY(below)'} do
      local lists = io.open(home .. '/old/CMakeLists.txt', 'w')
      lists:write('CMAKE_MINIMUM_REQUIRED(VERSION 2.6)\nPROJECT(old C)\nFIND_PACKAGE(Torch REQUIRED)\n',
        'ADD_TORCH_PACKAGE(old "old.c" "" "Old")\n', line, '\n')
      lists:close()
      local text, fine = shell(('cmake -S %s/old -B %s/old/build -DCMAKE_PREFIX_PATH=%s'):format(home, home, tree))
      assert.is_false(fine, text)
      assert.is_truthy(text:gsub('%s+', ' '):find("must be ported: include rk.h", 1, true), text)
    end
  end)
end)
