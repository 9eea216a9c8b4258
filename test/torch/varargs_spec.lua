-- LuaJIT's mistake with `...`: our own files keep clear of it, programs are kept from it.
local varargs = require 'torch.varargs'
local lfs = require 'lfs'

local folder = debug.getinfo(1, 'S').source:match '^@(.*)/test/torch/[^/]+$' or '.'

local function lua_files(path, out)
  for name in lfs.dir(path) do
    local file = path .. '/' .. name
    if name:sub(1, 1) ~= '.' and lfs.attributes(file, 'mode') == 'directory' then
      lua_files(file, out)
    elseif name:find '%.lua$' then
      out[#out + 1] = file
    end
  end
  table.sort(out)
  return out
end

local function risks(text)
  local count = 0
  varargs.each(assert(require 'torch.compat'.loadstring(text)), function(_, lines) count = count + #lines end, true)
  return count
end

describe('...', function()
  it('is read before anything else in our own files', function()
    local files, found = lua_files(folder .. '/lua', {}), {}
    assert.is_true(#files > 300)
    for _, file in ipairs(files) do
      varargs.each(assert(loadfile(file)), function(_, lines)
        for _, line in ipairs(lines) do found[#found + 1] = ('%s:%d'):format(file, line) end
      end, true)
    end
    assert.is_truthy((table.remove(found) or ''):find 'torch/varargs.lua') -- where the mistake is asked for
    assert.same({}, found)
  end)

  it('is at risk in loops and behind calls', function()
    assert.equal(0, risks 'local a = ... print(a) local b = ...')
    assert.equal(1, risks 'for i = 1, 3 do local a = ... end')
    assert.equal(1, risks 'while x do print((...)) end')
    assert.equal(1, risks 'repeat local a = ... until a')
    assert.equal(1, risks 'for k in pairs(t) do y = ... end')
    assert.equal(0, risks 'for i = 1, 3 do print(...) end return ...')
    assert.equal(1, risks 'return function(...) print() local a = ... end')
    assert.equal(0, risks 'return function(...) local a, b = ... print() return ... end')
    assert.equal(2, risks 'return function(...) f() return (...), function(...) f() return (...) end end')
    assert.equal(0, risks 'return function(a) for i = 1, 2 do end return a end')
  end)

  it('has the right values in a program', function()
    local f = assert(loadstring [[
      local function sum(...)
        local s = 0
        for i = 1, 300 do
          local a, b = ...
          s = s + a * 1000 + b
        end
        return s
      end
      local function first(f, ...)
        for i = 1, 300 do f = i end
        return (...)
      end
      local wrong = 0
      for i = 1, 300 do
        if first(0, i, i + 1) ~= i then wrong = wrong + 1 end
      end
      return sum(1, 2, 3), wrong]])
    local total, wrong = f()
    assert.equal(300 * 1002, total)
    assert.equal(0, wrong)
    local again = assert(loadstring(string.dump(f)))
    assert.equal(300 * 1002, (again()))
  end)
end)
