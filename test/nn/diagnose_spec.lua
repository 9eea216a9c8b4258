--- nn.diagnose: each kind of fault is found where it is, sound nets are left in peace, nothing changes.
require 'nn'

local quiet = { quiet = true }
local function mlp(first, last)
  return nn.Sequential():add(nn.Linear(6, 20)):add(first or nn.Tanh()):add(nn.Linear(20, 5)):add(last)
end
local function sound() return nn.Sequential():add(nn.Linear(6, 20)):add(nn.Tanh()):add(nn.Linear(20, 5)) end
local function data() return torch.randn(16, 6), torch.LongTensor(16):random(5) end

local function find(list, kind, part)
  for _, f in ipairs(list) do
    local text = (f.where or '') .. ': ' .. f.text
    if f.kind == kind and (not part or text:find(part, 1, true)) then return f end
  end
  local all = {}
  for i, f in ipairs(list) do all[i] = f.kind .. ' ' .. (f.where or '') .. ': ' .. f.text end
  error(('no %s "%s" among:\n%s'):format(kind, part or '', table.concat(all, '\n')), 2)
end

describe('nn.diagnose', function()
  local x, t, ce
  before_each(function()
    torch.manualSeed(2)
    x, t = data()
    ce = nn.CrossEntropyCriterion()
  end)

  it('leaves sound nets in peace', function()
    assert.are.equal(0, #nn.diagnose(sound(), x, t, ce, quiet))
    local conv = nn.Sequential():add(nn.SpatialConvolution(1, 4, 3, 3)):add(nn.SpatialBatchNormalization(4))
      :add(nn.ReLU(true)):add(nn.SpatialMaxPooling(2, 2)):add(nn.View(-1):setNumInputDims(3)):add(nn.Dropout(0.5))
      :add(nn.Linear(36, 5)):add(nn.LogSoftMax())
    assert.are.equal(0, #nn.diagnose(conv, torch.randn(16, 1, 8, 8), t, nn.ClassNLLCriterion(), quiet))
    assert.are.equal(0, #nn.diagnose(nn.LSTM(6, 4), torch.randn(3, 2, 6), torch.randn(3, 2, 4), nn.MSECriterion(),
      quiet))
    assert.are.equal(0, #nn.diagnose(sound():float(), x:float(), t, ce:float(), quiet))
  end)

  it('changes nothing', function()
    local net = nn.Sequential():add(nn.Linear(6, 5)):add(nn.BatchNormalization(5)):add(nn.Dropout(0.5))
    net:forward(x)
    net:zeroGradParameters()
    net:backward(x, torch.randn(16, 5))
    local before, kept, random = torch.serialize(net), x:clone(), torch.getRNGState()
    nn.diagnose(net, x, t, ce, quiet)
    assert.are.equal(before, torch.serialize(net))
    assert.are.equal(0, (x - kept):abs():max())
    assert.are.equal(0, (random:double() - torch.getRNGState():double()):abs():max())
  end)

  it('finds where NaN begins', function()
    x[3][2] = 0 / 0
    find(nn.diagnose(sound(), x, t, ce, quiet), 'nan', 'input: 1 of 96')
    x = data()
    local net = sound()
    net:get(3).weight[2][2] = 1 / 0
    local list = nn.diagnose(net, x, t, ce, quiet)
    find(list, 'nan', 'nn.Sequential > [3] nn.Linear(20 -> 5): 1 of 100 numbers of its weight')
    list = nn.diagnose(nn.Sequential():add(nn.Linear(6, 4)):add(nn.Log()):add(nn.Linear(4, 5)), x, t, ce, quiet)
    find(list, 'nan', '[2] nn.Log: NaN or infinite numbers begin here')
    local zero = nn.Sequential():add(nn.MulConstant(0)):add(nn.Sqrt()):add(nn.Linear(6, 5))
    list = nn.diagnose(zero, x, t, ce, quiet)
    assert.is_true(#list > 0)
  end)

  it('compares the first loss with theory', function()
    local net = sound()
    net:get(3).weight:mul(1000)
    local f = find(nn.diagnose(net, x, t, ce, quiet), 'loss', 'ln 5 = 1.609')
    assert.are.equal('warning', f.level)
    net:get(3).weight:zero()
    net:get(3).bias:zero()[2] = 20
    assert.are.equal('note', find(nn.diagnose(net, x, t:fill(2), ce, quiet), 'loss', 'below guessing').level)
  end)

  it('looks at the head', function()
    find(nn.diagnose(mlp(nil, nn.SoftMax()), x, t, ce, quiet), 'head', 'SoftMax before CrossEntropyCriterion')
    find(nn.diagnose(mlp(nil, nn.LogSoftMax()), x, t, ce, quiet), 'head', 'LogSoftMax before')
    find(nn.diagnose(mlp(nil, nn.SoftMax()), x, t, nn.ClassNLLCriterion(), quiet), 'head', 'SoftMax before ClassNLL')
    find(nn.diagnose(sound(), x, t, nn.ClassNLLCriterion(), quiet), 'head', 'not log-probabilities: values from')
    find(nn.diagnose(sound(), x, torch.rand(16, 5):round(), nn.BCECriterion(), quiet), 'head', 'not probabilities')
    find(nn.diagnose(sound(), x, t:fill(6), ce, quiet), 'failed', '6')
    find(nn.diagnose(sound(), torch.randn(3, 7), t, ce, quiet), 'failed', 'expected input [N x 6]')
  end)

  it('looks at the last activation and at shapes', function()
    find(nn.diagnose(mlp(nil, nn.ReLU()), x, t, ce, quiet), 'head', 'the model ends in nn.ReLU: scores below 0 are cut')
    find(nn.diagnose(mlp(nil, nn.Sigmoid()), x, t, ce, quiet), 'head', 'scores of 0..1 cannot bring the loss below 0.9')
    local bce, ones = nn.BCEWithLogitsCriterion(), torch.rand(16, 5):round()
    find(nn.diagnose(mlp(nil, nn.Sigmoid()), x, ones, bce, quiet), 'head', 'applies the sigmoid itself')
    assert.are.equal(0, #nn.diagnose(sound(), x, ones, bce, quiet))
    local mse = nn.MSECriterion()
    find(nn.diagnose(mlp(nil, nn.Tanh()), x, ones * 3, mse, quiet), 'head', 'but the model ends in nn.Tanh')
    assert.are.equal(0, #nn.diagnose(mlp(nil, nn.Sigmoid()), x, ones, mse, quiet))
    local one = nn.Sequential():add(nn.Linear(6, 1))
    find(nn.diagnose(one, x, torch.randn(16), mse, quiet), 'shape', 'its input [16 x 1] and the target [16] differ')
    find(nn.diagnose(one, x, t, ce, quiet), 'failed', 'expected scores [N x C] of two classes or more')
  end)

  it('finds zero, symmetric and dead layers', function()
    local net = sound()
    net:get(1).weight:zero()
    net:get(3).weight:zero()
    local f = find(nn.diagnose(net, x, t, ce, quiet), 'dead', 'neither will ever learn')
    assert.are.equal('error', f.level)
    assert.is_truthy(f.text:find('[1] nn.Linear(6 -> 20)', 1, true))
    net = sound()
    net:get(1).weight:fill(0.1)
    net:get(1).bias:fill(0.1)
    net:get(3).weight:fill(0.2)
    find(nn.diagnose(net, x, t, ce, quiet), 'symmetric', '[1] nn.Linear(6 -> 20): all 20 units')
    net = mlp(nn.ReLU(), nn.Identity())
    net:get(1).bias:fill(-100)
    find(nn.diagnose(net, x, t, ce, quiet), 'dead', '[2] nn.ReLU: 20 of 20 units')
    find(nn.diagnose(net, x, t, ce, quiet), 'no gradient', '[1] nn.Linear(6 -> 20): its weight')
    net = sound()
    net:get(1).weight:mul(1000)
    find(nn.diagnose(net, x, t, ce, quiet), 'saturated', '[2] nn.Tanh')
  end)

  it('finds what explodes and vanishes', function()
    local function deep(scale)
      local net = nn.Sequential()
      for _ = 1, 6 do
        net:add(nn.Linear(6, 6))
        net:get(#net.modules).weight:mul(scale)
        net:get(#net.modules).bias:zero()
      end
      return net:add(nn.Linear(6, 5))
    end
    local list = nn.diagnose(deep(60), x, t, ce, quiet)
    find(list, 'explode', 'activations explode')
    list = nn.diagnose(deep(0.02), x, t, ce, quiet)
    find(list, 'vanish', 'activations vanish')
    find(list, 'vanish', 'gradients vanish on the way back')
  end)

  it('finds what takes no part, and mixed modes', function()
    local Part, parent = torch.class('diagnose_spec.Part', 'nn.Sequential', {})
    function Part:updateOutput(input) return self:get(1):updateOutput(input) end
    function Part:backward(input, g, s) return self:get(1):backward(input, g, s) end
    local part = torch.factory('diagnose_spec.Part')()
    parent.__init(part)
    part:add(nn.Linear(6, 5)):add(nn.Linear(5, 5))
    find(nn.diagnose(part, x, t, ce, quiet), 'unused', '[2] nn.Linear(5 -> 5)')
    local net = nn.Sequential():add(nn.Linear(6, 5)):add(nn.BatchNormalization(5)):add(nn.Dropout(0.5))
    net:get(3):evaluate()
    find(nn.diagnose(net, x, t, ce, quiet), 'mode', '[3] nn.Dropout')
    net:evaluate()
    find(nn.diagnose(net, x, t, ce, quiet), 'mode', 'never been updated')
    find(nn.diagnose(net, x, t, ce, quiet), 'mode', 'before training, call model:training()')
    find(nn.diagnose(sound(), x * 100, t, ce, quiet), 'input', 'large')
    find(nn.diagnose(sound(), x * 0, t, ce, quiet), 'input', 'all numbers are 0')
  end)

  it('prints a report', function()
    local lines, old = {}, print
    _G.print = function(s) lines[#lines + 1] = s end
    local ok, err = pcall(nn.diagnose, mlp(nil, nn.SoftMax()), x, t, ce)
    _G.print = old
    assert.is_true(ok, err)
    assert.are.equal('nn.diagnose: 1 problem', lines[1])
    assert.is_truthy(table.concat(lines, '\n'):find('ERROR   nn.CrossEntropyCriterion: its input is prob', 1, true))
    assert.is_nil(next(nn.diagnose(sound(), x, nil, nil, quiet)))
  end)

  it('says what is wrong with a call', function()
    assert.has_error(function() nn.diagnose(3, x) end)
    assert.has_error(function() nn.diagnose(sound()) end)
    assert.has_error(function() nn.diagnose(sound(), x, t, 'mse') end)
    assert.has_error(function() nn.diagnose(sound(), x, t, ce, true) end)
  end)
end)
