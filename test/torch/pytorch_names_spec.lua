--- PyTorch's names for what is made of other functions: pieces, joins, questions, quantiles, distances, areas, windows,
-- settings, spellings, shape. Against loops and definitions written out here.
require 'torch'
local here = debug.getinfo(1, 'S').source:match '^@(.*)/[^/]*$' or 'test/torch'
local support = dofile(here .. '/support.lua')

local longs, sizes = support.longs, support.sizes
local function same(want, got) assert.same(want, torch.isTensor(got) and got:totable() or got) end
local function near(want, got) -- lists of numbers
  got = torch.isTensor(got) and got:contiguous():view(-1):totable() or got
  assert.equal(#want, #got)
  for i, v in ipairs(want) do assert.is_true(math.abs(v - got[i]) < 1e-6, ('%d: %g, %g'):format(i, v, got[i])) end
end

it('x.shape is x:size()', function()
  for _, short in ipairs(support.types) do
    local x = torch[short .. 'Tensor'](3, 1, 2)
    same({ 3, 1, 2 }, x.shape:totable())
    assert.equal(3, #x.shape)
    assert.equal(2, x.shape[3])
    assert.equal('torch.LongStorage', torch.type(x.shape))
    assert.equal(tostring(x:size()), tostring(x.shape))
    assert.is_false(pcall(function() x.shape = { 6 } end))
  end
  same({}, torch.Tensor().shape:totable())
  assert.is_nil(torch.FloatTensor.shape)
end)

describe('pieces and joins', function()
  for _, short in ipairs(support.types) do
    it('of ' .. short, function()
      local x = torch.range(1, 8):view(2, 4):type('torch.' .. short .. 'Tensor')
      for _, m in ipairs { x, x:t():clone():t() } do
        local v = m[1]
        same({ { 3, 4 }, { 7, 8 } }, torch.hsplit(m, 2)[2])
        same({ { 5, 6, 7, 8 } }, m:vsplit(2)[2])
        same({ 3, 4 }, v:hsplit(2)[2])
        same({ 2, 2, 1 }, sizes(m:reshape(2, 2, 2):dsplit(2)[1]))
        local parts = torch.tensor_split(v, 3)
        same({ { 1, 2 }, { 3 }, { 4 } }, { parts[1]:totable(), parts[2]:totable(), parts[3]:totable() })
        parts = m:tensor_split({ 1, -1 }, 2)
        same({ { 1, 1 }, { 2, 2 } }, { { parts[1]:size(2), parts[3]:size(2) }, sizes(parts[2]) })
        assert.equal(0, v:tensor_split(6)[6]:nElement())
        same({ 1, 4, 2 }, sizes(torch.dstack { v, v }))
        same({ { 1, 5 }, { 2, 6 }, { 3, 7 }, { 4, 8 } }, torch.column_stack { m[1], m[2] })
        same({ 3, 4 }, sizes(torch.row_stack { m, v }))
        same({ 1, 4 }, sizes(v:atleast_2d()))
        same({ 1, 4, 1 }, sizes(torch.atleast_3d(v)))
        same({ 2, 4, 1 }, sizes((select(2, torch.atleast_3d(v, m)))))
        same({ { 1, 2, 3, 4, 0 }, { 0, 0, 0, 0, 1 }, { 0, 0, 0, 0, 5 } }, torch.block_diag(v, m:narrow(2, 1, 1)))
        same({ { 0, 1, 0 }, { 0, 0, 2 }, { 0, 0, 0 } }, torch.diag_embed(v:narrow(1, 1, 2), 1))
        same({ { 3, 0 }, { 0, 4 } }, torch.diagflat(v:narrow(1, 3, 2)))
        local embedded = m:diag_embed(-1, 1, 3)
        same({ 5, 2, 5 }, sizes(embedded))
        for i = 1, 2 do
          for j = 1, 4 do assert.equal(m[i][j], embedded[j + 1][i][j]) end
        end
        same({ { 1, 3 }, { 1, 4 }, { 2, 3 }, { 2, 4 } }, torch.cartesian_prod(v:narrow(1, 1, 2), v:narrow(1, 3, 2)))
        same({ { 1, 2 }, { 1, 3 }, { 2, 3 } }, v:narrow(1, 1, 3):combinations())
        same({ { 1, 1 }, { 1, 2 }, { 2, 2 } }, torch.combinations(v:narrow(1, 1, 2), 2, true))
        assert.equal(0, v:combinations(5):nElement())
        same({ { 1, 1, 1 }, { 4, 2, 1 }, { 9, 3, 1 } }, torch.vander(v:narrow(1, 1, 3)))
        same({ { 1, 3 }, { 1, 4 } }, v:narrow(1, 3, 2):vander(2, true))
        same({ { 1, 1 }, { 2, 4 } }, torch.argwhere(m:eq(1) + m:eq(8)))
        same({ { 1, 5 }, { 2, 6 }, { 3, 7 }, { 4, 8 } }, m:clone():as_strided({ 4, 2 }, { 1, 4 }))
        same({ { 6, 7 } }, m:clone():as_strided({ 1, 2 }, { 1, 1 }, 6))
        same({ 4, 2 }, sizes(m:reshape_as(torch.ones(4, 2))))
        same({ { 6, 8, 10, 12 } }, torch.sum_to_size(m, 1, 4))
        same({ 10, 26 }, torch.sum_to_size(m, { 2, 1 }):view(-1))
      end
    end)
  end

  it('name places', function()
    local row, column = torch.unravel_index(longs { 1, 5, 6 }, { 2, 3 })
    same({ 1, 2, 2 }, row)
    same({ 1, 2, 3 }, column)
    local x = torch.zeros(6)
    x:as_strided({ 2, 2 }, { 2, 1 }, 3):fill(1)
    same({ 0, 0, 1, 1, 1, 1 }, x)
  end)

  support.refuses(it, {
    { 'uneven halves', function() torch.hsplit(torch.ones(3), 2) end, 'does not divide into 2 equal pieces' },
    { 'no pieces', function() torch.ones(3):tensor_split(0) end, '1 to 2%^20 pieces' },
    { 'depth where there is none', function() torch.ones(2, 2):dsplit(2) end, 'at least 3 dimension' },
    { 'other types', function() torch.block_diag(torch.ones(2, 2), torch.LongTensor { 1 }) end, 'DoubleTensor' },
    { 'products beyond measure', function()
      torch.cartesian_prod(torch.ones(10000), torch.ones(10000), torch.ones(10000))
    end, 'at most 2%^26' },
    { 'views beyond the storage', function() torch.ones(4):as_strided({ 3 }, { 2 }) end,
      'would reach element 5 of a storage of 4' },
    { 'views before it', function() torch.ones(4):as_strided({ 1 }, { 1 }, 0) end, 'would reach element 0' },
    { 'what is no broadcast', function() torch.ones(2, 3):sum_to_size(2, 2) end, 'not a broadcast of %[2x2%]' },
    { 'places far outside', function() torch.unravel_index(longs { -2 ^ 63 }, { 2, 3 }) end, 'positions 1 to 6' },
    { 'places outside', function() torch.unravel_index(longs { 7 }, { 2, 3 }) end, 'positions 1 to 6 expected' },
    { 'one new dimension twice', function() torch.ones(2):diag_embed(0, 1, 1) end, 'named twice' },
    { 'a strided view of nothing', function() torch.Tensor():as_strided({ 1 }, { 1 }) end, 'a tensor with elements' },
  })
end)

describe('answers and values', function()
  it('of logic, in every type', function()
    for _, short in ipairs(support.types) do
      local x, y = torch[short .. 'Tensor'] { 0, 1, 0, 3 }, torch.ByteTensor { 0, 0, 2, 1 }
      same({ 0, 0, 0, 1 }, x:logical_and(y))
      same({ 0, 1, 1, 1 }, torch.logical_or(x, y))
      same({ 0, 1, 1, 0 }, torch.logical_xor(x, y))
      same({ 1, 0, 1, 0 }, torch.logical_not(x))
      same({ { 0, 1, 0, 1 }, { 0, 0, 0, 0 } }, torch.logical_and(x, torch.ByteTensor { { 1 }, { 0 } }))
      assert.equal('torch.ByteTensor', x:logical_and(y):type())
      same({ 0, 0, 0, 0 }, torch.isposinf(x))
      same({ 0, 0, 0, 0 }, x:signbit())
    end
    local x = torch.Tensor { -1, 1 / 0, -1 / 0, 0, -1 / math.huge }
    same({ 0, 1, 0, 0, 0 }, x:isposinf())
    same({ 0, 0, 1, 0, 0 }, torch.isneginf(x))
    same({ 1, 0, 1, 0, 1 }, torch.signbit(x))
    same({ 1 }, torch.IntTensor { -3 }:signbit())
  end)

  it('of division and number theory', function()
    for _, short in ipairs { 'Int', 'Long', 'Short', 'Char', 'Float', 'Double' } do
      local x = torch[short .. 'Tensor'] { -7, 7, -8, 9 }
      same({ -4, 3, -4, 4 }, torch.floor_divide(x, 2))
      same({ 3, -4, 4, -5 }, torch.floor_divide(x, x.new { -2, -2, -2, -2 }))
      same({ { -4, 3, -4, 4 }, { -7, 7, -8, 9 } }, torch.floor_divide(x, x.new { { 2 }, { 1 } }))
      x:floor_divide(2)
      same({ -4, 3, -4, 4 }, x)
    end
    for a = -12, 12 do
      for b = -12, 12 do
        local want = 0
        for d = 1, 12 do
          if a % d == 0 and b % d == 0 and (a ~= 0 or b ~= 0) then want = d end
        end
        assert.equal(want, torch.gcd(longs { a }, longs { b })[1])
        assert.equal(want == 0 and 0 or math.abs(a * b) / want, torch.lcm(longs { a }, b)[1])
      end
    end
  end)

  it('of functions', function()
    same({ 0, 0.5, 1 }, torch.heaviside(torch.Tensor { -2, 0, 3 }, 0.5))
    near({ 1, math.sin(1.5 * math.pi) / (1.5 * math.pi) }, torch.sinc(torch.Tensor { 0, 1.5 }))
    local x = torch.FloatTensor { 180, -90 }
    near({ math.pi, -math.pi / 2 }, torch.deg2rad(x))
    near({ 180, -90 }, x:deg2rad():rad2deg())
    near({ 0.5 }, torch.sinh(torch.asinh(torch.Tensor { 0.5 })))
    near({ 3 }, torch.Tensor { 3 }:cosh():acosh())
    near({ 0.3 }, torch.Tensor { 0.3 }:tanh():arctanh())
    near({ 0.3 }, torch.Tensor { 0.3 }:erf():erfinv())
    near({ 0.3 }, torch.Tensor { 0.3 }:sigmoid():logit())
    near({ 5 }, torch.hypot(torch.Tensor { 3 }, torch.Tensor { -4 }))
    near({ math.log(math.exp(1) + math.exp(2)) }, torch.logaddexp(torch.Tensor { 1 }, torch.Tensor { 2 }))
    near({ 0, 2 * math.log(3) }, torch.xlogy(torch.Tensor { 0, 2 }, torch.Tensor { 0, 3 }))
    same({ -2, 3 }, torch.copysign(torch.Tensor { 2, -3 }, torch.Tensor { -1, 1 }))
    local m = torch.maximum(torch.Tensor { 0 / 0, 1, 2 }, torch.Tensor { 1, 0 / 0, 3 })
    same({ 1, 1, 0 }, m:isnan())
    assert.equal(3, m[3])
    same({ 1, 2 }, torch.minimum(longs { 1, 5 }, longs { 3, 2 }))
  end)

  support.refuses(it, {
    { 'divisors of floats', function() torch.gcd(torch.ones(1), torch.ones(1)) end, 'not defined for DoubleTensor' },
    { 'operands of other types', function() torch.floor_divide(torch.ones(1), torch.IntTensor { 1 }) end,
      'DoubleTensor or a number' },
    { 'division by 0', function() torch.floor_divide(longs { 1 }, 0) end, 'zero' },
    { 'logic with numbers', function() torch.logical_and(torch.ones(1), 1) end, 'a tensor' },
    { 'sizes that do not broadcast', function() torch.logical_or(torch.ones(2), torch.ones(3)) end, 'broadcast' },
    { 'angles of integers', function() torch.deg2rad(longs { 1 }) end, 'not defined for LongTensor' },
  })
end)

describe('statistics', function()
  -- the definition: sorted values, linear between neighbours
  local function quantile(list, q)
    table.sort(list)
    local at = q * (#list - 1) + 1
    local low = math.floor(at)
    return list[low] + (at - low) * ((list[low + 1] or 0) - list[low])
  end

  it('quantiles', function()
    local generator = torch.Generator()
    torch.manualSeed(generator, 3)
    for _, short in ipairs { 'Float', 'Double' } do
      local x = torch[short .. 'Tensor'](3, 7):normal(generator, 0, 1)
      for _, q in ipairs { 0, 0.1, 0.25, 0.5, 0.9, 1 } do
        near({ quantile(x:view(-1):totable(), q) }, { x:quantile(q) })
        local along = torch.quantile(x, q, 2)
        same({ 3, 1 }, sizes(along))
        for i = 1, 3 do near({ quantile(x[i]:totable(), q) }, along[i]) end
        local first = x:t():quantile(q, 1, { keepdim = false })
        same({ 3 }, sizes(first))
        near(along:view(-1):totable(), first)
      end
      same({ 2, 3, 1 }, sizes(x:quantile({ 0.2, 0.4 }, 2)))
      same({ 2 }, sizes(torch.quantile(x, x.new { 0.2, 0.4 })))
      same({ 2, 3 }, sizes(x:quantile({ 0.2, 0.4 }, 2, { keepdim = false })))
      same({ 2 }, sizes(x[1]:quantile({ 0.2, 0.4 }, 1, { keepdim = false })))
      local shares = torch.linspace(0, 1, 5001) -- all at once
      local all = x:quantile(shares, 1)
      same({ 5001, 1, 7 }, sizes(all))
      for i = 1, 5001, 500 do near(x:quantile(shares[i], 1):view(-1):totable(), all[i][1]) end
    end
    local v = torch.Tensor { 4, 1, 3, 2 }
    local ways = { lower = 2, higher = 3, nearest = 3, midpoint = 2.5 }
    for how, want in pairs(ways) do assert.equal(want, v:quantile(0.5, { interpolation = how })) end
    local holes = torch.Tensor { { 1, 0 / 0, 3 }, { 0 / 0, 0 / 0, 0 / 0 }, { 5, 6, 7 } }
    same({ 0, 0, 1 }, holes:quantile(0.5, 2):eq(6):view(-1))
    local without = holes:nanquantile(0.5, 2)
    assert.equal(2, without[1][1])
    assert.is_true(without[2][1] ~= without[2][1])
    assert.equal(1, holes:nanmedian(2)[1][1])
    assert.equal(5, torch.nanmedian(holes))
    assert.equal(math.huge, torch.quantile(torch.Tensor { 1 / 0, 1 / 0 }, 0.3))
  end)

  it('distances', function()
    local generator = torch.Generator()
    torch.manualSeed(generator, 4)
    local a, b = torch.DoubleTensor(40, 5):normal(generator, 0, 1), torch.DoubleTensor(30, 5):normal(generator, 0, 1)
    for _, p in ipairs { 0, 1, 2, 3.5, math.huge } do
      local d = torch.cdist(a, b, p)
      same({ 40, 30 }, sizes(d))
      for _ = 1, 20 do
        local i, j = torch.random(generator, 40), torch.random(generator, 30)
        near({ torch.linalg.vector_norm(a[i] - b[j], p) }, { d[i][j] })
      end
      local pairs_of = torch.pdist(a:narrow(1, 1, 4), p)
      local all = a:narrow(1, 1, 4):cdist(a:narrow(1, 1, 4), p)
      near({ all[1][2], all[1][3], all[1][4], all[2][3], all[2][4], all[3][4] }, pairs_of)
    end
    near(torch.cdist(a:narrow(1, 11, 10), b:narrow(1, 6, 5)):view(-1):totable(),
      torch.cdist(a:view(4, 10, 5), b:view(6, 5, 5):narrow(1, 1, 4))[2])
  end)

  it('areas and counts', function()
    local y = torch.Tensor { 1, 3, 2 }
    assert.equal(4.5, torch.trapezoid(y))
    assert.equal(2.25, torch.trapz(y, { dx = 0.5 }))
    assert.equal(2 * 2 + 1 * 2.5, torch.trapezoid(y, torch.Tensor { 0, 2, 3 }))
    near({ 2, 4.5 }, torch.cumulative_trapezoid(y))
    near({ 4.5, 9 }, torch.stack { y, y * 2 }:trapezoid())
    near({ 1.5, 4.5, 3 }, torch.trapezoid(torch.stack { y, y * 2 }, nil, 1))
    near({ 4, 8 }, torch.trapezoid(torch.stack({ y, y * 2 }, 2), torch.Tensor { 0, 1, 1.8 }, 1))
    local count, edges = torch.histogram(torch.Tensor { 1, 2, 2, 3, 4 }, 3)
    same({ 1, 2, 2 }, count)
    same({ 1, 2, 3, 4 }, edges)
    same({ 3, 1 }, (torch.histogram(torch.Tensor { 1, 2, 2, 3, 9 }, torch.Tensor { 0, 3, 4 })))
    same({ 0, 2 }, (torch.histogram(torch.Tensor { 1, 2, 2, 3 }, 2, { range = { 0, 2 },
      weight = torch.Tensor { 2, 0, 0, 5 } })))
    local density = torch.histogram(torch.range(1, 8), torch.Tensor { 1, 3, 9 }, { density = true })
    near({ 0.125, 0.125 }, density)
  end)

  it('windows and random whole numbers', function()
    near({ 0, 0.5, 1, 0.5 }, torch.hann_window(4))
    near({ 0.08, 0.54, 1, 0.54, 0.08 }, torch.hamming_window(5, false))
    near({ 0, 0.34, 1, 0.34 }, torch.blackman_window(4, { dtype = 'float32' }))
    near({ 0, 0.5, 1, 0.5, 0 }, torch.bartlett_window(5, false))
    same({ 1 }, torch.hann_window(1))
    assert.equal('torch.FloatTensor', torch.hann_window(4, { dtype = 'float32' }):type())
    torch.manualSeed(5)
    local dice = torch.randint(1, 7, { 600 })
    assert.equal('torch.LongTensor', dice:type())
    same({ 1, 6 }, { dice:min(), dice:max() })
    same({ 2, 3 }, sizes(torch.randint(5, { 2, 3 }, { dtype = 'float32' })))
    same({ 2, 2 }, sizes(torch.randint(0, 5, torch.LongStorage { 2, 2 })))
    assert.equal('torch.FloatTensor', torch.FloatTensor(3):randint_like(2):type())
  end)

  support.refuses(it, {
    { 'shares above 1', function() torch.rand(3):quantile(50) end, 'a share from 0 to 1 expected, got 50' },
    { 'unknown ways', function() torch.rand(3):quantile(0.5, { interpolation = 'cubic' }) end, "'linear', 'lower'" },
    { 'quantiles of integers', function() torch.quantile(longs { 1 }, 0.5) end, 'a tensor of a floating type' },
    { 'too many results', function()
      local many = {}
      for i = 1, 1001 do many[i] = torch.ones(1) end
      assert.equal(1001, torch.dstack(many):size(3))
      torch.atleast_2d(many)
    end, 'at most 1000 tensors as several results' },
    { 'rows of other lengths', function() torch.cdist(torch.rand(2, 3), torch.rand(2, 4)) end, 'rows as long as' },
    { 'norms below 0', function() torch.cdist(torch.rand(2, 3), torch.rand(2, 3), -1) end, 'at least 0' },
    { 'places of another number', function() torch.trapezoid(torch.rand(3), torch.rand(4)) end, 'trapezoid' },
    { 'no bins', function() torch.histogram(torch.rand(3), 0) end, '1 to 2%^24 bins' },
    { 'empty ranges', function() torch.histogram(torch.rand(3), 2, { range = { 2, 1 } }) end, 'a range from 2 to 1' },
    { 'ranges without an end', function() torch.histogram(torch.rand(3), 2, { range = 2 }) end, 'range = {low, high}' },
    { 'weights of others', function() torch.histogram(torch.rand(3), 2, { weight = torch.rand(2) }) end,
      'weight = a tensor of 3 elements' },
    { 'bounds upside down', function() torch.randint(3, 3, { 1 }) end, 'from 3 to below 3' },
    { 'no sizes', function() torch.randint(3) end, 'a table of sizes' },
    { 'windows of nothing', function() torch.hann_window(0) end, '1 to 2%^26 weights' },
    { 'windows of integers', function() torch.hann_window(3, { dtype = 'int64' }) end, 'a floating type' },
  })
end)

describe('settings and spellings', function()
  it('say and set what Torch7\'s names do', function()
    local before, threads = torch.getdefaulttensortype(), torch.getnumthreads()
    torch.set_default_dtype 'float32'
    assert.equal('torch.FloatTensor', torch.getdefaulttensortype())
    assert.equal('float32', torch.get_default_dtype())
    torch.set_default_tensor_type(before)
    assert.equal(before, torch.getdefaulttensortype())
    torch.set_num_threads(1)
    assert.equal(1, torch.get_num_threads())
    torch.set_num_threads(threads)
    local state = torch.get_rng_state()
    local x = torch.rand(3)
    torch.set_rng_state(state)
    same(x:totable(), torch.rand(3))
  end)

  it('know what types hold', function()
    assert.equal(2 ^ -52, torch.finfo('float64').eps)
    assert.equal(65504, torch.finfo('torch.HalfTensor').max)
    assert.equal(torch.FloatTensor({ torch.finfo('float32').max })[1], torch.finfo('float32').max)
    assert.equal(math.huge, torch.FloatTensor({ torch.finfo('float32').max * 1.1 })[1])
    assert.equal(255, torch.iinfo('uint8').max)
    assert.equal(-32768, torch.iinfo('int16').min)
    assert.equal(9223372036854775807LL, torch.iinfo('int64').max)
    assert.equal(16, torch.finfo('bfloat16').bits)
  end)

  it('of operations', function()
    local x = torch.Tensor { 4, 9 }
    same({ 2, 4.5 }, torch.divide(x, 2))
    same({ 1, 1 }, x:true_divide(x))
    same({ 3, 8 }, x:subtract(1))
    same({ 8, 18 }, torch.multiply(x, 2))
    same({ 4, 9 }, x)
    same({ 0, 1 }, torch.greater(x, 4))
    same({ 1, 0 }, x:less_equal(4))
    same({ 0, 0 }, torch.not_equal(x, x))
    same({ 4, 9, 4, 9 }, torch.concat({ x, x }, 1))
    same({ 9 }, torch.narrow(x, 1, 2, 1))
    same({ 0, 1 }, torch.select(torch.eye(2), 1, 2))
    near({ math.atan2(4, 4), math.atan2(9, 9) }, torch.arctan2(x, x))
    near({ math.asin(0.5) }, torch.arcsin(torch.Tensor { 0.5 }))
    local i = torch.IntTensor { 6, 3 }
    same({ 2, 2 }, torch.bitwise_and(i, 2))
    same({ 7, 3 }, i:bitwise_or(torch.IntTensor { 1, 1 }))
    same({ 5, 0 }, torch.bitwise_xor(i, 3))
    same({ 12, 6 }, torch.bitwise_left_shift(i, 1))
    x:divide_(2)
    x:greater_(3)
    same({ 0, 1 }, x)
    x:logical_not_()
    same({ 1, 0 }, x)
  end)

  it('that are none stay unknown', function()
    assert.is_nil(torch.sub)
    assert.is_nil(torch.no_such_function)
    assert.error_matches(function() torch.ones(1):save() end, 'there is a function: torch.save')
    assert.error_matches(function() torch.LongTensor(1):sqrt() end, 'has no method sqrt: .*x:double%(%):sqrt')
  end)

  support.refuses(it, {
    { 'types of numbers that are none', function() torch.set_default_dtype 'float128' end, 'an element type' },
    { 'what integers hold as floats', function() torch.finfo 'int8' end, 'a floating type' },
    { 'what floats hold as integers', function() torch.iinfo 'float32' end, 'an integer type' },
    { 'bits of floats', function() torch.bitwise_and(torch.ones(1), 1) end, 'is not defined for DoubleTensor' },
    { 'numbers where a tensor is needed', function() torch.divide(3, 2) end, 'divide: argument 1' },
  })
end)
