--- nn.fuse(model): a copy of a model for inference, with fewer passes over memory.
--
-- Batch normalisation that follows a convolution or a Linear becomes part of its weight and bias, with the running
-- estimates: w' = w·γ/σ, b' = (b - μ)·γ/σ + β, σ = sqrt(running variance + eps). A ReLU that follows a convolution is
-- applied as the result is written, and so is the sum of a residual block (ConcatTable of two paths, CAddTable, ReLU)
-- one of whose paths ends with a convolution. What does nothing in evaluation (Identity, Dropout) goes. Other modules
-- stay as they are, and so does the model that was given.
--
-- The result equals `model` after evaluate(), up to rounding; it has no backward pass.
-- @function nn.fuse
-- @param model an nn module, most usefully an nn.Sequential
-- @return the fused copy, in evaluation mode
-- @usage print(nn.fuse(nn.Sequential():add(nn.SpatialConvolution(3, 8, 3, 3)):add(nn.ReLU())))

local function is(m, ...)
  local name = torch.typename(m)
  for _, class in ipairs { ... } do
    if name == 'nn.' .. class then return true end
  end
  return false
end

local function is_relu(m)
  return is(m, 'ReLU') or is(m, 'Threshold') and m.threshold == 0 and m.val == 0
end
local function is_norm(m)
  return is(m, 'BatchNormalization', 'SpatialBatchNormalization', 'VolumetricBatchNormalization', 'SyncBatchNorm')
    and m.trackRunningStats ~= false
end
local function does_nothing(m)
  if is(m, 'Identity', 'Contiguous') then return is(m, 'Identity') end
  return is(m, 'Dropout') and m.v2 and not m.stochastic_inference
end

local function is_convolution(m) return type(m) == 'table' and m.fusedOutput ~= nil and m.weight ~= nil end

-- Which dimension of the weight counts the planes that come out; nil: batch normalisation cannot be folded into it.
local function output_dim(m)
  if is(m, 'Linear') then return 1 end
  if is(m, 'SpatialFullConvolution', 'VolumetricFullConvolution') then return not m.groups and 2 or nil end
  return is_convolution(m) and 1 or nil
end

-- Kernels of a plane each: weight (multiplier, planes, ...), bias (multiplier, planes); plane c gives those from
-- (c - 1)·multiplier + 1 on.
local function is_depthwise(m) return is(m, 'SpatialDepthWiseConvolution') end

local function outputs(m, dim) return is_depthwise(m) and m.nInputPlane * m.nOutputPlane or m.weight:size(dim) end

-- A number for each plane that comes out, as the bias lies.
local function arranged(m, v)
  return is_depthwise(m) and v:view(m.nInputPlane, m.nOutputPlane):t():contiguous() or v
end

-- Scale the planes of m's output and move them, as the normalisation does when evaluating.
local function fold(m, norm)
  local dim, w = output_dim(m), m.weight
  local scale = torch.add(norm.running_var, norm.eps):sqrt():cinv()
  if norm.weight then scale:cmul(norm.weight) end
  local shift = torch.cmul(norm.running_mean, scale):mul(-1)
  if norm.bias then shift:add(norm.bias) end
  scale, shift = arranged(m, scale), arranged(m, shift)
  if is_depthwise(m) then w = w:view(m.nOutputPlane, m.nInputPlane, -1) end
  local shape = torch.LongStorage(w:dim()):fill(1)
  for d = dim, dim + scale:dim() - 1 do shape[d] = w:size(d) end
  w:cmul(scale:view(shape):expandAs(w))
  if m.bias then
    m.bias:cmul(scale):add(shift)
  else
    m.bias, m.gradBias = shift, shift.new(shift:size()):zero()
  end
end

-- Parameters of their own: several layers may share them, and each is folded with its own normalisation.
local function own(m)
  m.weight = m.weight:clone()
  if m.bias then m.bias = m.bias:clone() end
end

local rewrite

-- The modules of a Sequential, nested ones laid out flat.
local function flatten(list, m)
  for _, child in ipairs(m.modules) do
    if is(child, 'Sequential') then flatten(list, child) else list[#list + 1] = child end
  end
  return list
end

-- The paths of a residual block: one that ends with a convolution, the other or nil, whether that one came first; nil
-- when this is none.
local function residual(concat)
  if not is(concat, 'ConcatTable') or #concat.modules ~= 2 then return nil end
  local paths = {}
  for i = 1, 2 do paths[i] = rewrite(concat.modules[i]) end
  concat.modules = paths
  for _, order in ipairs { { 1, 2 }, { 2, 1 } } do
    local path, other = paths[order[1]], paths[order[2]]
    if is(path, 'FusedConvolution') then path = nn.Sequential():add(path) end
    local last = is(path, 'Sequential') and path.modules[#path.modules]
    if last and is(last, 'FusedConvolution') and not last.relu then
      local empty = is(other, 'Identity') or is(other, 'Sequential') and #other.modules == 0
      return path, not empty and other or nil, order[1] == 2
    end
  end
  return nil
end

-- The module that takes the place of list[i] and those after it that it swallows; and the next position.
local function step(list, i)
  local m = list[i]
  if is(m, 'ConcatTable') and is(list[i + 1], 'CAddTable') then
    local path, other, first = residual(m)
    if path then
      local relu = is_relu(list[i + 2])
      return nn.FusedResidual(path, other, relu, first), i + (relu and 3 or 2)
    end
    return rewrite(m), i + 1
  end
  local dim, n = output_dim(m), i + 1
  local norm = dim and is_norm(list[n]) and list[n].running_mean:size(1) == outputs(m, dim) and list[n]
  if norm then
    own(m)
    fold(m, norm)
    n = n + 1
  end
  if not is_convolution(m) then return dim and m or rewrite(m), n end
  local relu = is_relu(list[n])
  return nn.FusedConvolution(m, relu), n + (relu and 1 or 0)
end

local function rewrite_sequence(m)
  local out, list, i = nn.Sequential(), {}, 1
  for _, child in ipairs(flatten({}, m)) do
    if not does_nothing(child) then list[#list + 1] = child end
  end
  while i <= #list do
    local new
    new, i = step(list, i)
    out:add(new)
  end
  out.repack = m.repack
  return out
end

function rewrite(m)
  if is(m, 'Sequential') then return rewrite_sequence(m) end
  if is_convolution(m) then return nn.FusedConvolution(m, false) end
  if is(m, 'ConcatTable', 'ParallelTable', 'Concat', 'DepthConcat', 'Parallel') then
    for i, child in ipairs(m.modules) do m.modules[i] = rewrite(child) end
  end
  return m
end

return function(model)
  if not torch.isTypeOf(model, 'nn.Module') then
    error('nn.fuse: expected a module, got ' .. torch.type(model), 2)
  end
  local copy = model:clone()
  copy:clearState()
  copy:evaluate()
  local fused = rewrite(copy)
  fused:type(model:type())
  fused:evaluate()
  return fused
end
