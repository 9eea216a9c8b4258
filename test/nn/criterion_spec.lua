--- Criterions: values by hand, gradients by finite differences, wrong calls.
require 'nn'
local support = dofile(debug.getinfo(1, 'S').source:match '^@(.*/)' .. 'support.lua')

describe('nn criterions', function()
  before_each(function() torch.manualSeed(5) end)

  local targets = torch.LongTensor { 2, 4, 1 }
  local signs = torch.linspace(-1, 1, 12):view(3, 4):sign()
  local rows = {
    { 'ClassNLL', function() return nn.ClassNLLCriterion() end, { 3, 4 }, targets },
    { 'ClassNLL summed', function() return nn.ClassNLLCriterion(nil, false) end, { 3, 4 }, targets },
    { 'ClassNLL weighted', function()
      return nn.ClassNLLCriterion(torch.Tensor { 1, 2, 0.5, 3 })
    end, { 3, 4 }, targets },
    { 'ClassNLL of a vector', function() return nn.ClassNLLCriterion() end, { 4 }, 3 },
    { 'CrossEntropy', function() return nn.CrossEntropyCriterion() end, { 3, 4 }, targets },
    { 'CrossEntropy of a batch of one', function()
      return nn.CrossEntropyCriterion()
    end, { 1, 4 }, torch.LongTensor { 2 } },
    { 'CrossEntropy of a vector', function() return nn.CrossEntropyCriterion() end, { 4 }, 2 },
    { 'Abs', function() return nn.AbsCriterion() end, { 3, 4 }, torch.linspace(-1, 1, 12):view(3, 4) },
    { 'SmoothL1', function() return nn.SmoothL1Criterion() end, { 3, 4 }, torch.linspace(-1, 1, 12):view(3, 4) },
    { 'Margin', function() return nn.MarginCriterion(0.7) end, { 3, 4 }, signs },
    { 'MultiMargin', function() return nn.MultiMarginCriterion() end, { 3, 4 }, targets },
    { 'MultiMargin squared', function() return nn.MultiMarginCriterion(2) end, { 3, 4 }, targets },
    { 'DistKLDiv', function() return nn.DistKLDivCriterion() end, { 3, 4 }, torch.linspace(0, 1, 12):view(3, 4) },
    { 'MSE', function() return nn.MSECriterion() end, { 3, 4 }, torch.linspace(-1, 1, 12):view(3, 4) },
    { 'MSE summed', function() return nn.MSECriterion(false) end, { 3, 4 }, torch.linspace(-1, 1, 12):view(3, 4) },
  }
  for _, row in ipairs(rows) do
    it('gradient of ' .. row[1], function()
      local c, x = row[2](), torch.randn(unpack(row[3]))
      local err = support.criterion_error(c, x, row[4])
      assert.is_true(err < 1e-7, ('error %g'):format(err))
      assert.are.same(row[3], c.gradInput:size():totable())
      local f = c:clone():float()
      local target = row[4]
      if torch.type(target) == 'torch.DoubleTensor' then target = target:float() end
      assert.is_true(math.abs(f:forward(x:float(), target) - c:forward(x, row[4])) < 1e-5)
      local loss, dx = c(x, row[4])
      assert.are.equal(c.output, loss)
      assert.are.equal(c.gradInput, dx)
    end)
  end

  it('values', function()
    local x = torch.Tensor { { -1, -2 }, { -3, -4 } }
    local loss, weight = nn.ClassNLLCriterion(torch.Tensor { 1, 3 }):forward(x, torch.LongTensor { 1, 2 })
    assert.are.equal((1 + 12) / 4, loss)
    assert.are.equal(4, weight)
    assert.are.equal(1, (nn.ClassNLLCriterion():forward(x, torch.LongTensor { 1, -100 })))
    assert.are.equal((1 + 4) / 2, (nn.ClassNLLCriterion():forward(x, torch.Tensor { 1, 2 }) ))
    assert.are.equal(2.5, nn.MSECriterion():forward(torch.Tensor { 1, 2 }, torch.Tensor { 0, 4 }))
  end)

  it('say what is wrong', function()
    local function message(f, ...)
      local ok, err = pcall(f, ...)
      assert.is_false(ok)
      return err
    end
    local c = nn.ClassNLLCriterion()
    assert.is_truthy(message(c.forward, c, torch.ones(3), 4):find '4')
    assert.is_truthy(message(c.forward, c, torch.ones(2, 3), torch.LongTensor { 1 }):find 'nn.ClassNLLCriterion')
    assert.is_truthy(message(c.forward, c, torch.ones(2, 3), 'a'):find 'target')
    assert.is_truthy(message(c.forward, c, nil, 1):find 'log%-probabilities')
    local mse = nn.MSECriterion()
    assert.is_truthy(message(mse.forward, mse, torch.ones(3), torch.ones(4)):find '3 elements')
    assert.has_error(function() nn.ClassNLLCriterion 'x' end)
    assert.has_error(function() c:type() end)
  end)
end)
