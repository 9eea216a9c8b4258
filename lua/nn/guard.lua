--- Errors in a net name the way to the module: what calls of children go through.
--
-- Only the outermost pass runs under an xpcall. When something is raised inside, the handler finds the way to it in the
-- frames of the calls between, so that nested containers cost next to nothing and may be compiled together: a trace
-- cannot leave an xpcall.
local common = require 'nn.common'

local M = {}
local MAX_LEVELS = 1000 -- of calls that are looked through
local guarded = false -- are we inside of an xpcall of this file?

-- Errors of our own carry their whole story; others (a nil indexed in someone's layer) need the place they came from.
local function traceback(err)
  if err:find '^In ' or err:find '^%w+%.%w+[ (:]' or err:find '^nngraph' or err:find('\nstack traceback:', 1, true) then
    return err
  end
  return debug.traceback(err, 2)
end

-- What failed, with its module's name before it. Torch7 called these errors "size mismatch", and programs look for it.
local function leaf(module, err)
  if type(module) ~= 'table' then return 'expected a module, got ' .. torch.type(module) end
  if err:find '^[^\n]*guard%.lua:%d+: attempt to call a nil value' then
    return common.name(module) .. ': it has no such method'
  end
  local kind = torch.type(module)
  if err:sub(1, #kind) ~= kind then err = common.name(module) .. ': ' .. err end
  if err:find '^[^\n]*expected [^\n]*, got %[' then err = err:gsub('^[^\n]*', '%0 (size mismatch)', 1) end
  return err
end

-- Torch7's lines, "In 2 module of nn.Sequential:", one a container from the outside inwards; then the message behind
-- the way to its module, "nn.Sequential > [2] nn.Linear(5 -> 3): expected ...".
local function located(self, module, index, err)
  local at = 1
  while true do
    local _, stop = err:find('^In [^\n]- module of [^\n]*\n', at)
    if not stop then break end
    at = stop + 1
  end
  local above, text = err:sub(1, at - 1), err:sub(at)
  if at == 1 then text = leaf(module, text) end
  local kind = torch.type(self)
  index = tostring(index)
  return ('In %s module of %s:\n%s%s > [%s] %s'):format(index, kind, above, kind, index, text)
end

-- A call of a child. The way is read from its frame: who calls (self), whom, and which child that is. So these three
-- are used once more afterwards: compiled code keeps only what is still needed.
local function step(self, module, index, name, a, b)
  local x, y, z = module[name](module, a, b)
  if index == M then return self, module end -- never
  return x, y, z
end

local function long_step(self, module, index, name, a, b, c, d, e)
  local x, y, z = module[name](module, a, b, c, d, e)
  if index == M then return self, module end
  return x, y, z
end

-- The handler: what is raised outside of all children is left as it is.
local function explain(err)
  if type(err) ~= 'string' then return err end
  local told
  for level = 2, MAX_LEVELS do
    local info = debug.getinfo(level, 'f')
    if not info or info.func == M.protect then break end
    if info.func == step or info.func == long_step then
      local _, self = debug.getlocal(level, 1)
      local _, module = debug.getlocal(level, 2)
      local _, index = debug.getlocal(level, 3)
      told = located(self, module, index, told or traceback(err))
    end
  end
  return told or err
end

local function finish(before, ...)
  guarded = before
  return ...
end

--- pcall for what calls modules: the text of an error tells the way to its module from here on.
-- @param f function
-- @param ... its arguments
-- @return true and its results, or false and the error
function M.protect(f, ...)
  local before = guarded
  guarded = true
  return finish(before, xpcall(f, explain, ...))
end

local function raise(ok, ...)
  if ok then return ... end
  return error((...), 0)
end

--- Call f(self, ...), a pass through a container, under one xpcall for all of its children.
-- @param self the container
-- @param f function
-- @param ... up to four arguments
-- @return what f returns
function M.run(self, f, a, b, c, d)
  if guarded then return f(self, a, b, c, d) end
  return raise(M.protect(f, self, a, b, c, d))
end

--- Call module[name](module, ...): nn.Container.rethrowErrors.
-- @param self the container
-- @param module a child
-- @param index its number
-- @param name the method
-- @param ... up to five arguments of it
-- @return what the method returns, at most three values
function M.call(self, module, index, name, a, b, c, d, e)
  if not guarded then return raise(M.protect(long_step, self, module, index, name, a, b, c, d, e)) end
  if c or d or e then return long_step(self, module, index, name, a, b, c, d, e) end
  return step(self, module, index, name, a, b)
end

return M
