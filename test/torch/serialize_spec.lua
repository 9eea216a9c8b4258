--- Objects in files: round trips, bytes of the original, damage.
require 'torch'
local type = require 'torch.class'.luatype
local ffi = require 'ffi'
local here = debug.getinfo(1, 'S').source:match '^@(.*)/torch/[^/]*$' or 'test'
package.path = here .. '/?.lua;' .. package.path
local golden = require 'golden_classes'

local modes = {'binary', 'ascii'}
local kinds = {'Byte', 'Char', 'Short', 'Int', 'Long', 'Float', 'Double', 'Half', 'BFloat16'}

local fails = require 'helpers'.fails

local read = require 'helpers'.content

local write = require 'helpers'.write

-- Deep equality that follows cycles, and asks that shared parts stay shared
local function same(a, b, seen)
  if type(a) ~= type(b) or torch.typename(a) ~= torch.typename(b) then
    return false
  elseif type(a) == 'number' then
    return a == b or (a ~= a and b ~= b)
  elseif type(a) == 'cdata' then
    if torch.isStorage(a) then
      return a:size() == b:size() and (a:size() == 0
        or ffi.string(a:data(), a:size() * a:elementSize()) == ffi.string(b:data(), a:size() * a:elementSize()))
    end
    local s, t = a:storage(), b:storage()
    return table.concat(a:size():totable(), ',') == table.concat(b:size():totable(), ',')
      and table.concat(a:stride():totable(), ',') == table.concat(b:stride():totable(), ',')
      and a:storageOffset() == b:storageOffset() and (s == nil) == (t == nil) and (s == nil or same(s, t))
  elseif type(a) ~= 'table' then
    return a == b
  end
  seen = seen or {}
  if seen[a] then
    return seen[a] == b
  end
  seen[a] = b
  for k, v in pairs(a) do
    if type(k) ~= 'table' and k ~= 'cache' and not same(v, b[k], seen) then
      return false
    end
  end
  for k in pairs(b) do
    if type(k) ~= 'table' and k ~= 'readversion' and a[k] == nil then
      return false
    end
  end
  return true
end

-- Random structures: tables with shared parts, texts, numbers, tensors that are views, objects
local function random_object(random, depth, pool)
  local pick = random(12)
  if #pool > 0 and random(6) == 1 then
    return pool[random(#pool)]
  elseif depth > 0 and pick <= 4 then
    local t = {}
    pool[#pool + 1] = t
    for i = 1, random(4) - 1 do
      t[random(2) == 1 and i or 'k' .. random(100)] = random_object(random, depth - 1, pool)
    end
    return t
  elseif pick <= 6 then
    local kind = kinds[random(#kinds)]
    local s = torch[kind .. 'Storage'](random(20) + 5)
    for i = 1, s:size() do
      s[i] = random(100)
    end
    local step = torch.LongStorage {random(3) - 1, 1}
    local x = torch[kind .. 'Tensor']():set(s, random(3), torch.LongStorage {2, 2}, step)
    pool[#pool + 1] = x
    pool[#pool + 1] = s
    return random(3) == 1 and s or x
  elseif pick == 7 then
    local o = golden.Point(random(100), 'y')
    pool[#pool + 1] = o
    return o
  elseif pick == 8 then
    return golden.Packed(random(100), 2, {label = random(5)})
  elseif pick == 9 then
    return random(2) == 1
  elseif pick == 10 then
    return ('text\0 %d'):format(random(1000)):rep(random(3) - 1)
  end
  local numbers = {0.1, -1e300, 1 / 0, 0, 2 ^ 53, -7, 5e-324}
  return numbers[random(#numbers)]
end

local function generator(seed)
  local state = seed
  return function(n)
    state = (state * 16807) % 2147483647
    return state % n + 1
  end
end

describe('serialize', function()
  for _, mode in ipairs(modes) do
    it('gives back random structures in ' .. mode .. ' mode', function()
      for seed = 1, 150 do
        local o = {random_object(generator(seed * 7919), 4, {})}
        local text = torch.serialize(o, mode)
        local again = torch.deserialize(text, mode)
        assert.is_true(same(o, again), 'seed ' .. seed)
        assert.equal(#text, #torch.serialize(again, mode))
      end
    end)

    it('keeps sharing and cycles in ' .. mode .. ' mode', function()
      local x = torch.range(1, 6):resize(2, 3)
      local t = {x, x, x:t(), x:storage(), {}}
      t[5].up, t.self = t, t
      local r = torch.deserialize(torch.serialize(t, mode), mode)
      assert.is_true(torch.isequal(r[1], r[2]))
      assert.equal(r, r.self)
      assert.equal(r, r[5].up)
      r[1]:fill(9)
      assert.equal(9, r[3][1][1])
      assert.equal(9, r[4][6])
    end)
  end

  it('keeps keys of any kind', function()
    local key = {'a table'}
    local r = torch.deserialize(torch.serialize {[key] = 1, [true] = 2, [1.5] = 3})
    assert.equal(2, r[true])
    assert.equal(3, r[1.5])
    local n = 0
    for k, v in pairs(r) do
      if type(k) == 'table' then
        n = n + v
        assert.same(key, k)
      end
    end
    assert.equal(1, n)
  end)

  it('writes everything again when it is not referenced', function()
    local f = torch.MemoryFile():binary():referenced(false)
    local x = torch.Tensor {1, 2}
    f:writeObject {x, x}
    f:seek(1)
    local r = f:readObject()
    assert.is_false(torch.isequal(r[1], r[2]))
    r[1]:fill(0)
    assert.equal(1, r[2][1])
  end)

  it('keeps int64 exact', function()
    for _, mode in ipairs(modes) do
      local x = torch.LongTensor(2)
      x:data()[0], x:data()[1] = 9223372036854775807LL, -9007199254740993LL
      local r = torch.deserialize(torch.serialize(x, mode), mode)
      assert.is_true(r:data()[0] == 9223372036854775807LL and r:data()[1] == -9007199254740993LL)
    end
    assert.equal(5, torch.deserialize(torch.serialize(5LL)))
    fails('Unwritable object <cdata>.*LongStorage', torch.serialize, 9007199254740993LL)
  end)

  it('keeps the state of a generator', function()
    local g = torch.Generator()
    torch.manualSeed(g, 5)
    torch.normal(g, 0, 1)
    local h = torch.deserialize(torch.serialize(g))
    for _ = 1, 5 do
      assert.equal(torch.normal(g, 0, 1), torch.normal(h, 0, 1))
    end
    assert.equal(torch.random(g), torch.random(h))
  end)

  it('has functions with their upvalues', function()
    local n = 0
    local function up() n = n + 1 return n end
    local function down() n = n - 1 return n end
    local r = torch.deserialize(torch.serialize {up, down, up})
    assert.equal(r[1], r[3])
    assert.equal(1, r[1]())
    assert.equal(0, r[2]())
    assert.equal(0, n)
  end)

  it('replaces objects through a hook', function()
    local f = torch.MemoryFile():binary()
    f:writeObject({1, {2}}, 'name', function(o) return type(o) == 'number' and o * 10 or o end)
    f:seek(1)
    local r = f:readObject()
    assert.equal(10, r[10])
    assert.equal(20, r[20][10])
  end)

  it('says what cannot be written, and where', function()
    fails('Unwritable object <thread> at <%?>', torch.serialize, coroutine.create(print))
    fails('Unwritable object <userdata> at <%?>%.a%.b', torch.serialize, {a = {b = io.stdout}})
    fails('Unwritable object <function> at <%?>%.f %(a C function%)', torch.serialize, {f = math.sin})
    local library = torch
    local outer = {inner = {go = function() return library.sum end}}
    fails('at <%?>%.outer%.inner%.go%.library%.', torch.serialize, function() return outer end)
    local f = torch.MemoryFile()
    assert.is_nil(f:isWritableObject(io.stdout))
    assert.equal(3, f:isWritableObject {})
    assert.equal(4, f:isWritableObject(torch.Tensor()))
  end)

  it('drops fields of objects that cannot be written', function()
    local o, err = golden.Point(1, 2), io.stderr
    o.out = io.stdout
    io.stderr = {write = function() end} -- luacheck: ignore 122
    local r = torch.deserialize(torch.serialize(o))
    io.stderr = err -- luacheck: ignore 122
    assert.equal(2, r.y)
    assert.is_nil(r.out)
  end)

  it('takes CUDA tensors as tensors of the processor', function()
    local cpu_names = {CudaTensor = 'FloatTensor', CudaLongTensor = 'LongTensor', CudaDoubleTensor = 'DoubleTensor'}
    for cuda, cpu in pairs(cpu_names) do
      local text = torch.serialize(torch[cpu] {1, 2, 3}, 'ascii')
      local function renamed(name)
        name = name:gsub('Tensor$', '')
        return name
      end
      text = text:gsub('(%d+)\ntorch%.' .. renamed(cpu) .. '(%u%l+)\n', function(_, suffix)
        local name = 'torch.' .. renamed(cuda) .. suffix
        return ('%d\n%s\n'):format(#name, name)
      end)
      local x = torch.deserialize(text, 'ascii')
      assert.equal('torch.' .. cpu, torch.typename(x))
      assert.equal(6, x:sum())
    end
  end)
end)

describe('bytes of the original', function()
  -- Tables whose order of entries depends on how they were made are compared by their length and their content.
  local exact = {'scalars_bool_b', 'scalars_nil_a', 'scalars_number_a', 'scalars_string_b', 'scalars_tensor_b'}
  local content = {'shared_a', 'storages_a', 'tensors_b', 'views_a', 'extremes_b', 'int64_a', 'custom_a', 'tables_b',
    'cyclic_b'}

  for _, mode in ipairs(modes) do
    local suffix = mode == 'ascii' and '.ascii.t7' or '.t7'
    for _, name in ipairs(exact) do
      it(name .. suffix .. ' is written alike', function()
        local path = here .. '/golden/nn_serialized/' .. name .. suffix
        assert.is_true(read(path) == torch.serialize(torch.load(path, mode), mode))
      end)
    end
    for _, name in ipairs(content) do
      it(name .. suffix .. ' is written as long', function()
        local path = here .. '/golden/nn_serialized/' .. name .. suffix
        local o = torch.load(path, mode)
        local text = torch.serialize(o, mode)
        if name ~= 'views_a' or mode == 'binary' then -- the order decides how many digits the indices of objects have
          assert.equal(#read(path), #text)
        end
        assert.is_true(same(o, torch.deserialize(text, mode)))
      end)
    end
  end
end)

describe('torch.save', function()
  local folder, name

  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
    paths.mkdir(folder)
    name = folder .. '/x.t7'
  end)
  after_each(function() paths.rmall(folder, 'yes') end)

  it('round-trips in every mode', function()
    local o = {x = torch.randn(3, 4):float(), l = torch.LongTensor {1, -2}, s = 'text'}
    for _, mode in ipairs {'binary', 'ascii', 'b32', 'b64'} do
      torch.save(name, o, mode)
      assert.is_true(same(o, torch.load(name, mode)))
      torch.saveobj(name, o, mode, false)
      assert.is_true(same(o, torch.loadobj(name, mode, false)))
      assert.is_true(same(o, torch.load(name, {mode = mode, referenced = false})))
    end
  end)

  it('leaves the old file when something goes wrong, and nothing else', function()
    torch.save(name, 'old')
    fails('Unwritable', torch.save, name, {1, 2, coroutine.create(print)})
    assert.equal('old', torch.load(name))
    assert.equal(3, #paths.dir(folder))
    fails('cannot write </no/such/x>: No such file or directory: there is no folder /no/such; paths.mkdir', torch.save,
      '/no/such/x', 1)
    fails('cannot write </dev/null/x>: Not a directory: /dev/null is no folder', torch.save, '/dev/null/x', 1)
    fails('No space left', torch.save, '/dev/full', torch.zeros(1000))
  end)

  it('goes through links and keeps permissions', function()
    torch.save(name, 1)
    os.execute(('chmod 640 %s && ln -s x.t7 %s/link'):format(name, folder))
    torch.save(folder .. '/link', 2)
    assert.equal(2, torch.load(name))
    assert.equal('640', sys.execute('stat -c %a ' .. name))
    assert.equal('symbolic link', sys.execute(('stat -c %%F %s/link'):format(folder)))
  end)

  it('refuses wrong calls', function()
    fails('argument 1: file name', torch.save)
    fails('expected for mode, got zip', torch.save, name, 1, 'zip')
    fails('argument 4: referenced', torch.save, name, 1, 'ascii', 1)
    fails('argument 1: file name', torch.load, {})
    fails('expected for mode, got zip', torch.load, name, 'zip')
    fails('unknown option function', torch.load, name, {['function'] = true})
    fails("'table' expected", torch.load, name, {unknown = 'all'})
    fails('cannot open', torch.load, name)
    fails('directory', torch.load, folder)
    fails('empty', torch.deserialize, '')
    fails('string expected', torch.deserialize, 5)
    fails('CharStorage expected', torch.deserializeFromStorage, torch.ByteStorage(2))
  end)

  it('storages hold the same text', function()
    for _, mode in ipairs(modes) do
      local s = torch.serializeToStorage({x = 3}, mode)
      assert.equal(torch.serialize({x = 3}, mode), s:string())
      assert.equal(3, torch.deserializeFromStorage(s, mode).x)
    end
  end)
end)

describe('a file from elsewhere', function()
  local path = here .. '/golden/nn_serialized/function_b.t7'

  it('runs no function unless asked', function()
    fails('byte 22: a function is stored here.*functions = true', torch.load, path)
    fails('functions = true', torch.load, path, 'binary', true)
    local o = torch.load(path, {functions = true})
    assert.equal(o.f_of_3, o.f(3))
    assert.equal(#read(path), #torch.serialize(o))
  end)

  it("keeps what lies around functions of another LuaJIT, which are errors when they are called", function()
    local n = 3
    local old = torch.serialize {data = torch.ones(2), size = function() return n end, [1] = 'last'}
    for header, version in pairs {['\27LJ'] = '\1', ['\27Lu'] = 'a'} do -- LuaJIT 2.0's bytecode, Lua's
      local text, count = old:gsub('\27LJ.', header .. version)
      assert.equal(1, count)
      fails('functions = true.*RK_LOAD_FUNCTIONS=1', torch.deserialize, text)
      local o = torch.deserialize(text, {functions = true})
      assert.equal(2, o.data:sum())
      assert.equal('last', o[1])
      fails("the function 'size' that was stored at byte %d+ of .* cannot be called: its bytecode is another LuaJIT",
        o.size)
      local again = torch.deserialize(torch.serialize(o), {functions = true})
      fails("the function 'size'", again.size)
    end
  end)

  it('loads functions where the environment says so', function()
    local th = paths.concat(paths.dirname(package.loaded['torch.libpath']), 'th')
    local code = ('print(torch.load([[%s]]).f(3))'):format(path)
    local pipe = io.popen(('RK_LOAD_FUNCTIONS=1 %s -e "%s"'):format(th, code))
    local text = pipe:read '*a'
    pipe:close()
    assert.equal(torch.load(path, {functions = true}).f_of_3, tonumber(text))
  end)

  it('names unknown classes', function()
    local text = torch.serialize(golden.Point(1, {2})):gsub('golden%.Point', 'nowhere.Some')
    fails('unknown Torch class <nowhere%.Some>', torch.deserialize, text)
    local o = torch.deserialize(text, {unknown = 'table'})
    assert.same({x = 1, y = {2}, __typename = 'nowhere.Some'}, o)
    text = torch.serialize(golden.Packed(1, 2)):gsub('golden%.Packed', 'nowhere.Packed')
    fails('byte %d+', torch.deserialize, text, {unknown = 'table'})
  end)
end)

describe('damage', function()
  -- What a reader may do: return something, or raise an error with a place; never crash, never take more memory than a
  -- few times the file's size.
  local sources = {}
  for _, mode in ipairs(modes) do
    local o = {random_object(generator(99), 4, {}), x = torch.randn(4, 5), s = torch.IntStorage {1, 2, 3},
      t = 'some text', p = golden.Point(1, 2), q = golden.Packed(1, 2, 'label'),
      f = torch.FloatTensor(10):narrow(1, 3, 4), g = torch.Generator()}
    sources[mode] = torch.serialize(o, mode)
  end

  local function try(text, mode)
    local ok, err = pcall(torch.deserialize, text, mode)
    if not ok then
      assert.truthy(tostring(err):find 'byte %d+' or tostring(err):find 'empty', tostring(err))
    end
    return ok
  end

  for _, mode in ipairs(modes) do
    it('cut off anywhere is an error in ' .. mode .. ' mode', function()
      local text = sources[mode]
      local random = generator(3)
      local count = 0
      for _ = 1, 400 do
        local n = random(#text - 2)
        count = count + (try(text:sub(1, n), mode) and 0 or 1)
      end
      assert.is_true(count > 395)
    end)

    it('of bits and bytes is an error or another value in ' .. mode .. ' mode', function()
      local text = sources[mode]
      local random = generator(17)
      for _ = 1, 1500 do
        local at = random(#text)
        local byte = mode == 'binary' and random(256) - 1 or 32 + random(90)
        try(text:sub(1, at - 1) .. string.char(byte) .. text:sub(at + 1), mode)
      end
    end)
  end

  it('of sizes is found before memory is taken', function()
    local int, long = '\255\255\255\127', '\0\0\0\0\0\1\0\0'
    local head = '\4\0\0\0\1\0\0\0\3\0\0\0V 1'
    fails('2147483647 bytes, but only', torch.deserialize, '\2\0\0\0' .. int)
    fails('string of %-1 bytes', torch.deserialize, '\2\0\0\0\255\255\255\255')
    fails('table of 2147483647 entries', torch.deserialize, '\3\0\0\0\1\0\0\0' .. int)
    fails('a ByteStorage of 1099511627776 elements, with 0 bytes left', torch.deserialize,
      head .. '\17\0\0\0torch.ByteStorage' .. long)
    fails('FloatTensor with 2147483647 dimensions', torch.deserialize, head .. '\17\0\0\0torch.FloatTensor' .. int)
    local one, nothing = '\1\0\0\0\0\0\0\0', '\0\0\0\0'
    fails('1 dimensions but no storage', torch.deserialize,
      head .. '\17\0\0\0torch.FloatTensor\1\0\0\0' .. one:rep(3) .. nothing)
    fails('no object starts here %(type code 77%)', torch.deserialize, '\77\0\0\0')
  end)

  it('of views is found', function()
    local text = torch.serialize(torch.FloatTensor {1, 2, 3}, 'ascii')
    local function changed(to)
      return (text:gsub('\n1\n3\n1\n1\n', to, 1))
    end
    fails('needs 4 elements of a storage of 3', torch.deserialize, changed '\n1\n4\n1\n1\n', 'ascii')
    fails('step %-1', torch.deserialize, changed '\n1\n3\n-1\n1\n', 'ascii')
    fails('offset 0', torch.deserialize, changed '\n1\n3\n1\n0\n', 'ascii')
    fails('offset', torch.deserialize, changed '\n1\n3\n1\n-5\n', 'ascii')
    fails('in place of a torch.FloatStorage', torch.deserialize, (text:gsub('4\n2\n3\nV 1\n18.*', '1\n5\n')), 'ascii')
  end)

  it('names the file and the byte', function()
    local name = os.tmpname()
    write(name, sources.binary:sub(1, 100))
    fails('torch.load: .*' .. name:gsub('%p', '%%%0') .. ': byte %d+', torch.load, name)
    os.remove(name)
  end)

  it('may be nested 100,000 deep', function()
    local o = {}
    for _ = 1, 100000 do
      o = {o}
    end
    local text = torch.serialize(o)
    local r, n = torch.deserialize(text), 0
    while r[1] do
      r, n = r[1], n + 1
    end
    assert.equal(100000, n)
    o = golden.Point(1, 2)
    for _ = 1, 20000 do
      o = golden.Point(o, 2)
    end
    assert.equal(#torch.serialize(o), #torch.serialize(torch.deserialize(torch.serialize(o))))
    o = golden.Packed(1, 2, 'end')
    for _ = 1, 5000 do
      o = golden.Packed(1, 2, o)
    end
    fails('nested more than', torch.serialize, o)
    assert.equal(5, torch.deserialize(torch.serialize(5)))
  end)
end)
