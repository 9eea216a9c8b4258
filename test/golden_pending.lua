--- Golden vectors that are not expected to pass, for test/golden_spec.lua: rows {pattern of "file #case name source",
-- reason}; the first row that matches counts. And whole files that are refused for good.
local rows = {}

local refused = {
  ['nn_serialized/function_b.t7'] = 'a function in a file runs only when asked for, torch.load(f, {functions = true})',
}

return {rows, refused}
