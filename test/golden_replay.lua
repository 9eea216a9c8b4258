--- Replays one golden vector: `replay.kind(case, file)` returns nil when the package agrees with the original, else
-- what differs. The forms of the vectors are described in test/golden/README.md.
local M = {}

-- ---------------------------------------------------------------------------------------------------------
-- Comparing
-- ---------------------------------------------------------------------------------------------------------

local tolerances = {['torch.DoubleTensor'] = 1e-9, ['torch.FloatTensor'] = 1e-4, ['torch.HalfTensor'] = 1e-2}

local function close(a, b, tolerance)
  if a == b or (a ~= a and b ~= b) then
    return true
  end
  return math.abs(a - b) <= tolerance * math.max(1, math.abs(a), math.abs(b))
end

local function shape(t)
  return '[' .. table.concat(t:size():totable(), 'x') .. ']'
end

local compare

local function compare_tensors(got, want, tolerance, path)
  if shape(got) ~= shape(want) then
    return ('%s: size %s instead of %s'):format(path, shape(got), shape(want))
  elseif want:nElement() == 0 then
    return nil
  end
  local kind = torch.type(want)
  local allowed = tolerances[kind] or 0
  if tolerance and allowed > 0 then
    allowed = math.max(tolerance, kind == 'torch.FloatTensor' and 1e-6 or 0)
  end
  local exact = kind == 'torch.LongTensor'
  local g, w = got:contiguous(), want:contiguous()
  if not exact then
    g, w = g:double(), w:double()
  end
  local p, q = g:data(), w:data()
  for i = 0, want:nElement() - 1 do
    if exact and p[i] ~= q[i] or not exact and not close(p[i], q[i], allowed) then
      return ('%s: element %d is %s instead of %s'):format(path, i + 1, tostring(p[i]), tostring(q[i]))
    end
  end
end

local function compare_tables(got, want, tolerance, path)
  for key, value in pairs(want) do
    local difference = compare(got[key], value, tolerance, path .. '.' .. tostring(key))
    if difference then
      return difference
    end
  end
  for key in pairs(got) do
    if want[key] == nil then
      return ('%s: unexpected key %s'):format(path, tostring(key))
    end
  end
end

function compare(got, want, tolerance, path)
  local kind = torch.type(want)
  if torch.type(got) ~= kind then
    return ('%s: a %s instead of a %s'):format(path, torch.type(got), kind)
  elseif torch.isTensor(want) then
    return compare_tensors(got, want, tolerance, path)
  elseif torch.isStorage(want) then
    return compare_tables(got:totable(), want:totable(), tolerance, path)
  elseif kind == 'table' then
    return compare_tables(got, want, tolerance, path)
  elseif kind == 'number' then
    if not close(got, want, tolerance or 1e-9) then
      return ('%s: %.17g instead of %.17g'):format(path, got, want)
    end
  elseif (kind == 'string' or kind == 'boolean') and got ~= want then
    return ('%s: %q instead of %q'):format(path, tostring(got), tostring(want))
  end
end
M.compare = compare

-- A copy that shares nothing with the fixture
local function copy(x)
  return torch.deserialize(torch.serialize(x))
end

local function evaluate(source, ...)
  return assert(loadstring(source))(...)
end

local function pack(...)
  return select('#', ...), {...}
end

-- First difference of a list of {got, want, name}
local function first_difference(tolerance, rows)
  for _, row in ipairs(rows) do
    local difference = compare(row[1], row[2], tolerance, row[3])
    if difference then
      return difference
    end
  end
end

-- ---------------------------------------------------------------------------------------------------------
-- nn
-- ---------------------------------------------------------------------------------------------------------

local function prepare_module(c)
  if c.ctorseed then
    torch.manualSeed(c.ctorseed)
  end
  local m = evaluate('return ' .. c.ctor_src)
  if c.dtype ~= 'torch.DoubleTensor' then
    m:type(c.dtype)
  end
  for i, p in ipairs(c.params and m:parameters() or {}) do
    assert(shape(p) == shape(c.params[i]), ('parameter %d has size %s'):format(i, shape(p)))
    p:copy(c.params[i])
  end
  for key, value in pairs(c.set or {}) do
    m[key] = copy(value)
  end
  if c.train then
    m:training()
  else
    m:evaluate()
  end
  return m
end

local function module_backward(m, c, x, tolerance)
  if m.zeroGradParameters then
    m:zeroGradParameters()
  end
  local gradInput
  for i = 1, c.nback or 1 do
    if i > 1 then
      x = copy(c.input)
      m:forward(x)
    end
    gradInput = m:backward(x, copy(c.gradOutput), c.scale ~= 1 and c.scale or nil)
  end
  local rows = {}
  if c.gradInput ~= nil then
    rows[#rows + 1] = {gradInput, c.gradInput, 'gradInput'}
  end
  if c.gradParams then
    rows[#rows + 1] = {select(2, m:parameters()), c.gradParams, 'gradParams'}
  end
  local difference = first_difference(tolerance, rows)
  if not difference and c.paramsAfter then
    m:updateParameters(c.lr)
    difference = compare((m:parameters()), c.paramsAfter, tolerance, 'parameters after the update')
  end
  return difference
end

function M.module(c)
  local m, x = prepare_module(c), copy(c.input)
  local tolerance = c.dtype == 'torch.FloatTensor' and 1e-4 or 1e-9
  if c.seed then
    torch.manualSeed(c.seed)
  end
  local y = m:forward(x)
  for _ = 2, c.nfwd or 1 do
    x = copy(c.input)
    y = m:forward(x)
  end
  local difference = compare(y, c.output, tolerance, 'output')
  if not difference and c.gradOutput ~= nil then
    difference = module_backward(m, c, x, tolerance)
  end
  for key, value in pairs(c.state or {}) do
    difference = difference or compare(m[key], value, tolerance, 'field ' .. key)
  end
  if not difference and c.str and tostring(m) ~= c.str then
    difference = 'tostring gives ' .. tostring(m)
  end
  return difference
end

function M.criterion(c)
  local m = evaluate('return ' .. c.ctor_src)
  if c.dtype ~= 'torch.DoubleTensor' then
    m:type(c.dtype)
  end
  for key, value in pairs(c.set or {}) do
    m[key] = copy(value)
  end
  local tolerance = c.dtype == 'torch.FloatTensor' and 1e-4 or 1e-9
  local x, t = copy(c.input), copy(c.target)
  local difference = compare(m:forward(x, t), c.output, tolerance, 'output')
  if not difference and c.gradInput ~= nil then
    difference = compare(m:backward(x, t), c.gradInput, tolerance, 'gradInput')
  end
  if not difference and c.extra_src then
    local extra = evaluate('local m,x,t=...; ' .. c.extra_src, m, copy(c.input), copy(c.target))
    difference = compare(extra, c.extra, tolerance, 'extra')
  end
  return difference
end

-- ---------------------------------------------------------------------------------------------------------
-- Operations, optimisers, texts, errors
-- ---------------------------------------------------------------------------------------------------------

local function check_view(out, args, view, i)
  local name = 'value ' .. i
  if torch.pointer(out:storage()) ~= torch.pointer(args[view.input]:storage()) then
    return ('%s should share the storage of argument %d'):format(name, view.input)
  elseif out:storageOffset() ~= view.offset then
    return ('%s has offset %d instead of %d'):format(name, out:storageOffset(), view.offset)
  end
  return compare(out:stride():totable(), view.stride, 0, name .. ' strides')
end

function M.op(c)
  local args = c.inputs and copy(c.inputs) or {}
  if c.seed and c.ninputs then
    torch.manualSeed(c.seed)
  end
  local n, out = pack(evaluate(c.src, unpack(args, 1, c.ninputs or 0)))
  if n ~= c.nout then
    return ('%d values instead of %d'):format(n, c.nout)
  end
  for i = 1, n do
    local any_order = c.idx == 'any' and torch.type(c.outputs[i]) == 'torch.LongTensor'
    local difference = not any_order and compare(out[i], c.outputs[i], c.tol, 'value ' .. i)
    if difference then
      return difference
    elseif c.alias and c.alias[i] and torch.pointer(out[i]) ~= torch.pointer(args[c.alias[i]]) then
      return ('value %d should be argument %d'):format(i, c.alias[i])
    elseif c.view and c.view[i] then
      difference = check_view(out[i], args, c.view[i], i)
      if difference then
        return difference
      end
    end
  end
  for i, value in pairs(c.after or {}) do
    local difference = compare(args[i], value, c.tol, ('argument %d afterwards'):format(i))
    if difference then
      return difference
    end
  end
end

local function optim_steps(c, set)
  local f, extra = assert(loadstring(set.problems[c.problem])), {}
  for i, name in ipairs(set.extra[c.problem]) do
    extra[i] = set.data[name]:type(c.dtype)
  end
  local config, state = copy(c.config), c.separate_state and {} or nil
  if c.lineSearch then
    config.lineSearch = optim[c.lineSearch]
  end
  local tolerance = c.dtype == 'torch.FloatTensor' and 1e-3 or 1e-7
  local x, evaluations = c.x0:clone(), 0
  local function evaluated(v)
    evaluations = evaluations + 1
    return f(v, unpack(extra))
  end
  for i = 1, c.steps do
    if c.seed then
      torch.manualSeed(c.seed + i)
    end
    local at, values, third = optim[c.method](evaluated, x, config, state)
    local difference = compare(at:view(-1), c.xs[i], tolerance, 'x after step ' .. i)
      or compare(values, c.fxs[i], tolerance, 'values of step ' .. i)
      or c.third and compare(third, c.third[i], tolerance, 'third value of step ' .. i)
    if difference then
      return difference
    end
  end
  if evaluations ~= c.evals then
    return ('%d evaluations instead of %d'):format(evaluations, c.evals)
  end
  for key, value in pairs(c.state or {}) do
    local ours = (state or config)[key]
    -- rprop's dminmax is memory that nobody writes
    local difference = key ~= 'dminmax' and compare(ours, value, 10 * tolerance, 'state ' .. key)
    if difference then
      return difference
    end
  end
end

function M.optim(c, set)
  if c.method ~= 'chunk' then
    return optim_steps(c, set)
  end
  local n, out = pack(evaluate(c.src, set.problems, copy(set.data)))
  if n ~= c.nout then
    return ('%d values instead of %d'):format(n, c.nout)
  end
  for i = 1, n do
    local difference = compare(out[i], c.outputs[i], 1e-7, 'value ' .. i)
    if difference then
      return difference
    end
  end
end

function M.print(c)
  local x = c.tensor
  if c.src then
    x = evaluate('return ' .. c.src)
  end
  if tostring(x) ~= c.string then
    return ('printed:\n%s\ninstead of:\n%s'):format(tostring(x), c.string)
  end
end

--- Names in a source that the packages do not have: its error would prove nothing.
function M.missing_name(source)
  for package_name, name in source:gmatch '%f[%w](%l+)%.(%w+)%s*[%({]' do
    local t = rawget(_G, package_name)
    if (package_name == 'torch' or package_name == 'nn') and (not t or t[name] == nil) and name ~= 'NoSuchModule' then
      return package_name .. '.' .. name
    end
  end
  for name in source:gmatch ':(%w+)%(' do
    if source:find('torch.ones', 1, true) and not source:find('nn.', 1, true) then
      local x, b = torch.ones(1), torch.ByteTensor(1)
      local found = pcall(function() return assert(x[name] or b[name]) end)
      if not found then
        return ':' .. name
      end
    end
  end
end

function M.error(c)
  local f = assert(loadstring(c.src))
  if pcall(f) then
    return 'no error was raised'
  end
end

return M
