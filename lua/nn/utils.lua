--- nn.utils: conversions and arithmetic over nested tables of tensors.
local utils = {}
local ffi = require 'ffi'
local absent = require 'torch.absent'
local common = require 'nn.common'
local fail = require 'torch.position'.fail
local resize_as, deeper = common.resize_as, common.deeper
local istype, tensor = ffi.istype, ffi.typeof 'struct rk_tensor'

-- One conversion of a tensor, remembered in `cache` by tensor and by storage so that sharing survives.
local function convert(t, typename, cache)
  local factory = typename:find 'Tensor$' and torch.factory(typename)
  if not factory then
    local why = typename:find '^torch%.Cuda' and absent.hint 'cutorch' or typename .. ' is no class of tensors'
    fail('nn.utils.recursiveType: ' .. why)
  end
  local done = cache[t]
  if done then return done end
  local new = factory()
  local storage = t:storage()
  if storage then
    local key = torch.pointer(storage)
    local copy = cache[key]
    if not copy then
      local kind = typename:gsub('Tensor', 'Storage')
      copy = torch[kind:match '%.(.*)$'](storage:size()):copy(storage)
      cache[key] = copy
    end
    new:set(copy, t:storageOffset(), t:size(), t:stride())
  end
  cache[t] = new
  return new
end

--- Convert every tensor in a value: tensors, modules, criterions, nested tables of them.
-- Tensors of other kinds of value come back as they are. Tensors that shared memory before share it afterwards.
-- @param param the value; tables and modules are changed in place
-- @param typename such as 'torch.FloatTensor'
-- @param[opt] cache a table that carries the sharing from call to call
-- @return the converted value
-- @usage nn.utils.recursiveType({torch.DoubleTensor(2)}, 'torch.FloatTensor')
function utils.recursiveType(param, typename, cache)
  if type(typename) ~= 'string' or (cache ~= nil and type(cache) ~= 'table') then
    fail(('nn.utils.recursiveType: expected a value, the name of a tensor class, and perhaps a cache, got %s, %s, %s')
      :format(torch.type(param), torch.type(typename), torch.type(cache)))
  end
  cache = cache or {}
  local plain = torch.type(param) == 'table'
  if plain or torch.isTypeOf(param, 'nn.Module') or torch.isTypeOf(param, 'nn.Criterion') then
    if cache[param] then return param end -- on the way here: what holds itself is converted once
    cache[param] = true
    if plain then
      for k, v in pairs(param) do param[k] = utils.recursiveType(v, typename, cache) end
    else
      param:type(typename, cache)
    end
    cache[param] = nil
  elseif torch.isTensor(param) and torch.typename(param) ~= typename then
    return convert(param, typename, cache)
  end
  return param
end

local function insist(name, t)
  if not istype(tensor, t) then error(('%s: expected a tensor, got %s'):format(name, torch.type(t)), 3) end
end

local function mismatch(name, a, b)
  error(('%s: expected nested tables of tensors of one structure, got %s and %s'):format(name, torch.type(a),
    torch.type(b)), 0)
end

local function resized(t1, t2, depth)
  if istype(tensor, t2) then return resize_as(istype(tensor, t1) and t1 or t2.new(), t2) end
  if torch.type(t2) ~= 'table' then mismatch('nn.utils.recursiveResizeAs', t1, t2) end
  depth = deeper('nn.utils.recursiveResizeAs', depth)
  t1 = torch.type(t1) == 'table' and t1 or { t1 }
  for k, v in next, t2 do t1[k] = resized(t1[k], v, depth) end
  return common.trim(t1, t2)
end

--- Give t1 the nested structure and sizes of t2.
-- @param t1 a tensor, a table or nil
-- @param t2 a tensor or nested tables of tensors
-- @return t1 (a new value where it had another kind), t2
function utils.recursiveResizeAs(t1, t2) return resized(t1, t2), t2 end

local function fill(t, value, depth)
  if torch.type(t) == 'table' then
    depth = deeper('nn.utils.recursiveFill', depth)
    for _, v in pairs(t) do fill(v, value, depth) end
  elseif torch.isTensor(t) then
    t:fill(value)
  else
    error('nn.utils.recursiveFill: expected tensors or nested tables of tensors, got ' .. torch.type(t), 0)
  end
end

--- Fill every tensor of a nested table.
-- @return t
function utils.recursiveFill(t, value)
  fill(t, value)
  return t
end

local function added(t1, value, t2, depth)
  if istype(tensor, t2) and istype(tensor, t1) then return t1:add(value, t2) end
  if torch.type(t2) ~= 'table' then mismatch('nn.utils.recursiveAdd', t1, t2) end
  depth = deeper('nn.utils.recursiveAdd', depth)
  t1 = torch.type(t1) == 'table' and t1 or { t1 }
  for k, v in next, t2 do t1[k] = added(t1[k], value, v, depth) end
  return t1
end

--- t1 = t1 + value * t2, tensor by tensor.
-- @usage nn.utils.recursiveAdd({torch.ones(2)}, 2, {torch.ones(2)})
-- @return t1, t2
function utils.recursiveAdd(t1, value, t2)
  if not t2 then value, t2 = 1, value end
  return added(t1, value, t2), t2
end

local function copied(t1, t2, async, depth)
  if istype(tensor, t2) then
    t1 = resize_as(istype(tensor, t1) and t1 or t2.new(), t2)
    return async and t1.copyAsync and t1:copyAsync(t2) or t1:copy(t2)
  end
  if torch.type(t2) ~= 'table' then mismatch('nn.utils.recursiveCopy', t1, t2) end
  depth = deeper('nn.utils.recursiveCopy', depth)
  t1 = torch.type(t1) == 'table' and t1 or { t1 }
  for k, v in next, t2 do t1[k] = copied(t1[k], v, async, depth) end
  return t1
end

--- Copy t2 into t1, making and resizing what t1 lacks.
-- @return t1, t2
function utils.recursiveCopy(t1, t2, async) return copied(t1, t2, async), t2 end

--- A view of t with a dimension of size 1 put in at dim.
-- @param[opt] tensor to turn into the view
-- @param t the tensor
-- @param[opt=1] dim 1 .. t:dim() + 1
-- @usage nn.utils.addSingletonDimension(torch.ones(3, 4), 2)  -- 3x1x4
function utils.addSingletonDimension(...)
  local view, t, dim = ...
  if select('#', ...) < 3 then
    t, dim = view, t
    view = nil
  end
  insist('nn.utils.addSingletonDimension', t)
  view = view or t.new()
  insist('nn.utils.addSingletonDimension', view)
  dim = tonumber(dim or 1) or 0
  local n = t:dim()
  if dim < 1 or dim > n + 1 then
    error(('nn.utils.addSingletonDimension: dimension %s out of range for %d dimensions'):format(tostring(dim), n), 2)
  end
  dim = math.floor(dim)
  local size, stride = torch.LongStorage(n + 1), torch.LongStorage(n + 1)
  size[dim], stride[dim] = 1, 1
  for d = 1, n do
    local to = d < dim and d or d + 1
    size[to], stride[to] = t:size(d), t:stride(d)
  end
  return view:set(t:storage(), t:storageOffset(), size, stride)
end
utils.addSingletondimension = utils.addSingletonDimension

--- View input with the given sizes in `output`, copying first where its steps do not allow a view.
-- @return output
function utils.contiguousView(output, input, ...)
  insist('nn.utils.contiguousView', input)
  output = output or input.new()
  insist('nn.utils.contiguousView', output)
  if input:isContiguous() then
    output:view(input, ...)
  else
    output:resizeAs(input):copy(input)
    output:view(output, ...)
  end
  return output
end

local function insist_on_object(name, self)
  if type(self) ~= 'table' then error(('%s: expected an object, got %s'):format(name, torch.type(self)), 3) end
end

local function insist_on_names(name, list)
  for i = 1, #list do
    if type(list[i]) ~= 'string' then
      error(('%s: a name of a field expected, got %s'):format(name, torch.type(list[i])), 3)
    end
  end
  return list
end

local function clear(self, f)
  local v = self[f]
  if torch.isTensor(v) then
    v:set()
  elseif type(v) == 'table' then
    self[f] = {}
  else
    self[f] = nil
  end
end

--- Empty the named fields of an object: tensors lose their storage, tables become empty, other values nil.
-- @param self the object
-- @param ... names, or one list of names
-- @return self
-- @usage nn.utils.clear(nn.Linear(2, 3), 'output', 'gradInput')
function utils.clear(self, ...)
  local first = ... -- before anything else: torch.varargs
  insist_on_object('nn.utils.clear', self)
  local list = insist_on_names('nn.utils.clear', type(first) == 'table' and first or { ... })
  for _, f in ipairs(list) do
    if self[f] ~= nil then clear(self, f) end
  end
  return self
end

--- Give a class whose passes leave things in fields the type and clearState that clear them.
-- @param Class the class table
-- @param parent its parent
-- @param names of the fields, a list
function utils.clears(Class, parent, names)
  insist_on_object('nn.utils.clears', Class)
  insist_on_object('nn.utils.clears', parent)
  insist_on_object('nn.utils.clears', names)
  function Class:type(typename, cache)
    if typename then utils.clear(self, names) end
    return parent.type(self, typename, cache)
  end

  function Class:clearState()
    utils.clear(self, names)
    return parent.clearState(self)
  end
end

--- Forget what the named fields refer to without touching it: for fields that may alias another module's tensors.
-- @return self
function utils.forget(self, ...)
  insist_on_object('nn.utils.forget', self)
  for _, f in ipairs(insist_on_names('nn.utils.forget', { ... })) do
    local v = self[f]
    if torch.isTensor(v) then
      self[f] = v.new()
    elseif type(v) == 'table' then
      self[f] = {}
    else
      self[f] = nil
    end
  end
  return self
end

-- PyTorch's names are in a file of their own.
setmetatable(utils, { __index = function(_, name)
  setmetatable(utils, nil)
  for key, f in pairs(require 'nn.pytorch_utils') do utils[key] = f end
  return rawget(utils, name)
end })

return utils
