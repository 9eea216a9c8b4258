--- Golden vectors that are not expected to pass, for test/golden_spec.lua: rows {pattern of "file #case name source",
-- reason}; the first row that matches counts. And whole files that are refused for good.
local rows = {
  { '^nn/DontCast%.t7 #2 ', 'tanh of floats in a double vector: the last bits of a C library of 2015' },
  -- After the first generation, the covariance is a multiple of the identity plus 4 ranks of 6.
  { '^optim.* #38 cmaes ', 'eigenvalues coincide: the vectors hang on the last bits of its LAPACK' },
}

local refused = {
  ['nn_serialized/function_b.t7'] = 'a function in a file runs only when asked for, torch.load(f, {functions = true})',
}

return { rows, refused }
