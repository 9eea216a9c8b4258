--- Where the parameters of a net lie in its flat vector: for optimisers that treat matrices as such.
local M = {}

--- Place and sizes of each parameter.
-- @string name of the optimiser, for messages
-- @param x the flat parameters, or one of two dimensions or more, which is the only part
-- @param list the tensors that x is made of, net:parameters(); what lies in x twice counts once
-- @param[opt] level of the error
-- @return list of { first =, n =, sizes = }
function M.places(name, x, list, level)
  if x:dim() > 1 then return { { first = 1, n = x:nElement(), sizes = x:size():totable() } } end
  if type(list) ~= 'table' then
    error(('optim.%s: x is a vector: config.parameters must list the tensors it is made of (net:parameters())')
      :format(name), level or 3)
  end
  local parts, seen = {}, {}
  for i, p in ipairs(list) do
    local first = torch.isTensor(p) and p:dim() > 0 and p:storageOffset() - x:storageOffset() + 1 or 0
    if first < 1 or first + p:nElement() - 1 > x:nElement() or not p:isContiguous()
      or torch.pointer(p:storage()) ~= torch.pointer(x:storage()) then
      error(('optim.%s: config.parameters[%d] is no part of x; flatten first, net:getParameters()'):format(name, i),
        level or 3)
    end
    if not seen[first] then
      seen[first] = true
      parts[#parts + 1] = { first = first, n = p:nElement(), sizes = p:size():totable() }
    end
  end
  return parts
end

--- Those of the parts that lie in a stretch of x, at their places in it; one that reaches over its border is refused.
-- @string name of the optimiser, for messages
-- @param parts from M.places
-- @int first place of the stretch
-- @int last
-- @param[opt] level of the error
function M.within(name, parts, first, last, level)
  local out = {}
  for i, p in ipairs(parts) do
    local stop = p.first + p.n - 1
    if p.first >= first and stop <= last then
      out[#out + 1] = { first = p.first - first + 1, n = p.n, sizes = p.sizes }
    elseif p.first <= last and stop >= first then
      error(('optim.%s: a group holds places %d to %d of x and so only a part of parameter %d, places %d to %d')
        :format(name, first, last, i, p.first, stop), level or 3)
    end
  end
  return out
end

return M
