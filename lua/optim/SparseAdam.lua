--- optim.SparseAdam(tables, { lr = 1e-3, betas = {0.9, 0.999}, eps = 1e-8, maximize = false }): Adam for sparse
-- embeddings, PyTorch's SparseAdam: a step moves the rows that the batch has picked, and their moments, alone.
--
-- tables: an nn.Embedding or nn.EmbeddingBag with sparse = true, a list of them, or a net with no other parameters.
-- For row i of the gradient g, at step t: m_i = β1 m_i + (1 - β1) g_i, v_i = β2 v_i + (1 - β2) g_i²,
-- w_i = w_i - lr √(1 - β2^t) / (1 - β1^t) · m_i / (√v_i + eps). The rest of a net has an optimiser of its own.
-- @usage
-- local words = nn.Embedding(1000, 4, { sparse = true })
-- local opt = optim.SparseAdam(words, { lr = 0.01 })
-- opt:zeroGrad()
-- words:backward(torch.LongTensor { 1, 7 }, words:forward(torch.LongTensor { 1, 7 }))
-- opt:step()
local SparseAdam = torch.class('optim.SparseAdam', 'optim.Optimizer')
local fail = require 'torch.position'.fail

local names = { lr = 'learningRate', learningRate = 'learningRate', eps = 'epsilon', epsilon = 'epsilon',
  betas = 'betas', maximize = 'maximize' }

local function refuse(text, ...) fail('optim.SparseAdam: ' .. text:format(...)) end

local function settings_of(options)
  local config = { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }
  if options == nil then return config end
  if torch.type(options) ~= 'table' then refuse('argument 2: expected a table of options') end
  for key, value in pairs(options) do
    local setting = names[key]
    if not setting then refuse('there is no option %s; there are: betas, eps, lr, maximize', tostring(key)) end
    local list = setting == 'betas' and value or { value }
    if setting == 'maximize' then
      if type(value) ~= 'boolean' then refuse('maximize: expected true or false, got %s', torch.type(value)) end
      config.maximize, list = value, {}
    elseif torch.type(list) ~= 'table' or #list ~= (setting == 'betas' and 2 or 1) then
      refuse('betas: expected two numbers')
    end
    for i, v in ipairs(list) do
      if type(v) ~= 'number' or v ~= v or v < 0 or (setting == 'betas' and v >= 1) then
        refuse('%s: expected %s, got %s', key, setting == 'betas' and 'numbers from 0 to below 1' or 'a number from 0',
          tostring(v))
      end
      config[setting == 'betas' and 'beta' .. i or setting] = v
    end
  end
  return config
end

-- The sparse tables in a module or a list of modules; anything else that learns is refused.
local function gather(what, list)
  if torch.isTypeOf(what, 'nn.Module') and what.sparse and what.sparseGradient then
    list[#list + 1] = what
  elseif torch.isTypeOf(what, 'nn.Container') then
    for _, m in ipairs(what.modules) do gather(m, list) end
  elseif torch.type(what) == 'table' then
    for _, m in ipairs(what) do gather(m, list) end
  elseif not torch.isTypeOf(what, 'nn.Module') then
    refuse('argument 1: expected sparse embeddings, got %s', torch.type(what))
  elseif what:parameters() then
    refuse('argument 1: %s has a dense gradient: give it an optimiser of its own, such as optim.Adam', torch.type(what))
  end
  return list
end

function SparseAdam:__init(tables, options)
  self.kind, self.config, self.state = 'SparseAdam', settings_of(options), { t = 0 }
  self.tables = gather(tables, {})
  if #self.tables == 0 then refuse('argument 1: there is no sparse embedding (nn.Embedding with sparse = true)') end
end

function SparseAdam:rated() return self.config end

--- Set the gradients to zero, row by row that is in use.
function SparseAdam:zeroGrad()
  for _, t in ipairs(self.tables) do t:zeroGradParameters() end
end
SparseAdam.zero_grad = SparseAdam.zeroGrad

-- One table's rows.
local function move(config, state, t, w, rows, g)
  if not state.m then state.m, state.v = w:clone():zero(), w:clone():zero() end
  local m, v = state.m:index(1, rows), state.v:index(1, rows)
  m:mul(config.beta1):add(1 - config.beta1, g)
  v:mul(config.beta2):addcmul(1 - config.beta2, g, g)
  state.m:indexCopy(1, rows, m)
  state.v:indexCopy(1, rows, v)
  local rate = config.learningRate * math.sqrt(1 - config.beta2 ^ t) / (1 - config.beta1 ^ t)
  w:indexAdd(1, rows, m:cdiv(v:sqrt():add(config.epsilon)):mul(-rate))
end

--- Move the rows by the gradients that stand in the tables.
-- @param[opt] closure computes the loss and the gradients anew and returns the loss
-- @return the loss
function SparseAdam:step(closure)
  if closure ~= nil and type(closure) ~= 'function' then
    error(('optim.SparseAdam: step: expected a function, got %s'):format(torch.type(closure)), 2)
  end
  local loss = closure and closure()
  local state = self.state
  state.t = state.t + 1
  for i, table_ in ipairs(self.tables) do
    local rows, g = table_:sparseGradient()
    state[i] = state[i] or {}
    if self.config.maximize then g = g:clone():mul(-1) end
    if rows:nElement() > 0 then move(self.config, state[i], state.t, table_.weight, rows, g) end
  end
  return loss
end

function SparseAdam:__tostring__()
  return ('optim.SparseAdam(%d tables; learningRate = %g)'):format(#self.tables, self.config.learningRate)
end

return SparseAdam
