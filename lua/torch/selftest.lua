--- Tests behind `torch.test()`: does this installation compute? The whole test-suite lies in the source's test folder.
-- @module torch.selftest

local torch = require 'torch'

local types = {'Byte', 'Char', 'Short', 'Int', 'Long', 'Float', 'Double'}

return function(tester)
  tester:add(function()
    for _, kind in ipairs(types) do
      local x = torch[kind .. 'Tensor'](5):fill(3)
      tester:eq((x + x):sum(), 30, kind)
      tester:eq(torch.type(x), 'torch.' .. kind .. 'Tensor')
    end
  end, 'arithmetic')

  tester:add(function()
    local a, b = torch.randn(7, 5), torch.randn(5, 3)
    local expected = torch.zeros(7, 3)
    for i = 1, 7 do
      for j = 1, 3 do
        for k = 1, 5 do
          expected[i][j] = expected[i][j] + a[i][k] * b[k][j]
        end
      end
    end
    tester:eq(torch.mm(a, b), expected, 1e-12, 'mm')
  end, 'product')

  tester:add(function()
    local x = torch.range(1, 12):resize(3, 4)
    tester:eq(x:t()[2], torch.Tensor {2, 6, 10})
    tester:eq(x:narrow(2, 2, 2):sum(), 39)
    tester:eq(x[{2, {2, 3}}], torch.Tensor {6, 7})
  end, 'views')

  tester:add(function()
    torch.manualSeed(1)
    local x = torch.rand(10)
    torch.manualSeed(1)
    tester:eq(torch.rand(10), x)
  end, 'random')

  tester:add(function()
    local object = {x = torch.randn(3, 4), list = {1, 'two', true}}
    for _, mode in ipairs {'binary', 'ascii'} do
      tester:eq(torch.deserialize(torch.serialize(object, mode), mode), object, mode)
    end
  end, 'files')

  return tester
end
