--- Files of torch load on first mention: each must bring with it the functions it uses, whatever was loaded before.
local helpers = require 'helpers'
local th = arg[-1]
local folder = debug.getinfo(1, 'S').source:match '^@(.*)/test/torch/' or '.'

-- One process for all files would hide what an earlier one loaded; starting one takes 10 ms.
local function missing(name, used)
  local code = [[
    require 'torch.%s'
    local functions = require('torch.tensor').functions
    for name in ('%s'):gmatch '%%S+' do
      if rawget(functions, name) == nil then io.write('lacks ', name, ' ') end
    end]]
  return helpers.output(("%s -e \"%s\" </dev/null"):format(th, code:format(name, used)))
end

describe('each file of torch alone', function()
  it('finds the functions it uses', function()
    local wrong = {}
    for path in helpers.output(('ls "%s"/lua/torch/*.lua'):format(folder)):gmatch '[^\n]+' do
      local text, names, list = helpers.content(path), {}, {}
      if text:find "tensor['%)]*%.functions" then
        for name in text:gmatch '%f[%w_]functions%.([%a_][%w_]*)' do
          if not names[name] then list[#list + 1] = name end
          names[name] = true
        end
      end
      local module = path:match '([%w_]+)%.lua$'
      local said = #list > 0 and missing(module, table.concat(list, ' ')) or ''
      if said ~= '' then wrong[#wrong + 1] = module .. ': ' .. said end
    end
    assert.are.same({}, wrong)
  end)

  it('batches of matrices first of all', function()
    assert.equal('2', (helpers.output(th .. [[ -e "print(torch.linalg.svd(torch.randn(2, 3, 3)):size(1))" </dev/null]])
      :match '%S+'))
  end)
end)
