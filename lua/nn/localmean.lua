--- What the subtractive and divisive normalisations share: the estimator of local means, as Torch7 composes it, and the
-- coefficients that make up for the image's border.
local common = require 'nn.common'

local M = {}

--- The kernel, checked and scaled so that a constant image keeps its mean.
-- @param class name, for messages
-- @param n number of planes
-- @param[opt] kernel vector (applied along both directions) or matrix of odd sizes; default ones(9, 9)
function M.kernel(class, n, kernel)
  kernel = kernel or torch.Tensor(9, 9):fill(1)
  if type(n) ~= 'number' or n < 1 then
    error(class .. ': nInputPlane: expected an integer >= 1, got ' .. tostring(n), 3)
  end
  if not torch.isTensor(kernel) or kernel:dim() < 1 or kernel:dim() > 2 then
    error(class .. ': averaging kernel must be a vector or a matrix, got ' .. common.shape(kernel), 3)
  end
  for d = 1, kernel:dim() do
    if kernel:size(d) % 2 == 0 then
      error(class .. ': averaging kernel must have ODD dimensions, got ' .. common.shape(kernel), 3)
    end
  end
  local sum = kernel:sum()
  if sum == 0 then error(class .. ': the numbers of the averaging kernel add up to 0', 3) end
  return torch.div(kernel, sum * (kernel:dim() == 2 and n or math.sqrt(n)))
end

--- Append to a chain: zeros around, the kernel over all planes, the one result repeated for each plane.
-- (N, n, H, W) or (n, H, W) → the same sizes with a dimension of 1 after n.
function M.estimator(chain, n, kernel)
  local kH = kernel:size(1)
  local kW = kernel:dim() == 2 and kernel:size(2) or kH
  local padH, padW = math.floor(kH / 2), math.floor(kW / 2)
  chain:add(nn.SpatialZeroPadding(padW, padW, padH, padH))
  if kernel:dim() == 2 then
    local conv = nn.SpatialConvolution(n, 1, kW, kH)
    for i = 1, n do conv.weight[1][i]:copy(kernel) end
    conv.bias:zero()
    chain:add(conv)
  else
    local along = nn.SpatialConvolutionMap(nn.tables.oneToOne(n), kW, 1)
    local across = nn.SpatialConvolution(n, 1, 1, kH)
    for i = 1, n do
      along.weight[i]:copy(kernel)
      across.weight[1][i]:copy(kernel)
    end
    along.bias:zero()
    across.bias:zero()
    chain:add(along):add(across)
  end
  return chain:add(nn.Replicate(n, 1, 3))
end

--- Bring self.coef, the estimator's answer to ones, to the input's size.
function M.coefficients(self, input)
  local rank, size = input:dim(), self._inpsz
  if self._coef and size and self._coef:type() == input:type() and size:size() == rank then
    local same = true
    for d = 1, rank do same = same and size[d] == input:size(d) end
    if same then return end
  end
  self.ones, self._coef = common.buffer(self.ones, input), common.buffer(self._coef, input)
  local one = rank == 4 and input[1] or input
  self.ones:resizeAs(one):fill(1)
  local coef = self.meanestimator:updateOutput(self.ones)
  self._coef:resizeAs(coef):copy(coef)
  self.coef = self._coef
  if rank == 4 then
    self.coef = self._coef:view(1, unpack(self._coef:size():totable())):expand(input:size(1),
      unpack(self._coef:size():totable()))
  end
  self._inpsz = input:size()
end

--- Insist on n planes.
function M.check_input(self, input)
  local n = self.nInputPlane
  if not common.istensor(input) or input.rank < 3 or input.rank > 4 or input.extent[input.rank - 3] ~= n then
    common.expected(self, ('input [N x %d x H x W] or [%d x H x W]'):format(n, n), input)
  end
end

return M
