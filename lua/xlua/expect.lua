--- The check of an argument that the functions of xlua share.

local function type_of(value)
  local torch = package.loaded.torch
  return type(torch) == 'table' and torch.type and torch.type(value) or type(value)
end

--- Insist on the type of an argument; the error is raised at the caller of the function that asks.
-- @string name of the function
-- @int at number of the argument
-- @param value given
-- @string wanted Lua type
return function(name, at, value, wanted)
  if type(value) ~= wanted then
    error(('%s: argument %d: %s expected, got %s'):format(name, at, wanted, type_of(value)), 3)
  end
end
