--- The module protocol, call by call: what a parent offers when a child defines nothing, and the methods that programs
-- call on containers directly rather than through forward and backward.
require 'nn'

describe('nn.Module alone', function()
  it('gives back its buffers', function()
    local m, x = nn.Module(), torch.ones(2)
    assert.equal(m.output, m:forward(x))
    assert.equal(m.output, m:updateOutput(x))
    assert.equal(m.gradInput, m:updateGradInput(x, x))
    assert.equal(m.gradInput, m:backward(x, x))
    assert.is_nil(m:accGradParameters(x, x, 1))
    assert.is_nil(m:reset())
    assert.is_nil(m:parameters())
    assert.equal('torch.DoubleTensor', m:type())
  end)

  it('evaluates and zeroes under PyTorch\'s names', function()
    local net = nn.Sequential():add(nn.Linear(2, 3)):add(nn.Dropout())
    net:training()
    assert.equal(net, net:eval())
    assert.is_false(net.train)
    assert.is_false(net:get(2).train)
    local _, g = net:getParameters()
    g:fill(1)
    net:zero_grad()
    assert.equal(0, g:sum())
  end)

  it('tells convolutions inside how images lie, and back', function()
    local net = nn.Sequential():add(nn.SpatialConvolution(3, 4, 3, 3)):add(nn.ReLU())
    local x = torch.randn(2, 3, 5, 5)
    local before = net:forward(x):clone()
    assert.equal(net, net:channelsLast())
    assert.is_true(net.repack)
    assert.is_true((net:forward(x) - before):abs():max() < 1e-9)
    local last = x:permute(1, 3, 4, 2):contiguous():permute(1, 4, 2, 3)
    assert.equal(1, net:forward(last):stride(2))
    net:channelsLast(false)
    assert.is_true((net:forward(last) - before):abs():max() < 1e-9)
  end)
end)

describe('containers', function()
  local function two() return nn.Linear(3, 4), nn.Linear(4, 2) end

  it('reset what they hold', function()
    local a, b = two()
    local net = nn.Sequential():add(a):add(nn.ParallelTable():add(b))
    a.weight:fill(100)
    b.weight:fill(100)
    net:reset(0.01)
    assert.is_true(a.weight:max() <= 0.01 * math.sqrt(3) and b.weight:max() <= 0.01 * math.sqrt(3))
  end)

  it('count with #', function()
    local a, b = two()
    local net = nn.Sequential():add(a):add(b)
    assert.equal(2, net:size())
    assert.equal(2, getmetatable(net).__len(net))
  end)

  local makers = {
    Sequential = function(a, b) return nn.Sequential():add(a):add(b), torch.randn(5, 3) end,
    Concat = function(a, b)
      return nn.Concat(2):add(a):add(nn.Sequential():add(nn.Linear(3, 4)):add(b)), torch.randn(5, 3)
    end,
    ConcatTable = function(a, b)
      return nn.Sequential():add(nn.ConcatTable():add(a):add(nn.Linear(3, 4))):add(nn.CAddTable()):add(b),
        torch.randn(5, 3)
    end,
    ParallelTable = function(a, b)
      return nn.Sequential():add(nn.ParallelTable():add(a):add(nn.Identity())):add(nn.CAddTable()):add(b),
        { torch.randn(5, 3), torch.randn(5, 4) }
    end,
    Parallel = function(a, b)
      return nn.Sequential():add(nn.Parallel(1, 1):add(a):add(nn.Linear(3, 4))):add(nn.View(2, 4)):add(b),
        torch.randn(2, 3)
    end,
    Bottle = function(a, b) return nn.Sequential():add(nn.Bottle(a)):add(nn.Bottle(b)), torch.randn(2, 5, 3) end,
    MapTable = function(a, b)
      return nn.Sequential():add(nn.MapTable(a)):add(nn.CAddTable()):add(b), { torch.randn(5, 3), torch.randn(5, 3) }
    end,
    Decorator = function(a, b) return nn.Decorator(nn.Sequential():add(a):add(b)), torch.randn(5, 3) end,
    GPU = function(a, b) return nn.GPU(nn.Sequential():add(a):add(b), 1), torch.randn(5, 3) end,
    DontCast = function(a, b) return nn.DontCast(nn.Sequential():add(a):add(b)), torch.randn(5, 3) end,
  }
  for name, make in pairs(makers) do
    it(name .. ' passes back in two steps what backward does in one, and steps at once as later', function()
      torch.manualSeed(5)
      local net, x = make(two())
      local one, step = net:clone(), net:clone()
      local y = net:forward(x)
      local g = y:clone():uniform(-1, 1)
      net:zeroGradParameters()
      local dx = net:updateGradInput(x, g)
      net:accGradParameters(x, g, 0.5)
      one:forward(x)
      one:zeroGradParameters()
      local dx1 = one:backward(x, g, 0.5)
      local dist = torch.isTensor(dx) and dx:dist(dx1) or dx[1]:dist(dx1[1])
      assert.is_true(dist < 1e-12)
      local w, d = net:parameters()
      local _, d1 = one:parameters()
      for i = 1, #d do assert.is_true(d[i]:dist(d1[i]) < 1e-12 and d[i]:norm() > 0) end
      step:forward(x)
      step:updateGradInput(x, g)
      step:accUpdateGradParameters(x, g, 0.05)
      net:updateParameters(0.1)
      local stepped = step:parameters()
      for i = 1, #w do assert.is_true(w[i]:dist(stepped[i]) < 1e-12) end
    end)
  end
end)

describe('nn.utils', function()
  it('says that tables are of different structure', function()
    for _, f in ipairs { 'recursiveAdd', 'recursiveCopy', 'recursiveResizeAs' } do
      local ok, message = pcall(nn.utils[f], { torch.ones(2) }, 'x')
      assert.is_false(ok)
      assert.truthy(message:find('nn.utils.' .. f, 1, true) and message:find 'structure', message)
    end
  end)

  it('clears gives a class a type and a clearState that empty its buffers', function()
    local Class, parent = torch.class('nn.ProtocolSpecLayer', 'nn.Module')
    function Class:__init()
      parent.__init(self)
      self.buffer = torch.ones(3)
    end
    nn.utils.clears(Class, parent, { 'buffer' })
    local m = nn.ProtocolSpecLayer()
    m.output:resize(2)
    assert.equal(m, m:clearState())
    assert.equal(0, m.buffer:nElement())
    assert.equal(0, m.output:nElement())
    m.buffer = torch.ones(3)
    assert.equal(m, m:float())
    assert.equal(0, m.buffer:nElement())
    assert.equal('torch.FloatTensor', m:type())
    assert.has_error(function() nn.utils.clears(Class, parent, 3) end)
  end)
end)

describe('tensors in several places', function()
  it('are marked by share, and then take their steps through the gradients', function()
    local a, b = nn.Linear(2, 3), nn.Linear(2, 3)
    assert.equal(a, a:share(b, 'weight'))
    assert.is_true(a.shared and b.shared)
    a.weight:fill(7)
    assert.equal(7, b.weight:min())
    assert.is_nil(nn.Linear(2, 3).shared)
  end)

  it('stay one tensor when types change', function()
    local m = nn.Identity()
    m.one = torch.ones(2)
    m.list = { m.one, { m.one } }
    m.part = m.one:narrow(1, 2, 1)
    m:float()
    assert.is_true(rawequal(m.one, m.list[1]) and rawequal(m.one, m.list[2][1]))
    m.one[2] = 5
    assert.equal(5, m.part[1])
    assert.equal('torch.FloatTensor', m.part:type())
  end)

  it('inside one another are flattened once', function()
    local whole = torch.range(1, 10)
    local inner = whole:narrow(1, 3, 2)
    local last = whole:narrow(1, 8, 3)
    local other = torch.ones(2)
    local flat = nn.Module.flatten { whole, inner, last, other }
    assert.equal(12, flat:nElement())
    inner:fill(-1)
    flat[10] = 50
    assert.are.same({ 1, 2, -1, -1, 5, 6, 7, 8, 9, 50 }, whole:totable())
    assert.are.same({ 8, 9, 50 }, last:totable())
    other[2] = 3
    assert.equal(3, flat[12])
    assert.is_false(pcall(nn.Module.flatten, { torch.ones(2), torch.ones(2):float() }))
  end)
end)

describe('classes as targets', function()
  it('that count from 0 are told to', function()
    local cases = {
      { nn.ClassNLLCriterion(), torch.zeros(2, 3), torch.LongTensor { 1, 0 } },
      { nn.CrossEntropyCriterion(), torch.zeros(2, 3), torch.LongTensor { 1, 0 } },
      { nn.MultiMarginCriterion(), torch.zeros(2, 3), torch.LongTensor { 1, 0 } },
      { nn.FocalCriterion(), torch.zeros(2, 3), torch.LongTensor { 1, 0 } },
      { nn.ClassSimplexCriterion(3), torch.zeros(2, 3), torch.LongTensor { 1, 0 } },
    }
    for _, case in ipairs(cases) do
      local ok, message = pcall(case[1].forward, case[1], case[2], case[3])
      assert.is_false(ok, torch.type(case[1]))
      assert.matches(torch.type(case[1]):gsub('%.', '%%.'), message)
      assert.matches('row 2.*0.*1%.%.3', message)
      assert.matches('count from 1', message)
      case[3][2] = 4
      ok, message = pcall(case[1].forward, case[1], case[2], case[3])
      assert.is_false(ok, torch.type(case[1]))
      assert.matches('row 2.*4.*1%.%.3', message)
    end
  end)
end)
