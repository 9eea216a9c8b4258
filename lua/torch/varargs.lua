--- Keeps compiled code from reading the wrong `...`.
--
-- LuaJIT 2.1 on 64-bit machines, as distributions ship it, compiles `local a = ...` and `(...)` wrongly where the trace
-- begins inside the function: in a loop, or behind a call that it returned from. With more arguments than names, each
-- name then gets the argument after its own. `select(n, ...)`, `{...}` and `f(...)` are right everywhere.
-- Our own files therefore read `...` before anything else; in programs the functions at risk stay interpreted.
-- @module torch.varargs

local bit = require 'bit'
local util = require 'jit.util'

-- Names of the instructions, six letters each: a file of LuaJIT's. luarocks' LUA_PATH leaves its folder out.
local function instructions()
  local ok, vmdef = pcall(require, 'jit.vmdef')
  if ok then return vmdef.bcnames end
  local version = jit.version:match '%S+$'
  for _, prefix in ipairs { '/usr/share', '/usr/local/share', '/opt/homebrew/share' } do
    for _, folder in ipairs { 'luajit-' .. version, 'luajit-' .. version:match '^%d+%.%d+' } do
      local f = loadfile(('%s/%s/jit/vmdef.lua'):format(prefix, folder))
      if f then return f('jit.vmdef').bcnames end
    end
  end
  return ''
end
local names = instructions()

local M = {}

local CALL, BACK, VARG = {}, {}, nil -- by opcode; BACK jump to the loop's start
for op = 0, #names / 6 - 1 do
  local name = names:sub(op * 6 + 1, op * 6 + 6):match '^%S+'
  CALL[op] = name:find '^CALL' ~= nil or name:find '^ITER[CN]$' ~= nil
  BACK[op] = name:find '^FORL' ~= nil or name:find '^ITERL' ~= nil
  if name == 'JMP' then BACK[op] = 'jmp' end
  if name == 'VARG' then VARG = op end
end

-- Target of the jump at pc, whose instruction is given.
local function target(pc, instruction) return pc + 1 + bit.rshift(instruction, 16) - 0x8000 end

--- Lines of one function on which a fixed number of values is taken from `...` at risk. What runs once is not compiled:
-- in the main chunk of a file only loops count.
-- @param f function or prototype
-- @return list of lines, empty when there is no risk
local function lines_at_risk(f, main)
  local reads, loops, call, pc = {}, {}, math.huge, 1
  local instruction = util.funcbc(f, pc)
  while instruction do
    local op = bit.band(instruction, 0xff)
    if op == VARG and bit.rshift(instruction, 24) >= 2 then
      reads[#reads + 1] = pc
    elseif CALL[op] and not main then
      call = math.min(call, pc)
    elseif BACK[op] and target(pc, instruction) <= pc then
      loops[#loops + 1] = { target(pc, instruction), pc }
    end
    pc = pc + 1
    instruction = util.funcbc(f, pc)
  end
  local lines = {}
  for _, at in ipairs(reads) do
    local risk = at > call
    for _, loop in ipairs(loops) do
      risk = risk or at >= loop[1] and (at <= loop[2] or not main)
    end
    if risk then lines[#lines + 1] = util.funcinfo(f, at).currentline end
  end
  return lines
end

--- Visit a function and all those in it.
-- @param visit is given each function at risk (a function or prototype) and its lines
-- @usage
-- require 'torch.varargs'.each(function(...) for i = 1, 9 do local a = ... end end, function(f, lines) end)
function M.each(f, visit, main)
  local info = util.funcinfo(f)
  if info.isvararg then
    local lines = lines_at_risk(f, main)
    if #lines > 0 then visit(f, lines) end
  end
  if info.children then
    local n = -1
    local inner = util.funck(f, n)
    while inner do
      if type(inner) == 'proto' then M.each(inner, visit) end
      n = n - 1
      inner = util.funck(f, n)
    end
  end
end

local affected

--- Does this LuaJIT compile them wrongly?
function M.affected()
  if affected == nil then
    local function sum(...)
      local s = 0
      for _ = 1, 200 do
        local a = ...
        s = s + a
      end
      return s
    end
    affected = jit.status() and sum(1, 0, 0) ~= 200
  end
  return affected
end

--- Keep what is at risk in a loaded chunk from being compiled.
-- @param f the chunk
-- @return f
function M.protect(f)
  M.each(f, function(inner)
    if M.affected() then jit.off(inner) end
  end, true)
  return f
end

return M
