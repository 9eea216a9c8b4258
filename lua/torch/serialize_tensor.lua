--- How tensors, storages and generators write themselves to a torch.File and read themselves back, as in Torch7.
--
--   tensor     int dims, longs sizes, longs steps, long offset from 1, the storage as an object (nil: none)
--   storage    long count, the elements
--   generator  the bytes of Torch7's own structure
--
-- Elements go straight between the file and the storage's memory. A tensor that does not fit its storage, or a
-- storage that does not fit the file, is an error before any memory is taken.
-- @module torch.serialize_tensor

local ffi = require 'ffi'
local C = require 'torch.ffi'
local class = require 'torch.class'

local check = require 'torch.check'
local own = require('torch.collect').own

local tonumber = tonumber
local MAX_DIMS = C.RK_MAX_DIMS
local EXACT = 2 ^ 53
local UNBOUNDED_STEP = 2 ^ 20 -- elements read at a time where nobody knows how many there are

local longs = ffi.typeof('int64_t[' .. MAX_DIMS .. ']')

-- ---------------------------------------------------------------------------------------------------------
-- Tensors
-- ---------------------------------------------------------------------------------------------------------

-- The hooks are methods, too: programs call them with their own files.
local function need_file(name, file)
  if not class.isTypeOf(file, 'torch.File') then check.argument(name, 2, 'a torch.File', file) end
end

local function write_tensor(t, file)
  need_file('Tensor.write', file)
  local rank = t.rank
  file:writeInt(rank)
  file:_writeMemory('Long', t.extent, rank)
  file:_writeMemory('Long', t.step, rank)
  file:writeLong(tonumber(t.start) + 1)
  file:writeObject(t:storage())
end

-- The number of elements from the start of the storage that a tensor reaches, in floating point: it cannot overflow.
local function extent(file, name, rank, shape, step, offset)
  local last, total = tonumber(offset), 1
  if last < 1 then
    file:_damaged('%s with offset %s', name, tostring(offset))
  end
  for d = 0, rank - 1 do
    local n, s = tonumber(shape[d]), tonumber(step[d])
    if n < 1 or s < 0 then
      file:_damaged('%s with size %.0f and step %.0f in dimension %d', name, n, s, d + 1)
    end
    last = last + (n - 1) * s
    total = total * n
  end
  if total > EXACT then
    file:_damaged('%s of %g elements', name, total)
  end
  return last
end

local function tensor_reader(name, storage_name)
  return function(t, file)
    need_file('Tensor.read', file)
    local rank = file:readInt()
    if rank < 0 or rank > MAX_DIMS then
      file:_damaged('%s with %d dimensions (at most %d)', name, rank, MAX_DIMS)
    end
    local shape, step = longs(), longs()
    file:_readMemory('Long', shape, rank)
    file:_readMemory('Long', step, rank)
    local offset = file:readLong()
    local last = extent(file, name, rank, shape, step, offset)
    local storage = file:readObject()
    if storage == nil then
      if rank > 0 then
        file:_damaged('%s with %d dimensions but no storage', name, rank)
      end
      return
    elseif class.typename(storage) ~= storage_name then
      file:_damaged('%s with a %s in place of a %s', name, class.type(storage), storage_name)
    end
    local count = tonumber(storage:size())
    if rank > 0 and last > count then
      file:_damaged('%s that needs %.0f elements of a storage of %.0f', name, last, count)
    elseif rank == 0 and last > count + 1 then
      offset = 1
    end
    if C.rk_tensor_set(own(t), storage, tonumber(offset) - 1, rank, shape, step) ~= 0 then
      file:_damaged('%s: %s', name, ffi.string(C.rk_error()))
    end
  end
end

-- ---------------------------------------------------------------------------------------------------------
-- Storages
-- ---------------------------------------------------------------------------------------------------------

local function storage_writer(kind)
  return function(s, file)
    need_file('Storage.write', file)
    local n = tonumber(s:size())
    file:writeLong(n)
    if n > 0 then
      file:_writeMemory(kind, s:data(), n)
    end
  end
end

local function storage_reader(kind)
  return function(s, file)
    need_file('Storage.read', file)
    local n = tonumber(file:readLong())
    local left = n < 0 and 0 or file:_lacks(kind, n)
    if left then
      file:_damaged('a %sStorage of %.0f elements, with %d bytes left in the file', kind, n, left)
    end
    if file._stream:remaining() then
      s:resize(n)
      if n > 0 then
        file:_readMemory(kind, s:data(), n)
      end
      return
    end
    local have = 0
    while have < n do
      local count = math.min(n - have, UNBOUNDED_STEP)
      s:resize(have + count)
      file:_readMemory(kind, s:data() + have, count)
      have = have + count
    end
  end
end

-- ---------------------------------------------------------------------------------------------------------
-- Generators
-- ---------------------------------------------------------------------------------------------------------

-- What Torch7 writes, on 64-bit machines
local Saved = ffi.typeof [[struct {
  uint64_t initial_seed;
  int32_t left, seeded;
  uint64_t next, state[624];
  double normal_x, normal_y, normal_rho;
  int32_t normal_is_valid, pad;
}]]

local plain = {'initial_seed', 'left', 'seeded', 'next', 'normal_x', 'normal_y', 'normal_rho', 'normal_is_valid'}

local function write_generator(g, file)
  need_file('Generator.write', file)
  local saved = Saved()
  for _, field in ipairs(plain) do
    saved[field] = g[field]
  end
  for i = 0, 623 do
    saved.state[i] = g.state[i]
  end
  file:_writeMemory('Byte', saved, ffi.sizeof(Saved))
end

local function read_generator(g, file)
  need_file('Generator.read', file)
  local saved = Saved()
  file:_readMemory('Byte', saved, ffi.sizeof(Saved))
  local left, next = tonumber(saved.left), tonumber(saved.next)
  if left < 0 or left > 624 or next > 624 then
    file:_damaged('a torch.Generator with %d words left and the next at %.0f', left, next)
  end
  for _, field in ipairs(plain) do
    g[field] = saved[field]
  end
  for i = 0, 623 do
    g.state[i] = saved.state[i]
  end
end

-- ---------------------------------------------------------------------------------------------------------

for dt = 0, C.RK_NDTYPES - 1 do
  local kind = ffi.string(C.rk_dtype_class(dt))
  local tensor, storage = 'torch.' .. kind .. 'Tensor', 'torch.' .. kind .. 'Storage'
  local mt = class.getmetatable(tensor)
  mt.write, mt.read = write_tensor, tensor_reader(tensor, storage)
  mt = class.getmetatable(storage)
  mt.write, mt.read = storage_writer(kind), storage_reader(kind)
end

local generator = class.getmetatable 'torch.Generator'
if generator then
  generator.write, generator.read = write_generator, read_generator
end
