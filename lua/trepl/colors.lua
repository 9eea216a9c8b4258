--- Escape codes of terminal colours by name: `red` thin, `Red` bold, `_red` behind the text; `none` ends each.
-- @usage io.write(require 'trepl.colors'.red, 'warm', require 'trepl.colors'.none, '\n')
return require 'sys'.COLORS
