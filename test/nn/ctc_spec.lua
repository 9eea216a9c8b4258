--- nn.CTCCriterion: PyTorch's numbers, every path summed by hand, gradients, forms of targets, wrong calls.
require 'nn'
local support = dofile(debug.getinfo(1, 'S').source:match '^@(.*/)' .. 'support.lua')

local message = support.message

-- -log of the sum over all paths that collapse to the target.
local function by_hand(x, target, blank)
  local T, C, total = x:size(1), x:size(2), 0
  local wanted = table.concat(target, ',')
  local function visit(t, last, path, p)
    if t > T then
      if table.concat(path, ',') == wanted then total = total + p end
      return
    end
    for c = 1, C do
      local longer = path
      if c ~= blank and c ~= last then
        longer = { unpack(path) }
        longer[#longer + 1] = c
      end
      visit(t + 1, c, longer, p * math.exp(x[t][c]))
    end
  end
  visit(1, blank, {}, 1)
  return -math.log(total)
end

local function scores()
  local x = torch.Tensor(6, 3, 4)
  for t = 0, 5 do
    for n = 0, 2 do
      for c = 0, 3 do x[t + 1][n + 1][c + 1] = ((t * 7 + n * 3 + c * 5) % 11) / 5 end
    end
  end
  return x
end

describe('nn.CTCCriterion', function()
  before_each(function() torch.manualSeed(3) end)

  it('gives what torch.nn.CTCLoss gives', function()
    local soft, x = nn.LogSoftmax(3), scores()
    local target = { torch.LongTensor { { 2, 3, 3 }, { 4, 1, 1 }, { 2, 4, 1 } }, torch.LongTensor { 6, 4, 5 },
      torch.LongTensor { 3, 1, 2 } }
    local m, y = nn.CTCCriterion(), soft:forward(x)
    assert.is_true(math.abs(m:forward(y, target) - 2.400219035025098) < 1e-12)
    local want = torch.Tensor { 6.174512446022337, 3.2555137077433987, 3.7739451639822312 }
    assert.is_true(support.distance(m.losses, want) < 1e-12)
    local dx = soft:backward(x, m:backward(y, target))
    assert.is_true(support.distance(dx[1]:narrow(1, 1, 2):clone():view(-1), torch.Tensor { -0.003561649554098862,
      -0.07656272344515519, 0.06157756641224625, 0.0185468065870078, -0.16063357665551182, 0.13398695351923792,
      0.04035609487174371, -0.01370947173586581 }) < 1e-12)
    assert.is_true(math.abs(dx:norm() - 0.43522708511745356) < 1e-12)
    assert.is_true(math.abs(nn.CTCCriterion { reduction = 'sum' }:forward(y, target) - 13.203971317747968) < 1e-12)
    local other = nn.CTCCriterion(3, 'sum', true)
    other:forward(y, { { { 1, 1, 1, 1 }, { 2, 4, 2, 4 }, { 1, 2 } } })
    assert.is_true(support.distance(other.losses, torch.Tensor { 0, 4.239516075745722, 4.438627673050062 }) < 1e-12)
    assert.are.equal(0, other:backward(y, { { { 1, 1, 1, 1 }, { 2, 4, 2, 4 }, { 1, 2 } } }):select(2, 1):norm())
    assert.are.equal(math.huge, nn.CTCCriterion(3, 'sum'):forward(y, { { { 1, 1, 1, 1 }, { 2 }, { 1 } } }))
  end)

  it('sums over all paths', function()
    local cases = { { 4, { 2, 3 }, 1 }, { 5, { 2, 2 }, 1 }, { 3, {}, 2 }, { 4, { 1 }, 3 }, { 5, { 3, 1, 3 }, 2 } }
    for _, case in ipairs(cases) do
      local x = nn.LogSoftmax(2):forward(torch.randn(case[1], 3))
      local got = nn.CTCCriterion(case[3], 'sum'):forward(x, { { case[2] } })
      assert.is_true(math.abs(got - by_hand(x, case[2], case[3])) < 1e-12)
    end
  end)

  it('has the right gradient, for floats too', function()
    local x = nn.LogSoftmax(3):forward(torch.randn(9, 3, 5)):clone()
    local target = { { { 3, 2, 2 }, { 4 }, {} }, { 9, 4, 8 } }
    for _, m in ipairs { nn.CTCCriterion(), nn.CTCCriterion { reduction = 'sum' } } do
      assert.is_true(support.criterion_error(m, x, target) < 1e-7)
      local dx = m:backward(x, target):clone()
      local f = m:clone():float()
      assert.is_true(math.abs(f:forward(x:float(), target) - m.output) < 1e-4)
      assert.is_true(support.distance(f:backward(x:float(), target), dx) < 1e-5)
      local other = x:transpose(1, 2):clone():transpose(1, 2)
      assert.is_true(support.distance(m:backward(other, target), dx) == 0)
    end
    assert.is_true(support.criterion_error(nn.CTCCriterion(), x:select(2, 1):clone(), { 3, 2, 2 }) < 1e-7)
    local long = nn.LogSoftmax(3):forward(torch.FloatTensor(400, 2, 30):normal(0, 3))
    local lists = { torch.LongTensor(2, 90):random(2, 30) }
    assert.is_true(nn.CTCCriterion():float():forward(long, lists) < 1e4)
  end)

  it('reads targets in every form', function()
    local x, m = nn.LogSoftmax(3):forward(torch.randn(7, 2, 4)), nn.CTCCriterion()
    local want = m:forward(x, { { { 2, 3 }, { 4 } } })
    for _, target in ipairs { { torch.LongTensor { 2, 3, 4 }, nil, { 2, 1 } },
      { torch.Tensor { { 2, 3 }, { 4, 0 } }, { 7, 7 }, torch.LongTensor { 2, 1 } },
      { { torch.LongTensor { 2, 3 }, { 4 } }, lengths = { 7, 7 } }, { { 2, 3, 4 }, targetLengths = { 2, 1 } } } do
      assert.are.equal(want, m:forward(x, target))
    end
    assert.are.equal(m:forward(x:select(2, 1), { 2, 3 }), m:forward(x:select(2, 1), torch.LongTensor { 2, 3 }))
    assert.are.equal(want, nn.CTCLoss():forward(x, { { { 2, 3 }, { 4 } } }))
    assert.are.equal(2, m:backward(x:select(2, 1), { 2, 3 }):dim())
  end)

  it('says what is wrong', function()
    local x, m = nn.LogSoftmax(3):forward(torch.randn(7, 2, 4)), nn.CTCCriterion()
    local function wrong(part, ...) assert.is_truthy(message(m.forward, m, ...):find(part, 1, true)) end
    wrong('target 1 of sequence 2 is 5: a class in 1..4 other than the blank 1 expected', x, { { { 2 }, { 5 } } })
    wrong('target 2 of sequence 1 is 1', x, { { { 2, 1 }, { 3 } } })
    wrong('length 8 of sequence 2 is not in 0..7', x, { { { 2 }, { 3 } }, { 7, 8 } })
    wrong('length 3 of target 1, but there are 2 classes', x,
      { torch.LongTensor { { 2, 3 }, { 2, 3 } }, nil, { 3, 1 } })
    wrong('targets (batch of 2 x length, or a vector)', x, { torch.LongTensor(3, 2):fill(2) })
    wrong('lengths', x, { { { 2 }, { 3 } }, { 7 } })
    wrong('log-probabilities [T x N x C]', torch.ones(3), { 2 })
    wrong('{targets, lengths, targetLengths}', x, nil)
    wrong('{targets, lengths, targetLengths}', x, 3)
    m.blank = 9
    wrong('blank 9 is not a class', x, { { { 2 }, { 3 } } })
    assert.is_truthy(message(nn.CTCCriterion, 1.5):find('blank', 1, true))
    assert.is_truthy(message(nn.CTCCriterion, { reduction = 'none' }):find("'mean' or 'sum'", 1, true))
  end)
end)
