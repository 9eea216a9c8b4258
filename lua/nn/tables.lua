--- nn.tables: connection tables of nn.SpatialConvolutionMap, rows {input plane, output plane}.
-- @module nn.tables
local tables = {}

-- Insist on numbers of planes.
local function planes(name, ...)
  for _, n in ipairs { ... } do
    if type(n) ~= 'number' or n < 1 or n ~= math.floor(n) or n > 2 ^ 31 then
      error(('nn.tables.%s: expected numbers of planes, got %s'):format(name, type(n) == 'number' and tostring(n)
        or torch.type(n)), 3)
    end
  end
end

--- Every input with every output.
-- @usage print(nn.tables.full(3, 2):size())
function tables.full(nin, nout)
  planes('full', nin or false, nout or false)
  local t, row = torch.Tensor(nin * nout, 2), 0
  for o = 1, nout do
    for i = 1, nin do
      row = row + 1
      t[row][1], t[row][2] = i, o
    end
  end
  return t
end

--- The k-th input with the k-th output.
-- @usage print(nn.tables.oneToOne(3))
function tables.oneToOne(n)
  planes('oneToOne', n or false)
  local t = torch.Tensor(n, 2)
  for k = 1, n do t[k]:fill(k) end
  return t
end

--- Each output with `nto` random inputs. A permutation of the inputs is dealt out in groups of nto and drawn anew when
-- no whole group is left, so that all inputs are used about equally often.
-- @usage print(nn.tables.random(6, 4, 3))
function tables.random(nin, nout, nto)
  planes('random', nin or false, nout or false, nto or false)
  if nto > nin then error(('nn.tables.random: %d of %d inputs an output'):format(nto, nin), 2) end
  local t, order, groups, used = torch.Tensor(nout * nto, 2), torch.randperm(nin), math.floor(nin / nto), 0
  for o = 1, nout do
    local rows = t:narrow(1, (o - 1) * nto + 1, nto)
    rows:select(2, 1):copy(order:narrow(1, used * nto + 1, nto))
    rows:select(2, 2):fill(o)
    used = used + 1
    if used == groups then order, used = torch.randperm(nin), 0 end
  end
  return t
end

return tables
