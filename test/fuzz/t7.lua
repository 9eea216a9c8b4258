--- Fuzzes the reader of .t7 files: fixtures and structured files, damaged. Reading gives an object or an error that
-- says where and why; it never ends the process, and takes no more memory than some times the file.
--
--     th test/fuzz/t7.lua [options of options.lua]
local here = arg[0]:match '^(.*)/' or '.'
local new_random = dofile(here .. '/random.lua')
require 'nn'
dofile(here .. '/../golden_classes.lua')
local fixtures = {} -- before options: it changes the folder
for name in paths.files(here .. '/../golden/nn_serialized', '%.t7$') do
  local file = assert(io.open(here .. '/../golden/nn_serialized/' .. name, 'rb'))
  local text = file:read '*a'
  file:close()
  if #text < 300000 then
    local mode = name:find 'ascii' and 'ascii' or name:find 'b32' and 'b32' or 'binary'
    fixtures[#fixtures + 1] = { name = name, text = text, mode = mode, referenced = not name:find 'noref' }
  end
end
table.sort(fixtures, function(a, b) return a.name < b.name end)
local options = dofile(here .. '/options.lua')('t7', arg)
local ffi, C = require 'ffi', require 'torch.ffi'

-- -- structured generation: what a writer could have written, less its honesty ------------

local writers = {}
function writers.binary(long)
  local parts = {}
  local w = { parts = parts }
  local function number(ctype, bytes)
    local box = ffi.new(ctype .. '[1]')
    return function(v)
      box[0] = v
      parts[#parts + 1] = ffi.string(box, bytes)
    end
  end
  w.int, w.double = number('int32_t', 4), number('double', 8)
  w.long = long == 4 and w.int or number('int64_t', 8)
  function w.chars(s) parts[#parts + 1] = s end
  return w
end
function writers.ascii()
  local parts = {}
  local w = { parts = parts }
  local function number(v) parts[#parts + 1] = ('%.17g\n'):format(v) end
  w.int, w.long, w.double = number, number, number
  function w.chars(s) parts[#parts + 1] = s .. '\n' end
  return w
end

local kinds = { 'Byte', 'Char', 'Short', 'Int', 'Long', 'Half', 'Float', 'Double' }
local classes = { 'torch.Timer', 'torch.Generator', 'torch.MemoryFile', 'torch.DiskFile', 'torch.Allocator',
  'torch.CmdLine', 'torch.Tester', 'nn.Linear', 'nn.Sequential', 'nn.Module', 'golden.Point', 'golden.Packed',
  'golden.Dunder', 'torch.CudaTensor', 'torch.CudaHalfStorage', 'nowhere.Nothing', 'V 7', '', 'io', 'os.exit', 'string',
  'torch', 'torch.FloatTensor.x', 'nn.' }
local hostile = { -1, 0, 1, 2, 3, 255, 2 ^ 20, 2 ^ 31 - 1, -2 ^ 31 }
local hostile_longs = { -1, 0, 1, 2, 2 ^ 31, 2 ^ 40, 2 ^ 53, -2 ^ 62, 2 ^ 62 }

local emit

local function size(random, honest, list)
  return random:once(10) and random:pick(list) or honest
end
local function text(w, random, s)
  w.int(size(random, #s, hostile))
  w.chars(s)
end
local function index(w, random)
  w.count = w.count + 1
  w.int(random:once(8) and random:integer(w.count + 1) or w.count)
end
local function torch_head(w, random, class)
  w.int(4)
  index(w, random)
  if not random:once(10) then text(w, random, 'V ' .. (random:once(9) and random:integer(100) or 1)) end
  text(w, random, class)
end

local emitters = {
  function(w) w.int(0) end,
  function(w, random)
    w.int(1)
    w.double(random:pick { 0, 1, -1, 0.5, 1e300, -1e300, 7, 100 })
  end,
  function(w, random)
    w.int(2)
    text(w, random, ('text'):rep(random:integer(4) - 1))
  end,
  function(w, random)
    w.int(5)
    w.int(random:pick { 0, 1, 2 })
  end,
  function(w, random, depth) -- table
    w.int(3)
    index(w, random)
    local n = random:integer(4) - 1
    w.int(size(random, n, hostile))
    for _ = 1, n do
      emit(w, random, depth + 1)
      emit(w, random, depth + 1)
    end
  end,
  function(w, random, depth) -- object of a class
    torch_head(w, random, random:pick(classes))
    emit(w, random, depth + 1)
  end,
  function(w, random) -- tensor
    local kind, rank = random:pick(kinds), random:integer(4) - 1
    torch_head(w, random, (random:once(8) and 'torch.Cuda' .. (kind == 'Float' and '' or kind) or 'torch.' .. kind)
      .. 'Tensor')
    w.int(size(random, rank, hostile))
    local n, shape = 1, {}
    for d = 1, rank do
      shape[d] = random:integer(3)
      w.long(size(random, shape[d], hostile_longs))
    end
    for d = rank, 1, -1 do n = n * shape[d] end
    local step = n
    for d = 1, rank do
      step = step / shape[d]
      w.long(size(random, step, hostile_longs))
    end
    w.long(size(random, 1, hostile_longs))
    if random:once(9) then return emit(w, random, 3) end
    torch_head(w, random, 'torch.' .. (random:once(9) and random:pick(kinds) or kind) .. 'Storage')
    w.long(size(random, n, hostile_longs))
    w.chars(('\1\2\3\4\5\6\7\8'):rep(random:once(9) and random:integer(9) or n))
  end,
  function(w, random) -- functions
    w.int(5 + random:integer(3))
    index(w, random)
    text(w, random, random:once(2) and string.dump(function() return w end) or '\27LJ\2nonsense')
    emit(w, random, 3)
  end,
  function(w, random) -- seen before, perhaps
    w.int(random:pick { 3, 4, 8 })
    w.int(random:integer(w.count + 2))
  end,
  function(w, random) w.int(random:pick(hostile)) end,
}

function emit(w, random, depth)
  emitters[depth > 4 and random:integer(4) or random:integer(#emitters)](w, random, depth)
end

local function structured(random)
  local mode = random:pick { 'binary', 'ascii', 'b32' }
  local w = mode == 'ascii' and writers.ascii() or writers.binary(mode == 'b32' and 4 or 8)
  w.count = 0
  emit(w, random, 0)
  return { name = 'structured', text = table.concat(w.parts), mode = mode, referenced = not random:once(6) }
end

-- Nested far deeper than any stack: tables, and objects of classes that read themselves.
local function deep(random)
  local levels = random:integer(100000)
  local mode = random:pick { 'binary', 'ascii' }
  local w = mode == 'ascii' and writers.ascii() or writers.binary(8)
  local packed = random:once(3)
  for i = 1, levels do
    if packed then
      w.int(4)
      w.int(i)
      w.int(3)
      w.chars 'V 3'
      w.int(13)
      w.chars 'golden.Packed'
      w.double(1)
      w.double(2)
    else
      w.int(3)
      w.int(i)
      w.int(1)
      if random:once(2) then -- nested in a value
        w.int(1)
        w.double(1)
      end -- else in a key
    end
  end
  w.int(0)
  return { name = 'deep', text = table.concat(w.parts), mode = mode, referenced = not random:once(4) }
end

-- -- damage ------------------------------------------------------------------------------------

local function replaced(s, at, piece) return s:sub(1, at - 1) .. piece .. s:sub(at + #piece) end
local numbers = { '-1', '0', '99999999999', '2147483647', '-2147483648', '9223372036854775807', '1e300', 'nan', '' }
local damages = {
  function(s, random) return s:sub(1, random:integer(#s)) end,
  function(s, random) -- a bit
    local at = random:integer(#s)
    return replaced(s, at, string.char(bit.bxor(s:byte(at), 2 ^ (random:integer(8) - 1))))
  end,
  function(s, random) return replaced(s, random:integer(#s), string.char(random:integer(256) - 1)) end,
  function(s, random, mode) -- a number
    if mode == 'ascii' then
      local lines, count = {}, 0
      for line in s:gmatch '[^\n]*' do
        count = count + 1
        lines[count] = line
      end
      lines[random:integer(count)] = random:pick(numbers)
      return table.concat(lines, '\n')
    end
    return replaced(s, random:integer(#s), random:pick { '\255\255\255\255', '\255\255\255\127', '\0\0\0\0',
      '\0\0\0\128', '\1\0\0\0', '\255\255\255\255\255\255\255\127', '\0\0\0\0\0\1\0\0' })
  end,
  function(s, random) -- a piece twice, or left out
    local from = random:integer(#s)
    local last = math.min(#s, from + random:integer(40))
    return s:sub(1, last) .. s:sub(random:once(2) and from or math.min(last + random:integer(40), #s))
  end,
  function(s, random) return replaced(s, random:integer(#s), s:sub(random:integer(#s)):sub(1, random:integer(60))) end,
}

-- -- one case -------------------------------------------------------------------------------------

local function bytes_in_use()
  return collectgarbage 'count' * 1024 + tonumber(C.rk_live_bytes)
end

local read, refused = 0, 0
local function save_case(case)
  if not options.log then return end
  local file = assert(io.open(options.log, 'wb'))
  file:write(case.name, ' ', case.mode, ' ', tostring(case.referenced), '\n', case.text)
  file:close()
end

local function run_case(number)
  local random = new_random((options.seed * 7919 + number * 104729) % 2147483647)
  local case
  if random:once(500) then
    case = deep(random)
  elseif random:once(2) then
    case = structured(random)
  else
    local source = random:pick(fixtures)
    local s = source.text
    for _ = 1, random:integer(3) do
      if #s > 0 then s = random:pick(damages)(s, random, source.mode) end
    end
    case = { name = source.name, text = s, mode = source.mode, referenced = source.referenced }
    if random:once(20) then case.mode = random:pick { 'binary', 'ascii', 'b32', 'b64' } end
    if random:once(20) then case.referenced = not case.referenced end
  end
  if #case.text == 0 then case.text = '\n' end
  save_case(case)
  if options.case then print(case.name, case.mode, case.referenced, #case.text) end
  local settings = { mode = case.mode, referenced = case.referenced, unknown = random:once(3) and 'table' or nil }
  -- now and then through a file on the disk, with other bounds on what is left
  local load = function() return torch.deserialize(case.text, case.mode, settings) end
  if random:once(4) then
    local file = assert(io.open('x.t7', 'wb'))
    file:write(case.text)
    file:close()
    load = function() return torch.load('x.t7', settings) end
  elseif not case.referenced then
    load = function() -- deserialize has no such option
      local f = torch.MemoryFile(torch.CharStorage():string(case.text .. '\0'), 'r'):referenced(false)
      f[case.mode == 'ascii' and 'ascii' or 'binary'](f)
      if case.mode == 'b32' then f:longSize(4) end
      return f:readObject()
    end
  end
  collectgarbage 'stop'
  local before = bytes_in_use()
  local ok, object = pcall(load)
  local taken = bytes_in_use() - before
  collectgarbage 'restart'
  local bound = 2e6 + 200 * #case.text -- a byte of a file may become a table entry
  if taken > bound then
    error(('%d bytes taken for a file of %d'):format(taken, #case.text), 0)
  elseif ok then
    read = read + 1
    -- what was read is sound: it can be written again
    if not case.name:find 'deep' then pcall(torch.serialize, object) end
  else
    refused = refused + 1
    object = tostring(object)
    local inside = object:find 'attempt to' or object:find 'bad argument'
    -- what the read of a class meets is the class's affair; the reader names both
    if not object:find 'byte %d+' or (inside and not object:find 'cannot be read from this') then
      error('the error says no place: ' .. object, 0)
    end
  end
end

options.run(function(number)
  local ok, why = pcall(run_case, number)
  if not ok then
    print(('case %d: %s'):format(number, tostring(why)))
    os.exit(1)
  end
end)
print(('%d files read, %d refused'):format(read, refused))
