--- Networks saved with layers of cudnn and CUDA tensors are read as what nn has, and compute the same.
require 'nn'
local support = dofile(debug.getinfo(1, 'S').source:match '^@(.*/)' .. 'support.lua')

-- The text of a file with the classes of cudnn in the place of nn's, and CUDA tensors; change(m) as cudnn saves it.
local function as_saved(net, change)
  net = net:clone():float()
  net:apply(function(m) if change then change(m) end end)
  local text = torch.serialize(net, 'ascii')
  local function renamed(from, to) -- lengths stand before texts
    text = text:gsub(('%d\n%s\n'):format(#from, from:gsub('%.', '%%.')), ('%d\n%s\n'):format(#to, to))
  end
  for _, m in ipairs(net:listModules()) do
    local kind = torch.type(m)
    if not kind:find 'Sequential' then renamed(kind, (kind:gsub('^nn', 'cudnn'))) end
  end
  renamed('torch.FloatTensor', 'torch.CudaTensor')
  renamed('torch.FloatStorage', 'torch.CudaStorage')
  return text
end

local function net()
  return nn.Sequential():add(nn.SpatialConvolution(4, 6, 3, 3, 1, 1, 1, 1, 2)):add(nn.SpatialBatchNormalization(6))
    :add(nn.ReLU(true)):add(nn.SpatialMaxPooling(2, 2):ceil()):add(nn.SpatialCrossMapLRN(3, 1e-2, 0.7, 2))
    :add(nn.SpatialFullConvolution(6, 3, 2, 2, 2, 2)):add(nn.Tanh()):add(nn.SpatialAveragePooling(3, 3, 2, 2, 1, 1))
    :add(nn.SpatialLogSoftMax())
end

describe('networks of cudnn', function()
  before_each(function() torch.manualSeed(5) end)

  it('are read as those of nn', function()
    local original, x = net():float(), torch.randn(2, 4, 9, 9):float()
    original:forward(x)
    original:evaluate()
    local m = torch.deserialize(as_saved(original, function(m)
      local kind = torch.type(m)
      if kind == 'nn.ReLU' then m.threshold, m.val = nil, nil end
      if kind == 'nn.SpatialMaxPooling' then m.indices, m.mode = nil, 'CUDNN_POOLING_MAX' end
      if kind == 'nn.SpatialAveragePooling' then
        m.divide, m.count_include_pad, m.mode = nil, nil, 'CUDNN_POOLING_AVERAGE_COUNT_INCLUDE_PADDING'
      end
      if kind == 'nn.SpatialCrossMapLRN' then m.k, m.K = nil, m.k end
      if kind == 'nn.Tanh' then m.inplace = true end
      if kind == 'nn.SpatialConvolution' then
        m.weight, m.gradWeight = m.weight:view(2, 3, 2, 3, 3), m.gradWeight:view(2, 3, 2, 3, 3)
      end
    end), 'ascii')
    for i = 1, #original do assert.are.equal(torch.type(original:get(i)), torch.type(m:get(i))) end
    assert.are.equal('torch.FloatTensor', m:type())
    assert.is_true(support.distance(original:forward(x), m:forward(x)) < 1e-6)
    m:training()
    original:training()
    assert.is_true(support.distance(original:forward(x), m:forward(x)) < 1e-6)
    local g = m.output:clone():fill(1)
    assert.is_true(support.distance(original:backward(x, g), m:backward(x, g)) < 1e-6)
  end)

  it('others of the package', function()
    local sequence = nn.Sequential():add(nn.TemporalConvolution(3, 4, 2)):add(nn.HardTanh(0, 2))
    local x = torch.randn(7, 3):float()
    local text = as_saved(sequence, function(m)
      if m.weight then m.weight, m.gradWeight = m.weight:view(4, 1, 2, 3), m.gradWeight:view(4, 1, 2, 3) end
      if m.min_val then m.min_val, m.max_val, m.ceiling = nil, nil, 2 end
    end):gsub('14\ncudnn%.HardTanh', '17\ncudnn.ClippedReLU')
    assert.is_true(support.distance(sequence:float():forward(x), torch.deserialize(text, 'ascii'):forward(x)) < 1e-6)
  end)

  it('say so where nn has nothing alike', function()
    local text = torch.serialize(nn.Sequential():add(nn.ReLU()), 'ascii'):gsub('7\nnn%.ReLU', '11\ncudnn.BLSTM')
    local got = support.message(torch.deserialize, text, 'ascii')
    assert.is_truthy(got:find('unknown Torch class <cudnn.BLSTM>', 1, true), got)
  end)
end)
