--- What the containers have in common: handles, classes, `pairs`.
-- @module tds.common

local ffi = require 'ffi'
local C = require 'threads.ffi'
local class = require 'torch.class'
local memory = require 'torch.memory'
local cell = require 'tds.cell'

local M = {}

--- A handle on a new container.
function M.new(kind)
  local out = ffi.new 'struct rk_tds *[1]'
  if C.rk_tds_new(out, kind) ~= 0 then cell.failed(3) end
  local v = cell.handles[kind]()
  v.object = out[0]
  memory.pressure()
  return v
end

--- Release the container behind a handle.
local function drop(v)
  local object = v.object
  v.object = nil
  C.rk_tds_drop(object)
end

--- Check what a method was called on.
function M.self(v, kind, name)
  if not ffi.istype(cell.handles[kind], v) then
    error(('%s: %s expected, got %s; call it with a colon'):format(name, name:match '^tds%.%w+', class.type(v)), 3)
  end
  return v.object
end

--- Check the file that a container is written to or read from.
function M.file(file, name)
  if not class.isTypeOf(file, 'torch.File') then
    error(('%s: argument 2: a torch.File expected, got %s'):format(name, class.type(file)), 3)
  end
  return file
end

--- Register a class. `mt` is filled by the caller; `index` and `newindex` are those of the handles.
function M.class(name, kind, construct, module, events)
  local ctype = cell.handles[kind]
  local mt = class.newmetatable(name, nil, construct, nil, function() return M.new(kind) end, module)
  events.__gc = drop
  events.__len = events.__len or function(v) return tonumber(C.rk_tds_count(v.object)) end
  events.__call = function() error(name .. ': it is no function', 2) end
  events.__eq = function(a, b) return ffi.istype(ctype, a) and ffi.istype(ctype, b) and a.object == b.object end
  events.__tostring = function(v) return mt.__tostring__(v) end
  ffi.metatype(ctype, events)
  class.register_ctype(ctype, function() return name, mt end, function(v)
    return tonumber(ffi.cast('uintptr_t', v.object))
  end)
  return mt
end

-- -- printing -------------------------------------------------------------------------------------------

local open = {} -- containers being printed, by address: one may hold itself

--- Text of a container: a line an element, keys to the right, further lines of a value under its first.
function M.text(v, name, iterate)
  local key = class.pointer(v)
  if open[key] then return ('%s[%d]{...}'):format(name, #v) end
  open[key] = true
  local keys, values, width = {}, {}, 0
  local ok, why = pcall(function()
    for k, value in iterate(v) do
      keys[#keys + 1], values[#values + 1] = tostring(k), tostring(value)
      width = math.max(width, #keys[#keys])
    end
  end)
  open[key] = nil
  if not ok then error(why, 0) end
  local lines = {('%s[%d]{'):format(name, #v)}
  for i, k in ipairs(keys) do
    local head = (' '):rep(width - #k) .. k .. ' : '
    lines[#lines + 1] = head .. values[i]:gsub('\n', '\n' .. (' '):rep(#head))
  end
  lines[#lines + 1] = '}'
  return table.concat(lines, '\n')
end

-- -- pairs and ipairs -------------------------------------------------------------------------------------

--- Let `pairs` and `ipairs` take containers: LuaJIT asks cdata for `__pairs` only when built with the extensions of
-- Lua 5.2, as Torch7's was.
function M.extend_pairs()
  local probe = M.new(C.RK_TDS_HASH)
  if pcall(pairs, probe) then return end
  for _, name in ipairs {'pairs', 'ipairs'} do
    local plain = _G[name]
    _G[name] = function(t)
      if type(t) == 'cdata' and cell.is(t) then
        local iterate = class.classof(t)[name]
        if iterate then return iterate(t) end
      end
      return plain(t)
    end
  end
end

return M
