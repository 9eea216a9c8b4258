--- What must hold of the objects in test/golden/nn_serialized once they are loaded: name of the file without its
-- variant (`_a`, `_b`) -> function(object) that returns nil, or what is wrong.
local compare = require 'golden_replay'.compare

local function copy(x)
  return torch.deserialize(torch.serialize(x))
end

local function share(a, b)
  return torch.pointer(a:storage()) == torch.pointer(b:storage())
end

local M = {}

--- A net with what it computed: any file whose object has a field `net`.
function M.net(o)
  if o.train then
    o.net:training()
  else
    o.net:evaluate()
  end
  local difference = compare(o.net:forward(copy(o.input)), o.output, nil, 'output')
  if difference or not o.gradOutput then
    return difference
  end
  o.net:zeroGradParameters()
  local x = copy(o.input)
  o.net:forward(x)
  return compare(o.net:backward(x, copy(o.gradOutput)), o.gradInput, nil, 'gradInput')
    or compare(select(2, o.net:parameters()), o.gradParams, nil, 'gradParams')
end

function M.sharedclones(o)
  local h = o.h0
  local first = o.cells[1]:parameters()[1]
  for t, cell in ipairs(o.cells) do
    h = cell:forward({o.inputs[t], h}):clone()
    local difference = compare(h, o.outputs[t], nil, 'step ' .. t)
    if difference then
      return difference
    elseif not share(cell:parameters()[1], first) then
      return 'the clones do not share their weights'
    end
  end
end

function M.flattened(o)
  for _, w in ipairs((o.net:parameters())) do
    if not share(w, o.params) then
      return 'a parameter is not a view of the flat tensor'
    end
  end
  return compare(o.net:forward(o.input), o.output, nil, 'output')
end

function M.modules(o)
  for i, m in ipairs(o.modules) do
    m:evaluate()
    local difference = compare(m:forward(copy(o.inputs[i])), o.outputs[i], nil, torch.type(m))
    if difference then
      return difference
    end
  end
end

function M.shared(o)
  if not torch.isequal(o.first, o.again) then
    return 'first and again are two objects'
  elseif not (share(o.first, o.view) and share(o.first, o.matrix)) then
    return 'views have lost their storage'
  end
  o.storage[2] = 123
  if o.first[2] ~= 123 or o.view[1] ~= 123 then
    return 'the storage is not shared'
  elseif o.table1 ~= o.table2[1] or o.table1.self ~= o.table1 or o.table1.child.parent ~= o.table1 then
    return 'identity of tables'
  end
end

function M.cyclic(o)
  return (o.self ~= o or o.child.parent ~= o) and 'the cycle is broken' or nil
end

function M.custom(o)
  local names = {'golden.Point', 'golden.Packed', 'golden.Dunder'}
  for i, name in ipairs(names) do
    if torch.type(o[i]) ~= name then
      return ('object %d is a %s'):format(i, torch.type(o[i]))
    end
  end
  if o[2].readversion ~= 3 then
    return 'version ' .. tostring(o[2].readversion)
  end
  return (o[3].v < 40 or o[2]:norm2() <= 0) and 'fields' or nil
end

M['function'] = function(o)
  if o.f(3) ~= o.f_of_3 or o.plain(2, 3) ~= 5 then
    return 'values'
  end
  local a, b = o.f(1), o.g(1)
  return (b ~= a + 1 or o.f(1) ~= b) and 'upvalues are not shared' or nil
end

function M.int64(o)
  local max, min = tostring(o.max:data()[0]):gsub('LL$', ''), tostring(o.min:data()[0]):gsub('LL$', '')
  if max ~= o.max_is or min ~= o.min_is then
    return ('extremes %s and %s'):format(max, min)
  end
  return o.minus_one[1] ~= -1 and 'minus one' or nil
end

function M.views(o)
  for kind, v in pairs(o) do
    if not share(v.t, v.base) or not share(v.block, v.base) then
      return kind .. ': views have lost their storage'
    elseif v.expanded:stride(1) ~= 0 or v.expanded:size(1) ~= 2 then
      return kind .. ': expanded'
    end
    if kind ~= 'Half' then
      local difference = compare(v.t:contiguous(), v.base:t():contiguous(), nil, kind .. ' t')
        or compare(v.row, v.base[2], nil, kind .. ' row')
        or compare(v.block:contiguous(), v.base:narrow(1, 2, 2):narrow(2, 2, 2):contiguous(), nil, kind .. ' block')
      if difference then
        return difference
      end
    end
  end
end

function M.legacy_noversion(o)
  return (torch.type(o) ~= 'golden.Point' or o.x ~= 3 or o.y ~= 4) and 'fields' or nil
end

function M.legacy_bn_v1(o)
  if o.running_std ~= nil then
    return 'running_std was not converted'
  end
  return compare(o.running_var, torch.Tensor {1 / 0.25 - o.eps, 1 - o.eps, 0.25 - o.eps}, nil, 'running_var')
end

function M.longs(o)
  return (o.t[2][1] ~= 3 or o.l[2] ~= -6 or o.s[2] ~= 9 or o.name ~= 'four byte longs') and 'values' or nil
end

return M
