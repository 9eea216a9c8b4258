--- Errors name the way to the module, from interpreted and from compiled frames; one xpcall around the outermost call.
require 'nn'
require 'nngraph'
local support = dofile(debug.getinfo(1, 'S').source:match '^@(.*/)' .. 'support.lua')

local message = support.message

local function nested()
  local inner = nn.ConcatTable():add(nn.Linear(3, 2)):add(nn.Sequential():add(nn.Tanh()):add(nn.Linear(3, 2)))
  return nn.Sequential():add(nn.Identity()):add(nn.ParallelTable():add(inner))
end

local way = 'In 2 module of nn.Sequential:\nIn 1 module of nn.ParallelTable:\n'

describe('the way to an error', function()
  it('is told by compiled code as by interpreted code', function()
    local net, x = nested(), { torch.randn(5, 3) }
    local g = { { torch.randn(5, 2), torch.randn(5, 2) } }
    for _ = 1, 300 do
      net:forward(x)
      net:backward(x, g)
    end
    local wrong = { torch.randn(5, 4) }
    for _ = 1, 3 do
      local err = message(net.forward, net, wrong)
      assert.equal(way .. 'In 1 module of nn.ConcatTable:\nnn.Sequential > [2] nn.ParallelTable > [1] nn.ConcatTable > '
        .. '[1] nn.Linear(3 -> 2): expected input [N x 3], got [5 x 4] (size mismatch)', err)
    end
    net:forward(x)
    g[1][2] = torch.randn(5, 7)
    for _ = 1, 3 do
      local err = message(net.backward, net, x, g)
      local last = 'nn.ConcatTable > [2] nn.Sequential > [2] nn.Linear(3 -> 2): expected gradOutput'
      assert.equal(way .. 'In 2 module of nn.ConcatTable:\nIn 2 module of nn.Sequential:\n',
        err:match '^(.-)nn%.Sequential >')
      assert.is_truthy(err:find(last, 1, true))
    end
    assert.equal(2, #net:forward(x)[1])
  end)

  it('goes through graphs inside of containers and containers inside of graphs', function()
    local x = nn.Identity()()
    local graph = nn.gModule({ x }, { nn.Sequential():add(nn.Tanh()):add(nn.Linear(3, 2))(x) })
    local net = nn.Sequential():add(nn.Identity()):add(graph)
    for _ = 1, 200 do net:forward(torch.randn(2, 3)) end
    local err = message(net.forward, net, torch.randn(2, 4))
    assert.is_truthy(err:find '^In 2 module of nn.Sequential:\nnn.Sequential > %[2%] nn.gModule: In node nn.Sequential')
    local inside = 'In 2 module of nn.Sequential:\nnn.Sequential > [2] nn.Linear(3 -> 2): expected'
    assert.is_truthy(err:find(inside, 1, true))
  end)

  it('comes with a traceback where the error is not ours, and leaves objects alone', function()
    local layer = nn.Identity()
    local net = nn.Sequential():add(nn.Sequential():add(layer))
    function layer:updateOutput() return self.missing.field end
    local err = message(net.forward, net, torch.randn(2))
    assert.is_truthy(err:find '^In 1 module of nn.Sequential:\nIn 1 module of nn.Sequential:\nnn.Sequential > %[1%] ')
    assert.is_truthy(err:find("attempt to index field 'missing'", 1, true))
    assert.is_truthy(err:find('stack traceback:', 1, true))
    assert.is_truthy(err:find 'guard_spec.lua:%d+: in function')
    local object = {}
    function layer.updateOutput() error(object) end
    assert.equal(object, message(net.forward, net, torch.randn(2)))
  end)

  it('begins anew after an error, also one that a layer catches', function()
    local net, inner = nested(), nn.Sequential():add(nn.Linear(3, 2))
    local caught
    net.modules[1].updateOutput = function(_, input)
      caught = select(2, pcall(inner.forward, inner, torch.randn(2, 9)))
      return input
    end
    local err = message(net.forward, net, { torch.randn(5, 4) })
    assert.equal(way, err:sub(1, #way))
    assert.is_truthy(caught:find('nn.Linear(3 -> 2): expected input', 1, true))
    err = message(inner.forward, inner, torch.randn(2, 9))
    assert.equal('In 1 module of nn.Sequential:\nnn.Sequential > [1] nn.Linear', err:sub(1, 59))
  end)

  it('hands on arguments and results', function()
    local seen
    local layer = nn.Identity()
    function layer.many(_, ...)
      seen = { ... }
      return 1, nil, false
    end
    local box = nn.Sequential():add(layer)
    for _ = 1, 2 do
      assert.same({ 1, nil, false }, { box:rethrowErrors(layer, 1, 'many', 10, false, nil, nil, 14) })
      assert.same({ 10, false, nil, nil, 14 }, seen)
    end
  end)

  it('costs no memory once a net has run', function()
    local net = nn.Sequential():add(nn.ConcatTable():add(nn.SelectTable(1)):add(nn.Sequential():add(nn.SelectTable(2))
      :add(nn.Linear(3, 3)))):add(nn.ParallelTable():add(nn.Tanh()):add(nn.Linear(3, 3))):add(nn.CAddTable())
    local x, g = { torch.randn(4, 3), torch.randn(4, 3) }, torch.randn(4, 3)
    local function step()
      net:zeroGradParameters()
      net:forward(x)
      net:backward(x, g)
      net:updateParameters(0.01)
    end
    for _ = 1, 3 do step() end
    collectgarbage()
    collectgarbage()
    collectgarbage 'stop'
    local C = require 'torch.ffi'
    local before = tonumber(C.rk_live_bytes)
    for _ = 1, 20 do step() end
    local after = tonumber(C.rk_live_bytes)
    collectgarbage 'restart'
    assert.equal(before, after)
  end)

  it('can be changed by a class of its own', function()
    local calls = {}
    local box = nn.Sequential():add(nn.Tanh()):add(nn.Tanh())
    function box.rethrowErrors(_, module, index, name, ...)
      calls[#calls + 1] = name .. index
      return module[name](module, ...)
    end
    local x = torch.randn(3)
    box:forward(x)
    box:backward(x, x)
    assert.same({ 'updateOutput1', 'updateOutput2', 'backward2', 'backward1' }, calls)
  end)
end)
