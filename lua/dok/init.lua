--- dok: named arguments and help texts, under the name by which the image package and others of its time ask for them.
--
-- `dok.unpack`, `dok.usage` and `dok.error` are those of xlua; the browsing of manuals is the prompt's (`help`).
-- @module dok
local arguments = require 'xlua.arguments'

local dok = { unpack = arguments.unpack, usage = arguments.usage, colors = { none = '' } }

--- Raise "<name> message".
-- @usage local ok = pcall(dok.error, 'wrong size', 'image.scale')
function dok.error(message, name) error(('<%s> %s'):format(tostring(name), tostring(message)), 2) end

--- Kept for packages that register their manual; the texts come from the sources.
function dok.inline() end

rawset(_G, 'dok', dok)
return dok
