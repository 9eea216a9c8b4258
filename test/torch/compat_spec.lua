--- Lua 5.2 forms on a LuaJIT without them: the rewriting of `#`, library forms, `type` of tensors; under th and plain
-- LuaJIT.
-- luacheck: ignore 113 143
local source = require 'torch.source'

local function object()
  return setmetatable({ 1, 2 }, {
    __len = function() return 42 end,
    __pairs = function(t) return function(_, k) if not k then return 1, 'one' end end, t, nil end,
    __ipairs = function(t) return function(_, i) if i < 3 then return i + 1, 'x' end end, t, 0 end,
  })
end

describe('torch.source.length', function()
  local L = '(("").__len('
  -- source, what becomes of it: @ and $ stand for the call and its end
  local cases = {
    { 'return #x', 'return @x$' },
    { 'return #x.y[1]:m(2).z + 1', 'return @x.y[1]:m(2).z$ + 1' },
    { 'return #x:f "s" {1} [[long]] .. "a"', 'return @x:f "s" {1} [[long]]$ .. "a"' },
    { 'return #x..#y', 'return @x$..@y$' },
    { 'return -#x^#y*2', 'return -@x^@y$$*2' },
    { 'return #x^-2^1e-5-1', 'return @x^-2^1e-5$-1' },
    { 'return #x[#x]', 'return @x[@x$]$' },
    { 'return #f(#g(#h))', 'return @f(@g(@h$)$)$' },
    { 'return #(#x)', 'return @(@x$)$' },
    { 'return ##x', 'return #@x$' },
    { 'return #...', 'return @...$' },
    { 'return #"s", #{1, #x}, #[[#x]], not #x', 'return #"s", #{1, @x$}, #[[#x]], not @x$' },
    { "return '#x' .. \"#'\\\"#\" --#x\n, #x", "return '#x' .. \"#'\\\"#\" --#x\n, @x$" },
    { 'return --[==[ #x ]] ]==] #x', 'return --[==[ #x ]] ]==] @x$' },
    { 'return # --[[c]] x -- #y\n', 'return @ --[[c]] x$ -- #y\n' },
    { 'return #x\n.y', 'return @x\n.y$' },
    { 'goto a ::a:: return #x ::b::', 'goto a ::a:: return @x$ ::b::' },
    { '#!/bin/th #x\nreturn #x', '#!/bin/th #x\nreturn @x$' },
    { 'return a[b[#x]], #x<#y, #x==#y', 'return a[b[@x$]], @x$<@y$, @x$==@y$' },
    { 'return #nil', 'return #nil' },
    { 'return "\\z  \n #x", #x', 'return "\\z  \n #x", @x$' },
    { 'return #(function() return #x end)()', 'return @(function() return @x$ end)()$' },
  }
  for _, case in ipairs(cases) do
    it(case[1]:gsub('\n', ' '), function()
      assert.are.equal((case[2]:gsub('[@$]', { ['@'] = L, ['$'] = '))' })), source.length(case[1]))
    end)
  end

  it('survives text that is no Lua', function()
    for _, text in ipairs { '#', '#(', '#x[', '#x^', '#x:', '"#', "'#\\", '[[#', '--[[#', '#x.', '#x{', '#x"', '# ' } do
      assert.is_string(source.length(text))
    end
  end)

  it('gives the same functions as before for every file of the packages', function()
    for line in io.popen('find lua test -name "*.lua"'):lines() do
      local text = io.open(line):read '*a'
      local changed = source.length(text)
      assert.truthy(loadstring(changed), line)
      assert.are.equal(select(2, text:gsub('\n', '')), select(2, changed:gsub('\n', '')))
    end
  end)
end)

describe('torch.compat', function()
  it('asks __len, __pairs and __ipairs of tables', function()
    local x, n = object(), 0
    local f = loadstring 'local x = ... return #x, #x - 1, #{x}, rawlen(x)'
    assert.are.same({ 42, 41, 1, 2 }, { f(x) })
    for _, v in pairs(x) do
      n = n + 1
      assert.are.equal('one', v)
    end
    assert.are.equal(1, n)
    for i in ipairs(x) do
      n = n + i
    end
    assert.are.equal(7, n)
    n = 0
    for k, v in pairs { 5, 6, a = 7 } do
      n = n + v
      assert.is_not_nil(k)
    end
    assert.are.equal(18, n)
  end)

  it('does so in every way to load code, and in environments of their own', function()
    local name = os.tmpname()
    io.open(name, 'w'):write('local x = ... return #(x or X)'):close()
    assert.are.equal(42, loadfile(name)(object()))
    _G.X = object()
    assert.are.equal(42, dofile(name))
    assert.are.equal(42, paths.dofile(name))
    _G.X = nil
    assert.are.equal(42, load(function() return nil end) and load('return #x', 'c', 't', { x = object() })())
    local parts = { 'return ', '#', 'x' }
    assert.are.equal(42, setfenv(load(function() return table.remove(parts, 1) end), { x = object() })())
    os.rename(name, name .. '_m.lua')
    local before = package.path
    package.path = name:match '^(.*)/' .. '/?.lua'
    package.preload.x = nil
    local ok, value = pcall(require, name:match '([^/]+)$' .. '_m')
    package.path = before
    os.remove(name .. '_m.lua')
    assert.is_true(ok) -- a module gets its name
    assert.are.equal(#name:match '([^/]+)$' + 2, value)
  end)

  it('shows the class of tensors and storages as their metatable', function()
    for _, x in ipairs { torch.FloatTensor(2), torch.LongStorage(2), torch.Generator(), torch.Timer() } do
      assert.are.equal(torch.getmetatable(torch.type(x)), getmetatable(x))
    end
    assert.are.equal(torch.FloatTensor.add, getmetatable(torch.FloatTensor(2)).add)
    assert.is_nil(getmetatable(3))
    assert.are.equal(string, getmetatable 'text'.__index)
    assert.are.equal('ffi', getmetatable(3LL))
    assert.are.equal('mine', getmetatable(setmetatable({}, { __metatable = 'mine' })))
  end)

  it('reports wrong operands where they are', function()
    local f = loadstring('local x = ...\nreturn #x', '=chunk')
    local _, named = pcall(loadstring 'local a = {} return 1 + #a.b.c')
    assert.truthy(named:find("attempt to index field 'b'", 1, true))
    _, named = pcall(loadstring 'local a = {} return 1 + #a.b')
    assert.truthy(named:find("attempt to get length of 'a.b' (a nil value)", 1, true))
    for _, v in ipairs { 1, true, print } do
      local ok, message = pcall(f, v)
      assert.is_false(ok)
      assert.are.equal('chunk:2: attempt to get length of a ' .. type(v) .. ' value', message)
    end
    assert.has_error(function() pairs(nil) end)
    assert.has_error(function() ipairs() end)
    assert.has_error(function() rawlen(1) end)
    assert.has_error(function() loadstring() end)
  end)

  it('keeps lengths of strings, tensors and protected tables', function()
    local f = loadstring 'return #...'
    assert.are.equal(3, f 'abc')
    assert.are.equal(1, f(setmetatable({ 1 }, { __metatable = 'hidden' })))
    assert.are.equal(5, f(setmetatable({ 1 }, { __metatable = 'hidden', __len = function() return 5, 6 end })))
    assert.are.equal(2, f(torch.Tensor(2, 3))[1])
    assert.are.equal(7, f(torch.LongStorage(7)))
  end)

  it('lets functions with lengths be stored', function()
    local f = loadstring 'return function(x) return #x end'()
    local file = torch.MemoryFile():binary()
    file:writeObject(f)
    file:seek(1)
    assert.are.equal(42, file:readObject()(object()))
  end)

  it('calls what was userdata in Torch7 userdata, and nothing else', function()
    assert.are.equal('userdata', type(torch.Tensor()))
    assert.are.equal('userdata', type(torch.ByteStorage(2)))
    for _, x in ipairs { torch.Generator(), torch.Timer(), torch.MemoryFile(), torch.PipeFile 'true' } do
      assert.are.equal('userdata', type(x))
    end
    assert.are.equal('table', type(torch.MemoryFile))
    assert.are.equal('table', type(torch.Tester()))
    assert.are.equal('cdata', type(1LL))
    assert.are.equal('cdata', type(torch.Tensor(2):cdata()))
    assert.are.equal('cdata', type(torch.Tensor(2):data()))
    assert.are.equal('table', type {})
    assert.are.equal('torch.DoubleTensor', torch.type(torch.DoubleTensor()))
  end)

  it('has the library forms of 5.2', function()
    local t = table.pack(1, nil, 3)
    assert.are.equal(3, t.n)
    assert.are.equal(3, select('#', table.unpack(t, 1, t.n)))
    assert.are.same({ true, 'exit', 0 }, { os.execute 'true' })
    assert.are.same({ nil, 'exit', 3 }, { os.execute 'exit 3' })
    assert.is_true(os.execute())
    local pipe = io.popen 'echo a; exit 4'
    assert.are.equal('a', pipe:read())
    assert.are.same({ nil, 'exit', 4 }, { pipe:close() })
    assert.are.equal('closed file', io.type(pipe))
    assert.has_error(function() pipe:read() end)
    assert.are.equal(io.stdout, io.stdout:write '')
    assert.is_function(package.searchers[1])
    assert.is_false(select(2, coroutine.wrap(function() return coroutine.running() end)()))
    assert.truthy(loadstring 'while true do break; local x = 1 end;;')
    assert.falsy(loadstring 'local goto = 1')
    assert.are.equal('b', (loadstring 'do break end return "b"' or loadstring 'return "b"')())
  end)

  it('works under plain LuaJIT by require', function()
    local code = [[require 'torch.compat'
      local f = loadstring 'return #...'
      print(f(setmetatable({}, {__len = function() return 9 end})), type(torch.Tensor()), table.pack(1).n)]]
    local pipe = io.popen(("RK_LIB=%s LUA_PATH='%s' luajit -e %q 2>&1"):format(package.loaded['torch.libpath'],
      package.path, code))
    local text = pipe:read '*a'
    pipe:close()
    assert.are.equal('9\tuserdata\t1\n', text)
  end)
end)
