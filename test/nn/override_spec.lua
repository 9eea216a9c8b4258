--- Classes of other packages under names that are built in here: theirs win, loaded before or after.

local function run(code) return require 'helpers'.program("require 'nn'\n" .. code) end

local theirs = [[
local LSTM, parent = torch.class('nn.LSTM', 'nn.Container')
function LSTM:__init(n) parent.__init(self) self.n = n end
function LSTM:updateOutput(x) self.output = x * self.n return self.output end
]]

describe("others' classes", function()
  it('win over one that was never mentioned', function()
    local text = run(theirs .. [[
      nn.loadAll()
      print(nn.LSTM(3):forward(torch.ones(1))[1], torch.isTypeOf(nn.LSTM(3), 'nn.Container'))
      print(torch.type(torch.deserialize(torch.serialize(nn.LSTM(4))).n), nn.GRU(2, 3))
      print(pcall(torch.class, 'nn.LSTM', 'nn.Module'))
    ]])
    assert.is_truthy(text:find '^3\ttrue\nnumber\tnn.GRU%(2 %-> 3%)\nfalse\t.-exists already')
  end)

  it('win over one that is loaded; objects of that go on working', function()
    local text = run([[
      nn.loadAll()
      local old = nn.LSTM(2, 3)
    ]] .. theirs .. [[
      print(nn.LSTM(3):forward(torch.ones(1))[1], old:forward(torch.ones(2, 2)):size(2), torch.type(old))
      print(torch.isTypeOf(old, 'nn.RNNBase'), torch.getmetatable('nn.LSTM') == getmetatable(nn.LSTM(1)))
    ]])
    assert.are.equal('3\t3\tnn.LSTM\ntrue\ttrue\n', text)
  end)

  it('are asked for when their files are read without them', function()
    require 'nn'
    local m = nn.LSTM(2, 3)
    m.kind = nil -- as in a file of theirs
    local ok, err = pcall(torch.deserialize, torch.serialize(m))
    assert.is_false(ok)
    assert.is_truthy(tostring(err):find("require that package (for Element-Research's", 1, true))
  end)
end)
