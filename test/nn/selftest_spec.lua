--- nn.test: the self-test of an installation.
require 'nn'

local function quietly(f, ...)
  local write = io.write
  io.write = function() return io.stdout end -- luacheck: ignore
  local ok, result = pcall(f, ...)
  io.write = write -- luacheck: ignore
  return ok, result
end

describe('nn.test', function()
  it('runs all or those named, and returns the tester', function()
    local ok, tester = quietly(nn.test, nil, 1)
    assert.is_true(ok)
    assert.are.equal('torch.Tester', torch.type(tester))
    assert.is_true((quietly(nn.test, { 'Linear', 'MSECriterion' }, 3)))
    assert.is_true((quietly(nn.test, 'Tanh')))
  end)

  it('finds a layer that computes a wrong gradient', function()
    local right = nn.Tanh.updateGradInput
    nn.Tanh.updateGradInput = function(self, input, gradOutput)
      return right(self, input, gradOutput):mul(1.01)
    end
    local ok = quietly(nn.test, 'Tanh', 1)
    nn.Tanh.updateGradInput = right
    assert.is_false(ok)
  end)

  it('refuses what it does not know', function()
    assert.has_error(function() nn.test 'Zork' end, 'nn.test: there is no test of Zork')
    assert.has_error(function() nn.test(7) end, 'nn.test: argument 1: a class name or a list of them expected, got the '
      .. 'number 7')
    assert.has_error(function() nn.test(torch.MemoryFile()) end)
    assert.has_error(function() nn.test('Tanh', 'zork') end)
  end)
end)
