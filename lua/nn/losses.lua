--- PyTorch's names for losses, with PyTorch's order of arguments: rows of nn/aliases.lua.
--
-- reduction: 'mean', 'sum', or 'none', which makes an nn.UnreducedCriterion; or the older sizeAverage and reduce.
local options = require 'nn.options'
local nn = require 'nn'

-- PyTorch's reduction, from whichever arguments give it.
local function reduction_of(o, who, least)
  local r = o.reduction
  if r == nil then
    if not options.flag(who, 'reduce', o.reduce, true) then return 'none' end
    return options.flag(who, 'sizeAverage', o.sizeAverage, true) and 'mean' or 'sum'
  elseif r ~= 'mean' and r ~= 'sum' and r ~= 'none' and r ~= least then
    options.refuse(who, 'reduction', (least and "'%s', " or '%s'):format(least or '') .. "'mean', 'sum' or 'none'", r)
  end
  return r
end

local function number(o, who, name, default) return options.number(who, name, o[name], default) end
local function flag(o, who, name, default) return options.flag(who, name, o[name], default) end

local function vector(o, who, name)
  local v = o[name]
  if v ~= nil and not (torch.isTensor(v) and v:dim() == 1) then options.refuse(who, name, 'a vector', v) end
  return v
end

local ends = ' sizeAverage reduce reduction'

local function set_average(criterion, average)
  criterion.sizeAverage = average
  return criterion
end

return function(row)
  -- One loss: make(options, who, average) gives the criterion.
  local function loss(name, arguments, make)
    row(name, arguments, function(o, who)
      local r = reduction_of(o, who)
      local criterion = make(o, who, r == 'mean')
      return r == 'none' and nn.UnreducedCriterion(criterion) or criterion
    end)
  end

  loss('CrossEntropyLoss', 'weight sizeAverage ignoreIndex reduce reduction labelSmoothing', function(o, who, average)
    local criterion = nn.CrossEntropyCriterion(vector(o, who, 'weight'), average, number(o, who, 'labelSmoothing', 0))
    criterion.nll.ignoreIndex = number(o, who, 'ignoreIndex', -100)
    return criterion
  end)
  for name, class in pairs { NLLLoss = 'ClassNLLCriterion', NLLLoss2d = 'SpatialClassNLLCriterion' } do
    loss(name, 'weight sizeAverage ignoreIndex reduce reduction', function(o, who, average)
      return nn[class](vector(o, who, 'weight'), average, number(o, who, 'ignoreIndex', -100))
    end)
  end
  for name, class in pairs { MSELoss = 'MSECriterion', L1Loss = 'AbsCriterion', SoftMarginLoss = 'SoftMarginCriterion',
    MultiLabelMarginLoss = 'MultiLabelMarginCriterion' } do
    loss(name, ends, function(_, _, average) return set_average(nn[class](), average) end)
  end
  -- The slope changes at beta: Huber's loss divided by beta.
  loss('SmoothL1Loss', ends .. ' beta', function(o, who, average)
    local beta = number(o, who, 'beta', 1)
    if beta < 0 or beta ~= beta then options.refuse(who, 'beta', 'a number of 0 or more', beta) end
    if beta == 0 then return nn.AbsCriterion(average) end
    if beta == 1 then return nn.SmoothL1Criterion(average) end
    return nn.MultiCriterion():add(nn.HuberCriterion(beta, average), 1 / beta)
  end)
  loss('HuberLoss', 'reduction delta', function(o, who, average)
    return nn.HuberCriterion(number(o, who, 'delta', 1), average)
  end)
  loss('BCELoss', 'weight' .. ends, function(o, who, average)
    return nn.BCECriterion(vector(o, who, 'weight'), average)
  end)
  loss('BCEWithLogitsLoss', 'weight' .. ends .. ' posWeight', function(o, who, average)
    return nn.BCEWithLogitsCriterion(vector(o, who, 'weight'), average, vector(o, who, 'posWeight'))
  end)
  row('KLDivLoss', ends .. ' logTarget', function(o, who)
    local r = reduction_of(o, who, 'batchmean')
    local criterion = nn.KLDivCriterion(r == 'none' and 'sum' or r, flag(o, who, 'logTarget', false))
    return r == 'none' and nn.UnreducedCriterion(criterion) or criterion
  end)
  loss('PoissonNLLLoss', 'logInput full sizeAverage eps reduce reduction', function(o, who, average)
    return nn.PoissonNLLCriterion(flag(o, who, 'logInput', true), flag(o, who, 'full', false), average,
      number(o, who, 'eps', 1e-8))
  end)
  loss('GaussianNLLLoss', 'full eps reduction', function(o, who, average)
    return nn.GaussianNLLCriterion(flag(o, who, 'full', false), average, number(o, who, 'eps', 1e-6))
  end)
  loss('TripletMarginLoss', 'margin p eps swap' .. ends, function(o, who, average)
    return nn.TripletMarginCriterion(number(o, who, 'margin', 1), number(o, who, 'p', 2), flag(o, who, 'swap', false),
      average, number(o, who, 'eps', 1e-6))
  end)
  loss('TripletMarginWithDistanceLoss', 'distanceFunction margin swap reduction', function(o, who, average)
    return nn.TripletMarginWithDistanceCriterion(o.distanceFunction, number(o, who, 'margin', 1),
      flag(o, who, 'swap', false), average)
  end)
  loss('MultiMarginLoss', 'p margin weight' .. ends, function(o, who, average)
    local p = number(o, who, 'p', 1)
    if p ~= 1 and p ~= 2 then options.refuse(who, 'p', '1 or 2', p) end
    return set_average(nn.MultiMarginCriterion(p, vector(o, who, 'weight'), number(o, who, 'margin', 1)), average)
  end)
  loss('MultiLabelSoftMarginLoss', 'weight' .. ends, function(o, who, average)
    local criterion = nn.MultiLabelSoftMarginCriterion(vector(o, who, 'weight'), average)
    criterion.meanOfClasses = true
    return criterion
  end)
  for name, default in pairs { HingeEmbedding = 1, CosineEmbedding = 0, MarginRanking = 0 } do
    loss(name .. 'Loss', 'margin' .. ends, function(o, who, average)
      return set_average(nn[name .. 'Criterion'](number(o, who, 'margin', default)), average)
    end)
  end
  loss('CTCLoss', 'blank reduction zeroInfinity', function(o, who, average)
    return nn.CTCCriterion { blank = options.count(who, 'blank', o.blank or 1), reduction = average and 'mean' or 'sum',
      zeroInfinity = flag(o, who, 'zeroInfinity', false) }
  end)
end
