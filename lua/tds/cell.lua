--- Lua values as cells of containers, and back.
-- @module tds.cell

local ffi = require 'ffi'
local C = require 'threads.ffi'
require 'torch'
local check = require 'torch.check'
local collect = require 'torch.collect'

local M = {}

local cell_ct = ffi.typeof 'struct rk_cell'
local tensor_ct, buffer_ct = ffi.typeof 'struct rk_tensor', ffi.typeof 'struct rk_buffer'
local int64_ct, uint64_ct = ffi.typeof 'int64_t', ffi.typeof 'uint64_t'
local istype, type, tonumber = ffi.istype, require 'torch.class'.luatype, tonumber
local EXACT = 2 ^ 53

--- Handle types by kind.
M.handles = {[C.RK_TDS_HASH] = ffi.typeof 'struct rk_hash_handle', [C.RK_TDS_VEC] = ffi.typeof 'struct rk_vec_handle',
  [C.RK_TDS_COUNTER] = ffi.typeof 'struct rk_counter_handle'}
local handles = M.handles

--- Makes a container of a plain table; set by `tds`.
M.convert = nil

--- Is it a container?
function M.is(v)
  return istype(handles[0], v) or istype(handles[1], v) or istype(handles[2], v)
end

--- Raise the text of the failure in C.
function M.failed(level) error(ffi.string(C.rk_error()), (level or 1) + 1) end

local function set_object(cell, v)
  if istype(tensor_ct, v) then
    if C.rk_cell_set_tensor(cell, collect.own(v)) ~= 0 then M.failed(5) end
  elseif istype(buffer_ct, v) then
    if C.rk_cell_set_storage(cell, v) ~= 0 then M.failed(5) end
  elseif M.is(v) then
    if v.object == nil then error('tds: this container was freed', 5) end
    C.rk_tds_hold(v.object)
    cell.object, cell.kind = v.object, C.RK_CELL_TDS
  else
    return false
  end
  return true
end

--- A fresh cell with a value; `who` and `n` name the argument in the error.
function M.of(v, who, n)
  local cell, kind = cell_ct(), type(v)
  if kind == 'number' then
    cell.kind, cell.number = C.RK_CELL_NUMBER, v
  elseif kind == 'string' then
    if C.rk_cell_set_string(cell, v, #v) ~= 0 then M.failed(4) end
  elseif kind == 'boolean' then
    cell.kind, cell.number = C.RK_CELL_BOOLEAN, v and 1 or 0
  elseif kind == 'table' and getmetatable(v) == nil then
    set_object(cell, M.convert(v))
  elseif (istype(int64_ct, v) or istype(uint64_ct, v)) and v <= EXACT and (v >= -EXACT or v >= 0) then
    cell.kind, cell.number = C.RK_CELL_NUMBER, tonumber(v)
  elseif kind ~= 'nil' and not (kind == 'cdata' and set_object(cell, v)) then
    error(('%s: argument %d: a number, string, boolean, tensor, storage, tds container or plain table expected, got %s')
      :format(who, n, check.describe(v)), 4)
  end
  return cell
end

local length = ffi.new 'int64_t[1]'

--- The value of a cell, whose counts are used up.
function M.take(cell)
  local kind = cell.kind
  if kind == C.RK_CELL_NIL then
    return nil
  elseif kind == C.RK_CELL_NUMBER then
    local v = cell.number
    return v == v and v or 0 / 0
  elseif kind == C.RK_CELL_BOOLEAN then
    return cell.number ~= 0
  end
  local v
  if kind == C.RK_CELL_STRING then
    local text = C.rk_cell_string(cell, length)
    v = ffi.string(text, length[0])
  elseif kind == C.RK_CELL_TENSOR then
    v = collect.header()
    C.rk_cell_tensor(cell, v)
  elseif kind == C.RK_CELL_STORAGE then
    v = buffer_ct()
    C.rk_cell_storage(cell, v)
  else
    local object = ffi.cast('struct rk_tds *', cell.object)
    v = handles[C.rk_tds_kind(object)]()
    C.rk_tds_hold(object)
    v.object = object
  end
  C.rk_cell_drop(cell)
  return v
end

M.cell = cell_ct
return M
