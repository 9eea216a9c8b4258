--- torch.DiskFile, MemoryFile and PipeFile.
require 'torch'

local kinds = {'Byte', 'Char', 'Short', 'Int', 'Long', 'Float', 'Double', 'Half', 'BFloat16'}
local values = {Byte = {0, 7, 255}, Char = {-128, 0, 127}, Short = {-32768, 5, 32767}, Int = {-2 ^ 31, 1, 2 ^ 31 - 1},
  Long = {-2 ^ 53, 3, 2 ^ 53}, Float = {0.5, -2 ^ 100, 1 / 0}, Double = {0.1, -2 ^ 1000, -1 / 0},
  Half = {0.5, -65504, 2 ^ -24},
  BFloat16 = {1.5, -2 ^ 100, 0}}

local fails = require 'helpers'.fails

local function opened(kind, name)
  if kind == 'MemoryFile' then
    return torch.MemoryFile()
  end
  return torch.DiskFile(name, 'rw')
end

for _, class in ipairs {'MemoryFile', 'DiskFile'} do
  describe(class, function()
    local name

    before_each(function() name = os.tmpname() end)
    after_each(function() os.remove(name) end)

    for _, mode in ipairs {'binary', 'ascii'} do
      it('reads back numbers and storages in ' .. mode .. ' mode', function()
        local f = opened(class, name)
        f[mode](f)
        for _, kind in ipairs(kinds) do
          for _, v in ipairs(values[kind]) do
            assert.equal(1, f['write' .. kind](f, v))
          end
          assert.equal(3, f['write' .. kind](f, torch[kind .. 'Storage'](values[kind])))
        end
        f:writeBool(true)
        f:seek(1)
        for _, kind in ipairs(kinds) do
          for _, v in ipairs(values[kind]) do
            assert.equal(v, f['read' .. kind](f))
          end
          local s = f['read' .. kind](f, 3)
          assert.equal('torch.' .. kind .. 'Storage', torch.typename(s))
          assert.same(values[kind], s:totable())
        end
        assert.is_true(f:readBool())
        f:close()
      end)

      it('fills a given storage in ' .. mode .. ' mode', function()
        local f = opened(class, name)
        f[mode](f)
        f:writeInt(torch.IntStorage {4, 5, 6})
        f:seek(1)
        local s = torch.IntStorage(2)
        assert.equal(2, f:readInt(s))
        assert.same({4, 5}, s:totable())
        f:close()
      end)
    end

    it('reads any bits as numbers', function()
      local f = opened(class, name):binary()
      for _, byte in ipairs {255, 254, 251, 250, 249} do
        f:seek(1)
        f:writeByte(torch.ByteStorage(8):fill(byte))
        for _, kind in ipairs {'Float', 'Double', 'Half', 'BFloat16'} do
          f:seek(1)
          local v = f['read' .. kind](f)
          assert.equal('number', type(v))
          assert.is_true(v == v or v ~= v)
          f:seek(1)
          local s = f['read' .. kind](f, 1)
          assert.equal('string', type(torch.serialize(s, 'ascii')))
        end
      end
      f:close()
    end)

    it('keeps int64 exact', function()
      for _, mode in ipairs {'binary', 'ascii'} do
        local f = opened(class, name)
        f[mode](f)
        f:writeLong(9223372036854775807LL)
        f:writeLong(-9223372036854775807LL - 1)
        f:seek(1)
        assert.equal('9223372036854775807LL', tostring(f:readLong()))
        assert.equal('-9223372036854775808LL', tostring(f:readLong()))
        f:close()
      end
    end)

    it('writes ascii as Torch7 does', function()
      local f = opened(class, name)
      f:writeInt(1)
      f:writeDouble(torch.DoubleStorage {1, 2.5})
      f:writeString 'x'
      f:noAutoSpacing()
      f:writeInt(1)
      f:writeInt(23)
      f:writeChar(torch.CharStorage():string 'ab')
      f:seek(1)
      assert.equal('1\n1 2.5\nx123ab', f:readString '*a')
      f:close()
    end)

    it('reads strings', function()
      local f = opened(class, name)
      f:writeString 'hello\nworld\n\nlast'
      f:seek(1)
      assert.equal('hello', f:readString '*l')
      assert.equal('world', f:readString '*l')
      assert.equal(13, f:position())
      assert.equal('', f:readString '*l')
      assert.equal('last', f:readString '*l')
      fails('read error', f.readString, f, '*l')
      fails('read error', f.readString, f, '*a')
      fails('format must be', f.readString, f, '*n')
      f:seek(7)
      assert.equal('world\n\nlast', f:readString '*a')
      f:close()
    end)

    it('seeks', function()
      local f = opened(class, name)
      f:writeString 'abcdef'
      assert.equal(7, f:position())
      f:seek(3)
      assert.equal(3, f:position())
      f:writeString 'X'
      f:seek(1)
      assert.equal('abXdef', f:readString '*a')
      assert.equal(f, f:seek(2):seekEnd())
      assert.equal(7, f:position())
      fails('unable to seek', f.seek, f, 0)
      fails('argument 1', f.seek, f, 'a')
      assert.is_true(f:isOpened())
      f:close()
      assert.is_false(f:isOpened())
    end)

    it('quiet keeps a flag', function()
      local f = opened(class, name)
      f:quiet()
      assert.is_false(f:hasError())
      assert.equal(0, f:readInt())
      assert.is_true(f:hasError())
      assert.is_false(f:clearError():hasError())
      assert.equal(0, f:binary():readDouble(5):size())
      assert.is_true(f:hasError())
      f:pedantic():clearError()
      fails('read error: read 0 blocks instead of 1', f.readInt, f)
      fails('read error', f.readDouble, f, 5)
      f:close()
    end)

    it('tells its modes', function()
      local f = opened(class, name)
      assert.same({false, true, false, false, true, true, true},
        {f:isBinary(), f:isAutoSpacing(), f:isQuiet(), f:hasError(), f:isReadable(), f:isWritable(), f:isReferenced()})
      assert.equal(f, f:binary():noAutoSpacing():quiet():referenced(false))
      assert.same({true, false, true, false}, {f:isBinary(), f:isAutoSpacing(), f:isQuiet(), f:isReferenced()})
      assert.truthy(tostring(f):find('torch.' .. class, 1, true))
      f:close()
    end)

    it('longs may take 4 bytes', function()
      local f = opened(class, name):binary()
      f:longSize(4)
      f:writeLong(torch.LongStorage {1, -2, 3})
      assert.equal(13, f:position())
      fails('does not fit', f.writeLong, f, 2 ^ 40)
      f:seek(1)
      assert.same({1, -2, 3}, f:readLong(3):totable())
      f:longSize(0)
      f:writeLong(7)
      assert.equal(21, f:position())
      fails('0, 4 or 8', f.longSize, f, 5)
      f:close()
    end)

    it('refuses wrong calls', function()
      local f = opened(class, name)
      fails('number or torch.IntStorage expected, got string', f.writeInt, f, 'a')
      fails('torch.IntStorage expected', f.writeInt, f, torch.FloatStorage(2))
      fails('torch.IntStorage expected', f.readInt, f, torch.FloatStorage(2))
      fails('number of elements', f.readInt, f, -1)
      fails('boolean expected', f.writeBool, f, 1)
      fails('string expected', f.writeString, f, 5)
      fails('boolean expected', f.referenced, f, 1)
      f:close()
      fails('closed file', f.writeInt, f, 1)
      fails('closed file', f.readObject, f)
      fails('closed file', f.close, f)
      fails('closed file', f.position, f)
    end)
  end)
end

describe('DiskFile', function()
  it('has both byte orders', function()
    local name = os.tmpname()
    local f = torch.DiskFile(name, 'rw'):binary():bigEndianEncoding()
    f:writeInt(16909060)
    f:writeShort(torch.ShortStorage {258, 772})
    f:writeByte(9)
    f:seek(1)
    assert.same({1, 2, 3, 4, 1, 2, 3, 4, 9}, f:readByte(9):totable())
    f:seek(1)
    assert.equal(16909060, f:readInt())
    assert.same({258, 772}, f:readShort(2):totable())
    f:littleEndianEncoding():seek(1)
    assert.equal(67305985, f:readInt())
    assert.equal(require('ffi').abi 'le', f:isLittleEndianCPU())
    assert.equal(not f:isLittleEndianCPU(), f:isBigEndianCPU())
    f:nativeEndianEncoding():noBuffer()
    f:close()
    os.remove(name)
  end)

  it('opens quietly or tells why not', function()
    assert.is_nil(torch.DiskFile('/no/such/file', 'r', true))
    fails('cannot open </no/such/file> in mode r: No such file', torch.DiskFile, '/no/such/file')
    fails('it is a directory', torch.DiskFile, '/tmp')
    fails("'r', 'w', 'rw'", torch.DiskFile, '/tmp/x', 'zz')
    fails('file name', torch.DiskFile)
  end)

  it('keeps to its direction', function()
    local name = os.tmpname()
    local w = torch.DiskFile(name, 'w')
    fails('write%-only', w.readInt, w)
    w:writeInt(5)
    w:synchronize()
    w:close()
    local r = torch.DiskFile(name, 'r')
    fails('read%-only', r.writeInt, r, 5)
    assert.equal(5, r:readInt())
    assert.is_false(r:isWritable())
    r:close()
    local rw = torch.DiskFile(name, 'rw') -- an existing file keeps its content
    assert.equal(5, rw:readInt())
    rw:close()
    os.remove(name)
  end)
end)

describe('MemoryFile', function()
  it('has a storage that ends with NUL', function()
    local f = torch.MemoryFile():binary()
    f:writeShort(258)
    local s = f:storage()
    assert.equal('\2\1\0', s:string())
    local again = torch.MemoryFile(s, 'r'):binary()
    assert.equal(258, again:readShort())
    fails('terminated by 0', torch.MemoryFile, torch.CharStorage():string 'abc')
    fails("'r', 'w', 'rw'", torch.MemoryFile, 'zz')
    fails('CharStorage or mode', torch.MemoryFile, {})
  end)

  it('writes into a given storage', function()
    local s = torch.CharStorage()
    local f = torch.MemoryFile(s, 'w')
    f:writeString 'abc'
    f:close()
    assert.equal('abc\0', s:string())
  end)

  it('grows', function()
    local f = torch.MemoryFile():binary()
    local s = torch.DoubleStorage(1000):fill(3)
    for _ = 1, 100 do
      f:writeDouble(s)
    end
    f:seek(1)
    assert.equal(100000, f:readDouble(100000):size())
  end)
end)

describe('PipeFile', function()
  it('reads and writes commands', function()
    local f = torch.PipeFile('echo 12 34; echo abc')
    assert.equal(12, f:readInt())
    assert.equal(34, f:readInt())
    assert.equal('abc', f:readString '*l')
    f:close()
    assert.is_true(torch.isTypeOf(f, 'torch.DiskFile'))
    local name = os.tmpname()
    local w = torch.PipeFile('cat > ' .. name, 'w')
    w:writeString 'through a pipe'
    w:close()
    assert.equal('through a pipe', io.open(name):read '*a')
    os.remove(name)
    fails("'r', 'w'", torch.PipeFile, 'ls', 'rw')
  end)

  it('reads more elements than it promised', function()
    local f = torch.PipeFile('head -c 300000 /dev/zero', 'r'):binary()
    assert.equal(300000, f:readByte(300000):size())
    f:close()
    f = torch.PipeFile('head -c 300000 /dev/zero', 'r'):binary():quiet()
    assert.equal(300000, f:readByte(1e12):size())
    f:close()
  end)

  it('writes when it is told to', function()
    local name = os.tmpname()
    local f = torch.DiskFile(name, 'w')
    f:writeString 'later'
    assert.equal('', io.open(name):read '*a')
    assert.equal(f, f:synchronize())
    assert.equal('later', io.open(name):read '*a')
    f:close()
    f = torch.DiskFile(name, 'w'):noBuffer()
    f:writeString 'at once'
    assert.equal('at once', io.open(name):read '*a')
    f:close()
    os.remove(name)
    local text = torch.CharStorage():string 'abc\0'
    f = torch.MemoryFile(text, 'rw')
    f:writeString 'X'
    assert.equal(f, f:synchronize())
    assert.equal('Xbc\0', text:string())
    f:close()
  end)

  it('says in a line what it is', function()
    local path = os.tmpname()
    local f = torch.DiskFile(path, 'w')
    assert.equal(('torch.DiskFile on <%s> [status: open -- mode  w]'):format(path), tostring(f))
    f:close()
    assert.equal(('torch.DiskFile on <%s> [status: closed -- mode  w]'):format(path), tostring(f))
    assert.equal('torch.MemoryFile [status: open -- mode: rw]', tostring(torch.MemoryFile()))
    assert.equal('torch.PipeFile on <echo> [status: open -- mode r ]', tostring(torch.PipeFile('echo', 'r')))
    os.remove(path)
  end)
end)
