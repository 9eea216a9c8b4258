--- Parameters that share memory, wholly and in part: getParameters, clone, share, sharedClone.
require 'nn'

describe('nn parameters in shared memory', function()
  before_each(function() torch.manualSeed(2) end)

  it('overlap in part: each element is gathered once', function()
    local storage = torch.randn(100):storage()
    local a, b = nn.Linear(3, 4), nn.Linear(10, 2)
    a.weight:set(storage, 3, torch.LongStorage { 4, 3 })
    b.weight:set(storage, 10, torch.LongStorage { 2, 10 })
    local wa, wb = a.weight:clone(), b.weight:clone()
    local flat = nn.Sequential():add(a):add(b):getParameters()
    assert.are.equal(27 + 4 + 2, flat:nElement()) -- elements 3 to 29 of the storage, and the biases
    assert.are.equal(flat:nElement(), flat:storage():size())
    assert.are.equal(0, (a.weight - wa):norm() + (b.weight - wb):norm())
    flat:fill(1)
    assert.are.equal(1, math.min(a.weight:min(), b.weight:min(), a.bias:min(), b.bias:min()))
  end)

  it('shared clones count once, however often they are gathered', function()
    local l = nn.Linear(2, 2)
    local names = { 'weight', 'bias', 'gradWeight', 'gradBias' }
    local s = nn.Sequential():add(l):add(l:clone(unpack(names))):add(l:clone('bias'))
    for _ = 1, 2 do
      local p, g = s:getParameters()
      assert.are.equal(10, p:nElement())
      assert.are.equal(12, g:nElement())
    end
    s:get(1).weight:fill(7)
    assert.are.equal(7, s:get(2).weight:min())
    assert.is_true(s:get(3).weight:min() < 7)
  end)

  it('sharedClone shares all of it', function()
    local net = nn.Sequential():add(nn.Linear(3, 2)):add(nn.Tanh()):add(nn.LookupTable(4, 3))
    local twin = net:sharedClone()
    local p, g = net:parameters()
    local q, h = twin:parameters()
    for i = 1, #p do assert.is_true(p[i]:isSetTo(q[i]) and g[i]:isSetTo(h[i])) end
    assert.is_nil((nn.Tanh():sharedClone():parameters()))
  end)
end)
