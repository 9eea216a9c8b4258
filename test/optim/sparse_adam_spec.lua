--- nn.SparseEmbedding and optim.SparseAdam: PyTorch 2.15's numbers; rows that are not picked cost and change nothing.
require 'nn'
require 'optim'

local function count(n, step) return torch.range(0, n - 1):mul(step) end
local function digest(y) return y:contiguous():view(-1):dot(count(y:nElement(), 1):cos()) end
local function filled(rows, width, options)
  local m = nn.Embedding(rows, width, options)
  m.weight:copy(count(rows * width, 1):add(1):sin():mul(0.5))
  return m
end

describe('sparse embeddings', function()
  local function message(f, ...)
    local ok, err = pcall(f, ...)
    assert.is_false(ok)
    return err
  end

  it("take SparseAdam's steps", function()
    for sign = -1, 1, 2 do -- what falls for one gradient rises for the other
      local m = filled(7, 3, { sparse = true, padding_idx = 4 })
      local opt = optim.SparseAdam(m, { lr = 0.1, betas = { 0.8, 0.99 }, eps = 1e-6, maximize = sign < 0 })
      for k = 0, 3 do
        local index = torch.LongTensor { { (1 + k) % 7 + 1, 4, 2 }, { 6, (5 * k) % 7 + 1, 2 } }
        opt:zeroGrad()
        local y = m:forward(index)
        m:backward(index, y:clone():copy(count(y:nElement(), 1):add(1):sin():mul(sign)))
        opt:step()
      end
      assert.is_true(math.abs(digest(m.weight) - 4.2073032429831) < 1e-12)
      assert.are.equal(4, opt.state.t)
    end
  end)

  it('may be bags', function()
    local m = nn.EmbeddingBag(7, 3, { sparse = true })
    m.weight:copy(count(21, 1):add(1):sin():mul(0.5))
    local opt = optim.SparseAdam(nn.Sequential():add(m), { lr = 0.1 })
    for k = 0, 3 do
      local index = torch.LongTensor { { (1 + k) % 7 + 1, 4, 2 }, { 6, (5 * k) % 7 + 1, 2 } }
      opt:zeroGrad()
      m:backward(index, m:forward(index):clone():copy(count(6, 1):add(1):sin()))
      opt:step()
    end
    assert.is_true(math.abs(digest(m.weight) - 4.847559818632606) < 1e-12)
    assert.are.equal('torch.LongTensor', torch.type(m:float().rows))
    m:zeroGradParameters()
    assert.are.equal(0, m.gradWeight:norm())
    assert.is_truthy(message(optim.SparseAdam, nn.EmbeddingBag(3, 2)):find('has a dense gradient', 1, true))
  end)

  it('learn as dense ones where all rows are picked', function()
    local a, b = filled(5, 2, { sparse = true }), filled(5, 2)
    local opt = optim.SparseAdam({ a }, { lr = 0.05 })
    local w, g = b:getParameters()
    local config, index = { learningRate = 0.05, weightDecay = 0, epsilon = 0 }, torch.LongTensor { 1, 2, 3, 4, 5 }
    opt.config.epsilon = 0
    for _ = 1, 5 do
      opt:zeroGrad()
      g:zero()
      opt:step(function() a:backward(index, a:forward(index)) end)
      b:backward(index, b:forward(index))
      optim.adamw(function() return 0, g end, w, config)
    end
    assert.is_true((a.weight - b.weight):abs():max() < 1e-12)
  end)

  it('look at the rows of the batch alone', function()
    local m = filled(50, 2, { sparse = true })
    local index = torch.LongTensor { 7, 7, 41 }
    local before = m.weight:clone()
    m:zeroGradParameters()
    m:backward(index, m:forward(index))
    m:backward(torch.LongTensor { 3 }, m:forward(torch.LongTensor { 3 }))
    local rows, part = m:sparseGradient()
    assert.are.same({ 3, 7, 41 }, rows:totable())
    assert.are.equal(0, (part[2] - before[7] * 2):norm())
    m.gradWeight[9]:fill(5) -- nobody looks
    m:updateParameters(0.1)
    assert.are.equal(0, (m.weight[9] - before[9]):norm())
    assert.is_true((m.weight[7] - before[7] * 0.8):norm() < 1e-12)
    m:zeroGradParameters()
    assert.are.equal(10, m.gradWeight:sum())
    assert.are.equal(0, m.rows:nElement())
    local twin = m:clone():float()
    assert.are.equal('torch.LongTensor', torch.type(twin.rows))
    twin:backwardUpdate(index, twin:forward(index), 0.1)
    assert.are.equal(0, twin.rows:nElement())
    local net = nn.Sequential():add(m):add(nn.Tanh())
    local schedule = optim.lr_scheduler.StepLR(optim.SparseAdam(net, { lr = 1 }), { step_size = 1, gamma = 0.5 })
    schedule:step()
  end)

  it('say what is wrong', function()
    local dense = nn.Sequential():add(nn.Embedding(3, 2, { sparse = true })):add(nn.Linear(2, 2))
    for text, arguments in pairs {
      ['nn.Linear has a dense gradient'] = { dense },
      ['expected sparse embeddings, got number'] = { 3 },
      ['there is no sparse embedding'] = { nn.Tanh() },
      ['nn.LookupTable has a dense gradient'] = { nn.Embedding(3, 2) },
      ['maximize: expected true or false, got number'] = { dense:get(1), { maximize = 1 } },
      ['there is no option weight_decay; there are: betas, eps, lr'] = { dense:get(1), { weight_decay = 1 } },
      ['betas: expected two numbers'] = { dense:get(1), { betas = 0.9 } },
      ['betas: expected numbers from 0 to below 1, got 1'] = { dense:get(1), { betas = { 0.9, 1 } } },
      ['lr: expected a number from 0, got x'] = { dense:get(1), { lr = 'x' } },
      ['argument 2: expected a table'] = { dense:get(1), 0.1 },
    } do
      local got = message(optim.SparseAdam, unpack(arguments))
      assert.is_truthy(got:find(text, 1, true), got)
    end
    local got = message(optim.SparseAdam(dense:get(1)).step, optim.SparseAdam(dense:get(1)), 3)
    assert.is_truthy(got:find('step: expected a function, got number', 1, true), got)
  end)
end)
