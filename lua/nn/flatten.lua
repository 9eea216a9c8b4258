--- Moving a list of tensors into one vector, used by Module:getParameters().
--
-- Tensors may share storages, wholly or in part. Each storage in order of
-- first appearance contributes the stretches of it that the tensors cover, in
-- storage order, each element once.

-- First and last element (1-based in the storage) that a tensor can reach, and how many it would be without gaps.
local function hull(t)
  local first = t:storageOffset()
  local last = first
  for d = 1, t:dim() do last = last + (t:size(d) - 1) * t:stride(d) end
  return first, last
end

-- Is every element between first and last one of the tensor's?
local function compact(t, first, last) return t:nElement() == last - first + 1 end

-- Check that the tensors of one stretch cover it together; only asked when one of them has gaps or repeats.
local function check_covered(stretch, tensors)
  local mask = torch.ByteTensor(stretch.last - stretch.first + 1):zero()
  for _, e in ipairs(tensors) do
    if e.first >= stretch.first and e.last <= stretch.last then
      mask.new():set(mask:storage(), e.first - stretch.first + 1, e.t:size(), e.t:stride()):fill(1)
    end
  end
  if mask:min() == 0 then
    error('getParameters: cannot gather tensors that are not compact: a parameter skips elements of its storage '
      .. 'that no other one covers; clone() it first', 0)
  end
end

-- The stretches of one storage: overlapping or nested hulls become one.
local function stretches(entries)
  local sorted = {}
  for i, e in ipairs(entries) do sorted[i] = e end
  table.sort(sorted, function(a, b) return a.first < b.first end)
  local out = {}
  for _, e in ipairs(sorted) do
    local top = out[#out]
    if top and e.first <= top.last then
      top.last = math.max(top.last, e.last)
      top.gaps = top.gaps or e.gaps
    else
      out[#out + 1] = { first = e.first, last = e.last, gaps = e.gaps }
    end
    e.stretch = out[#out]
  end
  return out
end

-- Group non-empty tensors by storage, in order of first appearance.
local function group(list)
  local groups, by_key = {}, {}
  for _, t in ipairs(list) do
    if t:nElement() > 0 then
      local key = torch.pointer(t:storage())
      local g = by_key[key]
      if not g then
        g = { storage = t:storage(), entries = {} }
        by_key[key] = g
        groups[#groups + 1] = g
      end
      local first, last = hull(t)
      g.entries[#g.entries + 1] = { t = t, first = first, last = last, gaps = not compact(t, first, last) }
    end
  end
  return groups
end

local function check_types(list)
  local kind = torch.type(list[1])
  for i = 2, #list do
    if torch.type(list[i]) ~= kind then
      error(('getParameters: parameters of different types: %s and %s; convert the module with :type()'):format(kind,
        torch.type(list[i])), 0)
    end
  end
end

--- @param list tensors of one type
-- @param buffers by typename: the tensor class to gather in
-- @return a vector; the tensors of the list are views of it
return function(list, buffers)
  if #list == 0 then return torch.Tensor() end
  check_types(list)
  local new = list[1].new
  local temporary = buffers[torch.type(list[1])] or new
  local groups, total = group(list), 0
  for _, g in ipairs(groups) do
    g.stretches = stretches(g.entries)
    for _, s in ipairs(g.stretches) do
      if s.gaps then check_covered(s, g.entries) end
      s.at = total + 1
      total = total + s.last - s.first + 1
    end
  end
  if total == 0 then return new() end
  local flat = temporary(total)
  for _, g in ipairs(groups) do
    for _, s in ipairs(g.stretches) do
      local n = s.last - s.first + 1
      flat:narrow(1, s.at, n):copy(new():set(g.storage, s.first, n, 1))
    end
  end
  if temporary ~= new then flat = new(total):copy(flat) end
  local storage = flat:storage()
  for _, g in ipairs(groups) do
    for _, e in ipairs(g.entries) do
      e.t:set(storage, e.stretch.at + e.first - e.stretch.first, e.t:size(), e.t:stride())
    end
  end
  return flat
end
