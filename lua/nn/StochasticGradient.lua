--- nn.StochasticGradient(module, criterion): the simple trainer: one example after another, a step after each.
--
-- Fields: learningRate (0.01), learningRateDecay (0), maxIteration (25; 0 or less: no end), shuffleIndices (true),
-- verbose (true), hookExample(self, example) after each example and hookIteration(self, iteration, currentError) after
-- each pass.
-- A data set has :size() and [i] = {input, target}.
-- @usage local data = {{torch.randn(2), torch.randn(1)}}
-- function data:size() return #data end
-- local trainer = nn.StochasticGradient(nn.Linear(2, 1), nn.MSECriterion())
-- trainer.maxIteration, trainer.verbose = 1, false
-- trainer:train(data)
local StochasticGradient = torch.class('nn.StochasticGradient')

function StochasticGradient:__init(module, criterion)
  if not torch.isTypeOf(module, 'nn.Module') or not torch.isTypeOf(criterion, 'nn.Criterion') then
    error(('nn.StochasticGradient: expected a module and a criterion, got %s and %s'):format(torch.type(module),
      torch.type(criterion)), 2)
  end
  self.learningRate = 0.01
  self.learningRateDecay = 0
  self.maxIteration = 25
  self.shuffleIndices = true
  self.module = module
  self.criterion = criterion
  self.verbose = true
end

local function sum_of(loss)
  if type(loss) == 'number' then return loss end
  return loss:sum()
end

--- Train until maxIteration passes are done.
-- @param dataset
function StochasticGradient:train(dataset)
  local kind = type(dataset)
  if (kind ~= 'table' and kind ~= 'userdata' and kind ~= 'cdata') or type(dataset.size) ~= 'function' then
    error('nn.StochasticGradient: train: expected a dataset: dataset:size() and dataset[i], {input, target}; got '
      .. torch.type(dataset), 2)
  end
  local n = dataset:size()
  if type(n) ~= 'number' or n < 0 then
    error('nn.StochasticGradient: train: dataset:size() is no number, but ' .. torch.type(n), 2)
  end
  local iteration, rate = 1, self.learningRate
  local module, criterion = self.module, self.criterion
  local order = torch.randperm(n)
  if not self.shuffleIndices then
    for i = 1, dataset:size() do order[i] = i end
  end
  if self.verbose then print '# StochasticGradient: training' end
  while true do
    local currentError = 0
    for i = 1, dataset:size() do
      local example = dataset[order[i]]
      if type(example) ~= 'table' and type(example) ~= 'cdata' and type(example) ~= 'userdata' then
        error(('nn.StochasticGradient: train: dataset[%d]: expected {input, target}, got %s'):format(order[i],
          torch.type(example)), 2)
      end
      local input, target = example[1], example[2]
      currentError = currentError + sum_of(criterion:forward(module:forward(input), target))
      module:updateGradInput(input, criterion:updateGradInput(module.output, target))
      module:accUpdateGradParameters(input, criterion.gradInput, rate)
      if self.hookExample then self.hookExample(self, example) end
    end
    currentError = currentError / dataset:size()
    if self.hookIteration then self.hookIteration(self, iteration, currentError) end
    if self.verbose then print('# current error = ' .. currentError) end
    iteration = iteration + 1
    rate = self.learningRate / (1 + iteration * self.learningRateDecay)
    if self.maxIteration > 0 and iteration > self.maxIteration then
      if self.verbose then
        print '# StochasticGradient: you have reached the maximum number of iterations'
        print('# training error = ' .. currentError)
      end
      return
    end
  end
end

return StochasticGradient
