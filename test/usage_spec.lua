--- The documentation: every public function of torch and class of the packages has a sentence, and every @usage
-- example of the code base runs as it stands.
require 'torch'
local usage = require 'torch.usage'

local packages = { 'torch', 'nn', 'optim', 'paths', 'sys', 'xlua', 'vision', 'image', 'nngraph', 'trepl', 'threads',
  'autograd', 'tds', 'gnuplot' }

-- "f(x) -- 5": what follows is what the expression gives, for readers
local function chunk_of(text)
  return loadstring(text) or loadstring('return ' .. text)
end

for _, package in ipairs(packages) do
  if torch.packageLuaPath(package) then
    local seen = {}
    describe('examples of ' .. package, function()
      for _, entry in ipairs(usage.package(package)) do
        for _, tag in ipairs(entry.tags) do
          local place = ('%s:%d'):format(entry.file:match '[^/]+/[^/]+$', tag.line)
          if tag.tag == 'usage' and not seen[place] then
            seen[place] = true
            it(('%s (%s)'):format(entry.name, place), function()
              if package ~= 'trepl' then rawset(_G, package, require(package)) end
              for _, name in ipairs { 'nn', 'optim', 'paths' } do
                if tag.text:find('%f[%w]' .. name .. '%.') then rawset(_G, name, require(name)) end
              end
              local f = assert(chunk_of(tag.text))
              f()
            end)
          end
        end
      end
    end)
  end
end

describe('documentation', function()
  it('has a sentence for every function of torch', function()
    for name in pairs(require 'torch.lazy'.where) do local _ = torch[name] end
    local bare = {}
    for name, value in pairs(torch) do
      if type(value) == 'function' and not name:find '^_' and not name:find '_$' and not torch.usage(name) then
        bare[#bare + 1] = name
      end
    end
    assert.same({}, bare)
  end)

  it('has a sentence for every method of tensors', function()
    local bare = {}
    for name, value in pairs(torch.getmetatable 'torch.FloatTensor') do
      if type(value) == 'function' and not name:find '^_' and not name:find '_$'
        and not torch.usage('torch.FloatTensor:' .. name) then
        bare[#bare + 1] = name
      end
    end
    assert.same({}, bare)
  end)

  it('has a sentence for every layer and optimiser', function()
    for _, package in ipairs { 'nn', 'optim' } do
      require(package)
      for name in paths.files(torch.packageLuaPath(package), '^%u.*%.lua$') do
        name = package .. '.' .. name:match '^(.*)%.lua'
        local text = torch.usage(name)
        assert.truthy(text and text:find '\n', name .. ' has no documentation')
      end
    end
  end)

  it('has an example for every class of nn', function()
    local entries, bare = usage.package 'nn', {}
    require 'nn'
    for file in paths.files(torch.packageLuaPath 'nn', '^%u.*%.lua$') do
      local name = 'nn.' .. file:match '^(.*)%.lua'
      local found = torch.getmetatable(name) == nil
      for _, tag in ipairs(entries[name] and entries[name].tags or {}) do found = found or tag.tag == 'usage' end
      if not found then bare[#bare + 1] = name end
    end
    assert.same({}, bare)
  end)

  it('is found by name, value, class and object', function()
    assert.truthy(torch.usage 'cmul':find('torch.cmul([res,] x, y)', 1, true))
    assert.equal(torch.usage 'cmul', torch.usage(torch.cmul))
    assert.equal(torch.usage 'cmul', torch.usage 'FloatTensor:cmul')
    assert.equal(torch.usage 'nn.Linear', torch.usage(require 'nn'.Linear))
    assert.equal(torch.usage 'nn.Linear', torch.usage(require 'nn'.Linear(2, 2)))
    assert.truthy(torch.usage 'torch.Timer:stop':find 'returns the timer')
    assert.truthy(torch.usage 'sum':find 'sum of the elements')
    assert.is_nil(torch.usage 'nothing_like_that')
    assert.is_nil(torch.usage(function() end))
    assert.has_error(function() torch.usage() end)
  end)

  it('knows packages, methods of objects, and what a program documents', function()
    local nn = require 'nn'
    assert.truthy(torch.usage 'optim':find('sgd', 1, true))
    assert.truthy(torch.usage(nn):find('SpatialConvolution', 1, true))
    assert.falsy(torch.usage 'nn':find('common', 1, true))
    rawset(_G, 'rk_net', nn.Sequential())
    rawset(_G, 'rk_tensor', torch.ones(2))
    assert.equal(torch.usage 'nn.Module:forward', torch.usage 'rk_net:forward')
    assert.equal(torch.usage 'nn.Module:forward', torch.usage 'nn.Linear:forward')
    assert.equal(torch.usage 'cmul', torch.usage 'rk_tensor:cmul')
    local name = os.tmpname()
    io.open(name, 'w'):write('--- Twice the number.\n-- @param x a number\nfunction rk_twice(x)\n  return 2 * x\nend\n'
      .. "--- A layer.\nlocal Layer = torch.class('nn.RkTwice', 'nn.Module')\nfunction Layer:__init() end\n"):close()
    dofile(name)
    assert.equal('rk_twice(x)\nTwice the number.\n  x: a number', torch.usage 'rk_twice')
    assert.equal('rk_twice(x)\nTwice the number.\n  x: a number', torch.usage(rawget(_G, 'rk_twice')))
    assert.truthy(torch.usage 'nn.RkTwice':find('A layer.', 1, true))
    assert.truthy(torch.usage(nn.RkTwice()):find('A layer.', 1, true))
    os.remove(name)
    rawset(_G, 'rk_net', nil)
    rawset(_G, 'rk_tensor', nil)
    rawset(_G, 'rk_twice', nil)
  end)
end)
