--- The image package's files: round trips, files that other programs wrote, damaged ones, and wrong calls.
require 'torch'
local image = require 'image'

local function near(a, b, tolerance)
  assert.same(b:size():totable(), a:size():totable())
  assert.is_true((a:double() - b:double()):abs():max() <= (tolerance or 1e-9))
end

local function with_file(text, f)
  local path = os.tmpname()
  local file = assert(io.open(path, 'wb'))
  file:write(text)
  file:close()
  local ok, message = pcall(f, path)
  os.remove(path)
  if not ok then error(message, 0) end
end

local function binary(hex)
  return (hex:gsub('%x%x', function(pair) return string.char(tonumber(pair, 16)) end))
end

local function bytes(text) return torch.ByteTensor(torch.ByteStorage():string(text)) end

-- Written by netpbm's pnmtopng with libpng: C x H x W and the values, out of the maximum.
local foreign = {
  ['2 bits'] = {
    '89504e470d0a1a0a0000000d4948445200000003000000020200000000f2af21670000000c494441540899639060780200013000'
    .. 'fd03d031c50000000049454e44ae426082', {1, 2, 3}, 3, {0, 1, 2, 3, 2, 1}},
  ['1 bit, interlaced'] = {'89504e470d0a1a0a0000000d4948445200000003000000020100000001c2086b210000000e4944415408996360'
    .. '6068004205000428012179dacf2d0000000049454e44ae426082', {1, 2, 3}, 1, {0, 1, 1, 0, 0, 1}},
  ['16 bits'] = {
    '89504e470d0a1a0a0000000d4948445200000002000000021000000000074d8ebb000000124944415408996360606064641032'
    .. 'f9ff1f0003f80247d9449cc10000000049454e44ae426082', {1, 2, 2}, 65535, {0, 257, 4660, 65535}},
  ['16 bits, colour, interlaced'] = {'89504e470d0a1a0a0000000d4948445200000002000000021002000001da4376a6000000244944415'
    .. '408996360606060646062f8ffffff3f464666e617ec17b877f0e90828088900005f640719652ff0080000000049454e44ae426082',
    {3, 2, 2}, 65535, {0, 65535, 1000, 4000, 1, 65534, 2000, 5000, 2, 257, 3000, 6000}},
  ['a palette'] = {'89504e470d0a1a0a0000000d4948445200000003000000010103000000212e86f700000006504c544500ff00ff0000d19b4'
    .. 'aae0000000a4944415408996358000000a200a16053711b0000000049454e44ae426082', {3, 1, 3}, 1,
    {1, 0, 1, 0, 1, 0, 0, 0, 0}},
  ['a palette with a clear colour'] = {'89504e470d0a1a0a0000000d4948445200000003000000010103000000212e86f70000000650'
    .. '4c5445ff000000ff00d287ef710000000174524e530040e6d8660000000a494441540899637000000042004195e93438000000004945'
    .. '4e44ae426082', {4, 1, 3}, 1, {1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0}},
}

describe('image PNG', function()
  for name, case in pairs(foreign) do
    it('reads ' .. name, function()
      local text, want = binary(case[1]), torch.Tensor(case[4]):view(unpack(case[2]))
      near(image.decompressPNG(bytes(text), nil, 'double'), want / case[3])
      near(image.decompress(bytes(text), nil, 'float'), want / case[3], 1e-6)
      with_file(text, function(path)
        near(image.load(path, nil, 'double'), want / case[3])
        assert.same(case[2], image.getSize(path):totable())
        local as_bytes = image.load(path, nil, 'byte')
        near(as_bytes, (want * 255 / case[3] + 0.5):floor(), 0)
      end)
    end)
  end

  it('gives back what was saved, for 1 to 4 channels, wherever it lies', function()
    for c = 1, 4 do
      local whole = torch.ByteTensor(7, c, 9):random(0, 255)
      local img = whole:transpose(1, 2)
      with_file('', function(path)
        image.savePNG(path, img)
        near(image.load(path, nil, 'byte'), img, 0)
        near(image.loadPNG(path, nil, 'double'), img:double() / 255)
        assert.same({c, 7, 9}, {image.getPNGsize(path)})
      end)
      near(image.decompressPNG(image.compressPNG(img), nil, 'byte'), img, 0)
    end
  end)

  it('is refused when a bit is flipped or the end is missing', function()
    local text = binary(foreign['16 bits'][1])
    for at = 1, #text do
      local flipped = text:sub(1, at - 1) .. string.char((text:byte(at) + 64) % 256) .. text:sub(at + 1)
      local ok, result = pcall(image.decompressPNG, bytes(flipped))
      if ok then assert.same({1, 2, 2}, result:size():totable()) else assert.equal('string', type(result)) end
    end
    for length = 1, #text - 13 do assert.is_false((pcall(image.decompressPNG, bytes(text:sub(1, length))))) end
  end)
end)

describe('image JPG', function()
  local picture = image.scale(image.lena(), 96, 64)

  it('comes close to what was saved, closer with more quality', function()
    with_file('', function(path)
      local last = 1
      for _, quality in ipairs {10, 50, 90, 100} do
        image.saveJPG(path, picture, quality)
        local far = (image.load(path, 3, 'double') - picture):abs():mean()
        assert.is_true(far < last)
        last = far
      end
      assert.is_true(last < 0.02)
      assert.same({3, 64, 96}, image.getSize(path):totable())
      assert.same({3, 64, 96}, {image.getJPGsize(path)})
    end)
  end)

  it('is the same from a file and from memory', function()
    local packed = image.compressJPG(picture, 80)
    assert.equal('torch.ByteTensor', torch.type(packed))
    with_file(packed:storage():string(), function(path)
      near(image.decompressJPG(packed, nil, 'byte'), image.loadJPG(path, nil, 'byte'), 0)
      near(image.decompress(packed, 1, 'float'), image.load(path, 1, 'float'), 0)
    end)
    assert.is_true(image.compressJPG(picture):size(1) < packed:size(1))
  end)

  it('of grey images has one channel', function()
    local packed = image.compressJPG(picture[1])
    assert.same({1, 64, 96}, image.decompressJPG(packed):size():totable())
    assert.same({64, 96}, image.decompressJPG(packed, 1):size():totable())
    assert.same({3, 64, 96}, image.decompressJPG(packed, 3):size():totable())
  end)

  it('damaged or cut off raises an error or gives an image, and never more', function()
    local text = image.compressJPG(image.scale(picture, 16, 16)):storage():string()
    math.randomseed(1)
    for _ = 1, 300 do
      local at = math.random(1, #text)
      local damaged = text:sub(1, at - 1) .. string.char(math.random(0, 255)) .. text:sub(at + 1)
      local ok, result = pcall(image.decompressJPG, bytes(damaged))
      assert.is_true(not ok or result:dim() == 3)
    end
    assert.is_false((pcall(image.decompressJPG, bytes(text:sub(1, 30)))))
  end)
end)

describe('image PPM and PGM', function()
  it('give back what was saved', function()
    local colour = torch.ByteTensor(3, 4, 5):random(0, 255)
    with_file('', function(path)
      image.savePPM(path, colour)
      near(image.load(path, nil, 'byte'), colour, 0)
      assert.same({3, 4, 5}, {image.getPPMsize(path)})
      image.savePGM(path, colour:narrow(1, 2, 1))
      near(image.loadPGM(path, nil, 'byte'), colour:narrow(1, 2, 1), 0)
      assert.same({1, 4, 5}, image.getSize(path):totable())
      image.savePGM(path, colour)
      near(image.load(path, 1, 'double'), image.rgb2y(colour:double()) / 255, 0.5 / 255 + 1e-9)
    end)
    near(image.decompressPPM(image.compressPPM(colour), nil, 'byte'), colour, 0)
  end)

  it('are read plain and binary, with comments, up to 16 bits', function()
    local function of(text) return image.decompress(bytes(text), nil, 'double'):contiguous():view(-1):totable() end
    assert.same({0, 0.5, 1}, of 'P2\n# a comment\n3 1\n2\n0 1 2\n')
    assert.same({1, 0, 0.5, 0, 0, 1}, of 'P3 2 1 2 2 1 0  0 0 2')
    assert.same({0, 1, 1, 0}, of 'P1 2 2 10\n01')
    assert.same({0, 1, 0}, of 'P4 3 1\n\160')
    assert.same({1, 0}, of 'P5 2 1 65535\n\255\255\0\0')
    assert.same({0.2, 0.4, 0.6}, of 'P6 1 1 #x\n255\n\51\102\153')
  end)

  it('damaged are refused', function()
    for _, text in ipairs {'P5', 'P5 3', 'P5 3 3 255\nab', 'P2 2 2 255 1 2 3', 'P5 0 3 255\n',
      'P5 99999999 99999999 1\n', 'P5 3 3 70000\n',
      'P5 1 1 0\n1', 'P6 9999999999999 1 1\n', 'P3 1000000 1000 255 1 2 3'} do
      assert.is_false((pcall(image.decompress, bytes(text))), text)
    end
  end)
end)

describe('damaged PNG files', function()
  it('say at which stage they failed, in Torch7 image\'s words', function()
    with_file('', function(path)
      image.savePNG(path, torch.rand(3, 20, 20))
      local file = io.open(path, 'rb')
      local text = file:read '*a'
      file:close()
      local function refused(damage)
        local out = io.open(path, 'wb')
        out:write(damage)
        out:close()
        local ok, why = pcall(image.load, path)
        assert.is_false(ok)
        return why
      end
      assert.truthy(refused(text:sub(1, 18) .. 'x' .. text:sub(20)):find('Error during init_io', 1, true))
      assert.truthy(refused(text:sub(1, -200)):find('Error during read_image', 1, true))
    end)
  end)
end)

describe('image.load', function()
  it('converts depth and type', function()
    local four = torch.ByteTensor(4, 3, 5):random(0, 255)
    with_file('', function(path)
      image.savePNG(path, four)
      near(image.load(path, 3, 'byte'), four:narrow(1, 1, 3), 0)
      near(image.load(path, 1, 'double'), image.rgb2y(four:narrow(1, 1, 3):double())[1] / 255)
      assert.equal('torch.FloatTensor', torch.type(image.load(path, 3, 'float')))
      assert.equal(torch.getdefaulttensortype(), torch.type(image.load(path)))
      image.savePNG(path, four:narrow(1, 1, 1))
      near(image.load(path, 3, 'byte'), four:narrow(1, 1, 1):expand(3, 3, 5):clone(), 0)
      near(image.load(path, 1, 'byte'), four[1], 0)
      image.savePNG(path, four:narrow(1, 1, 2))
      near(image.load(path, 3, 'byte'), four:narrow(1, 1, 1):expand(3, 3, 5):clone(), 0)
    end)
  end)

  it('believes what a file holds, not its name', function()
    local path = os.tmpname() .. '.jpg'
    image.savePNG(path, torch.ones(3, 2, 2))
    near(image.load(path), torch.ones(3, 2, 2), 0)
    os.remove(path)
  end)
end)

describe('image.save', function()
  it('clamps and cuts off what is no byte', function()
    local img = torch.Tensor {{-1, 0, 0.5}, {1, 2, 0 / 0}}
    assert.same({0, 0, 127, 255, 255, 0}, image.decompressPNG(image.compressPNG(img), nil, 'byte'):view(-1):totable())
  end)

  it('follows the extension', function()
    for suffix, mark in pairs {png = '^\137PNG', PNG = '^\137PNG', jpg = '^\255\216', jpeg = '^\255\216', ppm = '^P6',
      pgm = '^P5'} do
      local path = os.tmpname() .. '.' .. suffix
      image.save(path, torch.rand(3, 4, 4))
      local file = assert(io.open(path, 'rb'))
      assert.truthy(file:read '*a':find(mark))
      file:close()
      os.remove(path)
      assert.is_true(image.is_supported(suffix))
      assert.equal('function', type(image.supported_filetypes[suffix:lower()].loader))
    end
    assert.is_false(image.is_supported 'tiff')
  end)
end)

describe('image file errors', function()
  local nan = torch.rand(3, 2, 2)
  for _, call in ipairs {
    {'cannot read', image.load, '/nonexistent/a.png'}, {'cannot read', image.load, '/tmp'}, {'file name', image.load},
    {'unknown extension', image.save, 'a.tiff', nan}, {'cannot write', image.save, '/nonexistent/a.png', nan},
    {'image.save: image', image.save, '/tmp/x.png'}, {'1 to 4 channels', image.save, '/tmp/x.png', torch.rand(5, 2, 2)},
    {'dimensions', image.save, '/tmp/x.png', torch.rand(2)}, {'ByteTensor', image.decompress, torch.rand(4)},
    {'not the bytes', image.decompress, torch.ByteTensor(20):zero()},
    {'bytes of a file', image.decompress, torch.ByteTensor()}, {'not a PNG', image.decompressPNG, torch.ByteTensor(9)},
    {'JPEG', image.decompressJPG, torch.ByteTensor(9):zero()}, {'quality', image.compressJPG, nan, 101},
    {'quality', image.compressJPG, nan, 'good'}, {'depth', image.decompress, image.compressPNG(nan), 2},
    {'type', image.decompress, image.compressPNG(nan), 3, 'int'}, {'cannot read', image.getSize, 'nowhere.png'},
  } do
    it('say: ' .. call[1], function()
      local ok, message = pcall(unpack(call, 2, table.maxn(call)))
      assert.is_false(ok)
      assert.truthy(tostring(message):find(call[1], 1, true), tostring(message))
    end)
  end
end)
