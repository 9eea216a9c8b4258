--- Forms that published Torch7 programs lean on, as programs of our own that are run by th.

local output = require 'helpers'.program

describe('programs find without a require', function()
  it('bit32, of Lua 5.2', function()
    assert.are.equal('4294967295\t15\t2147483648\t80\t2147483648\ttrue\n', output [[
      print(bit32.bnot(0), bit32.extract(0xff00, 8, 4), bit32.lshift(1, 31), bit32.replace(0, 5, 4, 4),
        bit32.band(0xffffffff, 2 ^ 31), require 'bit32' == bit32)]])
    assert.are.equal('0\t0\t4294967295\t1\t2\t16\ttrue\tfalse\n', output [[
      print(bit32.lshift(1, 32), bit32.rshift(1, 40), bit32.arshift(0x80000000, 99), bit32.lrotate(0x80000000, 1),
        bit32.rrotate(1, 31), bit32.rshift(1, -4), bit32.btest(3, 1), bit32.btest(2, 1))]])
    assert.truthy(output 'bit32.extract(1, 30, 3)':match 'bit32.extract: bits 30 to 32 are not in 0 to 31')
  end)

  it('the names of Penlight and LuaFileSystem where these are installed, and no others', function()
    if not pcall(require, 'pl.path') then
      return pending 'Penlight is not installed'
    end
    assert.are.equal('a/b\tx\t3\ttable\tnil\n', output [[
      print(path.join('a', 'b'), stringx.strip ' x ', tablex.size { 1, 2, 3 }, type(lfs), nothing_of_this_name)]])
    assert.are.equal('7\ttrue\n', output([[
      local opt = lapp '  -n,--number (default 3) a number\n  -f,--flag a flag\n'
      print(opt.number, opt.flag)]], '-n 7 --flag'))
    assert.are.equal('true\ttrue\n', output "require 'pl' print(List { 1 }:len() == 1, path.isdir '/')")
  end)

  it('of packages that are not there, what to do', function()
    local text = output "require 'cutorch'"
    assert.truthy(text:match "module 'cutorch' not found:" and text:match 'no CUDA tensors yet.-for the CPU')
    assert.are.equal('true\n', output [[
      local ok, text = pcall(require, 'hdf5.of_nobody')
      print(not ok and text:find('libhdf5-dev', 1, true) ~= nil)]])
    local hint = require 'torch.absent'.hint
    assert.truthy(hint 'rnn':match 'install rnn$' and hint 'loadcaffe':match 'TH' and hint 'cjson':match 'lua%-cjson')
    assert.truthy(hint 'cwrap':match 'rk_lua%.h')
    assert.is_nil(hint 'no_such_package')
    assert.is_nil(hint())
  end)

  it('colours for a terminal', function()
    assert.are.equal('\27[0;32msaved\27[0m\ttrue\n', output [[
      local c = require 'trepl.colorize'
      print(c.green 'saved', require 'trepl.colors'.Blue == sys.COLORS.Blue)]])
  end)
end)

describe('containers', function()
  local nn = require 'nn'

  it('hold modules for their parameters alone, without dimensions', function()
    for _, class in ipairs { 'Parallel', 'Concat' } do
      local box = nn[class]():add(nn.Linear(2, 3)):add(nn.Linear(3, 1))
      assert.are.equal(13, (box:getParameters():nElement()))
      local _, message = pcall(box.forward, box, require 'torch'.randn(2, 2))
      assert.truthy(message:match 'holds parameters only')
    end
    local _, message = pcall(nn.Parallel, 1)
    assert.truthy(message:match 'expected two dimensions, got number and nil')
  end)
end)

describe('suites', function()
  it('judge an error by a function of it', function()
    local text = output [[
      local tester = torch.Tester()
      local function bad() error 'the third part is loose' end
      tester:add(function()
        tester:assertErrorObj(bad, function(err) return err:find 'third part' and true or false end, 'not the third')
        tester:assertErrorObj(bad, function(err) return err:find 'fourth' and true or false end, 'not the fourth')
      end, 'parts')
      tester:run()]]
    assert.truthy(text:match 'not the fourth' and not text:match 'not the third')
  end)
end)

describe('training programs', function()
  it('share one storage between the gradients of many layers', function()
    assert.are.equal('true\n', output [[
      require 'nn'
      torch.manualSeed(1)
      local net = nn.Sequential():add(nn.Linear(4, 5)):add(nn.Tanh()):add(nn.Linear(5, 5)):add(nn.Tanh())
      local twin = net:clone()
      local stores = {}
      net:apply(function(m)
        local key = torch.type(m)
        if torch.isTensor(m.gradInput) then
          stores[key] = stores[key] or torch.DoubleStorage(1)
          m.gradInput = torch.DoubleTensor(stores[key], 1, 0)
        end
      end)
      local x, g = torch.randn(3, 4), torch.randn(3, 5)
      for _, n in ipairs { net, twin } do
        n:forward(x)
        n:zeroGradParameters()
        n:backward(x, g)
      end
      print(net:get(1).gradWeight:dist(twin:get(1).gradWeight) < 1e-12)]])
  end)

  it('walk a network by its length, and cut it into another', function()
    assert.are.equal('3\ttrue\n', output [[
      require 'nn'
      local net, part = nn.Sequential():add(nn.Linear(2, 3)):add(nn.ReLU()):add(nn.Linear(3, 1)), nn.Sequential()
      for i = 1, #net do
        part:add(net:get(i))
      end
      local x = torch.randn(5, 2)
      print(#part, part:forward(x):equal(net:forward(x)))]])
  end)

  it('end while loader threads still have jobs', function()
    assert.are.equal('8\n', output [[
      local Threads = require 'threads'
      Threads.serialization 'threads.sharedserialize'
      local pool = Threads(2, function() require 'torch' end, function(id) torch.manualSeed(id) end)
      local batch
      for _ = 1, 3 do
        pool:addjob(function() return torch.rand(8, 3) end, function(x) batch = x end)
      end
      pool:dojob()
      require 'nn'
      require 'image'
      print(batch:size(1))]])
  end)

  it('replace classes of nn by their own', function()
    assert.are.equal('mine\tnn.LSTM\tmine\n', output [[
      require 'nn'
      local LSTM, parent = torch.class('nn.LSTM', 'nn.Module')
      function LSTM:__init(tag)
        parent.__init(self)
        self.tag = tag
      end
      local Fast, slow = torch.class('nn.FastOne', 'nn.LSTM')
      function Fast:__init()
        slow.__init(self, 'mine')
      end
      print(nn.LSTM('mine').tag, torch.type(nn.LSTM 'x'), nn.FastOne().tag)]])
  end)
end)

describe('overloading', function()
  it("puts a program's own operators into the classes of tensors", function()
    assert.are.equal('true\ttrue\tnode\tnode\tnode\t8\n', output [[
      local class = torch.getmetatable 'torch.DoubleTensor'
      local own, unm = {}, class.__unm
      for _, event in ipairs {'__add', '__mul', '__lt'} do
        own[event] = class[event]
        class[event] = function(a, b)
          if type(a) == 'table' or type(b) == 'table' then return 'node' end
          return own[event](a, b)
        end
      end
      class.__unm = function(t) return unm(t) * 2 end
      local t, node = torch.ones(4), {}
      print(type(own.__add) == 'function', (t + t * 2):sum() == 12, t + node, t * node, node + t, -(-t):sum())]])
    assert.are.equal('mine\t3\n', output [[
      local class = torch.getmetatable 'torch.FloatTensor'
      class.__sub__ = function() return 'mine' end
      print(torch.FloatTensor(1) - 1, torch.ones(1):mul(4)[1] - 1)]])
  end)

  it('gives numbers operators, of which nothing inside becomes a victim', function()
    assert.are.equal('true\n', output [[
      require 'nn'
      local function only_tensors(f)
        return function(a, b)
          if not torch.isTensor(b) then error('asked for ' .. type(a) .. ' and ' .. type(b), 2) end
          return f(a, b)
        end
      end
      debug.setmetatable(1, {
        __add = only_tensors(function(a, b) return b + a end),
        __sub = only_tensors(function(a, b) return -b + a end),
        __mul = only_tensors(function(a, b) return b * a end),
        __div = only_tensors(function(a, b) return torch.cinv(b) * a end)})
      local x = torch.range(1, 12):resize(3, 4)
      local y = 1 - 2 * x + 24 / x
      assert(y[1][1] == 23 and y[{3, 4}] == -21 and y[torch.LongStorage {2, 1}] == y[2][1])
      assert(torch.diag(x, -1)[2] == 10 and x:clone():apply(function(v) return v + 1 end):sum() == 90)
      local net = nn.Sequential():add(nn.Linear(4, 3)):add(nn.BatchNormalization(3)):add(nn.LogSoftMax())
      net:backward(x, net:forward(x))
      local back = torch.deserialize(torch.serialize(x))
      print(tostring(net:clone().output) == tostring(net.output) and back:sum() == 78)]])
  end)
end)

describe('programs that are stopped', function()
  it('have printed what they printed', function()
    assert.are.equal('epoch 1\tnil\nstopped\n', output [[
      print('epoch 1', nil)
      require 'ffi'.cdef 'void _exit(int);'
      io.stderr:write 'stopped\n'
      require 'ffi'.C._exit(1)]])
  end)
end)
