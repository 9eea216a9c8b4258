--- Rows of a softmax: any length, whole vectors or not, against sums in double; the same bits on any instruction set.
require 'nn'
local helpers = require 'helpers'

local LENGTHS = { 1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 65, 100, 511, 512, 513, 1024, 1040, 1100 }

-- log softmax of the rows of x, in double
local function logs_of(x)
  x = x:double()
  x = x - x:max(2):expandAs(x)
  return x - torch.exp(x):sum(2):log():expandAs(x)
end

local CHECKSUM = [[
require 'nn'
torch.manualSeed(4)
local all = {}
for _, typename in ipairs { 'torch.FloatTensor', 'torch.DoubleTensor' } do
  for _, n in ipairs { 1, 5, 16, 65, 513, 1100 } do
    local x, g = torch.randn(19, n):mul(9):type(typename), torch.randn(19, n):type(typename)
    for _, class in ipairs { 'LogSoftMax', 'SoftMax' } do
      local layer = nn[class]():type(typename)
      layer:forward(x)
      layer:backward(x, g)
      for _, t in ipairs { layer.output, layer.gradInput } do
        local bytes, hash = require('ffi').string(t:data(), t:nElement() * t:elementSize()), 5381
        for i = 1, #bytes do hash = bit.tobit(hash * 33 + bytes:byte(i)) end
        all[#all + 1] = bit.tohex(hash)
      end
    end
  end
end
print(table.concat(all, ' '))
]]

describe('rows of a softmax', function()
  before_each(function() torch.manualSeed(3) end)

  for typename, eps in pairs { ['torch.FloatTensor'] = 2e-6, ['torch.DoubleTensor'] = 1e-14 } do
    it('are right at any length: ' .. typename, function()
      for _, n in ipairs(LENGTHS) do
        for _, rows in ipairs { 1, 16, 21 } do
          local x = torch.randn(rows, n):mul(5):type(typename)
          local g = torch.randn(rows, n):type(typename)
          local log, soft = nn.LogSoftMax():type(typename), nn.SoftMax():type(typename)
          local want = logs_of(x)
          assert.is_true((log:forward(x):double() - want):abs():max() <= eps * 40)
          assert.is_true((soft:forward(x):double() - torch.exp(want)):abs():max() <= eps)
          local p, d = torch.exp(want), g:double()
          local slope = d - torch.cmul(p, d:sum(2):expandAs(p))
          assert.is_true((log:backward(x, g):double() - slope):abs():max() <= eps * 60)
          slope = torch.cmul(p, d - torch.cmul(p, d):sum(2):expandAs(p))
          assert.is_true((soft:backward(x, g):double() - slope):abs():max() <= eps * 10)
        end
      end
    end)

    it('keep infinities and NaN to their rows: ' .. typename, function()
      for _, n in ipairs { 3, 16, 65, 530 } do
        local x = torch.randn(5, n):type(typename)
        local clean = nn.LogSoftMax():type(typename):forward(x):clone()
        x[1][n] = 0 / 0
        x[2]:fill(-math.huge)
        x[3][1] = math.huge
        x[4][n] = -math.huge
        local y = nn.LogSoftMax():type(typename):forward(x)
        for _, row in ipairs { 1, 2 } do assert.are.equal(n, y[row]:ne(y[row]):sum()) end
        assert.is_true(y[3][1] ~= y[3][1])
        assert.are.equal(-math.huge, y[4][n])
        assert.are.equal(0, y[4]:ne(y[4]):sum())
        assert.are.equal(0, (y[5] - clean[5]):abs():max())
        assert.are.equal(0, nn.SoftMax():type(typename):forward(x)[4][n])
        x:fill(-1e4)
        x:select(2, 1):fill(1e4)
        assert.are.equal(5, nn.SoftMax():type(typename):forward(x):sum())
        assert.are.equal(-2e4, nn.LogSoftMax():type(typename):forward(x)[2][2])
      end
    end)
  end

  it('are the same bits on any instruction set and number of threads', function()
    local function checksum(before) return (helpers.program(CHECKSUM, nil, before):match '([^\n]*)\n*$') end
    local want = checksum()
    assert.is_true(#want > 100)
    for _, before in ipairs { 'RK_ISA=base', 'RK_ISA=avx2', 'OMP_NUM_THREADS=1', 'OMP_NUM_THREADS=3' } do
      assert.are.equal(want, checksum(before)) -- the last line: a processor without AVX2 has a warning before it
    end
  end)
end)
