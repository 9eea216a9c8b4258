-- th keeps Lua's heap where compiled code cannot lose it (core/low_heap.c).
local ffi = require 'ffi'

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
