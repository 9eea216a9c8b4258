--- Memory: the collector follows what tensors hold, failures leave things as they were, free() is at once.
require 'torch'
local C = require 'torch.ffi'

local function live() return tonumber(C.rk_live_bytes) end

describe('memory', function()
  it('stays bounded in a loop of large tensors', function()
    collectgarbage()
    collectgarbage()
    local before, peak = live(), 0
    for i = 1, 300 do
      local t = torch.FloatTensor(2500000) -- 10 MB
      t[i] = i
      peak = math.max(peak, live() - before)
    end
    assert.is_true(peak <= 40e6, peak .. ' bytes')
  end)

  it('is given back', function()
    collectgarbage()
    collectgarbage()
    local before = live()
    do
      local t = torch.FloatTensor(1000, 1000)
      local views = { t:t(), t:narrow(1, 1, 10), t[3], t:storage() }
      assert.is_true(live() >= before + 4e6)
      t:free()
      assert.equal(0, t:nElement())
      assert.equal(1000, views[3]:size(1))
    end
    collectgarbage()
    collectgarbage()
    assert.equal(before, live())
    local t = torch.FloatTensor(1000, 1000)
    t:free()
    assert.equal(before, live())
  end)

  it('survives failing allocations', function()
    local a, b = torch.ones(40, 40), torch.ones(40, 40)
    local calls = {
      function() return a + b end, function() return torch.exp(a) end, function() return a:sum(1) end,
      function() return torch.mm(a, b) end, function() return a:t():clone() end, function() return a:float() end,
      function() return torch.cat(a, b) end, function() return torch.sort(a) end, function() return a[a:gt(0)] end,
      function() return torch.Tensor { 1, 2, 3 } end, function() return a:repeatTensor(2, 2) end,
    }
    for _, f in ipairs(calls) do
      for n = 1, 6 do
        C.rk_fail_allocation(n)
        pcall(f) -- a failure is tried again after a collection, so most succeed
        C.rk_fail_allocation(0)
        assert.equal(1600, a:sum())
      end
    end
  end)

  it('that cannot be had is an error that says so', function()
    local ok, message = pcall(torch.FloatTensor, 2 ^ 45)
    assert.is_false(ok)
    assert.truthy(message:find 'memory')
  end)
end)
