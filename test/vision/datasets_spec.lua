--- IDX files: types, gzip, and every kind of damage.
local vision = require 'vision'

local folder
local function write(name, bytes)
  local f = assert(io.open(folder .. '/' .. name, 'wb'))
  f:write(bytes)
  f:close()
  return folder .. '/' .. name
end
local function be32(n)
  return string.char(math.floor(n / 2 ^ 24) % 256, math.floor(n / 2 ^ 16) % 256, math.floor(n / 256) % 256, n % 256)
end
local function idx(kind, sizes, data)
  local s = '\0\0' .. string.char(kind, #sizes)
  for _, n in ipairs(sizes) do s = s .. be32(n) end
  return s .. data
end
local message = require 'helpers'.message

describe('vision.datasets', function()
  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
    os.execute("mkdir -p '" .. folder .. "'")
  end)
  after_each(function() os.execute("rm -rf '" .. folder .. "'") end)

  it('reads every type, plain and gzipped', function()
    local t = vision.datasets.idx(write('bytes', idx(8, { 2, 3 }, '\1\2\3\4\5\255')))
    assert.are.equal('torch.ByteTensor', torch.type(t))
    assert.are.same({ { 1, 2, 3 }, { 4, 5, 255 } }, t:totable())
    assert.are.same({ -1, 2 }, vision.datasets.idx(write('chars', idx(9, { 2 }, '\255\2'))):totable())
    assert.are.same({ 258, -2 }, vision.datasets.idx(write('shorts', idx(0x0B, { 2 }, '\1\2\255\254'))):totable())
    assert.are.same({ 16909060 }, vision.datasets.idx(write('ints', idx(0x0C, { 1 }, '\1\2\3\4'))):totable())
    assert.are.same({ 1.5 }, vision.datasets.idx(write('floats', idx(0x0D, { 1 }, '\63\192\0\0'))):totable())
    assert.are.same({ -2 }, vision.datasets.idx(write('doubles', idx(0x0E, { 1 }, '\192\0\0\0\0\0\0\0'))):totable())
    os.execute(("gzip '%s'"):format(write('packed', idx(8, { 4 }, '\9\8\7\6'))))
    assert.are.same({ 9, 8, 7, 6 }, vision.datasets.idx(folder .. '/packed.gz'):totable())
  end)

  it('names file, offset and remedy of damage', function()
    local read = vision.datasets.idx
    assert.is_truthy(message(read, folder .. '/none'):find 'none: No such file')
    local err = message(read, write('short', idx(8, { 2, 3 }, '\1\2')))
    assert.is_truthy(err:find 'short: offset 14: truncated: the file ends after 14 of 18 bytes')
    assert.is_truthy(message(read, write('empty', '')):find 'offset 0: truncated')
    assert.is_truthy(message(read, write('text', 'hello world')):find 'offset 0: not an IDX file')
    assert.is_truthy(message(read, write('type', idx(0x0A, { 1 }, '\1'))):find 'not an IDX file')
    assert.is_truthy(message(read, write('zero', idx(8, { 0 }, ''))):find 'offset 4: size 0')
    local huge = write('huge', idx(8, { 2 ^ 32 - 1, 2 ^ 32 - 1 }, ''))
    assert.is_truthy(message(read, huge):find 'offset 8: size 4294967295')
    assert.is_truthy(message(read, write('long', idx(8, { 1 }, '\1\2'))):find 'offset 9: the file goes on')
    local path = write('cut', idx(8, { 5000 }, ('\1\2\3\4\5'):rep(1000)))
    os.execute(("gzip '%s' && truncate -s 20 '%s.gz'"):format(path, path))
    assert.is_truthy(message(read, path .. '.gz'):find 'cut.gz: offset')
    os.execute(("head -c 30 /dev/zero >> '%s.gz'"):format(path))
    assert.is_truthy(message(read, path .. '.gz'):find 'cut.gz: offset')
  end)

  local function set(prefix, n, labels)
    write(prefix .. '-images-idx3-ubyte', idx(8, { n, 2, 2 }, ('\1\2\3\4'):rep(n)))
    write(prefix .. '-labels-idx1-ubyte', idx(8, { #labels }, labels))
  end

  it('puts a set together', function()
    set('train', 3, '\0\9\4')
    set('t10k', 1, '\5')
    local data = vision.datasets.mnist(folder)
    assert.are.same({ 3, 1, 2, 2 }, data.train.data:size():totable())
    assert.are.same({ 1, 10, 5 }, data.train.label:totable())
    assert.are.equal('torch.LongTensor', torch.type(data.test.label))
    assert.are.equal(1, data.test.size())
    assert.are.equal('Trouser', vision.datasets.fashionMNIST(folder).test.classes[2])
  end)

  it('refuses sets that do not fit together', function()
    local missing = 'train%-images%-idx3%-ubyte: no such file.*dataset%-fashion%-mnist'
    assert.is_truthy(message(vision.datasets.fashionMNIST, folder):find(missing))
    set('train', 3, '\0\9')
    set('t10k', 1, '\5')
    assert.is_truthy(message(vision.datasets.mnist, folder):find '2 labels for 3 images')
    set('train', 1, '\10')
    assert.is_truthy(message(vision.datasets.mnist, folder):find 'label 10, expected 0..9')
    write('train-images-idx3-ubyte', idx(8, { 1 }, '\1'))
    assert.is_truthy(message(vision.datasets.mnist, folder):find 'expected images')
    assert.is_truthy(message(vision.datasets.mnist):find 'expected the folder')
  end)
end)
