--- The manual of functions that other files make in loops or under several names at once: comments only, read by
-- `torch.usage` and by the generated pages. [res,] is a result tensor that may come first; without one a new tensor is
-- made. Where a method of the same name exists, `x:f(...)` stands for `torch.f(x, ...)`.
-- @module torch.manual

--- beta * M plus alpha times the sum of a batch of matrix products.
-- @function addbmm([res,] [beta = 1,] M, [alpha = 1,] a, b)

--- beta * M + alpha * a b for matrices; as a method in place, where one number is alpha and two are beta, alpha.
-- @function addmm([res,] [beta = 1,] M, [alpha = 1,] a, b)

--- beta * v + alpha * a x for a matrix a and a vector x.
-- @function addmv([res,] [beta = 1,] v, [alpha = 1,] a, x)

--- beta * M + alpha times the outer product of two vectors.
-- @function addr([res,] [beta = 1,] M, [alpha = 1,] x, y)

--- beta * M + alpha * a b for batches of matrices (3-D).
-- @function baddbmm([res,] [beta = 1,] M, [alpha = 1,] a, b)

--- Products of the matrices of two batches, n x p x q and n x q x r.
-- @function bmm([res,] a, b)

--- Product of two matrices.
-- @function mm([res,] a, b)

--- Product of a matrix and a vector.
-- @function mv([res,] a, x)

--- Outer product of two vectors.
-- @function ger([res,] x, y)

--- Position of the largest element: a number, or a LongTensor along a dimension.
-- @function argmax(x, [dim])

--- Position of the smallest element: a number, or a LongTensor along a dimension.
-- @function argmin(x, [dim])

--- The largest element (a number), or along a dimension the largest ones and their positions. On ties the first one
-- counts; NaN beats everything.
-- @function max(x) | torch.max([values, indices,] x, dim)

--- The smallest element (a number), or along a dimension the smallest ones and their positions.
-- @function min(x) | torch.min([values, indices,] x, dim)

--- Standard deviation, over n - 1 (biased: over n): a number, or a tensor along a dimension.
-- @function std(x, [biased]) | torch.std([res,] x, dim, [biased])

--- Variance, over n - 1 (biased: over n): a number, or a tensor along a dimension.
-- @function var(x, [biased]) | torch.var([res,] x, dim, [biased])

--- Are two tensors of one type equal in shape and elements?
-- @function equal(x, y)

--- Running totals along a dimension.
-- @function cumsum([res,] x, [dim = 1])

--- Running products along a dimension.
-- @function cumprod([res,] x, [dim = 1])

--- Running maxima along a dimension, and their positions.
-- @function cummax(x, [dim = 1])

--- Running minima along a dimension, and their positions.
-- @function cummin(x, [dim = 1])

--- 1 with probability p, else 0: a number, or the tensor filled; p may be a tensor of probabilities.
-- @function bernoulli([generator,] [p = 0.5])

--- Numbers of the Cauchy distribution.
-- @function cauchy([generator,] [median = 0,] [sigma = 1])

--- Numbers of the exponential distribution with a rate.
-- @function exponential([generator,] lambda)

--- Numbers of the geometric distribution: how many trials until the first success.
-- @function geometric([generator,] p)

--- Numbers whose logarithm has a normal distribution; mean and deviation are those of the numbers themselves.
-- @function logNormal([generator,] [mean = 1,] [deviation = 2])

--- Numbers of a normal distribution.
-- @function normal([generator,] [mean = 0,] [deviation = 1])

--- Numbers of the uniform distribution on [a, b).
-- @function uniform([generator,] [a = 0,] [b = 1])

--- A tensor of uniform numbers in [0, 1).
-- @function rand([res,] [generator,] sizes)

--- A tensor of numbers with mean 0 and deviation 1.
-- @function randn([res,] [generator,] sizes)

--- Histogram of all elements: counts in equal bins; equal bounds stand for the data's range.
-- @function histc([res,] x, [bins = 100], [min = 0], [max = 0])

--- A histogram for each row of a matrix, all with the same bounds.
-- @function bhistc([res,] x, [bins = 100], [min = 0], [max = 0])

--- Tensors joined along a dimension, by default the last; tensors without elements are skipped.
-- @function cat([res,] a, b, [dim]) | torch.cat([res,] {a, b, ...}, [dim])

--- Elementwise remainder with the sign of the dividend, as in C; another name of cfmod.
-- @function cmod([res,] x, y)

--- Remainder of a division by a number, with the sign of the dividend; another name of fmod.
-- @function mod([res,] x, a)

--- Convolution (the kernel is flipped) of planes with kernels; 'V' where they overlap entirely, 'F' wherever they do.
-- @function conv2([res,] x, kernel, ['V' or 'F'])

--- As conv2, in three dimensions.
-- @function conv3([res,] x, kernel, ['V' or 'F'])

--- Correlation (the kernel is not flipped) of planes with kernels.
-- @function xcorr2([res,] x, kernel, ['V' or 'F'])

--- As xcorr2, in three dimensions.
-- @function xcorr3([res,] x, kernel, ['V' or 'F'])

--- The vector product along a dimension of size 3, by default the first such one.
-- @function cross([res,] a, b, [dim])

--- gain times the squared distance between every row of one matrix and every row of the other.
-- @function match([res,] a, b, [gain = 1])

--- The slices along a dimension whose p-norm exceeds maxnorm, scaled to it; the others as they are.
-- @function renorm([res,] x, p, dim, maxnorm)

--- Eigenvalues (n x 2, real and imaginary parts) of a general matrix and, with 'V', its right eigenvectors.
-- @function eig([values, vectors,] a, ['N' or 'V'])

--- Least squares: the x for which a x is nearest to b; a may have more or fewer rows than columns.
-- @function gels([x, factors,] b, a)

--- Householder form of the QR decomposition, as LAPACK keeps it: reflectors and R in one matrix, and their factors.
-- @function geqrf([a, tau,] a)

--- The x for which a x = b, and the LU factors of a.
-- @function gesv([x, lu,] b, a)

--- Inverse of a square matrix; a singular one is an error that names the pivot.
-- @function inverse([res,] a)

--- LU decomposition with partial pivoting: the factors in one matrix, and the rows exchanged (an IntTensor).
-- @function lu([lu, pivots,] a)

--- The orthogonal matrix of a decomposition that geqrf made, of a's size: of a wide a, in its first columns.
-- @function orgqr([res,] a, tau)

--- The orthogonal matrix of geqrf times c, from the left or right, as it is or transposed.
-- @function ormqr([res,] a, tau, c, ['L' or 'R'], ['N' or 'T'])

--- Cholesky factor of a positive definite matrix, upper or lower.
-- @function potrf([res,] a, ['U' or 'L'])

--- Inverse of a positive definite matrix from its Cholesky factor.
-- @function potri([res,] chol, ['U' or 'L'])

--- The x for which a x = b, from the Cholesky factor of a.
-- @function potrs([res,] b, chol, ['U' or 'L'])

--- Cholesky factor with pivoting of a positive semi-definite matrix, and the order of its rows (an IntTensor).
-- @function pstrf([factor, order,] a, ['U' or 'L'], [tolerance = -1])

--- QR decomposition: an orthogonal matrix and an upper triangular one.
-- @function qr([q, r,] a)

--- Singular value decomposition u diag(s) v': u, s and v; 'S' for the thin form, 'A' for square u and v.
-- @function svd([u, s, v,] a, ['S' or 'A'])

--- Eigenvalues of a symmetric matrix in ascending order and, with 'V', its eigenvectors.
-- @function symeig([values, vectors,] a, ['N' or 'V'], ['U' or 'L'])

--- The x for which a x = b with a triangular matrix; returns a, too.
-- @function trtrs([x, a,] b, a, ['U' or 'L'], ['N' or 'T'], ['N' or 'U'])

--- The unit matrix: ones on the diagonal.
-- @function eye([res,] rows, [columns = rows])

--- n numbers from a to b at equal distances, both included.
-- @function linspace([res,] a, b, [n = 100])

--- n numbers from 10^a to 10^b whose logarithms are at equal distances.
-- @function logspace([res,] a, b, [n = 100])

--- The numbers a, a + step, ... up to b, which is included when it is hit.
-- @function range([res,] a, b, [step = 1])

--- A tensor of ones.
-- @function ones([res,] sizes)

--- A tensor of zeros.
-- @function zeros([res,] sizes)

--- All elements set to 0.
-- @function zero(x)

--- The upper triangle of a matrix from diagonal k on, zeros below.
-- @function triu([res,] x, [k = 0])

--- The lower triangle of a matrix up to diagonal k, zeros above.
-- @function tril([res,] x, [k = 0])

--- The view of the expanded sizes of another tensor.
-- @function expandAs(x, other)

--- The view of the sizes of another tensor.
-- @function viewAs(x, other)

--- Number of elements.
-- @function numel(x)

--- Number of elements.
-- @function nElement(x)

--- Number of dimensions.
-- @function nDimension(x)

--- Name of the class that torch.Tensor stands for: 'torch.DoubleTensor' unless it was set.
-- @function getdefaulttensortype()

--- Number of processor cores.
-- @function getnumcores()

--- Threads that one operation may use.
-- @function getnumthreads()

--- Read the object in a file: another name of torch.load.
-- @function loadobj(path, [mode], [referenced], [options])

--- Write an object to a file: another name of torch.save.
-- @function saveobj(path, object, [mode], [referenced])

--- Are the elements packed in row-major order?
-- @function isContiguous(x)

--- Have two tensors the same sizes?
-- @function isSameSizeAs(x, y)

--- Do two tensors show the same memory in the same way?
-- @function isSetTo(x, y)

--- Has a tensor the sizes of a LongStorage?
-- @function isSize(x, sizes)

--- The slices of `from` added to those that the indices name along a dimension.
-- @function indexAdd(x, dim, indices, from)

--- The slices of `from` copied to those that the indices name along a dimension.
-- @function indexCopy(x, dim, indices, from)

--- The values of `from`, in order, copied to where a mask is 1.
-- @function maskedCopy(x, mask, from)

--- A value stored where a mask is 1.
-- @function maskedFill(x, mask, value)

--- A tensor of the class of x, made as by its constructor.
-- @function new(...)

--- The elements as a tensor of the class of another one.
-- @function typeAs(x, other)

--- Converted to torch.ByteTensor; the same object when it is one.
-- @function byte(x)

--- Converted to torch.CharTensor; the same object when it is one.
-- @function char(x)

--- Converted to torch.ShortTensor; the same object when it is one.
-- @function short(x)

--- Converted to torch.IntTensor; the same object when it is one.
-- @function int(x)

--- Converted to torch.LongTensor; the same object when it is one.
-- @function long(x)

--- Converted to torch.HalfTensor; the same object when it is one.
-- @function half(x)

--- Converted to torch.BFloat16Tensor; the same object when it is one.
-- @function bfloat16(x)

--- Converted to torch.FloatTensor; the same object when it is one.
-- @function float(x)

--- Converted to torch.DoubleTensor; the same object when it is one.
-- @function double(x)

--- Converted to the default tensor type.
-- @function real(x)

--- Correlation coefficients of the rows of a matrix.
-- @function corrcoef(x)

--- Number of elements that are not 0, of everything or along a dimension.
-- @function count_nonzero(x, [dim])

--- A tensor of the sizes and type of x, contents undefined.
-- @function empty_like(x)

--- A tensor of the sizes and type of x, all elements one value.
-- @function full_like(x, value)

--- A tensor of the sizes and type of x, of ones.
-- @function ones_like(x)

--- A tensor of the sizes and type of x, of zeros.
-- @function zeros_like(x)

--- A tensor of the sizes and type of x, of uniform numbers in [0, 1).
-- @function rand_like(x)

--- A tensor of the sizes and type of x, of numbers with mean 0 and deviation 1.
-- @function randn_like(x)

--- The columns of a matrix in reverse order.
-- @function fliplr(x)

--- The rows of a matrix in reverse order.
-- @function flipud(x)

--- Tensors side by side.
-- @function hstack(list)

--- Tensors one below the other.
-- @function vstack(list)

--- PyTorch's name of indexAdd, as a new tensor or in place with a trailing underscore.
-- @function index_add(x, dim, indices, from)

--- PyTorch's name of indexCopy.
-- @function index_copy(x, dim, indices, from)

--- PyTorch's name of indexFill.
-- @function index_fill(x, dim, indices, value)

--- PyTorch's name of maskedCopy.
-- @function masked_scatter(x, mask, from)

--- PyTorch's name of scatterAdd.
-- @function scatter_add(x, dim, indices, from)

--- Values stored at positions counted over all elements.
-- @function put(x, indices, values)

--- Is the type one of floating point?
-- @function is_floating_point(x)

--- Is the only element not 0?
-- @function is_nonzero(x)

--- Logarithm of softmax along a dimension.
-- @function log_softmax(x, dim)

--- Exponentials along a dimension, divided by their sum.
-- @function softmax(x, dim)

--- Logarithm of the sum of exponentials along a dimension, without overflow.
-- @function logsumexp(x, dim)

--- A dimension moved to another place; the others keep their order.
-- @function movedim(x, from, to)

--- Mean of the elements that are no NaN.
-- @function nanmean(x, [dim])

--- Sum of the elements that are no NaN.
-- @function nansum(x, [dim])

--- All elements as a vector.
-- @function ravel(x)

--- Deviation and mean.
-- @function std_mean(x, [dim])

--- Variance and mean.
-- @function var_mean(x, [dim])

--- Two dimensions exchanged: another name of transpose.
-- @function swapaxes(x, a, b)

--- Two dimensions exchanged: another name of transpose.
-- @function swapdims(x, a, b)

--- Positions of the lower triangle of a matrix, a 2 x n LongTensor.
-- @function tril_indices(rows, columns, [k = 0])

--- Positions of the upper triangle of a matrix, a 2 x n LongTensor.
-- @function triu_indices(rows, columns, [k = 0])

--- The tensor on the processor: itself.
-- @function cpu(x)

--- Address of the first element.
-- @function data_ptr(x)

--- Bytes of all elements.
-- @function nbytes(x)

--- Number of dimensions.
-- @function ndim(x)

--- Number of dimensions.
-- @function ndimension(x)

--- The main diagonal set to a value.
-- @function fill_diagonal_(x, value)

--- A tensor of the type of x and other sizes, contents undefined.
-- @function new_empty(x, sizes)

--- A tensor of the type of x and other sizes, all elements one value.
-- @function new_full(x, sizes, value)

--- A tensor of the type of x and other sizes, of ones.
-- @function new_ones(x, sizes)

--- A tensor of the type of x and other sizes, of zeros.
-- @function new_zeros(x, sizes)

--- The elements as nested Lua tables.
-- @function tolist(x)

--- 1 where x and y are not 0, as a ByteTensor; sizes broadcast, types may differ.
-- @function logical_and(x, y)

--- 1 where x or y is not 0, as a ByteTensor.
-- @function logical_or(x, y)

--- 1 where just one of x and y is not 0, as a ByteTensor.
-- @function logical_xor(x, y)

--- 1 where an element is plus infinity, as a ByteTensor.
-- @function isposinf(x)

--- 1 where an element is minus infinity, as a ByteTensor.
-- @function isneginf(x)

--- 1 where an element has a minus sign, -0 too, as a ByteTensor.
-- @function signbit(x)

--- x / y rounded down; y is a tensor or a number.
-- @function floor_divide(x, y)

--- 0 below 0, 1 above, `values` (a tensor or a number) at 0.
-- @function heaviside(x, values)

--- sin(pi x) / (pi x), 1 at 0.
-- @function sinc(x)

--- Degrees as radians.
-- @function deg2rad(x)

--- Radians as degrees.
-- @function rad2deg(x)

--- The area under points by the trapezoidal rule: one apart, {dx = d} apart, or at x.
-- @function trapezoid(y, [x], [dim = last])

--- The area under points by the trapezoidal rule: trapezoid.
-- @function trapz(y, [x], [dim = last])

--- n weights of the window (1 - cos) / 2.
-- @function hann_window(n, [periodic = true], [{dtype =}])

--- n weights of the window 0.54 - 0.46 cos.
-- @function hamming_window(n, [periodic = true], [{dtype =}])

--- n weights of Blackman's window of two cosines.
-- @function blackman_window(n, [periodic = true], [{dtype =}])

--- n weights of a triangle.
-- @function bartlett_window(n, [periodic = true], [{dtype =}])

--- Equal pieces along columns (of a vector: along it), or cut behind a list of positions; a table of views.
-- @function hsplit(x, parts)

--- Equal pieces along rows, or cut behind a list of positions; a table of views.
-- @function vsplit(x, parts)

--- Equal pieces along the third dimension, or cut behind a list of positions; a table of views.
-- @function dsplit(x, parts)

--- The tensors themselves.
-- @function atleast_1d(x, ...)

--- Vectors as a row, others as they are.
-- @function atleast_2d(x, ...)

--- Vectors as 1 x n x 1, matrices as n x m x 1, others as they are.
-- @function atleast_3d(x, ...)

--- Vectors as columns, and matrices, side by side.
-- @function column_stack(list)

--- Tensors below each other: vstack.
-- @function row_stack(list)

--- Use n threads.
-- @function set_num_threads(n)

--- The type of new tensors: 'float64' ...
-- @function get_default_dtype()

--- The type of new tensors, by its class: setdefaulttensortype.
-- @function set_default_tensor_type(name)

--- Put a generator into a state: setRNGState.
-- @function set_rng_state([generator,] state)

--- Greatest common divisors of whole numbers; y is a tensor or a number.
-- @function gcd(x, y)

--- Least common multiples of whole numbers; y is a tensor or a number.
-- @function lcm(x, y)
