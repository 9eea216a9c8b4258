--- Wrong calls of every function and method of torch, enumerated from its tables: an error names the function that was
-- called and stands at the line of the call, and never comes from inside.
require 'torch'
local helpers = require 'helpers'

-- Not called here: what ends or changes the process, runs programs, or takes anything.
local skipped = {}
for name in ([[ test include PipeFile updateerrorhandlers updatethreadlocals newmetatable class setenv getenv save
  saveobj seed setheaptracking pushudata typename type isTensor isStorage version isequal tic usage pointer
  packageLuaPath isatty deterministic setRNGState getRNGState register_package help ]]):gmatch '%S+' do
  skipped[name] = true
end

local function arguments()
  local t = torch.FloatTensor(3, 4):fill(1)
  return {
    { 'nothing' }, { 'a function', print }, { 'a text', 'nonsense' }, { 'an object', torch.Timer() },
    { 'a tensor and a function', t, print }, { 'another type and shape', t, torch.LongTensor(2, 5):fill(1) },
    { 'tables', t, {}, {} }, { 'far dimensions', t, 99 }, { 'far places', t, 1, 99 }, { 'NaN', t, 0 / 0 },
    { 'another shape', t, torch.FloatTensor(2, 5):fill(1) }, { 'no elements', torch.FloatTensor(), 1 },
    { 'nine tensors', t, t:clone(), t:clone(), t:clone(), t:clone(), t:clone(), t:clone(), t:clone(), t:clone() },
    { 'seven functions', t, print, print, print, print, print, print, print },
    { 'a freed tensor', t.new(2):free() or t.new() }, { 'a storage', torch.FloatStorage(3) },
    { 'huge numbers', t, 2 ^ 62, -2 ^ 62 }, { 'a matrix of bytes', torch.ByteTensor(3, 4):fill(1), print },
  }
end

-- What only Lua itself says; and files of the package as the place of an error.
local insides = { 'attempt to', 'bad argument', 'cannot convert', 'stack overflow', 'lua/torch/', 'lua:%d+:.*lua:%d+:' }

local function judge(name, call)
  for _, row in ipairs(arguments()) do
    -- the call stands in a chunk of its own, so that its place and name are known
    local ok, message = pcall(loadstring(call, '=program'), unpack(row, 2, 12))
    if not ok then
      message = tostring(message)
      for _, pattern in ipairs(insides) do
        if message:find(pattern) then error(('%s with %s: %s'):format(name, row[1], message), 0) end
      end
      local base = name:gsub('_$', '')
      if not message:find(base, 1, true) then
        error(('%s with %s: the error does not name it: %s'):format(name, row[1], message), 0)
      end
    end
  end
end

describe('wrong calls', function()
  for name in pairs(require 'torch.lazy'.where) do local _ = torch[name] end
  for name, f in pairs(torch) do
    if type(f) == 'function' and not skipped[name] and not name:find '^_' then
      it('torch.' .. name, function() judge(name, ('local r = torch.%s(...) return r'):format(name)) end)
    end
  end
  for _, class in ipairs { 'FloatTensor', 'LongTensor' } do
    for name, f in pairs(torch.getmetatable('torch.' .. class)) do
      if type(f) == 'function' and not skipped[name] and not name:find '^_' then
        it(class .. ':' .. name, function()
          judge(name, ('local t = torch.%s(3, 4):fill(1) local r = t:%s(...) return r'):format(class, name))
        end)
      end
    end
  end
end)

describe('too many arguments', function()
  local t = torch.FloatTensor(3, 4):fill(1)
  -- Torch7 looks at all arguments of what its generated bindings define, and at none behind those it knows of others.
  local calls = {
    { 'cmul', t, t, t, t }, { 'add', t, 1, t, t, t }, { 'exp', t, t, t }, { 'exp', 1, 2 }, { 'clamp', t, t, 1, 2, 3 },
    { 'mul', t, 1, 2 }, { 'addcmul', t, t, 1, t, t, t }, { 'lt', t, t, 1, 2 }, { 'zero', t, 1 }, { 'trace', t, 1 },
    { 'equal', t, t, t }, { 'cmax', t, t, t, t }, { 'pow', t, t, 2, 3 }, { 'numel', t, 1 },
  }
  for _, call in ipairs(calls) do
    it(call[1], function()
      local ok, message = pcall(function() return torch[call[1]](unpack(call, 2, 9)) end)
      assert.is_false(ok)
      assert.truthy(message:find(call[1], 1, true), message)
    end)
  end
end)

describe('an error', function()
  local message_of = helpers.message_of
  it('has one form', function()
    assert.equal('program:1: torch.cmul: argument 2: expected FloatTensor of 12 elements [3x4], got LongTensor [2x5]',
      message_of 'local r = torch.cmul(torch.FloatTensor(3, 4), torch.LongTensor(2, 5)) return r')
  end)
  it('names what was called, by whatever name', function()
    assert.truthy(message_of 'local r = torch.ones(3):index_add(9) return r':find '^program:1: torch%.index_add: ')
    assert.truthy(message_of 'local r = torch.is_nonzero(torch.ones(2)) return r':find ':1: torch%.is_nonzero: ')
  end)
end)
