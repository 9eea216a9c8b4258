--- Storages on files, in shared memory and on addresses, and include as a tail call.
require 'torch'
local support = dofile(debug.getinfo(1, 'S').source:match '^@(.*/)' .. 'support.lua')

describe('a storage on a file', function()
  local path
  before_each(function()
    path = os.tmpname()
    local file = io.open(path, 'wb')
    file:write 'abcdefgh'
    file:close()
  end)
  after_each(function() os.remove(path) end)

  it('shows its bytes; changes stay private', function()
    local s = torch.CharStorage(path)
    assert.equal('abcdefgh', s:string())
    s[1] = ('X'):byte()
    assert.equal('abcdefgh', torch.CharStorage(path):string())
    assert.equal(3, #torch.CharStorage(path, false, 3))
    assert.equal('efgh', torch.CharStorage(path, false, 0, 4):string())
    assert.equal(0x64636261, torch.IntStorage(path)[1])
  end)

  it('writes to it when shared, and lets it grow', function()
    local s = torch.IntStorage(path, true, 4)
    s[4] = 7
    assert.equal(16, #torch.CharStorage(path))
    assert.equal(7, torch.IntStorage(path, true)[4])
    local x = torch.IntTensor(torch.IntStorage(path, true)):fill(3)
    assert.equal(3, torch.IntStorage(path)[2])
    assert.equal(12, x:sum())
  end)

  it('may be shared memory by name', function()
    local name = 'rekindle-spec-' .. os.time()
    local s = torch.FloatStorage(name, true, 10, true):fill(2)
    assert.equal(2, torch.FloatStorage('/' .. name, true, 10, true)[10])
    assert.equal(10, #s)
    os.remove('/dev/shm/' .. name)
  end)

  it('is taken off shared memory with the last of its tensors', function()
    local name = 'rekindle-spec-gone-' .. os.time()
    local x = torch.FloatTensor(torch.FloatStorage(name, true, 10, true)):fill(2)
    collectgarbage()
    collectgarbage()
    assert.equal(2, torch.FloatStorage('/dev/shm/' .. name, true)[10]) -- as a file it is one of others
    assert.equal(20, x:sum())
    x = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert.is_nil(io.open('/dev/shm/' .. name))
  end)

  support.refuses(it, {
    { 'no such file', function() return torch.CharStorage '/no/such/file' end, 'cannot open /no/such/file' },
    { 'more than there is', function() return torch.CharStorage(path, false, 100) end, '100 needed' },
    { 'a wrong flag', function() return torch.CharStorage(path, 'shared') end, 'argument 2: expected shared' },
    { 'folders of shared memory', function() return torch.CharStorage('a/b', true, 3, true) end, 'no name of shared' },
    { 'growing', function() return torch.CharStorage(path):resize(100) end, 'cannot be resized' },
  })
end)

describe('include', function()
  it('finds the file beside the caller in a tail call, too', function()
    local folder = os.tmpname()
    os.remove(folder)
    paths.mkdir(folder)
    local function write(name, text)
      local file = io.open(folder .. '/' .. name, 'w')
      file:write(text)
      file:close()
    end
    write('a.lua', "return 'a'")
    write('tail.lua', "return include 'a.lua'")
    write('tail_torch.lua', "return torch.include(nil, 'a.lua')")
    write('rk_tail_module.lua', "return include 'a.lua'")
    write('plain.lua', "local v = include 'a.lua' return v")
    for _, name in ipairs { 'tail', 'tail_torch', 'plain' } do
      assert.equal('a', dofile(folder .. '/' .. name .. '.lua'))
    end
    local before = package.path
    package.path = folder .. '/?.lua;' .. before
    assert.equal('a', require 'rk_tail_module')
    package.path = before
    paths.rmall(folder, 'yes')
  end)
end)

describe('a storage on an address', function()
  it('shows what lies there, given as a pointer or as a number', function()
    local x = torch.FloatTensor { 1, 2, 3, 4 }
    for _, pointer in ipairs { x:data(), x:data(true), x:storage():data(true), torch.data(x, true) } do
      local s = torch.FloatStorage(4, pointer)
      assert.equal(3, s[3])
      s[2] = s[2] + 1
    end
    assert.equal(6, x[2])
    assert.equal(4, #torch.FloatStorage(4, 0)) -- a null pointer: memory of its own, as in Torch7
  end)
end)
