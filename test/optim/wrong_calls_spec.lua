--- Nonsense given to every function of optim: what is refused is refused in words of ours, at the program's line.
require 'optim'
local helpers = require 'helpers'

local values = {
  function() return nil end,
  function() return 3 end,
  function() return 'x' end,
  function() return {} end,
  function() return torch.ones(3) end,
  function() return torch.LongTensor(3):fill(1) end,
  function() return torch.Tensor() end,
  function() return function() return nil end end,
  function() return function(x) return x:dot(x), x * 2 end end,
  function() return function() return 1, torch.ones(7) end end,
  function() return function(x) return 'a', x end end,
  function() return function() return 1, nil end end,
  function() return { learningRate = 'a', momentum = {}, beta1 = true, popsize = 'x', maxEval = -1 } end,
  function() return { learningRate = 0 / 0, learningRates = torch.ones(9), weightDecay = 'z' } end,
}

local insides = { 'attempt to', 'bad argument', 'cannot convert', 'stack overflow', '^[^\n]*lua/%w+/[%w_]+%.lua:%d+:' }

local function flaw(message)
  for _, pattern in ipairs(insides) do
    if message:find(pattern) then return message:match '^[^\n]*' end
  end
end

describe('wrong calls of', function()
  local print_, write = print, io.write
  before_each(function() -- checkgrad and Logger show what they find
    rawset(_G, 'print', function() end)
    io.write = function() return io.stdout end -- luacheck: ignore 122
  end)
  after_each(function()
    rawset(_G, 'print', print_)
    io.write = write -- luacheck: ignore 122
  end)
  local names = {}
  for name, f in pairs(optim) do
    if type(f) == 'function' then names[#names + 1] = name end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    it('optim.' .. name, function()
      local found = {}
      for i, a in ipairs(values) do
        for j, b in ipairs(values) do
          for k, c in ipairs(values) do
            local ok, message = helpers.call_in_program(optim[name], a(), b(), c())
            local text = not ok and flaw(tostring(message))
            if text then found[('%d %d %d'):format(i, j, k)] = text end
          end
        end
      end
      assert.are.same({}, found)
    end)
  end
end)

describe('an optimiser', function()
  local message_of = helpers.message_of
  it('names the argument as the program counts it', function()
    assert.matches('^program:1: optim.sgd: argument 2: .*floating type',
      message_of 'optim.sgd(function(x) return 1, x end, torch.LongTensor(2):fill(1))')
    assert.matches('^program:1: optim.adam: argument 1: expected a function, got torch.DoubleTensor',
      message_of 'optim.adam(torch.ones(2), torch.ones(2))')
    assert.matches('^program:1: optim.clipNorm: argument 3', message_of "optim.clipNorm(torch.ones(2), 1, 'x')")
  end)
end)
