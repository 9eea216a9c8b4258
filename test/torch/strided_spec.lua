--- Every function of torch on tensors whose elements lie apart: the same results as on packed ones. Functions come from
-- the library's own list, arguments from a list of usual ones; what a function refuses it may refuse.
local linalg = torch.linalg
for name in pairs(require 'torch.lazy'.where) do local _ = torch[name] end

-- -- layouts ----------------------------------------------------------------------------

local function apart(t) -- every other element of a larger tensor
  local sizes = t:size():totable()
  sizes[#sizes + 1] = 2
  return t.new(unpack(sizes)):zero():select(#sizes, 2):copy(t)
end
local function turned(t) -- the last dimension's steps are the longest
  if t:dim() < 2 then return apart(t) end
  return t:transpose(1, t:dim()):contiguous():transpose(1, t:dim())
end
local layouts = { apart = apart, turned = turned }

local function all(x, f)
  if torch.isTensor(x) then return f(x:clone()) end
  if type(x) ~= 'table' then return x end
  local list = {}
  for i, v in ipairs(x) do list[i] = all(v, f) end
  return list
end

-- -- arguments ----------------------------------------------------------------------------

local generator = torch.Generator()
torch.manualSeed(generator, 1)
local function uniform(...) return torch.DoubleTensor(...):uniform(generator, 0.1, 1) end
local v, a, b, w = uniform(3), uniform(3, 3), uniform(3, 3):add(torch.eye(3)), uniform(4, 3)
local batch, positions = uniform(2, 3, 3), torch.LongTensor { 1, 3, 2 }
local lists = {
  { v }, { a }, { batch }, { w }, { positions }, { v, v }, { a, v }, { v, a }, { a, b }, { batch, batch }, { batch, a },
  { v, 1 }, { v, 2 }, { a, 1 }, { a, 2 }, { batch, 2 }, { v, v, v }, { a, b, a }, { a, v, v }, { v, a, v }, { a, 0.5 },
  { a, 1, positions }, { a, positions }, { v, positions }, { positions, positions }, { a, 2, v }, { a, 0.5, 1 },
  { w, w }, { w, 3 }, { v, w }, { { a, b } }, { { v, v } }, { { v, a } }, { { a, v } }, { a, 1, 1 }, { v, v, 1 },
  { a, a:gt(0.5) }, { a, a:gt(0.5), 1 }, { a, { 1, 2 } }, { a, 3, 3 }, { batch, a, 1 }, { a, b, 2 },
}

-- Not compared: what draws numbers, tells about memory or time, views memory as it lies, or changes the process.
local left_out = {}
for name in ([[ seed test class metatype save load saveobj include usage help updateerrorhandlers tic toc pointer
  cdata data data_ptr storage storageOffset storage_offset stride isContiguous is_contiguous isSetTo resize resizeAs set
  view viewAs view_as as_strided unfold setRNGState getRNGState random randperm rand randn rand_like randn_like randint
  randint_like empty empty_like multinomial bernoulli normal uniform cauchy exponential geometric logNormal log_normal
  Generator Timer Tester CmdLine DiskFile PipeFile MemoryFile pushudata free retain isatty
  setdefaulttensortype setnumthreads set_num_threads set_default_dtype set_default_tensor_type
  deterministic setheaptracking setprintoptions set_printoptions ]]):gmatch '%S+' do
  left_out[name] = true
end

local function same(x, y)
  if torch.isTensor(x) and torch.isTensor(y) then
    if x:type() ~= y:type() or x:dim() ~= y:dim() or x:dim() > 0 and not x:isSameSizeAs(y) then return false end
    for i = 1, x:dim() > 0 and x:nElement() or 0 do
      local p, q = x:contiguous():view(-1)[i], y:contiguous():view(-1)[i]
      if p == p and not (p == q or math.abs(p - q) < 1e-8 * math.max(1, math.abs(p))) then return false end
    end
    return true
  end
  if type(x) == 'number' and type(y) == 'number' then
    return x ~= x or x == y or math.abs(x - y) < 1e-8 * math.max(1, math.abs(x))
  end
  return torch.type(x) == torch.type(y)
end

local function compare(f)
  for n, list in ipairs(lists) do
    local ok, want = pcall(f, unpack(all(list, function(t) return t end)))
    for layout, change in pairs(ok and layouts or {}) do
      local done, got = pcall(f, unpack(all(list, change)))
      if not done or not same(want, got) then return ('%s, arguments %d: %s'):format(layout, n, tostring(got)) end
    end
  end
end

describe('tensors whose elements lie apart', function()
  for title, functions in pairs { torch = torch, ['torch.linalg'] = linalg } do
    it('go through ' .. title, function()
      local names = {}
      for name, f in pairs(functions) do
        if type(f) == 'function' and type(name) == 'string' and not left_out[name] and not name:find '^_' then
          names[#names + 1] = name
        end
      end
      table.sort(names)
      local wrong = {}
      for _, name in ipairs(names) do
        local text = compare(functions[name])
        if text then wrong[#wrong + 1] = ('%s: %s'):format(name, text) end
      end
      assert.are.same({}, wrong)
    end)
  end
end)
