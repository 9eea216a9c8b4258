--- nn.diagnose(model, input, target, criterion, [options]): look for what keeps a network from learning.
--
-- Runs one forward and backward pass on a copy of the model, so that parameters, gradients, buffers, running statistics
-- and the random stream stay as they are, and reports:
--
-- - NaN or infinite numbers: where they began (input, parameters, a layer's output, a gradient)
-- - the first loss against theory (ln K for K classes), a last layer that does not fit the criterion or the targets,
--   input and target of different shapes
-- - layers that are dead (units that are 0 for the whole batch), saturated, zero or symmetric (all units alike)
-- - activations and gradients that explode or vanish from layer to layer
-- - parameters that get no gradient
-- - train/evaluate mistakes, inputs of an unusual scale
--
-- options: quiet = true prints nothing.
-- @usage
-- local net = nn.Sequential():add(nn.Linear(4, 8)):add(nn.Tanh()):add(nn.Linear(8, 3))
-- local findings = nn.diagnose(net, torch.randn(6, 4), torch.LongTensor(6):random(3), nn.CrossEntropyCriterion(),
--   { quiet = true })
-- assert(#findings == 0)
local checks = require 'nn.diagnose_checks'
local common = require 'nn.common'

local function first_tensor(x, depth)
  if torch.isTensor(x) then return x end
  if type(x) == 'table' then
    depth = common.deeper('nn.diagnose', depth)
    for _, v in ipairs(x) do
      local t = first_tensor(v, depth)
      if t then return t end
    end
  end
end

local function copied(x, depth)
  if torch.isTensor(x) then return x:clone() end
  if torch.type(x) ~= 'table' then return x end
  depth = common.deeper('nn.diagnose', depth)
  local out = {}
  for k, v in pairs(x) do out[k] = copied(v, depth) end
  return out
end

-- Every module below with the way to it: "nn.Sequential > [2] nn.Linear(3 -> 4)".
local function walk(module, path, list)
  local text = tostring(module)
  local name = text:find '\n' and torch.type(module) or text
  path = path and path .. name or name
  list[#list + 1] = { module = module, path = path, leaf = not (module.modules and #module.modules > 0) }
  for i, child in ipairs(module.modules or {}) do walk(child, ('%s > [%d] '):format(path, i), list) end
  return list
end

-- Replace methods of a leaf by ones that look at what passes.
local function watch(entry, trace)
  local module = entry.module
  local forward, gradient, backward = module.updateOutput, module.updateGradInput, module.backward
  function module.updateOutput(self, input)
    if entry.output then -- a shared module: only its first use counts
      return forward(self, input)
    end
    entry.input = checks.measure(first_tensor(input))
    local output = forward(self, input)
    local t = first_tensor(output)
    entry.output = checks.measure(t)
    checks.units(entry, t)
    trace.order[#trace.order + 1] = entry
    return output
  end
  local function see(self, g, result)
    if not entry.gradient then
      entry.gradient = checks.measure(first_tensor(g))
      entry.gradInput = checks.measure(first_tensor(result or self.gradInput))
      trace.back[#trace.back + 1] = entry
    end
    return result
  end
  function module.updateGradInput(self, input, g) return see(self, g, gradient(self, input, g)) end
  function module.backward(self, input, g, scale) return see(self, g, backward(self, input, g, scale)) end
end

local function finite(x) return x == x and x ~= math.huge and x ~= -math.huge end

local function run(model, criterion, input, target, trace)
  local ok, err = pcall(function()
    model:zeroGradParameters()
    trace.result = model:forward(input)
    trace.seen = checks.head(trace.result)
    if criterion then
      trace.loss = criterion:forward(trace.result, target)
      if type(trace.loss) == 'number' and finite(trace.loss) then
        model:backward(input, criterion:backward(trace.result, target))
        trace.backward = true
      end
    end
  end)
  if not ok then trace.error = tostring(err) end
end

local marks = { error = 'ERROR  ', warning = 'warning', note = 'note   ' }
local rank = { error = 1, warning = 2, note = 3 }

local function report(findings, trace)
  local count = 0
  for _, f in ipairs(findings) do count = count + (f.level == 'note' and 0 or 1) end
  print(('nn.diagnose: %s'):format(count == 0 and 'nothing wrong found' or count == 1 and '1 problem'
    or count .. ' problems'))
  if trace.loss then print(('  first loss %.6g'):format(trace.loss)) end
  for _, f in ipairs(findings) do
    print(('  %s %s%s'):format(marks[f.level], f.where and f.where .. ': ' or '', f.text))
    if f.remedy then print('          ' .. f.remedy) end
  end
end

local function diagnose(model, input, target, criterion, options)
  if not torch.isTypeOf(model, 'nn.Module') then
    error('nn.diagnose: argument 1: expected a module, got ' .. torch.type(model), 2)
  elseif input == nil then
    error('nn.diagnose: argument 2: expected an input, got nil', 2)
  elseif criterion ~= nil and not torch.isTypeOf(criterion, 'nn.Criterion') then
    error('nn.diagnose: argument 4: expected a criterion, got ' .. torch.type(criterion), 2)
  elseif options ~= nil and type(options) ~= 'table' then
    error('nn.diagnose: argument 5: expected a table of options, got ' .. torch.type(options), 2)
  end
  local random = torch.getRNGState()
  local copy, loss = model:clone(), criterion and criterion:clone()
  local trace = { order = {}, back = {}, list = walk(copy, nil, {}), input = checks.measure(first_tensor(input)),
    criterion = loss, target = target, model = copy }
  for _, entry in ipairs(trace.list) do
    checks.parameters(entry)
    if entry.leaf then watch(entry, trace) end
  end
  run(copy, loss, copied(input), copied(target), trace)
  torch.setRNGState(random)
  local findings = {}
  local function add(kind, level, where, text, remedy, ...)
    findings[#findings + 1] = { kind = kind, level = level, where = where, text = text:format(...), remedy = remedy }
  end
  for _, check in ipairs(checks.all) do check(trace, add) end
  local place = {}
  for i, f in ipairs(findings) do place[f] = i end
  table.sort(findings, function(a, b)
    if rank[a.level] ~= rank[b.level] then return rank[a.level] < rank[b.level] end
    return place[a] < place[b]
  end)
  findings.loss = trace.loss
  if not (options and options.quiet) then report(findings, trace) end
  return findings
end

return diagnose
