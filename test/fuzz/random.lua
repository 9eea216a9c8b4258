--- The random source of the fuzz targets: the same numbers in every LuaJIT, and apart from torch's generators, which
-- are among what is tested.
local Random = {}
Random.__index = Random

--- A stream of numbers.
-- @param seed an integer below 2^31
local function new(seed)
  local self = setmetatable({ state = seed % 2147483647 }, Random)
  if self.state <= 0 then self.state = self.state + 2147483646 end
  for _ = 1, 8 do self:integer(2) end
  return self
end

--- An integer from 1 to n (n up to 2^31): Lehmer's generator, whose products are exact in doubles.
function Random:integer(n)
  self.state = self.state * 48271 % 2147483647
  return math.floor(self.state / 2147483647 * n) + 1
end

--- True once in n.
function Random:once(n) return self:integer(n) == 1 end

--- An element of a list.
function Random:pick(list) return list[self:integer(#list)] end

return new
