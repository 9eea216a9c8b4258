--- Arcs, remainders and powers of float32 against float64's, and at their ends against the C library's.
require 'torch'

local inf, nan = math.huge, 0 / 0
local ends = { 0, -0.0, 1, -1, 0.5, 2, -2.5, inf, -inf, nan,
  1e-45, -1e-45, 3e38, -3e38, 1e-310, 1e308, -1e308, 2 ^ -1074 }

local function close(got, wanted, class)
  if wanted ~= wanted then return got ~= got end
  if got == wanted then return 1 / got == 1 / wanted end -- zeros have signs
  local ulp = class == torch.FloatTensor and 1.2e-7 or 4.5e-16
  return math.abs(got - wanted) <= math.max(ulp * math.abs(wanted), class == torch.FloatTensor and 1.5e-45 or 0)
end

describe('functions of float32 and float64', function()
  it('asin, acos, atan and atan2 have the ends of C', function()
    for _, class in ipairs { torch.FloatTensor, torch.DoubleTensor } do
      for _, a in ipairs(ends) do
        local y = class { a }
        for _, name in ipairs { 'asin', 'acos', 'atan' } do
          assert(close(torch[name](y)[1], math[name](y[1]), class), ('%s(%g)'):format(name, a))
        end
        for _, b in ipairs(ends) do
          local x = class { b }
          assert(close(torch.atan2(y, x)[1], math.atan2(y[1], x[1]), class), ('atan2(%g, %g)'):format(a, b))
        end
      end
    end
  end)

  it('remainders of float32 are exact', function()
    torch.manualSeed(2)
    local n = 20000
    local function whole(most) return torch.FloatTensor(n):random(1, most) end
    local divisor = whole(200)
    local multiple = torch.cmul(divisor, whole(60000))
    local rows = {
      { torch.FloatTensor(n):uniform(-1000, 1000), torch.FloatTensor(n):uniform(-10, 10) },
      { multiple, divisor }, { multiple * (1 - 2 ^ -23), divisor }, { multiple * (1 + 2 ^ -23), divisor },
      { torch.cmul(whole(16777215), whole(2e8)), whole(16777215) },
      { torch.pow(2, torch.FloatTensor(n):uniform(-140, 127)), torch.pow(2, torch.FloatTensor(n):uniform(-140, 127)) },
    }
    for _, row in ipairs(rows) do
      local x, y = unpack(row)
      local wanted = torch.cfmod(x:double(), y:double())
      assert.equal(0, torch.cfmod(x, y):double():ne(wanted):sum())
    end
    for _, x in ipairs { 5, -5, 0, inf, nan } do
      for _, y in ipairs { 3, -3, 0, inf, -inf, nan } do
        local got = torch.cfmod(torch.FloatTensor { x }, torch.FloatTensor { y })[1]
        assert(close(got, torch.cfmod(torch.DoubleTensor { x }, torch.DoubleTensor { y })[1], torch.FloatTensor))
      end
    end
  end)

  it('powers and logarithms of float32 are right to an ulp', function()
    torch.manualSeed(3)
    local n = 20000
    local rows = {
      { torch.FloatTensor(n):uniform(0, 100), torch.FloatTensor(n):uniform(-10, 10) },
      { torch.FloatTensor(n):uniform(0.9, 1.1), torch.FloatTensor(n):uniform(-800, 800) },
      { torch.FloatTensor(n):uniform(-100, 100), torch.FloatTensor(n):random(-9, 9) },
    }
    for _, row in ipairs(rows) do
      local x, y = unpack(row)
      local wanted = torch.cpow(x:double(), y:double())
      local error = torch.cdiv(torch.cpow(x, y):double() - wanted, wanted):abs()
      error[wanted:clone():abs():lt(1.2e-38)] = 0
      error[wanted:clone():abs():gt(3.4e38)] = 0
      assert(error:max() < 2 ^ -23)
    end
    for k = -40, 38 do
      assert.equal(k, torch.log2(torch.FloatTensor { 2 ^ k })[1])
      if k >= 0 and k <= 10 then assert.equal(k, torch.log10(torch.FloatTensor { 10 ^ k })[1]) end
    end
  end)
end)
