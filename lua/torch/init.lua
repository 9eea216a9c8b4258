--- The torch package: puts together what the other files define.
-- `require 'torch'` also sets the global `torch`, as Torch7 programs expect.
local C = require 'torch.ffi' -- first: without the library there is no torch

local torch = {}
package.loaded['torch'] = torch
_G.torch = torch

require 'torch.position' -- `error` names the user's line, also from constructors
local class = require 'torch.class'
class.register_package('torch', torch)
for _, name in ipairs(class.public) do torch[name] = class[name] end

local check = require 'torch.check'
local types = require 'torch.types'
local memory = require 'torch.memory'
local tensor = require 'torch.tensor'
require 'torch.operators' -- from here on tensors have their metatable
require 'torch.view'
require 'torch.convert'
require 'torch.reduce'
require 'torch.random'
require 'torch.create'
require 'torch.select'
require 'torch.order'
require 'torch.convolve'
require 'torch.distance'
require 'torch.sample'
require 'torch.serialize_tensor'

for name, f in pairs(tensor.functions) do torch[name] = f end

-- -- the default type --------------------------------------------------------------------

--- Let torch.Tensor and torch.Storage, and what makes tensors without being told a type, use a type.
-- @string name 'torch.FloatTensor' or 'torch.DoubleTensor' ...
function torch.setdefaulttensortype(name)
  tensor.default = tensor.dtype_named('setdefaulttensortype', 1, name)
  local short = types.class[tensor.default]
  torch.Tensor, torch.Storage = torch[short .. 'Tensor'], torch[short .. 'Storage']
end

function torch.getdefaulttensortype() return 'torch.' .. types.class[tensor.default] .. 'Tensor' end
torch.setdefaulttensortype 'torch.DoubleTensor'

-- -- questions ------------------------------------------------------------------------------

--- Is it a tensor?
function torch.isTensor(x)
  if check.istensor(x) then return true end
  local name = class.typename(x)
  return name ~= nil and name:match '^torch%..*Tensor$' ~= nil
end

--- Is it a storage?
function torch.isStorage(x)
  local name = class.typename(x)
  return name ~= nil and name:match '^torch%..*Storage$' ~= nil
end
tensor.method('isTensor', torch.isTensor)

-- -- the process ------------------------------------------------------------------------------

--- Threads that one operation may use.
function torch.setnumthreads(n)
  n = check.integer('setnumthreads', 1, n)
  local s = C.rk_set_threads(n)
  if s ~= 0 then check.again(s, 'setnumthreads', C.rk_set_threads, n) end
end
function torch.getnumthreads() return C.rk_threads() end
function torch.getnumcores() return C.rk_cores() end

--- Forbid paths whose last bits depend on the number of threads; without an argument: are they forbidden?
function torch.deterministic(on)
  if on ~= nil then C.rk_set_deterministic(on and 1 or 0) end
  return C.rk_deterministic() ~= 0
end

--- Let big allocations trigger the Lua collector (on at start).
function torch.setheaptracking(on)
  torch._heaptracking = on ~= false
  memory.track(torch._heaptracking)
end

--- Version of the library.
torch._VERSION = require 'ffi'.string(C.rk_version())

-- -- loaded on first mention -----------------------------------------------------------------

local lazy = require 'torch.lazy'
setmetatable(torch, { __index = function(t, name) return lazy.load(t, name) end })
require 'torch.enumerate'.register(torch, function() lazy.all(torch) end)

-- torch.FloatTensor.flatten: what tensors load on first mention is found through the constructors, too.
for dt = 0, types.count - 1 do
  local methods = tensor.classes[dt]
  debug.getmetatable(torch[types.class[dt] .. 'Tensor']).__index = function(_, name)
    local m = methods[name]
    if m == nil and type(name) == 'string' then return lazy.method(methods, name) end
    return m
  end
end

--- The global `include`: run a file beside the calling one, as packages do in their init.lua.
rawset(_G, 'include', function(...) return require 'torch.system'.include_beside(...) end)

require 'paths' -- Torch7's torch brings the global `paths`
require 'torch.absent'.install()

return torch
