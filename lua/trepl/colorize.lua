--- A function for each name of `trepl.colors` that puts a text between that colour and `none`.
-- @usage print(require 'trepl.colorize'.green 'saved')
local colors = require 'trepl.colors'

local colorize = {}

for name, code in pairs(colors) do
  colorize[name] = function(text)
    return code .. tostring(text) .. colors.none
  end
end

return colorize
