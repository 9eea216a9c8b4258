--- nn.test([names], [seed]): does this installation compute? Layers against finite differences, in files and as floats;
-- criterions likewise. The whole test-suite lies in the source's test folder.
--
-- names: a class, or a list of classes, of those below; by default all. seed of the random numbers: drawn, and printed.
-- Returns the torch.Tester; raises an error when something failed.
-- @usage nn.test { 'Linear', 'MSECriterion' }
local check = require 'torch.check'

local PRECISION = 1e-5

-- Layers and what they are tested on: constructor's arguments, sizes of the input.
local layers = {
  Abs = { {}, { 3, 4 } }, Add = { { 4 }, { 3, 4 } }, BatchNormalization = { { 4 }, { 5, 4 } },
  CAdd = { { 4 }, { 3, 4 } }, CMul = { { 4 }, { 3, 4 } }, Cosine = { { 4, 3 }, { 2, 4 } }, ELU = { {}, { 3, 4 } },
  Euclidean = { { 4, 3 }, { 2, 4 } }, Exp = { {}, { 3, 4 } }, HardTanh = { {}, { 3, 4 } },
  Identity = { {}, { 3, 4 } }, LeakyReLU = { {}, { 3, 4 } }, Linear = { { 4, 3 }, { 2, 4 } },
  LogSigmoid = { {}, { 3, 4 } }, LogSoftMax = { {}, { 3, 4 } }, Max = { { 1 }, { 3, 4 } }, Mean = { { 1 }, { 3, 4 } },
  Min = { { 1 }, { 3, 4 } }, Mul = { {}, { 3, 4 } }, Narrow = { { 2, 2, 2 }, { 3, 4 } },
  Normalize = { { 2 }, { 3, 4 } }, PReLU = { {}, { 3, 4 } }, Padding = { { 1, 2 }, { 3, 4 } },
  ReLU = { {}, { 3, 4 } }, Replicate = { { 2 }, { 3, 4 } }, Reshape = { { 12 }, { 3, 4 } },
  Select = { { 1, 2 }, { 3, 4 } }, Sigmoid = { {}, { 3, 4 } }, SoftMax = { {}, { 3, 4 } }, SoftMin = { {}, { 3, 4 } },
  SoftPlus = { {}, { 3, 4 } }, SoftSign = { {}, { 3, 4 } }, Square = { {}, { 3, 4 } }, Sum = { { 1 }, { 3, 4 } },
  Tanh = { {}, { 3, 4 } }, Transpose = { { { 1, 2 } }, { 3, 4 } }, View = { { 12 }, { 3, 4 } },
  SpatialAveragePooling = { { 2, 2, 2, 2 }, { 2, 4, 6 } }, SpatialBatchNormalization = { { 2 }, { 3, 2, 3, 3 } },
  SpatialConvolution = { { 2, 3, 3, 2, 1, 2, 1, 0 }, { 2, 2, 5, 6 } }, SpatialCrossMapLRN = { { 3 }, { 4, 3, 3 } },
  SpatialDilatedConvolution = { { 2, 2, 2, 2, 1, 1, 0, 0, 2, 2 }, { 2, 5, 5 } },
  SpatialFullConvolution = { { 2, 3, 3, 3, 2, 2, 1, 1, 1, 1 }, { 2, 2, 3, 3 } },
  SpatialMaxPooling = { { 2, 2, 2, 2 }, { 2, 4, 6 } }, SpatialUpSamplingNearest = { { 2 }, { 2, 3, 3 } },
  SpatialZeroPadding = { { 1, 2, 0, 1 }, { 2, 3, 3 } }, TemporalConvolution = { { 3, 2, 2 }, { 5, 3 } },
  TemporalMaxPooling = { { 2 }, { 6, 3 } }, VolumetricConvolution = { { 2, 2, 2, 2, 2 }, { 2, 3, 3, 3 } },
  VolumetricMaxPooling = { { 2, 2, 2 }, { 2, 4, 4, 4 } },
}

-- Criterions and their targets for 3 x 4 numbers.
local criterions = {
  AbsCriterion = function() return torch.randn(3, 4) end,
  BCEWithLogitsCriterion = function() return torch.rand(3, 4) end,
  ClassNLLCriterion = function() return torch.Tensor { 4, 1, 2 } end,
  CrossEntropyCriterion = function() return torch.Tensor { 4, 1, 2 } end,
  MSECriterion = function() return torch.randn(3, 4) end,
  MultiMarginCriterion = function() return torch.Tensor { 4, 1, 2 } end,
  SmoothL1Criterion = function() return torch.randn(3, 4) end,
  SoftMarginCriterion = function() return torch.randn(3, 4):sign() end,
}

local function test_layer(tester, name, args, sizes)
  local make = nn[name]
  local module, input = make(unpack(args)):double(), torch.DoubleTensor(unpack(sizes))
  tester:assertlt(nn.Jacobian.testJacobian(module, input), PRECISION, name .. ': gradInput')
  local params, grads = module:parameters()
  for i = 1, params and #params or 0 do
    local err = nn.Jacobian.testJacobianParameters(module, input, params[i], grads[i])
    tester:assertlt(err, PRECISION, ('%s: gradient of parameter %d'):format(name, i))
  end
  local forward, backward = nn.Jacobian.testIO(module, input)
  tester:eq(forward, 0, name .. ': output after a file')
  tester:eq(backward, 0, name .. ': gradInput after a file')
  local output = module:forward(input):clone()
  local error_of_floats = (module:float():forward(input:float()):double() - output):abs():max()
  tester:assertlt(error_of_floats, 1e-4 * (1 + output:abs():max()), name .. ': float against double')
end

local function test_criterion(tester, name, target)
  local criterion, input, step = nn[name]():double(), torch.randn(3, 4):double(), 1e-6
  target = target:double()
  local gradient = criterion:backward(input, target, criterion:forward(input, target)):clone()
  local x = input:view(-1)
  for i = 1, x:size(1) do
    local value = x[i]
    x[i] = value + step
    local up = criterion:forward(input, target)
    x[i] = value - step
    local down = criterion:forward(input, target)
    x[i] = value
    tester:assertlt(math.abs((up - down) / (2 * step) - gradient:view(-1)[i]), PRECISION, name .. ': gradInput')
  end
end

return function(names, seed)
  if type(names) == 'string' then names = { names } end
  if names ~= nil and (type(names) ~= 'table' or getmetatable(names)) then
    error(('nn.test: argument 1: a class name or a list of them expected, got %s'):format(check.describe(names)), 2)
  end
  local tester, known = torch.Tester(), {}
  for name, case in pairs(layers) do
    known[name] = true
    tester:add(function() test_layer(tester, name, case[1], case[2]) end, name)
  end
  for name, target in pairs(criterions) do
    known[name] = true
    tester:add(function() test_criterion(tester, name, target()) end, name)
  end
  for _, name in ipairs(names or {}) do
    if not known[name] then error(('nn.test: there is no test of %s'):format(tostring(name)), 2) end
  end
  seed = seed and check.integer('nn.test', 2, seed) or os.time()
  io.write(('Seed: %d\n'):format(seed))
  torch.manualSeed(seed)
  tester:run(names)
  return tester
end
