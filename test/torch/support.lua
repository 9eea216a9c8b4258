--- What the specs of the torch package share: layouts, random tensors, comparison with plain Lua tables.
local M = {}

M.types = { 'Byte', 'Char', 'Short', 'Int', 'Long', 'Half', 'BFloat16', 'Float', 'Double' }
M.floats = { 'Half', 'BFloat16', 'Float', 'Double' }
M.tolerance = { Half = 4e-3, BFloat16 = 3e-2, Float = 1e-5, Double = 1e-11 }

function M.class(short) return torch[short .. 'Tensor'] end

--- The same elements in other memory layouts: each entry maps a packed matrix to an equal one.
M.layouts = {
  packed = function(t) return t:clone() end,
  transposed = function(t) return t:t():clone():t() end,
  sliced = function(t)
    local wide = t.new(t:size(1), t:size(2) + 3):fill(7)
    return wide:narrow(2, 2, t:size(2)):copy(t)
  end,
  stepped = function(t)
    local wide = t.new(t:size(1) * 2, t:size(2)):fill(7)
    local view = wide:unfold(1, 1, 2):select(3, 1)
    return view:copy(t)
  end,
  offset = function(t)
    local long = t.new(t:nElement() + 5):fill(7)
    return long:narrow(1, 4, t:nElement()):viewAs(t):copy(t)
  end,
}

--- Small whole numbers, exact in every type; from 1 so that nothing divides by zero.
function M.numbers(short, rows, columns)
  return torch.DoubleTensor(rows, columns):random(1, 9):type('torch.' .. short .. 'Tensor')
end

--- A LongTensor of a table.
function M.longs(t) return torch.LongTensor(t) end

--- Sizes as a table.
function M.sizes(t) return t:size():totable() end

--- Are two tensors (or numbers) equal up to a relative tolerance?
function M.near(got, want, tolerance)
  if type(want) == 'number' then
    return math.abs(got - want) <= tolerance * math.max(1, math.abs(want)), got .. ' instead of ' .. want
  end
  if not got:isSameSizeAs(want) then return false, 'sizes differ' end
  local a, b = got:double():contiguous():view(-1), want:double():contiguous():view(-1)
  for i = 1, a:size(1) do
    local x, y = a[i], b[i]
    local same = x == y or (x ~= x and y ~= y)
    local close = math.abs(x - y) <= tolerance * math.max(1, math.abs(y)) -- false for NaN
    if not same and not close then
      return false, ('element %d is %.12g instead of %.12g'):format(i, x, y)
    end
  end
  return true
end

--- busted cases that each call must raise a matching error. rows: {what, function, pattern}
function M.refuses(it, rows)
  for _, row in ipairs(rows) do
    it('refuses ' .. row[1], function()
      local ok, message = pcall(row[2])
      if ok then error('no error raised', 0) end
      message = tostring(message)
      if not message:find(row[3]) then error(('%q does not match %q'):format(message, row[3]), 0) end
    end)
  end
end

return M
