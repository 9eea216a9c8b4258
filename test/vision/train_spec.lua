--- examples/fashion-mnist/train.lua: a run that is killed and resumed leaves the same bits as one that was not.
require 'nn'
local luatype = require 'torch.class'.luatype
local paths_here = debug.getinfo(1, 'S').source:match '^@(.*/)' or './'
local program = paths_here .. '../../examples/fashion-mnist/train.lua'
local th = arg[-1]

local function available()
  local f = io.open '/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz'
  if f then f:close() end
  return f ~= nil
end

local function command(save, more)
  return ("'%s' '%s' -smoke -epochs 4 -seed 3 -threads 1 -save '%s' %s >/dev/null 2>&1"):format(th, program, save,
    more or '')
end

-- The first place where two checkpoints differ by a bit; nil when they are the same.
local function difference(a, b, path)
  path = path or ''
  if torch.type(a) ~= torch.type(b) then return path .. ': types' end
  if torch.isTensor(a) then
    return torch.serialize(a) ~= torch.serialize(b) and path .. ': tensors' or nil
  elseif type(a) == 'table' then
    for k, v in pairs(a) do
      local at = difference(v, b[k], path .. '.' .. tostring(k))
      if at then return at end
    end
    for k in pairs(b) do
      if a[k] == nil then return path .. '.' .. tostring(k) .. ': missing' end
    end
  elseif luatype(a) ~= 'cdata' and a ~= b then
    return ('%s: %s and %s'):format(path, tostring(a), tostring(b))
  end
end

local function checkpoint(folder)
  local run = torch.load(folder .. '/checkpoint.t7')
  run.opt = nil -- names the folder
  return run
end

describe('examples/fashion-mnist', function()
  if not available() then
    pending 'needs the package dataset-fashion-mnist'
    return
  end
  local folder = os.tmpname()
  os.remove(folder)
  teardown(function() os.execute("rm -rf '" .. folder .. "'") end)

  it('resumes bit for bit, also after kill -9', function()
    local straight, killed = folder .. '/straight', folder .. '/killed'
    local status = os.execute(command(straight))
    assert.is_true(status == 0 or status == true)
    -- kill it as soon as a checkpoint is there, whatever it is doing then
    os.execute(command(killed) .. (" & pid=$!; while [ ! -e '%s/checkpoint.t7' ] && kill -0 $pid 2>/dev/null; "
      .. 'do sleep 0.02; done; ' .. 'kill -9 $pid; wait $pid 2>/dev/null'):format(killed))
    local epoch = torch.load(killed .. '/checkpoint.t7').epoch
    assert.is_true(epoch >= 1 and epoch <= 4)
    local more = command(killed, ("-resume '%s/checkpoint.t7'"):format(killed))
    status = os.execute(more)
    assert.is_true(status == 0 or status == true)
    assert.are.equal(4, torch.load(killed .. '/checkpoint.t7').epoch)
    assert.is_nil(difference(checkpoint(straight), checkpoint(killed)))
    local function text(path)
      local f = assert(io.open(path))
      local s = f:read '*a'
      f:close()
      return s
    end
    assert.are.equal(text(straight .. '/train.log'), text(killed .. '/train.log'))
  end)

  it('says what is wrong with a checkpoint or the data', function()
    local function output(more)
      local pipe = io.popen(("'%s' '%s' -smoke -save '%s' %s 2>&1"):format(th, program, folder .. '/wrong', more))
      local s = pipe:read '*a'
      pipe:close()
      return s
    end
    assert.is_truthy(output '-data /nowhere':find('/nowhere/train-images-idx3-ubyte: no such file', 1, true))
    assert.is_truthy(output '-resume /nowhere/x.t7':find('/nowhere/x.t7', 1, true))
  end)
end)
