--- Tables of numbers, strings and booleans in files: the quick way writes the bytes of the general one, and reads them.
require 'torch'
local helpers = require 'helpers'

-- A hook keeps to the general way.
local function bytes(object, general, mode)
  local f = torch.MemoryFile();
  (mode == 'ascii' and f.ascii or f.binary)(f)
  f:writeObject(object, nil, general and function(x) return x end or nil)
  local text = f:storage():string():sub(1, -2)
  f:close()
  return text
end

local function equal(a, b)
  if type(a) ~= 'table' or type(b) ~= 'table' then
    return a == b or a ~= a and b ~= b
  end
  for k, v in pairs(a) do
    if not equal(v, b[k]) then return false end
  end
  for k in pairs(b) do
    if a[k] == nil then return false end
  end
  return true
end

local makers = {
  function(i) return i * 0.37 end,
  function(i) return ('w'):rep(i % 50) .. i end,
  function(i) return i % 3 == 0 end,
  function(i) return ('long'):rep(i % 7 == 0 and 2000 or 1) .. i end,
  function(i) return i % 41 == 0 and 0 / 0 or i % 37 == 0 and -1 / 0 or -i end,
}

local function random_table(random, n, mixed)
  local t = {}
  for i = 1, n do
    local key = random(3) == 1 and 'k' .. i or random(5) == 1 and i + 0.5 or i
    t[key] = mixed > 0 and random(mixed) == 1 and { i, { 'deep' } } or makers[random(#makers)](i)
  end
  if random(2) == 1 then t[true], t[false] = false, 'no' end
  return t
end

describe('entries of tables without objects', function()
  it('are written as one by one, and read again, from memory and files', function()
    torch.manualSeed(7)
    local function random(n) return torch.random(n) end
    local path = os.tmpname()
    for _, n in ipairs { 0, 1, 2, 31, 32, 33, 700, 4000 } do
      for _, mixed in ipairs { 0, 3, 500 } do
        local t = random_table(random, n, mixed)
        t.list = random_table(random, 40, mixed)
        local text = bytes(t)
        assert.equal(bytes(t, true), text)
        assert(equal(t, torch.deserialize(text)))
        torch.save(path, t)
        assert(equal(t, torch.load(path)))
        torch.save(path, t, 'ascii')
        assert(equal(t, torch.load(path, 'ascii')))
      end
    end
    os.remove(path)
  end)

  it('stand between other things in a file', function()
    local path, t = os.tmpname(), {}
    for i = 1, 5000 do t[i] = i end
    local f = torch.DiskFile(path, 'w'):binary()
    f:writeInt(7)
    f:writeObject(t)
    f:writeDouble(0.5)
    f:writeObject { t, 'end' }
    f:close()
    for _, mode in ipairs { 'r', 'rw' } do
      f = torch.DiskFile(path, mode):binary()
      assert.equal(7, f:readInt())
      local first = f:readObject()
      assert(equal(t, first))
      assert.equal(0.5, f:readDouble())
      local last = f:readObject()
      assert.equal(first, last[1])
      assert.equal('end', last[2])
      f:close()
    end
    os.remove(path)
  end)

  it('are the other order of bytes in such files', function()
    local t = {}
    for i = 1, 100 do t[i] = i end
    local path = os.tmpname()
    local f = torch.DiskFile(path, 'w'):binary():bigEndianEncoding()
    f:writeObject(t)
    f:close()
    f = torch.DiskFile(path, 'r'):binary():bigEndianEncoding()
    assert(equal(t, f:readObject()))
    f:close()
    os.remove(path)
  end)

  it('are asked for wherever the file ends', function()
    local t = {}
    for i = 1, 60 do t[i] = i % 2 == 0 and 'text' .. i or i end
    local text = torch.serialize(t)
    for n = 1, #text - 1 do
      helpers.fails('byte %d+', torch.deserialize, text:sub(1, n))
    end
  end)

  it('hold NaNs of any bits', function()
    local t = {}
    for i = 1, 100 do t[i] = 0.25 end
    local text = torch.serialize(t)
    local odd = text:gsub('%z%z%z%z%z%z\208%?', '\1\2\3\4\5\6\255\255')
    assert.equal(#text, #odd)
    local back = torch.deserialize(odd)
    for i = 1, 100 do assert(back[i] ~= back[i] and type(back[i]) == 'number') end
    local keys = text:gsub('\1%z%z%z%z%z%z%z%z%z\73\64', '\1\0\0\0\1\2\3\4\5\6\255\255') -- the key 50
    helpers.fails('nan as a key', torch.deserialize, keys)
  end)
end)
