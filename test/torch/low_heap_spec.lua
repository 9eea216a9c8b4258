-- th keeps Lua's heap and the C stack where compiled code cannot lose them (core/low_heap.c, core/low_stack.c).
local ffi = require 'ffi'
ffi.cdef 'int getcontext(void *);'

local function heap_is_low()
  local t = {}
  return tonumber(ffi.cast('uintptr_t', ffi.cast('void *', ffi.new 'char[64]'))) < 2 ^ 32
    and tonumber((tostring(t):match '0x(%x+)'), 16) < 2 ^ 32
end

describe('the Lua heap', function()
  it('lies below 4 GB on x86-64', function()
    if jit.arch ~= 'x64' then return pending 'only LuaJIT on x86-64 loses addresses' end
    assert.is_true(heap_is_low())
  end)

  it('and so does the C stack, in threads, too', function()
    if jit.arch ~= 'x64' then return pending 'only LuaJIT on x86-64 loses addresses' end
    local function stack_is_low()
      local here = require 'ffi'
      local registers = here.new 'uint64_t[256]'
      here.C.getcontext(registers)
      return tonumber(registers[20]) < 2 ^ 32 -- rsp
    end
    assert.is_true(stack_is_low())
    local pool, low = require 'threads'.Threads(2), 0
    for _ = 1, 4 do
      pool:addjob(function()
        pcall(require 'ffi'.cdef, 'int getcontext(void *);')
        return stack_is_low()
      end, function(yes) low = low + (yes and 1 or 0) end)
    end
    pool:synchronize()
    pool:terminate()
    assert.equal(4, low)
  end)

  it('has a C stack that outlasts that of Lua', function()
    local function nest(n)
      if n == 0 then return 'x' end
      return (('a'):gsub('a', function() return nest(n - 1) end))
    end
    assert.equal('x', nest(2000))
    local ok, text = pcall(nest, 1e6)
    assert.is_false(ok)
    assert.is_truthy(tostring(text):find 'stack overflow')
  end)

  it('grows and shrinks there', function()
    local t = {}
    for i = 1, 3e6 do t[i] = i end
    local names = {}
    for i = 1, 2e5 do names['key' .. i] = i end
    local sum = 0
    for _, v in pairs(names) do sum = sum + v end
    assert.equal(2e5 * (2e5 + 1) / 2, sum)
    assert.equal(3e6, #t)
    collectgarbage()
  end)

  it('serves callbacks and threads', function()
    local f = ffi.cast('int (*)(int)', function(x) return x + 1 end)
    assert.equal(42, f(41))
    f:free()
    local pool = require 'threads'.Threads(2)
    local sum = 0
    for i = 1, 8 do
      pool:addjob(function()
        local n = 0
        for k in pairs { a = i, b = i, c = i } do n = n + #k end
        return n
      end, function(n) sum = sum + n end)
    end
    pool:synchronize()
    pool:terminate()
    assert.equal(24, sum)
  end)
end)
