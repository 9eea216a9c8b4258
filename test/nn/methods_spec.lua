--- What every class of nn (by registry.lua) answers besides forward and backward: its text, clearState, reset, a step
-- taken at once, training and evaluation, parameters shared with a clone.
require 'nn'
local here = debug.getinfo(1, 'S').source:match '^@(.*/)'
local registry, value = dofile(here .. 'registry.lua')

local function each(x, f)
  if torch.isTensor(x) then return f(x) end
  if torch.type(x) ~= 'table' then return x end
  local out = {}
  for k, v in pairs(x) do out[k] = each(v, f) end
  return out
end
local function copied(x) return each(x, function(t) return t:clone() end) end

local function near(a, b, what)
  if torch.isTensor(a) then
    assert.is_true(torch.isTensor(b) and a:isSameSizeAs(b), what)
    local d = a:nElement() > 0 and torch.add(a:double(), -1, b:double()):abs():max() or 0
    assert.is_true(d <= 1e-9, ('%s: %g apart'):format(what, d))
  elseif type(a) == 'table' then
    for k, v in pairs(a) do near(v, b[k], what) end
  else
    assert.equal(a, b, what)
  end
end

-- Draws numbers in forward, so that each pass is begun with the same seed.
local function forward(m, x, target)
  torch.manualSeed(9)
  return m:forward(copied(x), target)
end

local function finite(list, what)
  for _, t in ipairs(list or {}) do
    local x = t:double()
    assert.equal(0, torch.ne(x, x):sum(), what)
    assert.is_true(x:nElement() == 0 or torch.abs(x):max() < math.huge, what)
  end
end

-- The smallest rows of classes whose parameters' steps are not minus the rate times a gradient: what they do instead
-- has specs of its own (Kmeans: centres move to means; SpatialLPPooling: none).
local no_step = { Kmeans = true, SpatialLPPooling = true, L1Penalty = true, WhiteNoise = true }
local print_ = print

describe('each class', function()
  before_each(function() rawset(_G, 'print', function() end) end)
  after_each(function() rawset(_G, 'print', print_) end)

  for name, row in pairs(registry) do
    local function make()
      torch.manualSeed(3)
      return value(('nn.%s(%s)'):format(name, row.args))
    end
    if not row.abstract then
      it('has a text: nn.' .. name, function()
        local m = make()
        assert.matches('%u%w+', tostring(m):match '^[^\n]+')
        forward(m, value(row.input), row.target and value(row.target))
        assert.matches('%u%w+', tostring(m):match '^[^\n]+')
      end)
    end
    if not row.abstract and not row.target then
      it('forgets and begins again: nn.' .. name, function()
        local m, x = make(), value(row.input)
        local y = copied(forward(m, x))
        assert.equal(m, m:clearState())
        if torch.isTensor(m.output) then assert.equal(0, m.output:nElement()) end
        near(y, forward(m, x), 'after clearState')
        m:reset()
        local params = m:parameters()
        finite(params, 'after reset')
        if not row.forward then
          m:clearState()
          local again = forward(m, x)
          m:zeroGradParameters()
          m:backward(copied(x), each(again, function(t) return t:clone():fill(0.5) end))
          finite(select(2, m:parameters()), 'gradients after reset')
        end
      end)
    end
    if not row.abstract and not row.target and not row.forward and not no_step[name] then
      it('takes a step at once: nn.' .. name, function()
        local m, x = make(), value(row.input)
        local twin = m:clone()
        local g = each(copied(forward(m, x)), function(t) return t:fill(0.5) end)
        m:zeroGradParameters()
        m:backward(copied(x), g)
        m:updateParameters(0.1)
        forward(twin, x)
        twin:zeroGradParameters()
        for _, d in ipairs(select(2, twin:parameters()) or {}) do d:fill(3) end -- of no account
        twin:backwardUpdate(copied(x), g, 0.1)
        local a, b = m:parameters(), twin:parameters()
        for i = 1, #(a or {}) do near(a[i], b[i], 'parameter ' .. i) end
        m:training()
        assert.is_true(m.train)
        m:evaluate()
        assert.is_false(m.train)
        local shared = m:sharedClone()
        local p, q = m:parameters(), shared:parameters()
        for i = 1, #(p or {}) do assert.equal(torch.pointer(p[i]:storage()), torch.pointer(q[i]:storage())) end
      end)
    end
  end
end)
