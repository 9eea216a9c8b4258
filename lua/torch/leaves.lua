--- Entries of tables whose keys and values are numbers, strings and booleans, many at once, in binary files of the
-- machine's byte order. They are most of what programs save besides tensors; one by one, with all that an object of
-- any kind needs, each of them costs some twenty times as much. What else a table holds, and strings that are long, is
-- left to the general way (`torch.serialize`).
-- @module torch.leaves

local ffi = require 'ffi'
local class = require 'torch.class'

local type, next = class.luatype, next
local NUMBER, STRING, BOOLEAN = 1, 2, 5 -- as torch.serialize has them
local ROOM, LONGEST = 65536, 4096 -- bytes: of the buffer, of a string
local NAN_WORD = 0xfff80000 -- the upper word of a double from here on: one that must not be loaded, see torch.types
local upper = ffi.abi 'le' and 2 or 1

local buffer = ffi.new('uint8_t[?]', ROOM)
local words, doubles = ffi.typeof 'uint32_t *', ffi.typeof 'double *'

local M = {}

-- Puts one object at a byte of the buffer: the byte after it, or nil when it is left to the general way.
local function put(at, object)
  local p = ffi.cast(words, buffer + at)
  local kind = type(object)
  if kind == 'number' then
    p[0] = NUMBER
    ffi.cast(doubles, p + 1)[0] = object
    return at + 12
  elseif kind == 'string' then
    local n = #object
    if n <= LONGEST then
      p[0], p[1] = STRING, n
      ffi.copy(p + 2, object, n)
      return at + 8 + n
    end
  elseif kind == 'boolean' then
    p[0], p[1] = BOOLEAN, object and 1 or 0
    return at + 8
  end
end

--- Write the entries of a table up to one that is left to the general way.
-- @param file a torch.File, binary, of native byte order
-- @tab t the table
-- @param key the entry before the first one to write; nil: from the beginning
-- @return key of the last entry written
function M.write(file, t, key)
  local at = 0
  local k, v = next(t, key)
  while k ~= nil do
    local last = put(at, k)
    last = last and put(last, v)
    if not last then
      break
    elseif last > ROOM - 2 * (LONGEST + 8) then
      file:_writeMemory('Char', buffer, last)
      last = 0
    end
    at, key = last, k
    k, v = next(t, k)
  end
  if at > 0 then
    file:_writeMemory('Char', buffer, at)
  end
  return key
end

-- The object at byte `at` of `room` bytes, and the byte after it; nil when it is not whole or left to the general way.
local function take(data, at, room)
  if at + 12 > room then
    return nil
  end
  local p = ffi.cast(words, data + at)
  local code = p[0]
  if code == NUMBER then
    if p[upper] >= NAN_WORD then
      return nil
    end
    return ffi.cast(doubles, p + 1)[0], at + 12
  elseif code == STRING then
    local n = p[1]
    if n > LONGEST or at + 8 + n > room then
      return nil
    end
    return ffi.string(p + 2, n), at + 8 + n
  elseif code == BOOLEAN then
    return p[1] ~= 0, at + 8
  end
end

--- Read entries into a table up to one that is left to the general way.
-- @param stream of the file
-- @tab t the table
-- @int left how many entries are to come
-- @return how many were read, which is less than `left`
function M.read(stream, t, left)
  local count = 0
  repeat
    local data, room = stream:window(buffer, ROOM)
    local at, before = 0, count
    while count < left - 1 do
      local k, after = take(data, at, room)
      if k == nil or k ~= k then
        break
      end
      local v
      v, after = take(data, after, room)
      if v == nil then
        break
      end
      t[k] = v
      count, at = count + 1, after
    end
    stream:pass(at)
  until count == before or room < ROOM
  return count
end

return M
