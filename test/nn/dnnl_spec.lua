--- oneDNN, whichever version is there: the same numbers as in double precision, by products of all kinds and layouts,
-- with each library that can be opened, and without any. RK_DNNL_TEST may name more of them (files, with ":" between).
local helpers = require 'helpers'

-- Layers in float32 against the same in float64, which oneDNN does not compute; prints what is too far off.
local program = [[
require 'nn'
torch.manualSeed(7)
local function far(name, got, want)
  local most = want:clone():abs():max()
  local off = got:double():add(-1, want):abs():max() / math.max(most, 1e-3)
  if not (off < 5e-5) then print(('%s: off by %g of %g'):format(name, off, most)) end
end
local function check(name, m, sizes, last)
  local x = torch.randn(unpack(sizes))
  local want, f = m:double(), m:clone():float()
  local xf = x:float()
  if last then xf = xf:permute(1, 3, 4, 2):contiguous():permute(1, 4, 2, 3) end
  for pass = 1, 2 do
    far(name .. ' output', f:forward(xf), want:forward(x))
  end
  local g = torch.randn(want.output:size())
  local gf = g:float()
  if last then gf = gf:permute(1, 3, 4, 2):contiguous():permute(1, 4, 2, 3) end
  f:zeroGradParameters()
  want:zeroGradParameters()
  far(name .. ' gradInput', f:backward(xf, gf), want:backward(x, g))
  far(name .. ' gradWeight', f.gradWeight, want.gradWeight)
  far(name .. ' gradBias', f.gradBias, want.gradBias)
end
for _, last in ipairs { false, true } do
  local kind = last and ', channels last' or ''
  local function conv(name, sizes, ...) check(name .. kind, nn.SpatialConvolution(...), sizes, last) end
  conv('3x3', { 2, 64, 24, 20 }, 64, 64, 3, 3, 1, 1, 1, 1)
  conv('3x3, odd planes', { 2, 33, 14, 15 }, 33, 19, 3, 3, 1, 1, 1, 1)
  conv('3x3 by 2', { 2, 32, 15, 14 }, 32, 48, 3, 3, 2, 2, 1, 1)
  conv('1x1', { 2, 48, 14, 14 }, 48, 32, 1, 1)
  conv('1x1 by 2', { 2, 48, 14, 14 }, 48, 32, 1, 1, 2, 2)
  conv('7x7 of 3', { 2, 3, 32, 32 }, 3, 16, 7, 7, 2, 2, 3, 3)
  conv('to 2', { 1, 32, 16, 16 }, 32, 2, 5, 5)
  conv('groups', { 2, 32, 12, 12 }, 32, 64, 3, 3, 1, 1, 1, 1, 4)
  conv('tiny', { 1, 2, 4, 4 }, 2, 3, 3, 3)
  check('depthwise' .. kind, nn.SpatialDepthWiseConvolution(32, 1, 3, 3, 1, 1, 1, 1), { 2, 32, 14, 14 }, last)
  check('dilated' .. kind, nn.SpatialDilatedConvolution(16, 32, 3, 3, 1, 1, 2, 2, 2, 2), { 2, 16, 14, 14 }, last)
  check('full' .. kind, nn.SpatialFullConvolution(32, 16, 4, 4, 2, 2, 1, 1), { 2, 32, 8, 8 }, last)
end
check('3-D', nn.VolumetricConvolution(16, 24, 3, 3, 3, 1, 1, 1, 1, 1, 1), { 2, 16, 5, 9, 8 })
check('3-D full', nn.VolumetricFullConvolution(16, 8, 2, 2, 2, 2, 2, 2), { 2, 16, 3, 5, 4 })

-- the sum and the activation on the way; the weights kept from call to call
for _, planes in ipairs { 16, 24 } do
  local branch = nn.Sequential():add(nn.SpatialConvolution(planes, planes, 3, 3, 1, 1, 1, 1))
    :add(nn.SpatialBatchNormalization(planes)):add(nn.ReLU(true))
    :add(nn.SpatialConvolution(planes, planes, 1, 1)):add(nn.SpatialBatchNormalization(planes))
  local net = nn.Sequential():add(nn.ConcatTable():add(branch):add(nn.Identity())):add(nn.CAddTable()):add(nn.ReLU())
  net:evaluate()
  local fused = nn.fuse(net):float()
  for size = 12, 20, 4 do
    local x = torch.randn(2, planes, size, size)
    for pass = 1, 2 do far('fused', fused:forward(x:float()), net:forward(x)) end
  end
end

for _, s in ipairs { { 200, 130, 170 }, { 64, 512, 256 }, { 1, 700, 900 }, { 300, 300, 300 } } do
  local a, b = torch.randn(s[1], s[2]), torch.randn(s[2], s[3])
  far('mm', torch.mm(a:float(), b:float()), torch.mm(a, b))
  far('mm, transposed', torch.mm(a:float():t():contiguous():t(), b:float():t():contiguous():t()), torch.mm(a, b))
end
print(torch.config().dnnl or torch.config().note)
]]

describe('oneDNN', function()
  local function run(wish)
    return helpers.program(program, '', 'RK_DNNL=' .. wish)
  end

  it('is not needed', function() assert.are.equal('shut by RK_DNNL=off\n', run 'off') end)

  local files = { 'libdnnl.so.2', 'libdnnl.so.3' }
  for file in (os.getenv 'RK_DNNL_TEST' or ''):gmatch '[^:]+' do files[#files + 1] = file end
  for _, file in ipairs(files) do
    it('computes the same from ' .. file, function()
      if not pcall(require 'ffi'.load, file) then return pending(file .. ' is not installed') end
      assert.matches('^oneDNN %d+%.%d+%.%d+\n$', run(file))
    end)
  end

  it('computes the same without Winograd', function()
    local text = run 'direct'
    assert.truthy(text:match '^oneDNN [%d.]+\n$' or text:match '^not found[^\n]*\n$', text)
  end)

  it('that cannot serve is named with the reason', function()
    local function why(wish) return helpers.program('print(torch.config())', '', 'RK_DNNL=' .. wish) end
    local text = why '/nowhere/libdnnl.so.9'
    assert.truthy(text:find('warning: RK_DNNL: no oneDNN that serves: /nowhere/libdnnl.so.9: ', 1, true), text)
    assert.truthy(text:find('convolutions +none, /nowhere/libdnnl.so.9: .*im2col and matrix products instead'), text)
    text = why 'libm.so.6'
    assert.truthy(text:find('none, libm.so.6: not oneDNN', 1, true), text)
    text = why 'zork'
    assert.truthy(text:find('RK_DNNL=zork: on, direct, off or a file expected; it is on', 1, true), text)
  end)
end)
