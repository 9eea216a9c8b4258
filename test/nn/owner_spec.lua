--- Errors of torch's functions inside of a layer of nn begin with the layer's name.
require 'nn'
local support = dofile(debug.getinfo(1, 'S').source:match '^@(.*/)' .. 'support.lua')

local message = support.message

describe('the owner of an error', function()
  local three, four = torch.ones(3), torch.ones(4)

  it('is the layer that called torch', function()
    local m = nn.Mul()
    m:forward(three)
    local err = message(m.accGradParameters, m, three, torch.ones(3, 4), 1)
    assert.truthy(err:find '^nn%.Mul', err)
    local net = nn.Sequential():add(nn.Identity()):add(m)
    net:forward(three)
    err = message(net.accGradParameters, net, three, torch.ones(3, 4), 1)
    assert.truthy(err:find('nn.Sequential > [2] nn.Mul', 1, true), err)
    assert.is_nil(err:find('stack traceback', 1, true))
  end)

  it('says what gradOutput should have been', function()
    for _, case in ipairs {
      { nn.Narrow(1, 1, 2), three, four, 'nn.Narrow: expected gradOutput [2], as the output, got [4]' },
      { nn.Reshape(6), torch.ones(2, 2, 3), three,
        'nn.Reshape(6): expected gradOutput [2 x 6], as the output, got [3]' },
      { nn.JoinTable(1), { three, four }, three, 'nn.JoinTable: expected gradOutput [7], as the output, got [3]' },
      { nn.CAddTable(), { three, three }, {}, 'nn.CAddTable: expected gradOutput [3], as the output, got table' },
    } do
      local m, x, g = case[1], case[2], case[3]
      m:forward(x)
      assert.are.equal(case[4], message(m.backward, m, x, g))
      local net = nn.Sequential():add(m)
      net:forward(x)
      assert.truthy(message(net.backward, net, x, g):find('nn.Sequential > [1] ' .. case[4], 1, true))
    end
  end)

  it("is a program's class that torch was called by last", function()
    local zoo = {}
    local Wrong = torch.class('owner_spec.Wrong', 'nn.Module', zoo)
    function Wrong:updateOutput(x) return x:add(torch.ones(3, 4)) end
    local err = message(function() return zoo.Wrong():forward(three) end)
    assert.truthy(err:find '^owner_spec%.Wrong: torch%.add', err)
    err = message(function() return nn.Sequential():add(zoo.Wrong()):forward(three) end)
    assert.truthy(err:find('nn.Sequential > [1] owner_spec.Wrong: torch.add', 1, true), err)
  end)

  it('is nobody where no layer is', function()
    assert.is_nil(message(nn.utils.recursiveAdd, three, four):find '^nn%.%u')
    assert.truthy(message(function()
      local _ = three:add(four:view(2, 2))
      return _
    end):find '^[^ ]*owner_spec%.lua:%d+: torch%.add')
  end)
end)
