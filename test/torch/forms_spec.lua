--- Every function and method in every form of its arguments, for every element type it takes: results first, methods in
-- place or not, tables, LongStorage sizes, numbers, generators. All forms of a call must agree; float types must agree
-- with Double.
require 'torch'
require 'nn'
local here = debug.getinfo(1, 'S').source:match '^@(.*)/[^/]*$' or 'test/torch'
local support = dofile(here .. '/support.lua')

local FLOATS = support.floats
local INTEGERS = { 'Byte', 'Char', 'Short', 'Int', 'Long' }
local ALL = support.types
local tolerance = { Half = 2e-2, BFloat16 = 1e-1, Float = 1e-4, Double = 1e-12 }

local function class(short) return torch[short .. 'Tensor'] end
local function values(short, ...) return torch.DoubleTensor(...):type('torch.' .. short .. 'Tensor') end

-- A deep copy of an argument list, so that no form sees what another wrote
local function copies(list)
  local out = {}
  for i = 1, list.n or #list do
    out[i] = torch.isTensor(list[i]) and list[i]:clone() or list[i]
  end
  out.n = list.n or #list
  return out
end

local function agree(want, got, near, what)
  if torch.isTensor(want) then
    assert(torch.isTensor(got), what .. ': no tensor but ' .. tostring(got))
    assert(want:type() == got:type(), what .. ': ' .. got:type() .. ' instead of ' .. want:type())
    local ok, why = support.near(got, want, near)
    assert(ok, what .. ': ' .. tostring(why))
  elseif type(want) == 'number' then
    local ok, why = support.near(got, want, near)
    assert(ok or (want ~= want and got ~= got), what .. ': ' .. tostring(why))
  else
    assert.same(want, got, what)
  end
end

local function pack(...) return { n = select('#', ...), ... } end

-- Results to write into: empty, and of another size
local function result_sets(firsts)
  local sets = {}
  for _, make in ipairs { function(t) return t.new() end, function(t) return t.new(3, 5):fill(7) end } do
    local set = {}
    for i, t in ipairs(firsts) do set[i] = make(t) end
    sets[#sets + 1] = set
  end
  return sets
end

-- forms: f torch.name(args), r torch.name(res, args), m x:name(args) in place, n x:name(args) giving new tensors, R
-- res:name(args)
local function check_forms(name, forms, short, args, sized)
  local want
  if forms:find 'f' then
    local list = copies(args)
    want = pack(torch[name](unpack(list, 1, list.n)))
    for i = 1, args.n or #args do -- functions leave their arguments as they are
      if torch.isTensor(args[i]) then agree(args[i], list[i], 0, name .. ' argument ' .. i) end
    end
  end
  if forms:find 'n' then
    local list = copies(args)
    local got = pack(list[1][name](unpack(list, 1, list.n)))
    want = want or got
    for i = 1, want.n do agree(want[i], got[i], 0, short .. ' method ' .. name) end
    if torch.isTensor(args[1]) then agree(args[1], list[1], 0, name .. ' leaves its tensor') end
  end
  if forms:find 'm' then
    local list = copies(args)
    local got = list[1][name](unpack(list, 1, list.n))
    want = want or pack(got)
    assert(got == list[1], name .. ' returns its tensor')
    agree(want[1]:view(-1), got:view(-1), 0, short .. ' method ' .. name)
  end
  local firsts = {}
  for i = 1, want.n do firsts[i] = torch.isTensor(want[i]) and want[i] or nil end
  if #firsts == 0 then return want end
  for _, form in ipairs { 'r', 'R' } do
    if forms:find(form) then
      for k, set in ipairs(sized and { firsts } or result_sets(firsts)) do
        local list, all = copies(args), {}
        if sized then set = copies(set) end
        for _, t in ipairs(set) do all[#all + 1] = t end
        for i = 1, list.n do all[#set + i] = list[i] end
        local f = form == 'r' and torch[name] or set[1][name]
        local got = pack(f(unpack(all, 1, #set + list.n)))
        for i = 1, #firsts do
          agree(want[i], set[i], 0, ('%s %s result first (%s, %d)'):format(short, name, form, k))
          assert(got[i] == set[i], name .. ' returns its result')
        end
      end
    end
  end
  return want
end

-- rows: names, forms, types, arguments from a function of a constructor of the type. free: Double is no reference
-- (integer division, wrapping, ties). sized: an explicit result must have the right size already.
local function integers(t) return t:random(1, 5) end
local function table_of(rows)
  for _, row in ipairs(rows) do
    for name in row[1]:gmatch '%S+' do
      it(name .. ' (' .. row[2] .. ')' .. (row.as and ' ' .. row.as or ''), function()
        torch.manualSeed(11)
        local seed = torch.random()
        for _, short in ipairs(row[3]) do
          torch.manualSeed(seed)
          local function new(...) return integers(torch.DoubleTensor(...)):type('torch.' .. short .. 'Tensor') end
          local args = row[4](new, short)
          local want = check_forms(name, row[2], short, args, row.sized)
          if tolerance[short] and short ~= 'Double' and not row.free then
            local list = copies(args)
            for i = 1, list.n do
              local t = list[i]
              if torch.isTensor(t) and t:type() == 'torch.' .. short .. 'Tensor' then list[i] = t:double() end
            end
            local got
            if row[2]:find 'f' then
              got = pack(torch[name](unpack(list, 1, list.n)))
            else
              got = pack(list[1][name](unpack(list, 1, list.n)))
            end
            for i = 1, want.n do
              local w, g = want[i], got[i]
              if torch.isTensor(w) and w:type() == 'torch.' .. short .. 'Tensor' then w = w:double() end
              agree(g, w, tolerance[short], short .. ' ' .. name .. ' against Double')
            end
          end
        end
      end)
    end
  end
end

local function unit(new) return { new(2, 3):div(8) } end -- in (0, 1)

describe('forms of pointwise operations', function()
  table_of {
    { 'abs', 'frmR', { 'Int', 'Long', 'Short', 'Char', unpack(FLOATS) }, function(new) return { new(2,
      3):csub(3) } end },
    { 'sign neg square cube relu', 'frmR', ALL, function(new) return { new(2, 3) } end },
    { [[acos asin atan ceil cinv cos cosh exp floor frac log log1p round rsqrt sigmoid sin sinh sqrt tan tanh trunc exp2
      expm1 log2 log10 erf erfc gelu silu mish softsign logsigmoid selu hardswish hardsigmoid relu6 tanhshrink
      gelu_tanh]],
        'frmR', FLOATS, unit },
    { 'lgamma digamma', 'frmR', FLOATS, function(new) return { new(2, 3):add(1) } end },
    { 'add csub', 'frmR', ALL, function(new) return { new(2, 3):add(9), 3 } end, as = 'number' },
    { 'add csub', 'frmR', ALL, function(new) return { new(2, 3):add(9), new(2, 3) } end, as = 'tensor' },
    { 'add csub', 'frmR', ALL, function(new) return { new(2, 3):add(9), 2, new(2, 3) } end, as = 'number, tensor' },
    { 'mul div fmod mod remainder lshift rshift', 'frmR', ALL, function(new) return { new(2, 3):mul(3), 2 } end },
    { 'bitand bitor bitxor', 'frmR', INTEGERS, function(new) return { new(2, 3):mul(3), 6 } end },
    { 'cmul cdiv cfmod cmod cremainder clshift crshift cpow', 'frmR', ALL, function(new) return { new(2, 3), new(2,
      3):fmod(3):add(1) } end },
    { 'cbitand cbitor cbitxor', 'frmR', INTEGERS, function(new) return { new(2, 3), new(2, 3) } end },
    { 'cmax cmin', 'frmR', ALL, function(new) return { new(2, 3), new(2, 3) } end, as = 'tensor' },
    { 'cmax cmin', 'frmR', ALL, function(new) return { new(2, 3), 3 } end, as = 'number' },
    { 'clamp', 'frmR', ALL, function(new) return { new(2, 3), 2, 4 } end },
    { 'atan2', 'frmR', FLOATS, function(new) return { new(2, 3), new(2, 3) } end },
    { 'pow', 'frmR', FLOATS, function(new) return { new(2, 3), 2.5 } end },
    { 'pow', 'fr', FLOATS, function(new) return { 1.5, new(2, 3) } end, as = 'number first' },
    { 'lerp', 'frmR', FLOATS, function(new) return { new(2, 3), new(2, 3), 0.25 } end },
    { 'addcmul addcdiv', 'frmR', ALL, function(new) return { new(2, 3), new(2, 3), new(2, 3) } end },
    { 'addcmul addcdiv', 'frmR', ALL, function(new) return { new(2, 3), 2, new(2, 3), new(2, 3) } end, as = 'number' },
    { 'lt le gt ge eq ne', 'fn', ALL, function(new) return { new(2, 3), 3 } end, as = 'number' },
    { 'lt le gt ge eq ne', 'fn', ALL, function(new) return { new(2, 3), new(2, 3) } end, as = 'tensor' },
    { 'isnan isinf isfinite', 'fn', ALL, function(new) return { new(2, 3) } end },
  }

  for _, short in ipairs(ALL) do
    it('comparisons of ' .. short .. ' with a result', function()
      local x, y = values(short, { 1, 2, 3 }), values(short, { 3, 2, 1 })
      for name, want in pairs { lt = { 1, 0, 0 }, le = { 1, 1, 0 }, gt = { 0, 0, 1 }, ge = { 0, 1, 1 }, eq = { 0, 1,
        0 }, ne = { 1, 0, 1 } } do
        for _, other in ipairs { y, 2 } do
          local bytes, own = torch.ByteTensor(), x.new()
          assert.same(want, x[name](bytes, x, other):totable())
          assert.same(want, bytes:totable())
          assert.same(want, own[name](own, x, other):totable())
          assert.same(want, torch[name](own, x, other):totable())
          assert.same(want, x[name](x, other):totable())
        end
      end
    end)
  end

  it('of plain numbers', function()
    for name in ([[abs acos asin atan ceil cos cosh exp floor frac log log1p round rsqrt sigmoid sin sinh
      sqrt tan tanh trunc]]):gmatch '%S+' do
      assert(support.near(torch[name](0.5), torch[name](torch.Tensor { 0.5 })[1], 1e-12), name)
    end
    assert.equal(8, torch.pow(2, 3))
    assert.equal(math.atan2(1, 2), torch.atan2(1, 2))
    assert.equal(1.5, torch.lerp(1, 2, 0.5))
  end)
end)

describe('numbers in strings', function()
  it('stand for numbers, as they do for Lua', function()
    local x = torch.range(1, 20):resize(5, 4)
    assert.are.same({ 3, 4 }, torch.Tensor('3', '4'):size():totable())
    assert.are.same({ 2, 4 }, x:narrow('1', '2', '2'):size():totable())
    assert.are.equal(7, x['2'][{ '3' }])
    x['2']['0x3'] = 70
    assert.are.equal(70, x[2]['-2'])
    assert.is_nil(x.inf)
    assert.is_nil(x.nan)
    assert.has_error(function() return x['6'] end)
    assert.has_error(function() x['6'] = 1 end)
  end)

  it('are sizes of layers', function()
    local x = torch.randn(2, 3)
    assert.are.same({ 2, 4 }, nn.Linear('3', '4'):forward(x):size():totable())
    assert.are.same({ 6 }, nn.Reshape('6'):forward(x):size():totable())
    assert.are.same({ 3 }, nn.CMul('3').weight:size():totable())
    assert.are.same({ 2, 3 }, nn.BatchNormalization('3'):forward(x):size():totable())
    assert.are.same({ 2, 5 }, nn.LookupTable('9', '5'):forward(torch.LongTensor { 9, 1 }):size():totable())
    local net = nn.Sequential():add(nn.SpatialConvolution('3', '4', '3', '3', '1', '1', '1', '1'))
      :add(nn.SpatialMaxPooling('2', '2')):add(nn.SpatialZeroPadding('1', '1', '1', '1'))
    assert.are.same({ 4, 5, 5 }, net:forward(torch.randn(3, 6, 6)):size():totable())
    assert.has_error(function() nn.Linear('three', 4) end)
    assert.has_error(function() nn.Linear('-3', 4) end)
  end)
end)

describe('forms of reductions and orders', function()
  table_of {
    { 'sum prod max min', 'fn', ALL, function(new) return { new(2, 3):fmod(3):add(1) } end, as = 'of all' },
    { 'sum prod', 'frnR', ALL, function(new) return { new(2, 3):fmod(3):add(1), 2 } end, as = 'along' },
    { 'max min', 'frnR', ALL, function(new) return { new(4, 5), 1 } end, as = 'along' },
    { 'mean std var norm', 'fn', FLOATS, function(new) return { new(4, 5) } end, as = 'of all' },
    { 'mean std var', 'frnR', FLOATS, function(new) return { new(4, 5), 1 } end, as = 'along' },
    { 'std var', 'fn', FLOATS, function(new) return { new(4, 5), true } end, as = 'of all, biased' },
    { 'std var', 'frnR', FLOATS, function(new) return { new(4, 5), 2, true } end, as = 'along, biased' },
    { 'norm', 'fn', FLOATS, function(new) return { new(4, 5), 1 } end, as = 'p' },
    { 'norm', 'frnR', FLOATS, function(new) return { new(4, 5), 3, 2 } end, as = 'p, dim' },
    { 'norm', 'frnR', FLOATS, function(new) return { new(4, 5), math.huge, 2 } end, as = 'infinite p' },
    { 'dist', 'fn', FLOATS, function(new) return { new(4, 5), new(4, 5) } end },
    { 'dist', 'fn', FLOATS, function(new) return { new(4, 5), new(4, 5), 1 } end, as = 'p' },
    { 'renorm', 'frm', FLOATS, function(new) return { new(4, 5), 2, 1, 3 } end },
    { 'cumsum cumprod', 'frnR', ALL, function(new) return { new(2, 3):fmod(3):add(1) } end },
    { 'cumsum cumprod', 'frnR', ALL, function(new) return { new(2, 3):fmod(3):add(1), 2 } end, as = 'dim' },
    { 'sort median mode', 'frnR', ALL, function(new) return { new(3, 5) } end },
    { 'sort median mode', 'frnR', ALL, function(new) return { new(3, 5), 1 } end, as = 'dim' },
    { 'sort', 'frnR', ALL, function(new) return { new(3, 5), 1, true } end, as = 'descending' },
    { 'sort', 'frnR', ALL, function(new) return { new(3, 5), true } end, as = 'descending, no dim' },
    { 'topk', 'frnR', ALL, function(new) return { new(3, 5), 2, 2, true, true } end },
    { 'topk', 'frnR', ALL, function(new) return { new(3, 5) } end, as = 'defaults' },
    { 'kthvalue', 'frnR', ALL, function(new) return { new(3, 5), 2 } end },
    { 'kthvalue', 'frnR', ALL, function(new) return { new(3, 5), 2, 1 } end, as = 'dim' },
    { 'trace numel', 'fn', ALL, function(new) return { new(3, 3) } end },
    { 'equal', 'fn', ALL, function(new) return { new(3, 3), new(3, 3) } end },
    { 'histc', 'frnR', FLOATS, function(new) return { new(4, 5) } end },
    { 'histc', 'frnR', FLOATS, function(new) return { new(4, 5), 4, 1, 5 } end, as = 'bins, bounds' },
    { 'bhistc', 'frnR', FLOATS, function(new) return { new(4, 5), 4, 1, 5 } end },
    { 'nonzero', 'fn', ALL, function(new) return { new(4, 5):csub(1) } end },
    { 'all any', 'fn', { 'Byte' }, function(new) return { new(4, 5):csub(1) } end },
    { 'cross', 'frnR', ALL, function(new) return { new(3, 5):add(9), new(3, 5):fmod(2) } end, free = true },
    { 'cross', 'frnR', ALL, function(new) return { new(5, 3):add(9), new(5, 3):fmod(2), 2 } end, as = 'dim',
      free = true },
  }
end)

describe('forms of products', function()
  local function two(new) return { new(2, 3), new(3, 4) } end
  table_of {
    { 'mm', 'fnrR', ALL, two, sized = true },
    { 'mv', 'fnrR', ALL, function(new) return { new(2, 3), new(3) } end, sized = true },
    { 'ger', 'fnrR', ALL, function(new) return { new(2), new(3) } end, sized = true },
    { 'bmm', 'fnrR', ALL, function(new) return { new(2, 2, 3), new(2, 3, 2) } end, sized = true },
    { 'dot', 'fn', ALL, function(new) return { new(2, 3), new(2, 3) } end },
    { 'addmm', 'frmR', ALL, function(new) return { new(2, 4), new(2, 3), new(3, 4) } end },
    { 'addmm', 'fr', ALL, function(new) return { 2, new(2, 4), 3, new(2, 3):fmod(2), new(3, 4):fmod(2) } end,
      as = 'beta alpha' },
    { 'addmm', 'frm', ALL, function(new) return { new(2, 4), 2, new(2, 3):fmod(2), new(3, 4):fmod(2) } end,
      as = 'alpha' },
    { 'addmv', 'frmR', ALL, function(new) return { new(2), new(2, 3), new(3) } end },
    { 'addmv', 'fr', ALL, function(new) return { 2, new(2), 3, new(2, 3), new(3):fmod(2) } end, as = 'beta alpha' },
    { 'addr', 'frmR', ALL, function(new) return { new(2, 3), new(2), new(3) } end },
    { 'addr', 'fr', ALL, function(new) return { 2, new(2, 3), 3, new(2), new(3) } end, as = 'beta alpha' },
    { 'addbmm', 'frmR', ALL, function(new) return { new(2, 2), new(2, 2, 3), new(2, 3, 2) } end },
    { 'addbmm', 'fr', ALL, function(new) return { 2, new(2, 2), 1, new(2, 2, 3), new(2, 3, 2):fmod(2) } end,
      as = 'beta alpha' },
    { 'baddbmm', 'frmR', ALL, function(new) return { new(2, 2, 2), new(2, 2, 3), new(2, 3, 2) } end },
    { 'baddbmm', 'fr', ALL, function(new) return { 2, new(2, 2, 2), 1, new(2, 2, 3), new(2, 3, 2):fmod(2) } end,
      as = 'beta alpha' },
    { 'match', 'frnR', ALL, function(new) return { new(2, 3), new(4, 3) } end },
    { 'match', 'frnR', ALL, function(new) return { new(2, 3), new(4, 3), 2 } end, as = 'gain' },
    { 'conv2 xcorr2', 'frnR', ALL, function(new) return { new(5, 6), new(2, 3):fmod(2) } end },
    { 'conv2 xcorr2', 'frnR', ALL, function(new) return { new(5, 6), new(2, 3):fmod(2), 'F' } end, as = 'full' },
    { 'conv2 xcorr2', 'frnR', ALL, function(new) return { new(2, 5, 6), new(2, 2, 3):fmod(2), 'V' } end,
      as = 'planes' },
    { 'conv2 xcorr2', 'frnR', ALL, function(new) return { new(2, 5, 6), new(3, 2, 2, 3):fmod(2) } end,
      as = 'sums of planes' },
    { 'conv3 xcorr3', 'frnR', ALL, function(new) return { new(3, 4, 5), new(2, 2, 3):fmod(2) } end },
    { 'conv3 xcorr3', 'frnR', ALL, function(new) return { new(2, 3, 4, 5), new(2, 2, 2, 3):fmod(2), 'F' } end,
      as = 'planes' },
    { 'conv3 xcorr3', 'frnR', ALL, function(new) return { new(2, 3, 4, 5), new(3, 2, 2, 2, 3):fmod(2) } end,
      as = 'sums of planes' },
  }

  for _, short in ipairs(ALL) do
    it('methods of ' .. short .. ' with alpha, and beta and alpha', function()
      local m, a, b = values(short, { { 1, 2 }, { 3, 4 } }), values(short, { { 1, 0 }, { 2, 1 } }), values(short,
        { { 1, 1 }, { 0, 2 } })
      local p = torch.mm(a, b)
      assert.same((m + p * 3):totable(), m:clone():addmm(3, a, b):totable())
      assert.same((m * 2 + p * 3):totable(), m:clone():addmm(2, 3, a, b):totable())
      assert.same((m * 2 + p * 3):totable(), m.new():addmm(2, m, 3, a, b):totable())
      assert.same((m * 2 + p * 3):totable(), torch.addmm(m.new(), 2, m, 3, a, b):totable())
      assert.same((m[1] * 2 + a * b[1] * 3):totable(), m[1]:clone():addmv(2, 3, a, b[1]):totable())
      assert.same((m + torch.ger(a[2], b[2]) * 3):totable(), m:clone():addr(3, a[2], b[2]):totable())
    end)
  end
end)

describe('forms of selections', function()
  local long = torch.LongTensor
  table_of {
    { 'gather', 'frnR', ALL, function(new) return { new(3, 3), 2, long { { 1, 3 }, { 2, 2 }, { 3, 1 } } } end },
    { 'index', 'n', ALL, function(new) return { new(3, 4), 2, long { 4, 1, 1 } } end },
    { 'maskedSelect', 'n', ALL, function(new) return { new(2, 2), torch.ByteTensor { { 1, 0 }, { 1, 1 } } } end },
    { 'scatter', 'm', ALL, function(new) return { new(3, 3), 2, long { { 1, 3 }, { 2, 1 }, { 3, 1 } }, new(3,
      2) } end },
    { 'scatter', 'm', ALL, function(new) return { new(3, 3), 1, long { { 1, 3, 2 } }, 7 } end, as = 'number' },
    { 'diag', 'frnR', ALL, function(new) return { new(3) } end, as = 'vector' },
    { 'diag', 'frnR', ALL, function(new) return { new(3, 4), 1 } end, as = 'matrix, k' },
    { 'tril triu', 'frnR', ALL, function(new) return { new(3, 4) } end },
    { 'tril triu', 'frnR', ALL, function(new) return { new(3, 4), -1 } end, as = 'k' },
    { 'cat', 'frR', ALL, function(new) return { new(2, 3), new(2, 3) } end },
    { 'cat', 'frR', ALL, function(new) return { new(2, 3), new(4, 3), 1 } end, as = 'dim' },
    { 'reshape', 'frnR', ALL, function(new) return { new(2, 3), 3, 2 } end },
    { 'reshape', 'frnR', ALL, function(new) return { new(2, 3), torch.LongStorage { 6, 1 } } end, as = 'LongStorage' },
    { 'repeatTensor', 'frnR', ALL, function(new) return { new(2, 3), 2, 1, 2 } end },
    { 'repeatTensor', 'frnR', ALL, function(new) return { new(2, 3), torch.LongStorage { 2, 2 } } end,
      as = 'LongStorage' },
    { 'squeeze', 'frnR', ALL, function(new) return { new(2, 1, 3) } end },
    { 'squeeze', 'frnR', ALL, function(new) return { new(2, 1, 3, 1), 2 } end, as = 'dim' },
    { 'view', 'fnR', ALL, function(new) return { new(2, 3), 3, -1 } end },
    { 'view', 'fnR', ALL, function(new) return { new(2, 3), torch.LongStorage { 6, 1 } } end, as = 'LongStorage' },
    { 'viewAs expandAs', 'fnR', ALL, function(new) return { new(2, 1), new(2, 1) } end },
    { 'expand', 'frnR', ALL, function(new) return { new(2, 1), 2, 4 } end },
    { 'expand', 'frnR', ALL, function(new) return { new(2, 1), torch.LongStorage { 2, 4 } } end, as = 'LongStorage' },
    { 'permute', 'fn', ALL, function(new) return { new(2, 3, 4), 3, 1, 2 } end },
    { 'unfold', 'n', ALL, function(new) return { new(2, 7), 2, 3, 2 } end },
    { 'sub', 'n', ALL, function(new) return { new(4, 4, 4, 4), 1, 2, -2, -1, 2, 3, 1, 1 } end },
    { 'narrow', 'n', ALL, function(new) return { new(2, 7), 2, 3, 2 } end },
    { 'fill', 'm', ALL, function(new) return { new(2, 3), 4 } end, as = 'number' },
  }

  for _, short in ipairs(ALL) do
    it('of ' .. short .. ' in their odd forms', function()
      local x = values(short, { { 1, 2 }, { 3, 4 } })
      local res, index, mask = x.new(), long { 2 }, torch.ByteTensor { { 0, 1 }, { 1, 0 } }
      assert.is_true(res:index(x, 1, index) == index)
      assert.same({ { 3, 4 } }, res:totable())
      assert.is_true(res:maskedSelect(x, mask) == mask)
      assert.same({ 2, 3 }, res:totable())
      local src = values(short, { { 7, 8 } })
      assert.is_true(x:clone():indexCopy(1, index, src) == src and x:clone():indexAdd(1, index, src) == src)
      assert.equal(9, x:clone():indexFill(1, index, 9))
      assert.equal(9, x:clone():maskedFill(mask, 9))
      local y = x:clone()
      assert.is_true(y:maskedCopy(mask, src) == y)
      assert.same({ { 1, 7 }, { 8, 4 } }, y:totable())
      local at = long()
      assert.is_true(torch.nonzero(at, x) == at)
      assert.equal(4, at:size(1))
      assert.same({ 2, 2 }, { #torch.chunk(x, 2), #x:split(1, 2) })
      local list = { 1, 2, 3, 4, 5 }
      assert.is_true(torch.split(list, x, 1) == list and #list == 2)
      assert.is_true(torch.chunk(list, x, 1, 2) == list and #list == 1)
      assert.same({ { 1, 2, 1, 2 }, { 3, 4, 3, 4 } }, torch.cat({ x, x }):totable())
      assert.same({ { 1, 2 }, { 3, 4 }, { 1, 2 }, { 3, 4 } }, torch.cat({ x, x.new(), x }, 1):totable())
      assert.same({ { 1, 2 }, { 3, 4 }, { 1, 2 }, { 3, 4 } }, torch.cat(x.new(), { x, x }, 1):totable())
      assert.same({ { 1, 1 }, { 2, 2 } }, torch.cat(x[1], x[1], 2):totable())
      assert.same({ 1, 2, 3, 4 }, torch.cat(x[1], x[2], 1):totable())
      assert.same({ 1, 2 }, torch.cat { x[1], x.new() }:totable())
      assert.equal(0, torch.cat { x.new(), x.new() }:dim())
      assert.same({ 1, 2 }, x.new():cat({ x[1] }):totable())
    end)
  end
end)

describe('forms of constructors', function()
  for _, short in ipairs(ALL) do
    it('of ' .. short, function()
      local new = class(short)
      for name, v in pairs { zeros = 0, ones = 1 } do
        for _, t in ipairs { new()[name](new(), 2, 3), torch[name](new(), 2, 3), torch[name](new(5),
          torch.LongStorage { 2, 3 }),
          new():zeros(torch.LongStorage { 2, 3 }):fill(v) } do
          assert.same({ { v, v, v }, { v, v, v } }, t:totable())
          assert.equal('torch.' .. short .. 'Tensor', t:type())
        end
      end
      assert.same({ { 1, 0, 0 }, { 0, 1, 0 } }, torch.eye(new(), 2, 3):totable())
      assert.same({ { 1, 0 }, { 0, 1 } }, new():eye(2):totable())
      assert.same({ 1, 3, 5 }, torch.range(new(), 1, 6, 2):totable())
      assert.same({ 3, 2, 1 }, new():range(3, 1, -1):totable())
      assert.same({ { 1, 2 }, { 3, 4 } }, torch.range(new(2, 2), 1, 4):totable())
      assert.same({ 1, 2, 3 }, (new():randperm(3):sort()):totable())
      assert.same({ 1, 2, 3 }, (torch.randperm(new(), torch.Generator(), 3):sort()):totable())
      local x = new(2, 3):random(2, 4)
      assert.is_true(x:min() >= 2 and x:max() <= 4)
      assert.is_true(new(3):random(torch.Generator(), 3):max() <= 3)
      assert.is_true(new(4):bernoulli():max() <= 1 and new(4):bernoulli(torch.Generator(), 1):sum() == 4)
      assert.same({ 1, 0 }, new(2):bernoulli(torch.FloatTensor { 1, 0 }):totable())
      assert.same({ 1, 0 }, new(2):bernoulli(torch.Generator(), torch.DoubleTensor { 1, 0 }):totable())
      assert.is_true(new(4):geometric(0.5):min() >= 1)
      assert.same({ 2, 3 }, new(2, 3):size():totable())
      -- a LongTensor takes a LongStorage as its data, the others as sizes
      assert.same(short == 'Long' and { 2 } or { 2, 3 }, new(torch.LongStorage { 2, 3 }):size():totable())
      assert.same({ 5, 6 }, new { 5, 6 }:totable())
      assert.same({ 5, 6 }, torch[short .. 'Tensor'](torch[short .. 'Storage'] { 5, 6 }):totable())
      assert.same({ 6 }, new(torch[short .. 'Storage'] { 5, 6 }, 2):totable())
      assert.same({ { 5 }, { 7 } }, new(torch[short .. 'Storage'] { 5, 6, 7 }, 1, 2, 2, 1, 1):totable())
      assert.same({ { 5 }, { 7 } },
        new(torch[short .. 'Storage'] { 5, 6, 7 }, 1, torch.LongStorage { 2, 1 }, torch.LongStorage { 2, 1 }):totable())
      local a = new { 1, 2 }
      assert.is_true(new(a):isSetTo(a))
    end)
  end

  for _, short in ipairs(FLOATS) do
    it('of ' .. short .. ' that draw or divide', function()
      local new, g = class(short), torch.Generator()
      assert.same({ 0, 0.5, 1 }, torch.linspace(new(), 0, 1, 3):totable())
      assert.equal(100, new():linspace(0, 1):size(1))
      assert.same({ 1, 10, 100 }, new():logspace(0, 2, 3):round():totable())
      assert.same({ 2, 3 }, torch.rand(new(), g, 2, 3):size():totable())
      assert.same({ 2, 3 }, new():randn(g, torch.LongStorage { 2, 3 }):size():totable())
      for name, parameters in pairs { uniform = { 1, 2 }, normal = { 1, 2 }, cauchy = { 1, 2 }, logNormal = { 0, 1 },
        exponential = { 2 } } do
        local x = new(100)
        assert.is_true(x[name](x, unpack(parameters)) == x)
        assert.is_true(x[name](x, g, unpack(parameters)) == x)
        if name ~= 'exponential' then x[name](x) end
        assert.is_number(torch[name](unpack(parameters)))
        assert.is_number(torch[name](g, unpack(parameters)))
        assert.is_true(x:eq(x):min() == 1, name)
      end
      local p = new { 0, 1, 0 }
      assert.same({ 2 }, torch.multinomial(p, 1):totable())
      assert.same({ 2, 2 }, p.multinomial(torch.LongTensor(), p, 2, true):totable())
      assert.same({ { 2, 2 }, { 1, 1 } }, torch.multinomial(g, new { { 0, 1 }, { 1, 0 } }, 2, true):totable())
      assert.same({ 1, 2 }, (torch.multinomial(new { 1, 1 }, 2, false):sort()):totable())
      local state = torch.multinomialAliasSetup(new { 0, 1 })
      assert.equal(3, torch.multinomialAlias(torch.LongTensor(3), state):size(1))
      assert.is_true(torch.multinomialAliasSetup(new { 0, 1 }, state) == state)
    end)
  end
end)
