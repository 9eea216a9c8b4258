--- The checks of nn.diagnose: each reads the trace of one pass and adds findings.
--
-- trace: list (all modules: module, path, leaf, weights), order (leaves as they ran, with input, output, units), back
-- (leaves as they ran backward, with gradient, gradInput), input, loss, error, criterion, target.
-- add(kind, level, where, text, remedy, ...).
local joined = require('torch.check').joined
local M = { all = {} }

local function check(f) M.all[#M.all + 1] = f end

--- Figures of a tensor: n, mean, std, rms, top (largest absolute value), bad (NaN or infinite numbers).
function M.measure(t)
  if not t or t:nElement() == 0 then return nil end
  local x = t:double():contiguous():view(-1)
  local size = torch.abs(x)
  local bad = x:nElement() - torch.le(size, 1.7976931348623157e308):sum()
  local m = { n = x:nElement(), bad = bad }
  if bad == 0 then
    m.mean, m.top = x:mean(), size:max()
    m.rms = m.top > 0 and m.top * math.sqrt(torch.div(x, m.top):pow(2):mean()) or 0
    m.std = m.n > 1 and x:std() or 0
  end
  return m
end

local bounded = { ['nn.Tanh'] = { -1, 1 }, ['nn.Sigmoid'] = { 0, 1 }, ['nn.HardTanh'] = { -1, 1 } }
local rectifiers = { ['nn.ReLU'] = true, ['nn.ReLU6'] = true, ['nn.Threshold'] = true }

--- Of an activation's output: the share of units that are 0 for the whole batch, of values at their bounds.
function M.units(entry, y)
  local kind = torch.type(entry.module)
  if not y or y:nElement() == 0 or not entry.output or entry.output.bad > 0 then return end
  y = y:double():contiguous()
  if bounded[kind] then
    local lo, hi = bounded[kind][1], bounded[kind][2]
    local edge = (hi - lo) * 0.005
    entry.saturated = (torch.lt(y, lo + edge):sum() + torch.gt(y, hi - edge):sum()) / y:nElement()
  elseif rectifiers[kind] and y:dim() >= 2 and y:size(1) > 1 then
    -- (N, units) or (N, planes, positions)
    local top = y:dim() == 2 and y:max(1) or y:view(y:size(1), y:size(2), -1):max(3):max(1)
    entry.dead, entry.units = torch.le(top, 0):sum(), top:nElement()
  end
end

--- Of a module's own parameters, before the pass.
function M.parameters(entry)
  local module = entry.module
  entry.weights = {}
  if not entry.leaf then return end
  local params, grads = module:parameters()
  for i, p in ipairs(params or {}) do
    local w = M.measure(p)
    if w then
      w.tensor, w.gradient, w.matrix = p, grads and grads[i], p:dim() >= 2 and p:size(1) > 1
      w.name = p == module.weight and 'weight' or p == module.bias and 'bias' or 'parameter ' .. i
      w.zero = w.bad == 0 and w.top == 0
      if w.matrix and w.bad == 0 then
        local rows = p:contiguous():view(p:size(1), -1):double()
        w.alike = (rows - rows:narrow(1, 1, 1):expandAs(rows)):abs():max() == 0
      end
      entry.weights[#entry.weights + 1] = w
    end
  end
end

--- Of what the model gives to the criterion: rows that are probabilities, log-probabilities or neither.
function M.head(y)
  if not torch.isTensor(y) or y:dim() < 1 or y:dim() > 2 or y:nElement() < 2 then return nil end
  local m = M.measure(y)
  if m.bad > 0 then return nil end
  local x = y:double():contiguous():view(-1, y:size(y:dim()))
  local classes, least = x:size(2), x:min()
  local sums = torch.abs(x:sum(2):add(-1)):max()
  local log_sums = math.huge
  if x:max() < 50 then log_sums = torch.abs(torch.exp(x):sum(2):log()):max() end
  return { classes = classes, probabilities = least >= 0 and sums < 1e-3 and classes > 1,
    logarithms = x:max() <= 1e-6 and log_sums < 1e-3, least = least, top = x:max() }
end

-- -- numbers that are none ----------------------------------------------------------------------------------

check(function(trace, add)
  if trace.input and trace.input.bad > 0 then
    add('nan', 'error', 'input', '%d of %d numbers are NaN or infinite',
      'Look at how the data is read and normalised (a standard deviation of 0?).', trace.input.bad, trace.input.n)
  end
  for _, entry in ipairs(trace.list) do
    for _, w in ipairs(entry.weights) do
      if w.bad > 0 then
        add('nan', 'error', entry.path, '%d of %d numbers of its %s are NaN or infinite',
          'Training has diverged: go back to a checkpoint, lower the learning rate, clip gradients.', w.bad, w.n,
          w.name)
      end
    end
  end
  for _, entry in ipairs(trace.order) do
    if entry.output and entry.output.bad > 0 then
      if not (entry.input and entry.input.bad > 0) then
        add('nan', 'error', entry.path, 'NaN or infinite numbers begin here: %d of %d outputs',
          'log, sqrt or division of 0, or numbers too large for exp; the inputs of this layer are finite.',
          entry.output.bad, entry.output.n)
      end
      break
    end
  end
  for _, entry in ipairs(trace.back) do
    if entry.gradInput and entry.gradInput.bad > 0 and entry.gradient and entry.gradient.bad == 0 then
      add('nan', 'error', entry.path, 'NaN or infinite gradients begin here, on the way back: %d of %d',
        'The derivative has a pole (sqrt or norm at 0, log at 0): add a small number inside of it.',
        entry.gradInput.bad, entry.gradInput.n)
      break
    end
  end
end)

check(function(trace, add)
  local loss = trace.loss
  if trace.error then
    add('failed', 'error', nil, 'the pass ended with an error: %s', nil, trace.error)
  elseif type(loss) == 'number' and (loss ~= loss or math.abs(loss) == math.huge) then
    add('nan', 'error', torch.type(trace.criterion), 'the loss is %g', nil, loss)
  end
end)

-- -- loss and head ------------------------------------------------------------------------------------------

local classifiers = { ['nn.CrossEntropyCriterion'] = true, ['nn.ClassNLLCriterion'] = true }

check(function(trace, add)
  local kind, head = torch.type(trace.criterion), trace.seen
  if not head then return end
  if kind == 'nn.CrossEntropyCriterion' and head.probabilities then
    add('head', 'error', kind, 'its input is probabilities already: SoftMax before CrossEntropyCriterion',
      'Remove the SoftMax: the criterion takes raw scores and applies it itself.')
  elseif kind == 'nn.CrossEntropyCriterion' and head.logarithms then
    add('head', 'warning', kind, 'its input is log-probabilities already: LogSoftMax before CrossEntropyCriterion',
      'Remove the LogSoftMax, or use ClassNLLCriterion; the result is the same, the work is done twice.')
  elseif kind == 'nn.ClassNLLCriterion' and not head.logarithms then
    add('head', 'error', kind, 'its input is not log-probabilities: %s',
      'End the model with nn.LogSoftMax(), or use nn.CrossEntropyCriterion on raw scores.',
      head.probabilities and 'SoftMax before ClassNLLCriterion'
        or ('values from %.3g to %.3g'):format(head.least, head.top))
  elseif kind == 'nn.BCECriterion' and (head.least < 0 or head.top > 1) then
    add('head', 'error', kind, 'its input is not probabilities: values from %.3g to %.3g',
      'End the model with nn.Sigmoid().', head.least, head.top)
  end
end)

-- The activation that the model ends in, if it does: its name, the range of what it gives.
local function last_activation(trace)
  local entry = trace.order[#trace.order]
  local y = torch.isTensor(trace.result) and entry and entry.module.output
  if not torch.isTensor(y) or torch.pointer(y) ~= torch.pointer(trace.result) then return nil end
  local kind = torch.type(entry.module)
  if bounded[kind] then return kind, bounded[kind][1], bounded[kind][2] end
  if rectifiers[kind] then return kind, 0, math.huge end
end

local takes_scores = { ['nn.BCEWithLogitsCriterion'] = true, ['nn.MultiLabelSoftMarginCriterion'] = true }
local regression = { ['nn.MSECriterion'] = true, ['nn.AbsCriterion'] = true, ['nn.SmoothL1Criterion'] = true,
  ['nn.HuberCriterion'] = true }

check(function(trace, add)
  local kind, head = torch.type(trace.criterion), trace.seen
  local last, lo, hi = last_activation(trace)
  if not last then return end
  if kind == 'nn.CrossEntropyCriterion' and head and not head.probabilities and head.classes > 1 then
    if hi == math.huge then
      add('head', 'warning', kind, 'the model ends in %s: scores below 0 are cut off, and get no gradient',
        'Remove it: the criterion takes scores of any sign.', last)
    else
      local least = math.log(1 + (head.classes - 1) * math.exp(lo - hi))
      add('head', 'error', kind, 'the model ends in %s: scores of %d..%d cannot bring the loss below %.4g',
        'Remove it: the criterion takes raw scores.', last, lo, hi, least)
    end
  elseif takes_scores[kind] then
    add('head', last == 'nn.Sigmoid' and 'error' or 'warning', kind,
      'the model ends in %s: the criterion takes scores of any size and applies the sigmoid itself',
      'Remove the last layer, or use nn.BCECriterion after nn.Sigmoid.', last)
  elseif regression[kind] and torch.isTensor(trace.target) and trace.target:nElement() > 0 then
    local least, most = trace.target:min(), trace.target:max()
    if least < lo or most > hi then
      add('head', 'warning', kind, 'targets of %.4g..%.4g, but the model ends in %s, which gives %g..%g',
        'Remove the last activation, or scale the targets.', least, most, last, lo, hi)
    end
  end
end)

local function sizes(t) return '[' .. joined(t:size(), ' x ') .. ']' end

check(function(trace, add)
  local x, t = trace.result, trace.target
  if not (trace.loss and torch.isTensor(x) and torch.isTensor(t)) or x:nElement() ~= t:nElement() then return end
  local kind = torch.type(trace.criterion)
  local elementwise = regression[kind] or takes_scores[kind] or kind == 'nn.BCECriterion'
  if x:nElement() < 2 or x:isSameSizeAs(t) or not elementwise then return end
  add('shape', 'warning', kind, 'its input %s and the target %s differ in shape: they are compared number by number',
    'If that is meant, say target:viewAs(input); else look at which dimension is which.', sizes(x), sizes(t))
end)

check(function(trace, add)
  local kind, loss, head = torch.type(trace.criterion), trace.loss, trace.seen
  if type(loss) ~= 'number' or loss ~= loss or not head or trace.criterion.weights then return end
  local theory, what
  if classifiers[kind] and trace.criterion.sizeAverage ~= false and head.classes > 1 then
    theory, what = math.log(head.classes), ('ln %d'):format(head.classes)
  elseif kind == 'nn.BCECriterion' and trace.criterion.sizeAverage ~= false then
    theory, what = math.log(2), 'ln 2'
  end
  if not theory then return end
  if loss > 1.5 * theory + 0.5 then
    add('loss', 'warning', kind, 'the first loss is %.4g; guessing gives %s = %.4g',
      'A fresh model should guess: its last layer is too large (smaller initial weights, scaled inputs), or the '
        .. 'targets do not belong to the inputs.', loss, what, theory)
  elseif loss < 0.5 * theory then
    add('loss', 'note', kind,
      'the loss is %.4g, below guessing (%s = %.4g): a trained model, or targets in the input', nil, loss, what, theory)
  end
end)

-- -- weights ------------------------------------------------------------------------------------------------

check(function(trace, add)
  local before -- the last layer with weights, when all of them are 0
  for _, entry in ipairs(trace.order) do
    local zero, has
    for _, w in ipairs(entry.weights) do
      if w.name ~= 'bias' and w.n > 1 then
        has = true
        zero = zero or w.zero
      end
    end
    if zero and before then
      add('dead', 'error', entry.path, 'all weights are 0, and so are those of %s: neither will ever learn',
        'Each gets its gradient through the other, multiplied by 0: initialise at least one (module:reset(), nn.init).',
        before)
    elseif zero then
      add('zero', 'note', entry.path, 'all weights are 0: what lies before it gets no gradient at the first step')
    end
    if has then before = zero and entry.path or nil end
  end
end)

check(function(trace, add)
  for _, entry in ipairs(trace.order) do
    for _, w in ipairs(entry.weights) do
      if w.matrix and w.alike and not w.zero and w.name ~= 'bias' then
        local g = w.gradient and trace.backward and w.gradient:contiguous():view(w.gradient:size(1), -1):double()
        local apart = g and (g - g:narrow(1, 1, 1):expandAs(g)):abs():max()
        if not g or apart <= 1e-12 * torch.abs(g):max() then
          add('symmetric', 'error', entry.path, 'all %d units have the same weights and get the same gradient',
            'They will stay copies of one another: initialise at random (module:reset(), nn.init).', w.tensor:size(1))
        end
      end
    end
  end
end)

-- -- activations and gradients ------------------------------------------------------------------------------

check(function(trace, add)
  for _, entry in ipairs(trace.order) do
    if entry.dead and entry.dead > 0.5 * entry.units and entry.units > 1 then
      add('dead', entry.dead == entry.units and 'error' or 'warning', entry.path,
        '%d of %d units are 0 for the whole batch', 'Lower the learning rate or the weights before it, check the bias, '
          .. 'or use nn.LeakyReLU.', entry.dead, entry.units)
    elseif entry.saturated and entry.saturated > 0.5 then
      add('saturated', 'warning', entry.path, '%d %% of its outputs lie at its bounds, where the gradient vanishes',
        'Scale the inputs, or initialise the layer before it with smaller weights (nn.init.xavierUniform).',
        math.floor(100 * entry.saturated + 0.5))
    end
  end
end)

local VANISH, EXPLODE = 1e-4, 1e4

check(function(trace, add)
  local reference = trace.input and trace.input.bad == 0 and trace.input.rms
  if not reference or reference == 0 then return end
  for _, entry in ipairs(trace.order) do
    local out = entry.output
    if out and out.bad == 0 and #entry.weights > 0 then
      if out.rms > EXPLODE * math.max(reference, 1) then
        add('explode', 'warning', entry.path, 'activations explode: size %.3g, the input of the model %.3g',
          'Smaller weights (nn.init.kaimingNormal), normalisation layers.', out.rms, reference)
        break
      elseif out.rms > 0 and out.rms < VANISH * math.min(reference, 1) then
        add('vanish', 'warning', entry.path, 'activations vanish: size %.3g, the input of the model %.3g',
          'Larger weights (nn.init.kaimingNormal, xavierNormal), normalisation layers.', out.rms, reference)
        break
      end
    end
  end
end)

-- Gradients of a layer's outputs: how they change on the way back, compared number by number.
check(function(trace, add)
  local last
  for _, entry in ipairs(trace.back) do
    local g = entry.gradient
    if g and g.bad == 0 and g.rms > 0 and #entry.weights > 0 then
      last = last or entry
      local total, start = g.rms * math.sqrt(g.n), last.gradient.rms * math.sqrt(last.gradient.n)
      if total > EXPLODE * start then
        add('explode', 'warning', entry.path, 'gradients explode on the way back: norm %.3g, %.3g at %s',
          'Smaller weights, normalisation layers, gradient clipping.', total, start, last.path)
        break
      elseif total < VANISH * start then
        add('vanish', 'warning', entry.path, 'gradients vanish on the way back: norm %.3g, %.3g at %s',
          'Larger weights, ReLU instead of Sigmoid or Tanh, skip connections, normalisation layers.', total, start,
          last.path)
        break
      end
    end
  end
end)

check(function(trace, add)
  if not trace.backward then return end
  local ran = {}
  for _, entry in ipairs(trace.order) do ran[entry] = true end
  for _, entry in ipairs(trace.list) do
    for _, w in ipairs(entry.weights) do
      if not ran[entry] then
        add('unused', 'warning', entry.path, 'it took no part in the pass: its %s gets no gradient', nil, w.name)
        break
      elseif w.gradient and w.gradient:clone():abs():max() == 0 then
        add('no gradient', 'warning', entry.path, 'its %s gets no gradient',
          'Something behind it is dead, detached or frozen, or the loss does not depend on it.', w.name)
      end
    end
  end
end)

-- -- modes and inputs ---------------------------------------------------------------------------------------

local function two_modes(module)
  local kind = torch.type(module)
  return kind:find 'Dropout' or kind:find 'BatchNorm' or module.running_mean ~= nil
end

check(function(trace, add)
  local train, evaluate
  for _, entry in ipairs(trace.list) do
    if entry.leaf and two_modes(entry.module) then
      if entry.module.train == false then evaluate = evaluate or entry else train = train or entry end
    end
  end
  if train and evaluate then
    add('mode', 'warning', evaluate.path, 'it is in evaluation mode while %s is training',
      'Call model:training() or model:evaluate() on the whole model.', train.path)
  elseif evaluate and trace.criterion then
    add('mode', 'note', evaluate.path, 'the model is in evaluation mode: before training, call model:training()')
  end
  for _, entry in ipairs(trace.order) do
    local m = entry.module
    if m.running_mean and m.train == false and m.running_mean:clone():abs():max() == 0
      and (m.running_var:clone() - 1):abs():max() == 0 then
      add('mode', 'warning', entry.path, 'evaluation mode, but its running statistics have never been updated',
        'Train in training mode first: until then the layer does not normalise.')
    end
  end
end)

check(function(trace, add)
  local m = trace.input
  if not m or m.bad > 0 then return end
  local first = trace.order[1]
  if first and torch.type(first.module):find 'LookupTable' then return end
  if m.top == 0 then
    add('input', 'warning', 'input', 'all numbers are 0')
  elseif m.n > 1 and m.std == 0 then
    add('input', 'warning', 'input', 'all numbers are %g', nil, m.mean)
  elseif m.rms > 30 then
    add('input', 'warning', 'input', 'its numbers are large: mean %.3g, deviation %.3g',
      'Networks learn best from inputs of mean 0 and deviation 1: subtract the mean, divide by the deviation.',
      m.mean, m.std)
  end
end)

return M
