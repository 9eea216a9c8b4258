--- Escape sequences of terminals, by the name of the colour: what `sys.COLORS` holds.
-- Plain names are colours, capitalised ones bold, those after an underscore backgrounds; `none` ends them all.
-- @usage print(require 'sys.colors'.green .. 'done' .. require 'sys.colors'.none)
local M = {none = '\27[0m'}
for i, name in ipairs {'black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'} do
  local code = i - 1
  M[name] = ('\27[0;3%dm'):format(code)
  M[name:sub(1, 1):upper() .. name:sub(2)] = ('\27[1;3%dm'):format(code)
  M['_' .. name] = ('\27[4%dm'):format(code)
end
return M
