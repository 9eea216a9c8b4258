--- vision: data sets and models of computer vision. Parts are loaded on first mention.
-- @usage local vision = require 'vision'; local data = vision.datasets.fashionMNIST()
local vision = {}
local parts = { datasets = 'vision.datasets' }

setmetatable(vision, {
  __index = function(_, name)
    if not parts[name] then return nil end
    local part = require(parts[name])
    rawset(vision, name, part)
    return part
  end,
})
require 'torch.enumerate'.register(vision, function()
  for name in pairs(parts) do local _ = vision[name] end
end)

return vision
