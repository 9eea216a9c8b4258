--- Listing packages whose names are loaded on first mention: `pairs` sees every name, in th and LuaJIT.
local th, tree = arg[-1], debug.getinfo(1, 'S').source:match '^@(.*)/test/torch/[^/]*$' or '.'

local output = require 'helpers'.output

local program = os.tmpname()
local list = [==[
require 'torch'
local package_ = require(arg[1])
local names, n = {}, 0
for name, value in pairs(package_) do names[name] = value ~= nil end
for name in pairs(names) do n = n + 1 end
for i = 2, #arg do assert(names[arg[i]], arg[i]) end
print(n >= #arg - 1 and 'complete')
]==]
local wanted = {
  optim = 'adadelta adagrad adam adamax asgd cg checkgrad ConfusionMatrix de FistaLS lbfgs Logger lswolfe nag '
    .. 'polyinterp rmsprop rprop sgd cmaes',
  nn = 'Linear Sequential SpatialConvolution CrossEntropyCriterion Module utils THNN Jacobian hessian',
  torch = 'svd DiskFile CmdLine Tester save Timer class randn einsum',
  vision = 'datasets',
}

describe('a package whose names are loaded on first mention', function()
  setup(function()
    io.open(program, 'w'):write(list):close()
  end)
  teardown(function() os.remove(program) end)

  it('is listed whole by th', function()
    for name, fields in pairs(wanted) do
      assert.are.equal('complete\n', output(('%s %s %s %s'):format(th, program, name, fields)), name)
    end
  end)

  it('is listed whole by LuaJIT', function()
    if not output 'luajit -v':find '^LuaJIT' then return pending 'luajit is not installed' end
    local prefix = ("RK_LIB='%s' LUA_PATH='%s/lua/?.lua;%s/lua/?/init.lua;;'"):format(package.loaded['torch.libpath'],
      tree, tree)
    for name, fields in pairs(wanted) do
      assert.are.equal('complete\n', output(('%s luajit %s %s %s'):format(prefix, program, name, fields)), name)
    end
  end)

  it('leaves pairs as it is for all else', function()
    local t, seen = { 5, 6, x = 7 }, {}
    for k, v in next, t do seen[k] = v end
    assert.are.same(t, seen)
    assert.is_nil(next {})
    assert.are.equal(2, next(t, 1))
    local ok, why = pcall(pairs, nil)
    assert.is_false(ok)
    assert.truthy(why:find("bad argument #1 to 'pairs' (table expected, got nil)", 1, true))
  end)
end)
