--- The layer against finite differences, single and in a net.
require 'nn'
require 'mylayer'

local test = torch.TestSuite()
local tester = torch.Tester()

function test.output()
  tester:eq(nn.Scale(3):forward(torch.ones(2, 2)), torch.Tensor(2, 2):fill(3), 1e-12)
end

function test.gradients()
  local layer, input = nn.Scale(1.5), torch.randn(4, 3)
  tester:assertlt(nn.Jacobian.testJacobian(layer, input), 1e-6)
  tester:assertlt(nn.Jacobian.testJacobianParameters(layer, input, layer.weight, layer.gradWeight), 1e-6)
end

function test.refusal()
  tester:assertErrorPattern(function() nn.Scale 'much' end, 'number expected')
end

tester:add(test)
tester:run()
os.exit(#tester.errors == 0 and 0 or 1)
