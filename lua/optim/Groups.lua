--- optim.Groups: parts of flat parameters with settings of their own: rates, decays, frozen layers.
--
-- A group is a table: what it holds, `modules` (a list of nn modules), `parameters` (a list of tensors that lie in x)
-- or `first` and `last` (places in x); and any settings of the optimiser, which take the place of those in config.
-- `scale` multiplies config.learningRate instead (and so follows a schedule); `frozen = true`: left as it is.
-- What is in no group follows config.
--
-- Each stretch of x that belongs to one group is moved on its own, with its own state, all by the same evaluation of
-- the function: right for methods that treat parameters one by one (all but lbfgs and cg). Of config.parameters, which
-- adafactor and muon need, each stretch is given its own.
local Groups = torch.class 'optim.Groups'
local parts = require 'optim.parts'

-- What is no setting of the optimiser.
local own = { modules = true, parameters = true, first = true, last = true, scale = true, frozen = true, name = true }
Groups.own = own

local function place(x, p, i)
  local first = torch.isTensor(p) and p:dim() > 0 and p:storageOffset() - x:storageOffset() + 1 or 0
  if first < 1 or first + p:nElement() - 1 > x:nElement() or not p:isContiguous()
    or torch.pointer(p:storage()) ~= torch.pointer(x:storage()) then
    error(('optim.Groups: group %d: a parameter is no part of x; flatten first, net:getParameters()'):format(i), 0)
  end
  return { first = first, last = first + p:nElement() - 1, group = i }
end

local function list_of(group, key, i)
  local list = group[key]
  if list ~= nil and torch.type(list) ~= 'table' then
    error(('optim.Groups: group %d: %s: expected a list, got %s'):format(i, key, torch.type(list)), 0)
  end
  return list or {}
end

local function are_places(first, last, n)
  return type(first) == 'number' and type(last) == 'number' and first == math.floor(first) and last == math.floor(last)
    and first >= 1 and last >= first and last <= n
end

local function places(x, group, i)
  if torch.type(group) ~= 'table' then
    error(('optim.Groups: group %d: expected a table, got %s'):format(i, torch.type(group)), 0)
  end
  if group.first ~= nil then
    if not are_places(group.first, group.last, x:nElement()) then
      error(('optim.Groups: group %d: places %s to %s are not in 1 to %d'):format(i, tostring(group.first),
        tostring(group.last), x:nElement()), 0)
    end
    return { { first = group.first, last = group.last, group = i } }
  end
  local list = {}
  for _, module in ipairs(list_of(group, 'modules', i)) do
    if not torch.isTypeOf(module, 'nn.Module') then
      error(('optim.Groups: group %d: modules: expected nn modules, got %s'):format(i, torch.type(module)), 0)
    end
    for _, p in ipairs((module:parameters()) or {}) do list[#list + 1] = place(x, p, i) end
  end
  for _, p in ipairs(list_of(group, 'parameters', i)) do list[#list + 1] = place(x, p, i) end
  if #list == 0 then
    error(('optim.Groups: group %d has no parameters: give modules, parameters, or first and last'):format(i), 0)
  end
  return list
end

-- All of x as stretches in order; group 0 is what is in none.
local function stretches(x, list)
  table.sort(list, function(a, b) return a.first < b.first end)
  local out, at = {}, 1
  local function add(first, last, group)
    local top = out[#out]
    if top and top.group == group then top.last = last elseif first <= last then
      out[#out + 1] = { first = first, last = last, group = group }
    end
  end
  for _, p in ipairs(list) do
    if p.first < at and out[#out].group ~= p.group then
      error(('optim.Groups: groups %d and %d share parameters'):format(out[#out].group, p.group), 0)
    end
    if p.first > at then add(at, p.first - 1, 0) end
    if p.last >= at then
      add(math.max(p.first, at), p.last, p.group)
      at = p.last + 1
    end
  end
  if at <= x:nElement() then add(at, x:nElement(), 0) end
  return out
end

--- @param x flat parameters, from net:getParameters()
-- @param groups a list, see above
-- @usage local x = torch.ones(4); local sgd = optim.Groups(x, {{first = 1, last = 2, frozen = true}}):wrap(optim.sgd)
function Groups:__init(x, groups)
  if not torch.isTensor(x) or x:dim() ~= 1 then
    error('optim.Groups: argument 1: expected a vector of parameters, got ' .. torch.type(x), 3)
  end
  if torch.type(groups) ~= 'table' then
    error('optim.Groups: argument 2: expected a list of groups, got ' .. torch.type(groups), 3)
  end
  local list = {}
  self.settings = { [0] = {} }
  for i, group in ipairs(groups) do
    for _, p in ipairs(places(x, group, i)) do list[#list + 1] = p end
    self.settings[i] = { scale = group.scale, frozen = group.frozen or false, name = group.name, config = {} }
    for k, v in pairs(group) do
      if not own[k] then self.settings[i].config[k] = v end
    end
  end
  self.settings[0].config = {}
  self.stretches = stretches(x, list)
end

local function find(self, which)
  if self.settings[which] then return self.settings[which] end
  for _, s in ipairs(self.settings) do
    if s.name == which then return s end
  end
  error(('optim.Groups: no group %s'):format(tostring(which)), 3)
end

--- Leave a group as it is from now on.
-- @param which its number or name
function Groups:freeze(which) find(self, which).frozen = true end

--- Move it again.
function Groups:unfreeze(which) find(self, which).frozen = false end

-- The settings of a group: config's, then its own.
local function merged(config, settings)
  local c = {}
  for k, v in pairs(config) do
    if k ~= 'groups' then c[k] = v end
  end
  for k, v in pairs(settings.config) do c[k] = v end
  if settings.scale then c.learningRate = (c.learningRate or 1e-3) * settings.scale end
  return c
end

-- A method that looks at matrices finds those of its stretch in the state.
local function share(x, config, stretch, state)
  if not state.parts then
    local all = parts.places('Groups', x, config.parameters)
    state.parts = parts.within('Groups', all, stretch.first, stretch.last)
  end
  config.parameters = nil
end

-- A method stopped where it asks for f and df/dx, or finished.
local function resume(thread, ...)
  local ok, result, values = coroutine.resume(thread, ...)
  if not ok then error(result, 0) end
  return values
end

--- An optimiser that moves each group by its own settings.
-- @param method optim.sgd, optim.adam, ...
-- @return a function of (opfunc, x, config, state) as every optimiser; state.groups holds one state a stretch
function Groups:wrap(method)
  if type(method) ~= 'function' then
    error('optim.Groups: wrap: expected an optimiser such as optim.sgd, got ' .. torch.type(method), 2)
  end
  return function(opfunc, x, config, state)
    config = config or {}
    state = state or config
    state.groups = state.groups or {}
    local waiting, values = {}, nil
    for i, s in ipairs(self.stretches) do
      local settings = self.settings[s.group]
      if not settings.frozen then
        state.groups[i] = state.groups[i] or {}
        local thread, part = coroutine.create(method), x:narrow(1, s.first, s.last - s.first + 1)
        waiting[#waiting + 1] = { thread = thread, s = s }
        local c = merged(config, settings)
        if c.parameters then share(x, c, s, state.groups[i]) end
        resume(thread, coroutine.yield, part, c, state.groups[i])
      end
    end
    if #waiting == 0 then return x, { (opfunc(x)) } end
    while #waiting > 0 do
      local fx, dfdx = opfunc(x)
      local still = {}
      for _, w in ipairs(waiting) do
        values = resume(w.thread, fx, dfdx:narrow(1, w.s.first, w.s.last - w.s.first + 1)) or values
        if coroutine.status(w.thread) ~= 'dead' then still[#still + 1] = w end
      end
      waiting = still
    end
    return x, values
  end
end

return Groups
