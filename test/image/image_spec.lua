--- The image package against naive references: geometry, scaling, colours, filters, drawing; and wrong calls. Files are
-- in file_spec.lua; the vectors of Torch7 are replayed by test/golden_spec.lua.
require 'torch'
local image = require 'image'

local function near(a, b, tolerance, what)
  assert.same(b:size():totable(), a:size():totable())
  local far = (a:double() - b:double()):abs():max()
  assert.is_true(far <= (tolerance or 1e-10), ('%s: %g'):format(what or 'difference', far))
end

-- The same values, not contiguous.
local function strided(t)
  local sizes = t:size():totable()
  local big = t.new(sizes[#sizes] + 1, unpack(sizes, 1, #sizes - 1)):zero()
  local order = {}
  for d = 2, #sizes do order[d - 1] = d end
  order[#sizes] = 1
  local view = big:narrow(1, 2, sizes[#sizes]):permute(unpack(order, 1, #sizes))
  return view:copy(t)
end

-- f(y, x, c) over an image.
local function make(c, h, w, f)
  local t = torch.DoubleTensor(c, h, w)
  for k = 1, c do
    for y = 1, h do
      for x = 1, w do t[k][y][x] = f(y, x, k) end
    end
  end
  return t
end

describe('image.scale', function()
  it('bilinear enlarges with aligned corners', function()
    for _ = 1, 10 do
      local h, w, H, W = torch.random(2, 6), torch.random(2, 6), torch.random(7, 12), torch.random(7, 12)
      local src = torch.rand(2, h, w)
      local want = make(2, H, W, function(y, x, c)
        local sy, sx = (y - 1) * (h - 1) / (H - 1), (x - 1) * (w - 1) / (W - 1)
        local y0, x0 = math.min(math.floor(sy), h - 2), math.min(math.floor(sx), w - 2)
        local wy, wx = sy - y0, sx - x0
        local p = src[c]
        return (1 - wy) * ((1 - wx) * p[y0 + 1][x0 + 1] + wx * p[y0 + 1][x0 + 2])
          + wy * ((1 - wx) * p[y0 + 2][x0 + 1] + wx * p[y0 + 2][x0 + 2])
      end)
      near(image.scale(src, W, H), want)
      near(image.scale(strided(src), W, H), want)
      near(image.scale(src:float(), W, H), want, 1e-5)
    end
  end)

  it('bilinear averages the covered area when it shrinks', function()
    for _ = 1, 10 do
      local n, m = torch.random(5, 17), torch.random(1, 4)
      local src = torch.rand(1, 3, n)
      local want = make(1, 3, m, function(y, x)
        local left, right, sum = (x - 1) * n / m, x * n / m, 0
        for i = 1, n do
          sum = sum + math.max(0, math.min(right, i) - math.max(left, i - 1)) * src[1][y][i]
        end
        return sum / (right - left)
      end)
      near(image.scale(src, m, 3), want)
      near(image.scale(src:transpose(2, 3):contiguous(), 3, m), want:transpose(2, 3))
    end
  end)

  it('bicubic keeps the corners, straight lines and sizes', function()
    local ramp = make(1, 5, 6, function(y, x) return 2 * y - x end)
    local big = image.scale(ramp, 11, 9, 'bicubic')
    near(big, make(1, 9, 11, function(y, x) return 2 * (1 + (y - 1) / 2) - (1 + (x - 1) / 2) end), 1e-9)
    for _, size in ipairs {{1, 1}, {2, 3}, {4, 1}} do
      near(image.scale(torch.ones(2, size[1], size[2]), 7, 3, 'bicubic'), torch.ones(2, 3, 7))
      near(image.scale(torch.ones(2, 5, 7), size[2], size[1], 'bicubic'), torch.ones(2, size[1], size[2]))
    end
  end)

  it('simple takes the nearest pixel', function()
    local src = torch.rand(2, 4, 5)
    near(image.scale(src, 10, 8, 'simple'), make(2, 8, 10, function(y, x, c)
      return src[c][math.floor((y - 1) / 2) + 1][math.floor((x - 1) / 2) + 1]
    end), 0)
  end)

  it('takes sizes in words', function()
    local src = torch.rand(3, 30, 60)
    for size, want in pairs {[20] = {10, 20}, ['20'] = {10, 20}, ['^15'] = {15, 30}, ['24x7'] = {7, 24},
      ['*2'] = {60, 120}, ['*1/3'] = {10, 20}, ['*0.5'] = {15, 30}} do
      local out = image.scale(src, size)
      assert.same({3, want[1], want[2]}, out:size():totable(), tostring(size))
    end
    assert.same({10, 20}, image.scale(src[1], 20, 'bicubic'):size():totable())
    local dst = torch.Tensor(3, 5, 6)
    assert.equal(dst, image.scale(dst, src, 'bilinear'))
    near(dst, image.scale(src, 6, 5))
  end)

  it('leaves its source alone and gives a fresh image, also at the same size', function()
    local src = torch.rand(1, 4, 4)
    local out = image.scale(src, 4, 4)
    out:zero()
    assert.is_true(src:max() > 0)
  end)

  it('rounds bytes', function()
    local src = torch.ByteTensor {{1, 2}, {2, 3}}
    assert.same({1, 2, 2, 2, 3, 3, 2, 3, 3}, image.scale(src, 3, 3):view(-1):totable())
    assert.equal('torch.ByteTensor', torch.type(image.scale(src, 5, 5, 'bicubic')))
    assert.same({255, 255, 255, 255}, image.scale(torch.ByteTensor(6, 6):fill(255), 2, 2):view(-1):totable())
  end)
end)

describe('image geometry', function()
  it('crop cuts windows in every form', function()
    for _, src in ipairs {torch.rand(3, 6, 7), strided(torch.rand(3, 6, 7)), torch.rand(3, 6, 7):mul(255):byte()} do
      local want = src:narrow(2, 3, 3):narrow(3, 2, 4)
      near(image.crop(src, 1, 2, 5, 5), want, 0)
      local dst = src.new()
      assert.equal(dst, image.crop(dst, src, 1, 2, 5, 5))
      near(dst, want, 0)
      near(image.crop(src[1], 1, 2, 5, 5), want[1], 0)
      near(image.crop(src, 'tl', 4, 3), src:narrow(2, 1, 3):narrow(3, 1, 4), 0)
      near(image.crop(src, 'tr', 4, 3), src:narrow(2, 1, 3):narrow(3, 4, 4), 0)
      near(image.crop(src, 'bl', 4, 3), src:narrow(2, 4, 3):narrow(3, 1, 4), 0)
      near(image.crop(src, 'br', 4, 3), src:narrow(2, 4, 3):narrow(3, 4, 4), 0)
      near(image.crop(src, 'c', 3, 2), src:narrow(2, 3, 2):narrow(3, 3, 3), 0)
      local small = src.new(3, 2, 2)
      image.crop(small, src, 5, 4)
      near(small, src:narrow(2, 5, 2):narrow(3, 6, 2), 0)
    end
  end)

  it('flips agree with each other, also in place', function()
    local src = torch.rand(3, 4, 5)
    near(image.hflip(src), image.flip(src, 3), 0)
    near(image.vflip(src), image.flip(src, 2), 0)
    near(image.hflip(strided(src)), image.flip(src, 3), 0)
    near(image.hflip(src[1]), image.flip(src, 3)[1], 0)
    local five = torch.rand(2, 3, 2, 3, 4)
    for d = 1, 5 do near(image.flip(image.flip(five, d), d), five, 0) end
    local want, own = image.hflip(src), src:clone()
    image.hflip(own, own)
    near(own, want, 0)
    near(image.vflip(src:mul(255):byte()), image.flip(src:byte(), 2), 0)
  end)

  it('translate shifts and fills with zeros', function()
    local src = torch.rand(2, 5, 6)
    for _, move in ipairs {{1, 2}, {-3, 1}, {0, 0}, {7, 0}, {-2, -9}} do
      near(image.translate(src, move[1], move[2]), make(2, 5, 6, function(y, x, c)
        local sy, sx = y - move[2], x - move[1]
        return sy >= 1 and sy <= 5 and sx >= 1 and sx <= 6 and src[c][sy][sx] or 0
      end), 0)
    end
  end)

  it('rotate by quarters moves pixels, by nothing leaves them', function()
    local src = torch.rand(2, 5, 5)
    for _, mode in ipairs {'simple', 'bilinear'} do
      near(image.rotate(src, 0, mode), src, 1e-12)
      near(image.rotate(src, math.pi, mode), image.hflip(image.vflip(src)), 1e-6)
      near(image.rotate(src, math.pi / 2, mode), image.vflip(src:transpose(2, 3):contiguous()), 1e-6)
    end
    near(image.rotate(src[1], 0.3), image.rotate(src, 0.3)[1], 0)
    assert.same({2, 5, 5}, image.rotate(torch.Tensor(), src, 1):size():totable())
  end)

  it('polar maps keep the middle and constants', function()
    for _, f in ipairs {image.polar, image.logpolar} do
      for _, interp in ipairs {'simple', 'bilinear'} do
        local out = f(torch.ones(2, 8, 6), interp, 'valid')
        assert.same({2, 8, 8}, out:size():totable())
        near(out:narrow(3, 1, 7), torch.ones(2, 8, 7))
        local dst = torch.Tensor(2, 4, 3)
        assert.same({2, 4, 3}, f(dst, torch.ones(2, 8, 6), interp, 'full'):size():totable())
      end
    end
  end)
end)

describe('image.warp', function()
  local modes = {'simple', 'bilinear', 'bicubic', 'lanczos'}

  it('without movement gives the image, in every mode', function()
    local src, still = torch.rand(2, 7, 8), torch.zeros(2, 7, 8)
    for _, mode in ipairs(modes) do
      near(image.warp(src, still, mode), src, 1e-9, mode)
      near(image.warp(src:float(), still:float(), mode), src, 1e-5, mode)
      near(image.warp(strided(src), strided(still), mode), src, 1e-9, mode)
      near(image.warp(src[1], still, mode), src[1], 1e-9, mode)
      local dst = torch.Tensor()
      assert.equal(dst, image.warp(dst, src, still, mode))
      near(dst, src, 1e-9)
    end
  end)

  it('by whole pixels moves, clamped or padded', function()
    local src, field = torch.rand(1, 6, 6), torch.zeros(2, 6, 6)
    field[1]:fill(2)
    for _, mode in ipairs(modes) do
      near(image.warp(src, field, mode), make(1, 6, 6, function(y, x) return src[1][math.min(y + 2, 6)][x] end), 1e-9,
        mode)
      near(image.warp(src, field, mode, true, 'pad', 0.25),
        make(1, 6, 6, function(y, x) return y <= 4 and src[1][y + 2][x] or 0.25 end), 1e-9, mode)
    end
    local positions = make(2, 3, 2, function(y, x, c) return c == 1 and y - 1 or x end)
    near(image.warp(src, positions, 'bilinear', false), src:narrow(2, 1, 3):narrow(3, 2, 2), 1e-12)
  end)

  it('reads nothing outside for positions that are no numbers', function()
    local field = torch.Tensor(2, 4, 4):fill(0 / 0)
    field[1][1]:fill(1e300)
    field[2][2]:fill(-1 / 0)
    for _, mode in ipairs(modes) do
      for _, clamp in ipairs {'clamp', 'pad'} do
        local out = image.warp(torch.ones(1, 4, 4), field, mode, true, clamp, 1)
        assert.same({1, 4, 4}, out:size():totable())
      end
    end
  end)

  -- Such NaNs lie in memory that nobody filled; loaded by LuaJIT as they are, they are objects at wild addresses.
  it('NaNs of any bits are numbers', function()
    local ffi = require 'ffi'
    local src = torch.DoubleTensor(3, 4, 4)
    ffi.fill(src:data(), 3 * 4 * 4 * 8, 0xff)
    ffi.cast('uint64_t *', src:data())[5] = 0xfffc100000000000ULL
    for _, name in ipairs { 'rgb2hsv', 'hsv2rgb', 'rgb2hsl', 'hsl2rgb', 'rgb2lab', 'lab2rgb', 'rgb2yuv', 'yuv2rgb',
      'rgb2y', 'polar', 'logpolar', 'minmax' } do
      image[name](name == 'minmax' and {tensor = src} or src)
    end
    image.rotate(src, 0.3, 'bilinear')
    image.scale(src, 3, 3)
    image.warp(src, torch.zeros(2, 4, 4), 'bicubic')
    image.warp(torch.rand(3, 4, 4), src:narrow(1, 1, 2))
    image.translate(src, 1, 1)
    image.convolve(src, torch.rand(3, 3))
    image.colorize(src[1], torch.rand(3, 3))
    assert.equal(0, image.compressJPG and 0 * image.compressJPG(src):size(1) or 0)
    collectgarbage()
  end)

  it('affinetransform by the identity, a mirror and a translation', function()
    local src = torch.rand(2, 5, 6)
    near(image.affinetransform(src, torch.eye(2), 'bilinear'), src, 1e-9)
    near(image.affinetransform(src, torch.Tensor {{1, 0}, {0, -1}}, 'bilinear'), image.hflip(src), 1e-9)
    near(image.affinetransform(src, torch.eye(2), 'simple', torch.Tensor {1, 2}, 'pad', 0), image.translate(src, 2, 1),
      1e-9)
  end)
end)

describe('image colours', function()
  local src = torch.rand(3, 6, 5)

  it('come back from every space', function()
    for _, pair in ipairs {{'rgb2hsl', 'hsl2rgb', 1e-9}, {'rgb2hsv', 'hsv2rgb', 1e-9}, {'rgb2yuv', 'yuv2rgb', 1e-4},
      {'rgb2lab', 'lab2rgb', 1e-3}} do
      near(image[pair[2]](image[pair[1]](src)), src, pair[3], pair[1])
      near(image[pair[2]](image[pair[1]](strided(src))), src, pair[3], pair[1])
      near(image[pair[1]](src:float()), image[pair[1]](src), 1e-4, pair[1])
      local dst = torch.Tensor()
      assert.equal(dst, image[pair[1]](dst, src))
      near(dst, image[pair[1]](src), 0)
    end
  end)

  it('rgb2y weights, in all its destinations', function()
    local want = (src[1] * 0.299 + src[2] * 0.587 + src[3] * 0.114):view(1, 6, 5)
    near(image.rgb2y(src), want, 1e-12)
    near(image.rgb2y(torch.Tensor(1, 6, 5), src), want, 1e-12)
    near(image.rgb2y(torch.Tensor(6, 5), src), want[1], 1e-12)
    near(image.rgb2y(src:float()), want, 1e-6)
  end)

  it('rgb2nrgb sums to one', function()
    near(image.rgb2nrgb(src):sum(1), torch.ones(1, 6, 5), 1e-4)
    assert.equal(0, image.rgb2nrgb(torch.zeros(3, 2, 2)):max())
  end)

  it('maps have the size asked for; y2jet reads them', function()
    for _, n in ipairs {1, 2, 7, 256} do
      for _, f in ipairs {image.colormap, image.jetColormap} do
        local map = f(n)
        assert.same({n, 3}, map:size():totable())
        assert.is_true(map:min() >= 0 and map:max() <= 1)
      end
    end
    assert.equal(300000, image.jetColormap(3e5):size(1))
    local jet, picture = image.jetColormap(6), image.y2jet(torch.range(1, 6):view(2, 3))
    for i = 0, 5 do
      for c = 1, 3 do assert.equal(jet[i + 1][c], picture[c][math.floor(i / 3) + 1][i % 3 + 1]) end
    end
  end)
end)

describe('image filters', function()
  it('gaussian follows its formula, positional and named', function()
    local k = image.gaussian(5, 0.3, 2)
    for y = 1, 5 do
      for x = 1, 5 do
        assert.is_true(math.abs(k[y][x] - 2 * math.exp(-((x - 3) / 1.5) ^ 2 / 2 - ((y - 3) / 1.5) ^ 2 / 2)) < 1e-12)
      end
    end
    near(image.gaussian {size = 5, sigma = 0.3, amplitude = 2}, k, 0)
    assert.is_true(math.abs(image.gaussian {size = 4, normalize = true}:sum() - 1) < 1e-12)
    local into = torch.FloatTensor(3, 7)
    assert.equal(into, image.gaussian {tensor = into})
    near(into, image.gaussian {width = 7, height = 3}, 1e-6)
    near(image.gaussian1D(5, 0.3, 2), k[3], 1e-12)
    assert.is_true(math.abs(image.gaussian1D {size = 6, normalize = true}:sum() - 1) < 1e-12)
    assert.equal(1, image.laplacian(7)[4][4])
  end)

  it('convolve is a convolution, a channel at a time', function()
    local src, kernel = torch.rand(2, 6, 7), torch.rand(3, 2)
    local full = make(2, 8, 8, function(y, x, c)
      local sum = 0
      for i = 1, 3 do
        for j = 1, 2 do
          local sy, sx = y - i + 1, x - j + 1
          if sy >= 1 and sy <= 6 and sx >= 1 and sx <= 7 then sum = sum + kernel[i][j] * src[c][sy][sx] end
        end
      end
      return sum
    end)
    near(image.convolve(src, kernel, 'full'), full)
    near(image.convolve(src, kernel, 'valid'), full:narrow(2, 3, 4):narrow(3, 2, 6))
    near(image.convolve(src, kernel), image.convolve(src, kernel, 'valid'), 0)
    near(image.convolve(src, kernel, 'same'), full:narrow(2, 2, 6):narrow(3, 1, 7))
    near(image.convolve(src[1], kernel, 'full'), full[1])
    near(image.convolve(src, torch.rand(2, 1, 1):fill(2), 'full'), src * 2)
    near(image.convolve(src:float(), kernel:float(), 'full'), full, 1e-5)
    local dst = torch.Tensor()
    assert.equal(dst, image.convolve(dst, src, kernel, 'full'))
    near(dst, full)
  end)

  it('lcn takes away mean and deviation', function()
    local out = image.lcn(torch.rand(20, 22))
    assert.same({12, 14}, out:size():totable())
    assert.same({12, 14}, image.lcn(torch.rand(1, 20, 22)):size():totable())
    assert.equal(0, image.lcn(torch.ones(12, 12)):abs():max())
  end)

  it('erode and dilate are each other of the complement', function()
    local im = torch.rand(8, 9):gt(0.5)
    local outside = torch.ones(8, 9):byte()
    near(image.erode(im), outside - image.dilate(outside - im), 0)
    assert.equal('torch.ByteTensor', torch.type(image.erode(im)))
    near(image.dilate(im, torch.ones(1, 1)), im, 0)
  end)

  it('gaussianpyramid has the sizes asked for', function()
    local src = torch.rand(2, 8, 12)
    local levels = image.gaussianpyramid(src, {1, 0.5, 0.25})
    assert.equal(3, #levels)
    near(levels[1], src, 0)
    assert.same({2, 2, 3}, levels[3]:size():totable())
    local dst = {}
    assert.equal(dst, image.gaussianpyramid(dst, src, {0.5}))
    assert.same({2, 4, 6}, dst[1]:size():totable())
  end)
end)

describe('image display', function()
  it('minmax rescales in every form', function()
    local t = torch.Tensor {-1, 0, 3}
    assert.same({0, 0.25, 1}, image.minmax {tensor = t}:totable())
    assert.same({0, 0.25, 1}, image.minmax(t):totable())
    assert.equal(-1, t[1])
    assert.same({-0.5, 0, 1.5}, image.minmax {tensor = t, min = 0, max = 2}:totable())
    assert.same({0, 0, 1}, image.minmax {tensor = t, min = 0, max = 2, saturate = true}:totable())
    near(image.minmax {tensor = t, symm = true}, torch.Tensor {1 / 3, 0.5, 1})
    local out = torch.Tensor()
    assert.equal(out, image.minmax {tensor = t, tensorOut = out})
    assert.equal(t, image.minmax {tensor = t, inplace = true})
    assert.equal(0, t[1])
    assert.equal(0, image.minmax {tensor = torch.Tensor(3):fill(7)}:max())
  end)

  it('toDisplayTensor lays out maps, images and tables', function()
    local maps = torch.rand(5, 4, 3)
    local grid = image.toDisplayTensor {input = maps, nrow = 2, padding = 2}
    assert.same({3 * 6, 2 * 5}, grid:size():totable())
    near(grid:narrow(1, 8, 4):narrow(2, 7, 3), (maps[4] - maps:min()) / (maps:max() - maps:min()))
    assert.same({3, 8, 12}, image.toDisplayTensor {input = torch.rand(7, 3, 4, 3), nrow = 4}:size():totable())
    assert.same({1, 8, 9}, image.toDisplayTensor {input = torch.rand(5, 1, 4, 3), nrow = 3}:size():totable())
    assert.same({3, 4, 8}, image.toDisplayTensor {torch.rand(3, 4, 4), torch.rand(3, 2, 3)}:size():totable())
    local shown = image.toDisplayTensor {input = torch.randn(3, 5, 5), scaleeach = true}
    for c = 1, 3 do assert.same({0, 1}, {shown[c]:min(), shown[c]:max()}) end
  end)

  it('display saves a file instead of opening a window', function()
    local write = io.stderr
    io.stderr = {write = function() end} -- luacheck: ignore 122
    local ok, win = pcall(image.display, {image = torch.rand(3, 4, 5), zoom = 2, legend = 'x'})
    io.stderr = write -- luacheck: ignore 122
    assert.is_true(ok, tostring(win))
    assert.same({3, 8, 10}, image.getSize(win.path):totable())
    assert.equal(win, image.display {image = torch.rand(6, 6), win = win})
    os.remove(win.path)
  end)

  it('draws text and rectangles on copies', function()
    local src = torch.zeros(3, 20, 40)
    local out = image.drawText(src, 'I', 4, 4, {color = {255, 0, 0}})
    assert.equal(0, src:max())
    assert.equal(1, out[1]:max())
    assert.equal(0, out[2]:max())
    local scaled = image.drawText(src, 'I', 4, 4, {color = {255, 0, 0}, size = 2})
    assert.equal(4 * out:sum(), scaled:sum())
    assert.equal(src, image.drawText(src, 'in place', 1, 1, {inplace = true, bg = {0, 0, 255}}))
    assert.is_true(src:sum() > 0)
    local bytes = image.drawRect(torch.ByteTensor(3, 9, 9):zero(), 2, 3, 6, 8, {color = {9, 8, 7}})
    assert.same({9, 8, 7}, {bytes[1][3][2], bytes[2][8][6], bytes[3][5][2]})
    assert.equal(9 * (5 * 2 + 4 * 2), bytes[1]:sum())
    image.drawRect(torch.zeros(3, 5, 5), -5, -5, 50, 50, {lineWidth = 20})
    image.drawText(torch.zeros(3, 5, 5), ('long '):rep(20) .. '\200\n\r', -3, -3, {size = 3})
  end)

  it('has sample pictures of the known sizes', function()
    local lena, fabio = image.lena(), image.fabio()
    assert.same({3, 512, 512}, lena:size():totable())
    assert.same({1, 256, 256}, fabio:size():totable())
    assert.is_true(lena:min() >= 0 and lena:max() <= 1 and lena:std() > 0.1)
  end)

  it('is a field of every tensor class', function()
    local src, dst = torch.rand(3, 4, 4), torch.Tensor(3, 8, 8)
    src.image.scaleBilinear(src, dst)
    near(dst, image.scale(src, 8, 8), 0)
    local y = torch.FloatTensor()
    torch.FloatTensor().image.rgb2y(src:float(), y)
    near(y, image.rgb2y(src), 1e-6)
  end)
end)

describe('image types', function()
  it('of integers work everywhere, and stay what they are', function()
    for _, kind in ipairs {'Byte', 'Char', 'Short', 'Int', 'Long', 'Float', 'Double'} do
      local src = torch[kind .. 'Tensor'](3, 6, 5):random(0, 9)
      for _, f in ipairs {
        function() return image.scale(src, 4, 4) end, function() return image.scale(src, 9, 9, 'bicubic') end,
        function() return image.rotate(src, 1, 'bilinear') end, function() return image.translate(src, 1, 1) end,
        function() return image.hflip(src) end, function() return image.warp(src, torch.rand(2, 6, 5)) end,
        function() return image.rgb2y(src) end, function() return image.rgb2yuv(src) end,
        function() return image.convolve(src, torch.ones(2, 2), 'same') end,
        function() return image.erode(src[1]) end, function() return image.crop(src, 1, 1, 3, 3) end,
      } do
        local out = f()
        assert.equal('torch.' .. kind .. 'Tensor', torch.type(out))
      end
    end
  end)
end)

describe('image errors', function()
  local src = torch.rand(3, 8, 8)
  local calls = {
    {'image.scale: argument 1', image.scale}, {'image.scale: argument 1', image.scale, 'x', 3, 3},
    {'DoubleTensor [4]', image.scale, torch.rand(4), 3, 3}, {'image.scale: width', image.scale, src, 0, 4},
    {'image.scale: mode', image.scale, src, 4, 4, 'cubic'}, {'image.scale: size', image.scale, src, 'big'},
    {'image.scale: expected', image.scale, src}, {'width', image.scale, src, 0 / 0, 3},
    {'3 channels', image.scale, torch.Tensor(2, 4, 4), src}, {'width', image.scale, src, 1e12, 1},
    {'not inside', image.crop, src, 0, 0, 9, 8}, {'not inside', image.crop, src, 4, 4, 4, 5},
    {"'c', 'tl'", image.crop, src, 'middle', 3, 3}, {'not inside', image.crop, src, 'c', 9, 3},
    {'x2', image.crop, src, 1, 1}, {'theta', image.rotate, src}, {'mode', image.rotate, src, 1, 'nice'},
    {'the size of the source', image.rotate, torch.Tensor(3, 2, 2), src, 1},
    {'dx', image.translate, src, 'a', 1}, {'dimension', image.flip, src, 4},
    {'interp', image.polar, src, 'good', 'full'},
    {'2 x H x W', image.warp, src, torch.rand(3, 8, 8)}, {'mode', image.warp, src, torch.rand(2, 8, 8), 'best'},
    {'padding', image.warp, src, torch.rand(2, 8, 8), 'simple', true, 'pad', 'x'},
    {'clamp', image.warp, src, torch.rand(2, 8, 8), 'simple', true, 'wrap'},
    {'matrix', image.affinetransform, src, torch.rand(3, 3)},
    {'two numbers', image.affinetransform, src, torch.eye(2), 'simple', torch.rand(3)},
    {'two numbers', image.affinetransform, src, torch.eye(2), 'simple', {torch.ones(1), 2}},
    {'3 x H x W', image.rgb2hsv, torch.rand(1, 4, 4)}, {'3 x H x W', image.rgb2y, torch.rand(4, 4, 4)},
    {'colormap', image.colormap, 0}, {'y2jet', image.y2jet, torch.zeros(3, 3)},
    {'width', image.gaussian, 0}, {'larger than', image.convolve, src, torch.rand(9, 9), 'valid'},
    {'one for each channel', image.convolve, src, torch.rand(2, 3, 3)},
    {'mode', image.convolve, src, torch.rand(3, 3), 'x'},
    {'grey', image.lcn, src}, {'larger than', image.lcn, src[1]}, {'scales', image.gaussianpyramid, src},
    {'positive', image.gaussianpyramid, src, {0}}, {'below 2^31', image.gaussianpyramid, src, {1e19}},
    {'argument 1', image.erode, src},
    {'a tensor', image.minmax, {tensor = torch.Tensor()}}, {'input', image.toDisplayTensor, {input = torch.rand(3)}},
    {'is empty', image.toDisplayTensor, {input = {}}}, {'channels as the first', image.toDisplayTensor, {src, src[1]}},
    {'N x 3 x H x W', image.toDisplayTensor, {input = torch.rand(2, 5, 3, 3)}},
    {'text', image.drawText, src, nil, 1, 1}, {'color', image.drawText, src, 'a', 1, 1, {color = 'red'}},
    {'left above', image.drawRect, src, 5, 5, 2, 2}, {'3 x H x W', image.drawRect, src[1], 1, 1, 2, 2},
    {'lineWidth', image.drawRect, src, 1, 1, 2, 2, {lineWidth = 0}},
  }
  for _, call in ipairs(calls) do
    it('say what was expected: ' .. call[1], function()
      local ok, message = pcall(unpack(call, 2, table.maxn(call)))
      assert.is_false(ok)
      assert.truthy(tostring(message):find(call[1], 1, true), tostring(message))
    end)
  end
end)
