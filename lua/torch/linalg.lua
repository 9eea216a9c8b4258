--- Linear algebra beyond Torch7, under PyTorch's names: `torch.linalg`, and as functions and methods cholesky,
-- cholesky_solve, cholesky_inverse, triangular_solve, pinverse, logdet, slogdet, matrix_exp, chain_matmul.
--
-- Composed of the decompositions of torch.lapack, whose conventions differ: `torch.svd` gives V, `torch.linalg.svd` its
-- transpose, and all of U. Functions of torch.linalg take batches, matrices being in the last two dimensions. What has
-- no dimension left is a number. `torch.eig` stands for linalg.eig: there are no complex numbers here.
-- @usage x = torch.linalg.solve(torch.Tensor{{2, 0}, {0, 4}}, torch.ones(2)) -- 0.5 0.25
local ffi = require 'ffi'
local check = require 'torch.check'
local types = require 'torch.types'
local tensor = require 'torch.tensor'
local options = require 'torch.options'
local lapack = require 'torch.lapack'
require 'torch.arrange'
require 'torch.products'

local fail, argument, need, describe = check.fail, check.argument, check.tensor, check.describe
local istype, ctype = ffi.istype, tensor.ctype
local functions, floats = tensor.functions, tensor.floats

local M = {}

-- -- arguments ----------------------------------------------------------------------------------

local function matrix(name, n, x, square)
  if not istype(ctype, x) or not types.float[x.dt] then argument(name, n, 'FloatTensor or DoubleTensor', x) end
  if x.rank < 2 then argument(name, n, 'a matrix', x) end
  if square and x:size(x.rank) ~= x:size(x.rank - 1) then argument(name, n, 'a square matrix', x) end
  return x
end

local function single(name, n, x, square)
  matrix(name, n, x, square)
  if x.rank > 2 then argument(name, n, square and 'a square matrix' or 'a matrix', x) end
  return x
end

local function same_type(name, n, x, like)
  if not istype(ctype, x) or x.dt ~= like.dt then argument(name, n, types.class[like.dt] .. 'Tensor', x) end
  if x.rank == 0 then argument(name, n, 'a tensor with elements', x) end
  return x
end

-- The sizes in front of the last two, and a view with one dimension in their place.
local function batch(name, x)
  local lead, count = {}, 1
  for d = 1, x.rank - 2 do
    lead[d] = x:size(d)
    count = count * lead[d]
  end
  return lead, options.shaped(name, x, { count, x:size(x.rank - 1), x:size(x.rank) })
end

-- The results of one kind of all matrices, under the leading sizes.
local function joined(name, lead, list, dt)
  if not istype(ctype, list[1]) then return tensor.from_table(name, dt, list):view(unpack(lead)) end
  local sizes = { unpack(lead) }
  for _, n in ipairs(options.sizes(list[1])) do sizes[#sizes + 1] = n end
  return functions.stack(list):view(unpack(sizes))
end

-- f(x, y) for each matrix of x, and of y where y is a tensor with as many
local function each(name, f, x, y, ...)
  if x.rank == 2 then return f(x, y, ...) end
  local lead, xs = batch(name, x)
  local ys
  if istype(ctype, y) and y.rank > 2 then
    local of_y
    of_y, ys = batch(name, y)
    if table.concat(of_y, ' ') ~= table.concat(lead, ' ') then
      fail('%s: batches do not fit: %s and %s', name, describe(x), describe(y))
    end
  end
  local lists = {}
  for i = 1, xs:size(1) do
    local results = { f(xs[i], ys and ys[i] or y, ...) }
    for k, r in ipairs(results) do
      lists[k] = lists[k] or {}
      lists[k][i] = r
    end
  end
  for k, list in ipairs(lists) do lists[k] = joined(name, lead, list, x.dt) end
  return unpack(lists)
end

local function option(name, given, allowed) -- a table of options, or the value of the first of them
  if given == nil or options.isoptions(given) then return options.check(name, given, allowed) end
  return { [allowed:match '^%S+'] = given }
end

-- -- of one matrix --------------------------------------------------------------------------------

local function letter(upper) return upper and 'U' or 'L' end

local function cholesky(x, upper) return lapack.potrf(x, letter(upper)) end

local function slogdet(x)
  local lu, pivots = lapack.lu(x)
  local diagonal, sign = lu:diag():totable(), 1
  local sum = 0
  for i, v in ipairs(diagonal) do
    sign = v == 0 and 0 or v < 0 and -sign or v > 0 and sign or 0 / 0
    if pivots[i] ~= i then sign = -sign end
    sum = sum + math.log(math.abs(v))
  end
  return sign, sum
end

local function values(x)
  local _, s = lapack.svd(x)
  return s
end

local function rank(x, tolerance)
  local s = values(x)
  local epsilon = x.dt == types.of_class.Double and 2 ^ -52 or 2 ^ -23
  tolerance = tolerance or s:max() * math.max(x:size(1), x:size(2)) * epsilon
  return s:gt(tolerance):sum()
end

local function pinverse(x, rcond)
  local u, s, v = lapack.svd(x)
  local least = s:max() * rcond
  local inverse = s:clone():cinv()
  inverse:maskedFill(s:le(least), 0)
  return v * functions.cmul(inverse:view(-1, 1):expandAs(u:t()), u:t())
end

-- Scaling and squaring around Padé's approximant of order 6 (Golub and Van Loan, Matrix Computations, 11.3.1)
local function matrix_exp(a)
  local order, size = 6, a:size(1)
  local largest = a:clone():abs():sum(1):max()
  local halvings = largest > 0.5 and largest < math.huge and math.ceil(math.log(largest * 2) / math.log(2)) or 0
  local x, c, sign = a / 2 ^ halvings, 0.5, 1
  local step = x:clone()
  local above, below = a.new():eye(size):add(c, x), a.new():eye(size):add(-c, x)
  for k = 2, order do
    c = c * (order - k + 1) / (k * (2 * order - k + 1))
    step = x * step
    above:add(c, step)
    below:add(sign * c, step)
    sign = -sign
  end
  local e = lapack.gesv(above, below)
  for _ = 1, halvings do e = e * e end
  return e
end

local function column(v) return tensor.contiguous(v):view(-1, 1) end

local function solve(a, b)
  if b.rank == 1 then return lapack.gesv(column(b), a):view(-1) end
  return (lapack.gesv(b, a))
end

local function lstsq(a, b)
  local x = lapack.gels(b.rank == 1 and column(b) or b, a):narrow(1, 1, a:size(2))
  return b.rank == 1 and x:contiguous():view(-1) or x:contiguous()
end

-- -- norms ----------------------------------------------------------------------------------------

local function order_of(name, p)
  if type(p) ~= 'number' or p ~= p then argument(name, 2, 'a number', p) end
  return p
end

local function whole_norm(x, p)
  x = tensor.contiguous(x):view(-1)
  if p == math.huge then return x:clone():abs():max() end
  if p == -math.huge then return x:clone():abs():min() end
  if p == 0 then return x:ne(0):sum() end
  return x:norm(p)
end

local function norm_along(x, p, dim)
  if p == math.huge then return (x:clone():abs():max(dim)) end
  if p == -math.huge then return (x:clone():abs():min(dim)) end
  if p == 0 then return x:ne(0):type(x:type()):sum(dim) end
  return x:norm(p, dim)
end

-- Drop dimension dim, of size 1; of a vector a number is left.
local function dropped(t, dim) return t.rank == 1 and t:item() or t:squeeze(dim) end

--- The p-norm of all elements, or along dimension dim, which goes: torch.linalg.vector_norm(x, [p = 2], [dim]). p may
-- be any number, also math.huge and -math.huge (largest and smallest magnitude) and 0 (how many are not 0).
function M.vector_norm(x, p, dim)
  same_type('linalg.vector_norm', 1, x, need('linalg.vector_norm', 1, x))
  if not floats(x.dt) then argument('linalg.vector_norm', 1, 'FloatTensor or DoubleTensor', x) end
  p = p == nil and 2 or order_of('linalg.vector_norm', p)
  if dim == nil then return whole_norm(x, p) end
  dim = options.dim('linalg.vector_norm', 3, x, dim)
  return dropped(norm_along(x, p, dim), dim)
end

local matrix_norms = {
  fro = function(x) return x:norm(2) end,
  nuc = function(x) return values(x):sum() end,
  [1] = function(x) return x:clone():abs():sum(1):max() end,
  [-1] = function(x) return x:clone():abs():sum(1):min() end,
  [2] = function(x) return values(x):max() end,
  [-2] = function(x) return values(x):min() end,
  [math.huge] = function(x) return x:clone():abs():sum(2):max() end,
  [-math.huge] = function(x) return x:clone():abs():sum(2):min() end,
}

local function matrix_norm_of(name, kind)
  local f = matrix_norms[kind == nil and 'fro' or kind == kind and kind]
  if not f then argument(name, 2, "'fro', 'nuc', 1, -1, 2, -2, math.huge or -math.huge", kind) end
  return f
end

--- A matrix's norm: 'fro' (root of the sum of squares), 'nuc' (sum of the singular values), 2 and -2 (the largest, the
-- smallest of them), 1 and -1 (of the sums of magnitudes in columns), math.huge and -math.huge (in rows).
function M.matrix_norm(x, kind)
  return each('linalg.matrix_norm', matrix_norm_of('linalg.matrix_norm', kind), matrix('linalg.matrix_norm', 1, x))
end

--- torch.linalg.norm(x, [kind], [dim]): vector_norm of vectors and where dim is given; else matrix_norm; without kind
-- the root of the sum of squares of all elements.
function M.norm(x, kind, dim)
  need('linalg.norm', 1, x)
  if dim ~= nil or kind == nil or x.rank == 1 then return M.vector_norm(x, kind, dim) end
  return M.matrix_norm(x, kind)
end

--- Condition number: the norm of x times that of its inverse; with kind 2, the default, largest over smallest singular
-- value.
function M.cond(x, kind)
  matrix('linalg.cond', 1, x, kind ~= nil and kind ~= 2 and kind ~= -2)
  if kind == nil or kind == 2 or kind == -2 then
    return each('linalg.cond', function(a)
      local s = values(a)
      return kind == -2 and s:min() / s:max() or s:max() / s:min()
    end, x)
  end
  local f = matrix_norm_of('linalg.cond', kind)
  return each('linalg.cond', function(a) return f(a) * f(lapack.inverse(a)) end, x)
end

-- -- torch.linalg -----------------------------------------------------------------------------------

--- Inverse of a square matrix.
function M.inv(x)
  return each('linalg.inv', function(a) return lapack.inverse(a) end, matrix('linalg.inv', 1, x, true))
end

--- Determinant of a square matrix.
function M.det(x)
  return each('linalg.det', function(a) return lapack.det(a) end, matrix('linalg.det', 1, x, true))
end

--- Sign of the determinant and the logarithm of its magnitude, two results.
function M.slogdet(x) return each('linalg.slogdet', slogdet, matrix('linalg.slogdet', 1, x, true)) end

--- L with x = L L' (upper: U with x = U' U): torch.linalg.cholesky(x, [{upper = false}]).
function M.cholesky(x, upper)
  upper = option('linalg.cholesky', upper, 'upper').upper
  return each('linalg.cholesky', cholesky, matrix('linalg.cholesky', 1, x, true), upper and true or false)
end

--- Q and R: torch.linalg.qr(x, [mode]), 'reduced' (default), 'complete' (Q square) or 'r' (R alone, after an empty Q).
function M.qr(x, mode)
  mode = option('linalg.qr', mode, 'mode').mode or 'reduced'
  if mode ~= 'reduced' and mode ~= 'complete' and mode ~= 'r' then
    argument('linalg.qr', 2, "'reduced', 'complete' or 'r'", mode)
  end
  return each('linalg.qr', function(a)
    local q, r = lapack.qr(a)
    if mode == 'r' then return a.new(), r end
    if mode == 'reduced' or a:size(1) <= a:size(2) then return q, r end
    local rows, columns = a:size(1), a:size(2)
    local full = lapack.qr(functions.cat(a, a.new():eye(rows), 2)) -- columns of the identity complete the basis
    full:narrow(2, 1, columns):copy(q)
    return full, functions.cat(r, a.new(rows - columns, columns):zero(), 1)
  end, matrix('linalg.qr', 1, x))
end

--- U, S and the transpose of V: torch.linalg.svd(x, [full_matrices = true]).
function M.svd(x, full)
  full = option('linalg.svd', full, 'full_matrices').full_matrices
  return each('linalg.svd', function(a)
    local u, s, v = lapack.svd(a, full == false and 'S' or 'A')
    return u, s, v:t():contiguous()
  end, matrix('linalg.svd', 1, x))
end

--- Singular values, largest first.
function M.svdvals(x) return each('linalg.svdvals', values, matrix('linalg.svdvals', 1, x)) end

local function triangle_of(name, which)
  if which ~= nil and which ~= 'U' and which ~= 'L' then argument(name, 2, "'L' or 'U'", which) end
  return which or 'L'
end

--- Eigenvalues, ascending, and eigenvectors of a symmetric matrix, of which one triangle is read:
-- torch.linalg.eigh(x, [UPLO = 'L']).
function M.eigh(x, which)
  which = triangle_of('linalg.eigh', which)
  return each('linalg.eigh', function(a) return lapack.symeig(a, 'V', which) end, matrix('linalg.eigh', 1, x, true))
end
--- The eigenvalues alone.
function M.eigvalsh(x, which)
  which = triangle_of('linalg.eigvalsh', which)
  return each('linalg.eigvalsh', function(a) return (lapack.symeig(a, 'N', which)) end,
    matrix('linalg.eigvalsh', 1, x, true))
end

--- X with A X = B; B may be a vector.
function M.solve(a, b)
  matrix('linalg.solve', 1, a, true)
  return each('linalg.solve', solve, a, same_type('linalg.solve', 2, b, a))
end

--- X with A X = B for triangular A: torch.linalg.solve_triangular(A, B, {upper =, left = true, unitriangular = false});
-- left = false: X A = B.
function M.solve_triangular(a, b, given)
  local name = 'linalg.solve_triangular'
  matrix(name, 1, a, true)
  matrix(name, 2, same_type(name, 2, b, a))
  given = options.check(name, given, 'upper left unitriangular')
  if given.upper == nil then fail('%s: option upper: true or false expected', name) end
  local which, unit = letter(given.upper), given.unitriangular and 'U' or 'N'
  return each(name, function(m, r)
    if given.left ~= false then return (lapack.trtrs(r, m, which, 'N', unit)) end
    return lapack.trtrs(r:t(), m, which, 'T', unit):t():contiguous()
  end, a, b)
end

--- The X of least squares of A X - B (of least norm where A is wide); B may be a vector. A must have full rank.
function M.lstsq(a, b)
  matrix('linalg.lstsq', 1, a)
  return each('linalg.lstsq', lstsq, a, same_type('linalg.lstsq', 2, b, a))
end

--- Moore-Penrose inverse: torch.linalg.pinv(x, [rcond = 1e-15]); singular values up to rcond times the largest count as
-- zero.
function M.pinv(x, rcond)
  rcond = rcond == nil and 1e-15 or check.number('linalg.pinv', 2, rcond)
  return each('linalg.pinv', pinverse, matrix('linalg.pinv', 1, x), rcond)
end

--- The number of singular values above a tolerance (largest * longer side * the type's precision).
function M.matrix_rank(x, tolerance)
  if tolerance ~= nil then tolerance = check.number('linalg.matrix_rank', 2, tolerance) end
  return each('linalg.matrix_rank', rank, matrix('linalg.matrix_rank', 1, x), tolerance)
end

--- e to the power of a square matrix: 1 + x + x x / 2 + ...
function M.matrix_exp(x) return each('linalg.matrix_exp', matrix_exp, matrix('linalg.matrix_exp', 1, x, true)) end

-- The order of products that needs the fewest operations, by the usual table (Cormen et al., matrix-chain order).
local function cheapest(n, sizes)
  local cost, split = {}, {}
  for i = 1, n do cost[i], split[i] = { [i] = 0 }, {} end
  for length = 2, n do
    for i = 1, n - length + 1 do
      local j = i + length - 1
      cost[i][j] = math.huge
      for k = i, j - 1 do
        local c = cost[i][k] + cost[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1]
        if c < cost[i][j] then cost[i][j], split[i][j] = c, k end
      end
    end
  end
  return split
end

local MOST_FACTORS = 1000 -- the table grows with the cube

--- The product of a list of matrices in the order that needs the fewest operations; the first and the last may be
-- vectors.
-- @usage torch.linalg.multi_dot{torch.ones(2, 3), torch.ones(3, 4), torch.ones(4)} -- 12 12
function M.multi_dot(list)
  local name = 'linalg.multi_dot'
  if type(list) ~= 'table' or getmetatable(list) or #list == 0 or #list > MOST_FACTORS then
    argument(name, 1, ('a table of 1 to %d matrices'):format(MOST_FACTORS), list)
  end
  local n, all = #list, {}
  for i = 1, n do
    local x = same_type(name, i, list[i], need(name, 1, list[1]))
    local flat = x.rank == 1 and (i == 1 or i == n)
    if x.rank ~= 2 and not flat then argument(name, i, 'a matrix', x) end
    all[i] = flat and (i == 1 and n > 1 and column(x):t() or column(x)) or x
  end
  local sizes = { all[1]:size(1) }
  for i, x in ipairs(all) do
    if x:size(1) ~= sizes[i] then fail('%s: sizes do not fit: %s and %s', name, describe(list[i - 1]), describe(x)) end
    sizes[i + 1] = x:size(2)
  end
  local split = cheapest(n, sizes)
  local function product(i, j)
    if i == j then return all[i] end
    return functions.mm(product(i, split[i][j]), product(split[i][j] + 1, j))
  end
  local out = product(1, n)
  local rows, columns = n > 1 and list[1].rank == 2, list[n].rank == 2
  if n == 1 then return tensor.clone(list[1]) end
  if rows and columns then return out end
  return (rows or columns) and out:view(-1) or out:view(-1)[1]
end

--- Product of matrices (batches broadcast): torch.matmul.
function M.matmul(a, b) return functions.matmul(a, b) end
--- A square matrix times itself n times; its inverse for negative n.
function M.matrix_power(x, n)
  return each('linalg.matrix_power', functions.matrix_power, matrix('linalg.matrix_power', 1, x, true), n)
end
--- Sums of products along a dimension: torch.vecdot.
function M.vecdot(a, b, dim) return functions.vecdot(a, b, dim) end
--- Outer product of two vectors.
function M.outer(a, b) return functions.outer(a, b) end
--- Cross product along a dimension of size 3.
function M.cross(a, b, dim) return functions.cross(a, b, dim) end

--- The namespace; a name that it lacks is an error which lists those there are.
functions.linalg = setmetatable(M, {
  __index = function(_, key)
    local names = {}
    for name in pairs(M) do names[#names + 1] = name end
    table.sort(names)
    fail('linalg has no function %s; there are: %s', tostring(key), table.concat(names, ' '))
  end,
})

-- -- torch's own functions and methods ---------------------------------------------------------------

local define = function(name, f) tensor.define(name, f, nil, floats) end

--- L with x = L L', or U with x = U' U: cholesky(x, [upper = false]).
-- @usage torch.cholesky(torch.Tensor{{4, 2}, {2, 3}})
define('cholesky', function(x, upper) return cholesky(single('cholesky', 1, x, true), upper) end)
--- x with A x = b, from A's Cholesky factor: cholesky_solve(b, factor, [upper = false]).
define('cholesky_solve', function(b, factor, upper)
  return lapack.potrs(single('cholesky_solve', 1, b), single('cholesky_solve', 2, factor, true), letter(upper))
end)
--- A's inverse from its Cholesky factor: cholesky_inverse(factor, [upper = false]).
define('cholesky_inverse', function(factor, upper)
  return lapack.potri(single('cholesky_inverse', 1, factor, true), letter(upper))
end)
--- X with A X = b for a triangular A, and A: triangular_solve(b, A, [upper = true], [transpose = false],
-- [unitriangular = false]).
define('triangular_solve', function(b, a, upper, transpose, unit)
  single('triangular_solve', 1, b)
  return lapack.trtrs(b, single('triangular_solve', 2, a, true), letter(upper ~= false), transpose and 'T' or 'N',
    unit and 'U' or 'N')
end)
--- Moore-Penrose inverse: pinverse(x, [rcond = 1e-15]).
define('pinverse', function(x, rcond)
  rcond = rcond == nil and 1e-15 or check.number('pinverse', 2, rcond)
  return pinverse(single('pinverse', 1, x), rcond)
end)
--- Sign of the determinant and the logarithm of its magnitude.
-- @usage local sign, log = torch.slogdet(torch.eye(3)) -- 1, 0
define('slogdet', function(x) return slogdet(single('slogdet', 1, x, true)) end)
--- Logarithm of the determinant; NaN where that is negative.
define('logdet', function(x)
  local sign, log = slogdet(single('logdet', 1, x, true))
  return sign < 0 and 0 / 0 or log
end)
--- e to the power of a square matrix.
define('matrix_exp', function(x) return matrix_exp(single('matrix_exp', 1, x, true)) end)
--- The product of matrices in the order that needs the fewest operations: chain_matmul(a, b, ...).
function functions.chain_matmul(...) return M.multi_dot(options.tensors('chain_matmul', ...)) end

return functions
