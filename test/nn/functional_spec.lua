--- nn.functional: the numbers that PyTorch 2.15 gives for the same calls.
--
-- X[i] = cos(0.3 i), i from 0, P = 0.4 X + 0.6, T = sin(0.7 i), W = sin(i + 1) / 2; of each result the table holds the
-- sum of y[i] cos(i).
require 'nn'
local support = dofile(debug.getinfo(1, 'S').source:match '^@(.*/)' .. 'support.lua')
local F = nn.functional

local function series(step) return function(sizes)
  local x = torch.Tensor(unpack(sizes))
  return x:copy(torch.range(0, x:nElement() - 1):mul(step)), x
end end
local at3, at7, at1 = series(0.3), series(0.7), series(1)
local values = { F = F, torch = torch }
function values.X(...) return at3({ ... }):cos() end
function values.P(...) return values.X(...):mul(0.4):add(0.6) end
function values.T(...) return at7({ ... }):sin() end
function values.W(...) return at1({ ... }):add(1):sin():mul(0.5) end
function values.I(...) return torch.LongTensor { ... } end
function values.L(...) return torch.Tensor { ... } end
function values.IM(rows) return torch.LongTensor(rows) end

local function digest(y)
  if type(y) == 'number' then return y end
  if type(y) == 'table' then y = y[1] end
  local flat = y:double():contiguous():view(-1)
  return flat:dot(torch.range(0, flat:nElement() - 1):cos())
end

-- Single precision has its part in these: constants of PyTorch's.
local rough = { hardsigmoid = true, celu = true, upsample_bilinear = true, triplet_margin_with_distance_loss = true }

local rows = {
  { [[relu(X(3, 4))]], 0.3405331328547 },
  { [[relu6(X(3, 4))]], 0.3405331328547 },
  { [[elu(X(3, 4), 0.7)]], 0.7945643081958 },
  { [[selu(X(3, 4))]], 1.498129799048 },
  { [[celu(X(3, 4), 0.7)]], 0.8541249949314 },
  { [[leaky_relu(X(3, 4), 0.2)]], 0.5722461752512 },
  { [[gelu(X(3, 4), 'tanh')]], 0.5067558080165 },
  { [[gelu(X(3, 4))]], 0.5066759529402 },
  { [[silu(X(3, 4))]], 0.5913551239278 },
  { [[mish(X(3, 4))]], 0.6645734977525 },
  { [[softplus(X(3, 4), 2)]], 0.4537688079026 },
  { [[softsign(X(3, 4))]], 0.5201202780345 },
  { [[softshrink(X(3, 4), 0.3)]], 1.511817608719 },
  { [[hardshrink(X(3, 4), 0.3)]], 1.697185576008 },
  { [[tanhshrink(X(3, 4))]], 0.56017083914 },
  { [[hardtanh(X(3, 4), -0.5, 0.6)]], 0.214244653997 },
  { [[hardswish(X(3, 4))]], 0.6399739776378 },
  { [[hardsigmoid(X(3, 4))]], 0.04333869990563 },
  { [[logsigmoid(X(3, 4))]], 1.116459165937 },
  { [[threshold(X(3, 4), 0.1, -2)]], 0.1075504642856 },
  { [[tanh(X(3, 4))]], 0.9389275056974 },
  { [[sigmoid(X(3, 4))]], 0.1230142725567 },
  { [[rrelu(X(3, 4), 0.1, 0.3)]], 0.5722461752512 },
  { [[prelu(X(2, 3, 4), W(3))]], -0.8481462740552 },
  { [[glu(X(3, 4), 2)]], 0.9989275971494 },
  { [[softmax(X(3, 4), 2)]], -0.1698177391271 },
  { [[log_softmax(X(3, 4), 1)]], 1.920761209789 },
  { [[softmin(X(3, 4), 2)]], -0.06459599024581 },
  { [[dropout(X(3, 4), 0.5, false)]], 1.499098344837 },
  { [[max_pool1d(X(2, 3, 8), 3, 2, 1)]], 0.5463141374905 },
  { [[max_pool2d(X(2, 3, 6, 7), 2, nil, 0, 2, true)]], 0.07054705346901 },
  { [[max_pool3d(X(2, 2, 4, 4, 5), 2)]], 1.547008345317 },
  { [[avg_pool1d(X(2, 3, 8), 3, 2, 1)]], -0.5910421317493 },
  { [[avg_pool2d(X(2, 3, 5, 6), { 3, 2 }, { 2, 1 }, { 1, 0 }, false, false)]], 1.760958000291 },
  { [[avg_pool3d(X(2, 2, 5, 4, 5), 2)]], 0.9041043622132 },
  { [[lp_pool1d(X(2, 3, 8):abs(), 3, 3, 2)]], -0.5846698340949 },
  { [[lp_pool2d(X(2, 3, 4, 6), 2, 2)]], -0.5131437451962 },
  { [[adaptive_avg_pool1d(X(2, 3, 8), 3)]], 0.8876486027802 },
  { [[adaptive_avg_pool2d(X(2, 3, 5, 7), { 3, 2 })]], 0.08460717404156 },
  { [[adaptive_max_pool2d(X(2, 3, 5, 7), 3)]], -0.2130367449748 },
  { [[unfold(X(2, 3, 4, 5), { 2, 3 }, 1, 1, 2)]], 0.048147301798 },
  { [[fold(X(2, 8, 12), { 4, 5 }, 2)]], -0.7632755503589 },
  { [[pixel_shuffle(X(2, 8, 2, 3), 2)]], -0.1477826270252 },
  { [[pixel_unshuffle(X(2, 2, 4, 6), 2)]], -4.555861099796 },
  { [[channel_shuffle(X(2, 6, 2, 3), 3)]], 0.3811917201486 },
  { [[local_response_norm(X(2, 5, 3, 4), 3, 0.1, 0.6, 2)]], 0.5050200173409 },
  { [[interpolate(X(2, 2, 4, 6), nil, 2)]], 0.5782830564116 },
  { [[interpolate(X(2, 2, 4, 6), { 5, 7 }, nil, 'bilinear')]], -0.5908953507613 },
  { [[linear(X(3, 4), W(2, 4), W(2))]], 1.086142092489 },
  { [[linear(X(2, 3, 4), W(2, 4))]], -0.2321342439536 },
  { [[linear(X(4), W(2, 4), W(2))]], 1.325938270289 },
  { [[bilinear(X(5, 3), T(5, 4), W(2, 3, 4), W(2))]], -0.184764554867 },
  { [[conv1d(X(2, 3, 7), W(4, 3, 3), W(4), 2, 1)]], 1.03500163312 },
  { [[conv2d(X(2, 4, 5, 6), W(6, 2, 3, 2), nil, { 2, 1 }, { 0, 1 }, 1, 2)]], -0.7211925695484 },
  { [[conv2d(X(4, 7, 6), W(3, 4, 3, 3), W(3), { padding = 'same', dilation = 2 })]], 0.4672138364139 },
  { [[conv3d(X(2, 2, 3, 4, 5), W(3, 2, 2, 2, 2), W(3), { 1, 2, 1 })]], -9.864396584996 },
  { [[conv_transpose1d(X(2, 3, 5), W(3, 2, 3), W(2), 2, 1, 1)]], -0.3135808340812 },
  { [[conv_transpose2d(X(2, 4, 3, 4), W(4, 3, 3, 2), W(6), 2, 1, 1, 2, 2)]], 0.961423018522 },
  { [[conv_transpose3d(X(2, 2, 2, 3, 2), W(2, 3, 2, 2, 2), nil, 2)]], -1.95097922931 },
  { [[embedding(I(2, 5, 1), W(6, 3))]], -0.2823470441963 },
  { [[embedding_bag(IM { { 2, 5, 1 }, { 3, 3, 6 } }, W(6, 3))]], -0.1433003190274 },
  { [[embedding_bag(I(2, 5, 1, 4), W(6, 3), I(1, 3), { mode = 'sum' })]], -0.4106108958308 },
  { [[one_hot(I(2, 5, 1), 6)]], 0.5450847355242 },
  { [[batch_norm(X(5, 4), W(4), P(4), W(4), W(4))]], 0.5277408716427 },
  { [[batch_norm(X(2, 3, 4, 5), nil, nil, W(3), W(3), true)]], 1.108008351907 },
  { [[batch_norm(X(2, 3, 5), W(3), P(3), { training = true })]], 7.002783264369 },
  { [[instance_norm(X(2, 3, 4, 5), { weight = W(3), bias = W(3) })]], 1.137458444097 },
  { [[group_norm(X(3, 6, 2, 3), 2, W(6), W(6))]], 0.2133939426087 },
  { [[layer_norm(X(2, 3, 4), { 3, 4 }, W(3, 4), W(3, 4))]], 5.834552211708 },
  { [[layer_norm(X(2, 3, 4), 4)]], 1.973750848776 },
  { [[rms_norm(X(3, 4), 4, W(4), 1e-6)]], 1.642584970266 },
  { [[cosine_similarity(X(3, 4), T(3, 4), 2)]], 1.438232391201 },
  { [[pairwise_distance(X(3, 4), T(3, 4), 3)]], 0.4528099447243 },
  { [[normalize(X(3, 4))]], 0.06223785059144 },
  { [[normalize(X(3, 4), 1, 1)]], 0.7776401515352 },
  { [[pad(X(2, 3, 4), { 1, -1, 0, 2 }, 'constant', 0.5)]], 3.951930666556 },
  { [[pad(X(2, 3, 4), { 2, 1 }, 'reflect')]], -1.718107716338 },
  { [[pad(X(2, 3, 4, 5), { 2, 1, 1, 0 }, 'circular')]], 2.811076322303 },
  { [[scaled_dot_product_attention(X(2, 3, 4), T(2, 5, 4), W(2, 5, 6))]], 3.396741797974 },
  { [[scaled_dot_product_attention(X(2, 2, 3, 4), T(2, 2, 3, 4), W(2, 2, 3, 4), nil, 0, true)]], 4.863547203181 },
  { [[scaled_dot_product_attention(X(2, 3, 4), T(2, 3, 4), W(2, 3, 4), X(3, 3):gt(0))]], 0.3723644264973 },
  { [[cross_entropy(X(3, 4), I(2, 4, 1))]], 1.461608826253 },
  { [[cross_entropy(X(3, 4), I(2, 4, 1), P(4), { label_smoothing = 0.1 })]], 1.436109892142 },
  { [[cross_entropy(X(3, 4), I(2, 4, 1), { reduction = 'none' })]], 1.792019131825 },
  { [[nll_loss(X(3, 4), I(2, 4, 1))]], 0.09563444367183 },
  { [[mse_loss(X(3, 4), T(3, 4))]], 0.7897979103213 },
  { [[l1_loss(X(3, 4), T(3, 4), { reduction = 'sum' })]], 7.933342754043 },
  { [[smooth_l1_loss(X(3, 4), T(3, 4), { beta = 0.5 })]], 0.4613740023406 },
  { [[huber_loss(X(3, 4), T(3, 4), 'mean', 0.5)]], 0.2306870011703 },
  { [[binary_cross_entropy(P(3, 4) * 0.9, P(3, 4) * 0.5)]], 0.7289201362082 },
  { [[binary_cross_entropy_with_logits(X(3, 4), P(3, 4) * 0.5, { pos_weight = P(4) })]], 0.6300435371019 },
  { [[kl_div(X(3, 4), P(3, 4), { reduction = 'batchmean' })]], -1.728525839554 },
  { [[poisson_nll_loss(X(3, 4), P(3, 4))]], 1.051147239408 },
  { [[soft_margin_loss(X(3, 4), T(3, 4):sign())]], 0.6977123163076 },
  { [[multilabel_soft_margin_loss(X(3, 4), P(3, 4))]], 0.5407822654398 },
  { [[multi_margin_loss(X(3, 4), I(2, 4, 1), 2, 0.7, P(4))]], 0.4965695477921 },
  { [[gaussian_nll_loss(X(3, 4), T(3, 4), P(3, 4))]], 1.266335126008 },
  { [[cosine_embedding_loss(X(3, 4), T(3, 4), L(1, -1, 1), 0.2)]], 0.7830523680335 },
  { [[margin_ranking_loss(X(3), T(3), L(1, -1, 1), 0.2)]], 0.2904109723222 },
  { [[triplet_margin_loss(X(3, 4), T(3, 4), W(3, 4), 0.3)]], 0.5344448830944 },
  { [[ctc_loss(F.log_softmax(X(6, 2, 5), 3), { { 3, 2 }, { 4 } })]], 4.760001990883 },
  { [[affine_grid(W(2, 2, 3), { 2, 3, 4, 5 })]], 0.1694982833968 },
  { [[affine_grid(W(1, 2, 3), { 1, 3, 4, 1 }, true)]], -0.3793759340168 },
  { [[grid_sample(X(2, 3, 4, 5), T(2, 3, 2, 2) * 1.3)]], 0.2268208345945 },
  { [[grid_sample(X(2, 3, 4, 5), T(2, 3, 2, 2) * 1.3, 'bilinear', 'border', true)]], 1.208716311898 },
  { [[grid_sample(X(2, 3, 4, 5), T(2, 3, 2, 2) * 1.3, 'nearest')]], 2.532865039343 },
  { [[grid_sample(X(1, 2, 4, 4), T(1, 2, 2, 2) * 0, 'nearest', 'zeros', true)]], -0.06029933543815 },
  { [[grid_sample(X(2, 3, 4, 5), T(2, 3, 2, 2) * 2.3, 'bilinear', 'zeros', false)]], -1.687424752651 },
  { [[grid_sample(X(2, 3, 4, 5), T(2, 3, 2, 2) * 2.3, 'bilinear', 'zeros', true)]], -1.562916761234 },
  { [[grid_sample(X(2, 3, 4, 5), T(2, 3, 2, 2) * 2.3, 'bilinear', 'border', false)]], 0.4428298451743 },
  { [[grid_sample(X(2, 3, 4, 5), T(2, 3, 2, 2) * 2.3, 'bilinear', 'border', true)]], 0.6158005128307 },
  { [[grid_sample(X(2, 3, 4, 5), T(2, 3, 2, 2) * 2.3, 'bilinear', 'reflection', false)]], 1.37484119737 },
  { [[grid_sample(X(2, 3, 4, 5), T(2, 3, 2, 2) * 2.3, 'bilinear', 'reflection', true)]], 0.4976930514797 },
  { [[grid_sample(X(2, 3, 4, 5), T(2, 3, 2, 2) * 2.3, 'nearest', 'zeros', false)]], -2.258635547837 },
  { [[grid_sample(X(2, 3, 4, 5), T(2, 3, 2, 2) * 2.3, 'nearest', 'zeros', true)]], -2.175222341728 },
  { [[grid_sample(X(2, 3, 4, 5), T(2, 3, 2, 2) * 2.3, 'nearest', 'border', false)]], 1.800053494028 },
  { [[grid_sample(X(2, 3, 4, 5), T(2, 3, 2, 2) * 2.3, 'nearest', 'border', true)]], 1.883466700137 },
  { [[grid_sample(X(2, 3, 4, 5), T(2, 3, 2, 2) * 2.3, 'nearest', 'reflection', false)]], 3.232458094774 },
  { [[grid_sample(X(2, 3, 4, 5), T(2, 3, 2, 2) * 2.3, 'nearest', 'reflection', true)]], -0.7924676415683 },
  { [[grid_sample(X(2, 3, 4, 5), T(2, 3, 2, 2) * 2.3, 'bicubic', 'zeros', false)]], -2.320555725513 },
  { [[grid_sample(X(2, 3, 4, 5), T(2, 3, 2, 2) * 2.3, 'bicubic', 'zeros', true)]], -2.048210419618 },
  { [[grid_sample(X(2, 3, 4, 5), T(2, 3, 2, 2) * 2.3, 'bicubic', 'border', false)]], 0.3847289462402 },
  { [[grid_sample(X(2, 3, 4, 5), T(2, 3, 2, 2) * 2.3, 'bicubic', 'border', true)]], 0.6794482070805 },
  { [[grid_sample(X(2, 3, 4, 5), T(2, 3, 2, 2) * 2.3, 'bicubic', 'reflection', false)]], 1.509067551744 },
  { [[grid_sample(X(2, 3, 4, 5), T(2, 3, 2, 2) * 2.3, 'bicubic', 'reflection', true)]], 1.000408697758 },
  { [[grid_sample(X(2, 2, 3, 4, 5), T(2, 2, 3, 2, 3) * 1.2, 'bilinear', 'zeros', false)]], -0.02003434351624 },
  { [[grid_sample(X(2, 2, 3, 4, 5), T(2, 2, 3, 2, 3) * 1.2, 'bilinear', 'zeros', true)]], -0.4724538683768 },
  { [[grid_sample(X(2, 2, 3, 4, 5), T(2, 2, 3, 2, 3) * 1.2, 'bilinear', 'border', false)]], -0.90396716464 },
  { [[grid_sample(X(2, 2, 3, 4, 5), T(2, 2, 3, 2, 3) * 1.2, 'bilinear', 'border', true)]], -0.7106673529475 },
  { [[grid_sample(X(2, 2, 3, 4, 5), T(2, 2, 3, 2, 3) * 1.2, 'bilinear', 'reflection', false)]], -0.90396716464 },
  { [[grid_sample(X(2, 2, 3, 4, 5), T(2, 2, 3, 2, 3) * 1.2, 'bilinear', 'reflection', true)]], -0.7277341055074 },
  { [[grid_sample(X(2, 2, 3, 4, 5), T(2, 2, 3, 2, 3) * 1.2, 'nearest', 'zeros', false)]], -0.09378623973013 },
  { [[grid_sample(X(2, 2, 3, 4, 5), T(2, 2, 3, 2, 3) * 1.2, 'nearest', 'zeros', true)]], -0.4283374108527 },
  { [[grid_sample(X(2, 2, 3, 4, 5), T(2, 2, 3, 2, 3) * 1.2, 'nearest', 'border', false)]], -0.8868024143628 },
  { [[grid_sample(X(2, 2, 3, 4, 5), T(2, 2, 3, 2, 3) * 1.2, 'nearest', 'border', true)]], -0.4283374108527 },
  { [[grid_sample(X(2, 2, 3, 4, 5), T(2, 2, 3, 2, 3) * 1.2, 'nearest', 'reflection', false)]], -0.8868024143628 },
  { [[grid_sample(X(2, 2, 3, 4, 5), T(2, 2, 3, 2, 3) * 1.2, 'nearest', 'reflection', true)]], -0.4283374108527 },
  { [[affine_grid(W(2, 3, 4), { 2, 3, 4, 5, 2 }, false)]], -0.945362835165 },
  { [[affine_grid(W(2, 3, 4), { 2, 3, 4, 5, 2 }, true)]], -1.222067756604 },
  { [[scaled_dot_product_attention(X(2, 4, 3, 4), T(2, 4, 5, 4), W(2, 4, 5, 6), { is_causal = true })]],
    -8.990209477747 },
  { [[scaled_dot_product_attention(X(2, 4, 3, 4), T(2, 4, 5, 4), W(2, 4, 5, 6), X(2, 1, 3, 5))]], -9.835483865651 },
  { [[scaled_dot_product_attention(X(2, 4, 3, 4), T(2, 4, 5, 4), W(2, 4, 5, 6), X(2, 1, 1, 5):gt(0))]],
    -15.10381456012 },
  { [[scaled_dot_product_attention(X(2, 4, 3, 4), T(2, 4, 5, 4), W(2, 4, 5, 6), X(1, 4, 3, 5))]], -10.19212646329 },
  { [[scaled_dot_product_attention(X(2, 4, 3, 4), T(2, 2, 5, 4), W(2, 2, 5, 6), { enable_gqa = true,
    scale = 0.3 })]], 28.1736503494 },
  { [[scaled_dot_product_attention(X(3, 4), T(5, 4), W(5, 6))]], 3.049415578834 },
  { [[local_response_norm(X(2, 6, 5), 4, 0.1, 0.6, 2)]], 0.2325136872469 },
  { [[local_response_norm(X(2, 6, 3, 2), 2, 0.1)]], -0.06903726323364 },
  { [[rms_norm(X(3, 4), 4)]], 0.1244757011829 },
  { [[pdist(X(5, 3))]], -0.2189847009962 },
  { [[pdist(X(5, 3), 1)]], -0.4717356979375 },
  { [[conv_tbc(X(7, 2, 3), W(3, 3, 4), W(4), 1)]], 0.5302110518313 },
  { [[multi_head_attention_forward(X(3, 2, 4), T(5, 2, 4), W(5, 2, 4), 4, 2, W(12, 4), W(12), nil, nil, false,
    0, W(4, 4), W(4))]], 0.2415226775319 },
  { [[multi_head_attention_forward(X(3, 4), X(3, 4), X(3, 4), 4, 2, W(12, 4), nil, nil, nil, false, 0, W(4, 4),
    nil, { needWeights = false, attnMask = X(3, 3) })]], -0.04267395555706 },
  { [[multi_head_attention_forward(X(3, 2, 4), T(5, 2, 3), W(5, 2, 6), 4, 2, nil, W(12), W(1, 1, 4), X(1, 1,
    4), true, 0, W(4, 4), W(4), { training = false, use_separate_proj_weight = true, q_proj_weight = W(4, 4),
    k_proj_weight = X(4, 3), v_proj_weight = T(4, 6), key_padding_mask = X(2, 5):gt(0.5) })]], 0.4271540949322 },
  { [[embedding_bag(I(2, 5, 1, 4), W(6, 3), I(1, 3), { mode = 'sum', per_sample_weights = P(4) })]], -0.4469685659646 },
  { [[triplet_margin_with_distance_loss(X(3, 4), T(3, 4), W(3, 4), { margin = 0.3 })]], 0.5344448830944 },
  { [[upsample_nearest(X(2, 2, 4, 6), nil, 2)]], 0.5782830564116 },
  { [[upsample_bilinear(X(2, 2, 4, 6), { 5, 7 })]], -0.5788922267295 },
}

describe('nn.functional', function()
  for _, row in ipairs(rows) do
    it(row[1], function()
      local f = setfenv(assert(loadstring('return F.' .. row[1])), values)
      torch.manualSeed(5)
      local before = torch.uniform()
      torch.manualSeed(5)
      local got = digest(f())
      assert.are.equal(before, torch.uniform(), 'random numbers were drawn')
      local limit = rough[row[1]:match '^[%w_]+'] and 1e-6 or 1e-10
      assert.is_true(math.abs(got - row[2]) < limit * math.max(1, math.abs(row[2])), ('%.13g'):format(got))
    end)
  end

  it('gives results of their own, in the type of the input', function()
    local x = torch.randn(2, 3, 4, 4):float()
    for _, y in ipairs { F.relu(x), F.dropout(x, 0.5, false), F.conv2d(x, torch.randn(2, 3, 3, 3):float()),
      F.batch_norm(x, nil, nil, { training = true }), F.pad(x, { 1, 1 }), F.max_pool2d(x, 2), F.layer_norm(x, 4),
      F.interpolate(x, { scale_factor = 2 }), F.softmax(x, 2) } do
      assert.are.equal('torch.FloatTensor', y:type())
      y:fill(7)
    end
    assert.is_true(x:max() < 7)
    assert.are.equal('number', type(F.mse_loss(x, x)))
    assert.are.same({ { 0, 4 } }, F.pad(torch.LongTensor { { 4 } }, { 1, 0 }):totable())
    assert.is_true(torch.isTypeOf(F.one_hot(torch.LongTensor { 2, 1 }), 'torch.LongTensor'))
  end)

  it('works in place where asked', function()
    for _, name in ipairs { 'relu', 'silu', 'elu', 'hardtanh', 'leaky_relu', 'selu' } do
      local x = torch.randn(2, 3)
      local want = F[name](x)
      local y = x:clone()
      assert.are.equal(y, F[name](y, { inplace = true }))
      assert.are.equal(0, support.distance(want, y))
      F[name .. '_'](x)
      assert.are.equal(0, support.distance(want, x))
    end
    local x = torch.ones(1000)
    F.dropout_(x, 0.5)
    assert.are.same({ 0, 2 }, { x:min(), x:max() })
  end)

  it('draws where it should', function()
    torch.manualSeed(1)
    local x = torch.ones(2000)
    assert.is_true(math.abs(F.dropout(x, 0.25):mean() - 1) < 0.1)
    local r = F.rrelu(x * -1, 0.1, 0.3, true)
    assert.is_true(r:max() <= -0.1 and r:min() >= -0.3 and r:std() > 0.01)
    local hard = F.gumbel_softmax(torch.zeros(3000, 3), 1, true)
    assert.is_true((hard:sum(2) - 1):abs():max() == 0 and (hard:mean(1) - 1 / 3):abs():max() < 0.05)
    assert.is_true((F.gumbel_softmax(torch.zeros(4, 3), 0.5, false, nil, 1):sum(1) - 1):abs():max() < 1e-12)
  end)

  it('moves running statistics while training', function()
    local mean, var = torch.zeros(3), torch.ones(3)
    local bn = nn.BatchNorm2d(3)
    local x = torch.randn(4, 3, 2, 2)
    local y = F.batch_norm(x, mean, var, nil, nil, true)
    assert.is_true(support.distance(bn:forward(x), y) < 1e-12)
    assert.is_true(support.distance(bn.running_mean, mean) < 1e-12)
    assert.is_true(support.distance(bn.running_var, var) < 1e-12)
  end)

  it('pools with positions and undoes it', function()
    local x = torch.randn(2, 3, 4, 6)
    local y, at = unpack(F.max_pool2d(x, 2, { return_indices = true }))
    local z = F.max_unpool2d(y, at, 2)
    assert.is_true(support.distance(F.max_pool2d(z, 2), F.relu(y)) < 1e-12)
    y, at = unpack(F.adaptive_max_pool1d(x[1], 3, true))
    assert.are.same({ 3, 4, 3 }, at:size():totable())
    assert.are.equal(y[1][1][1], x[1][1][1][at[1][1][1]])
  end)

  it('says what is wrong', function()
    local x = torch.randn(3, 4)
    local cases = {
      { 'nn.functional.relu: input: expected a tensor, got 3', F.relu, 3 },
      { 'nn.functional.relu: input: expected a tensor', F.relu_, 3, true },
      { 'nn.functional.cross_entropy: target: expected a tensor, got nil', F.cross_entropy, x },
      { 'there is no option axis; there are: dim', F.softmax, x, { axis = 1 } },
      { 'nn.functional.dropout: training: expected true or false', F.dropout, x, 0.5, 1 },
      { 'nn.functional.linear: weight: expected a tensor', F.linear, x },
      { 'nn.functional.linear: weight: expected 2 dimensions', F.linear, x, torch.ones(3) },
      { 'nn.Linear(5 -> 2)', F.linear, x, torch.ones(2, 5) },
      { 'nn.functional.conv2d: weight: expected 4 dimensions, got 2', F.conv2d, x, x },
      { 'nn.functional.conv2d: stride: expected a whole number from 1, got 0', F.conv2d, torch.ones(1, 3, 5, 5),
        torch.ones(2, 3, 3, 3), nil, 0 },
      { 'expected input [N x 3 x H x W]', F.conv2d, torch.ones(1, 2, 5, 5), torch.ones(2, 3, 3, 3) },
      { 'nn.functional.batch_norm: runningMean: expected a tensor', F.batch_norm, x },
      { 'nn.functional.rms_norm: normalizedShape: expected a whole number', F.rms_norm, x, { {} } },
      { 'nn.functional.affine_grid: theta: expected N maps', F.affine_grid, x, { 3, 1, 2, 2 } },
      { 'nn.functional.affine_grid: size: expected {N, C, H, W}', F.affine_grid, torch.ones(1, 2, 3), 3 },
      { 'nn.functional.grid_sample: grid: expected 1 x', F.grid_sample, torch.ones(1, 1, 2, 2), x },
      { "'zeros', 'border' or 'reflection'", F.grid_sample, torch.ones(1, 1, 2, 2), torch.ones(1, 1, 1, 2),
        { padding_mode = 'mirror' } },
      { "of images 'bicubic'", F.grid_sample, torch.ones(1, 1, 2, 2, 2), torch.ones(1, 1, 1, 1, 3), 'bicubic' },
      { 'attnMask: expected sizes that broadcast to 3 x 3, got "3 x 4"', F.scaled_dot_product_attention, x, x, x, x },
      { 'attnMask: expected none with isCausal', F.scaled_dot_product_attention, x, x, x, { attnMask = x,
        isCausal = true } },
      { 'key: expected a number of heads that divides 3', F.scaled_dot_product_attention, torch.ones(3, 2, 4),
        torch.ones(2, 2, 4), torch.ones(2, 2, 4), { enable_gqa = true } },
      { 'inProjWeight: expected 12 rows, got 4', F.multi_head_attention_forward, x, x, x, 4, 2, torch.ones(4, 4) },
      { 'numHeads: expected a divisor of 4, got 3', F.multi_head_attention_forward, x, x, x, 4, 3 },
      { 'embedDimToCheck: expected 4', F.multi_head_attention_forward, x, x, x, 5, 2 },
      { 'biasV: expected a tensor where biasK is one', F.multi_head_attention_forward, x, x, x,
        { numHeads = 2, inProjWeight = torch.ones(12, 4), outProjWeight = torch.ones(4, 4), biasK = torch.ones(4) } },
      { 'conv_tbc: input: expected 3 dimensions', F.conv_tbc, x, x },
      { 'pdist: input: expected 2 dimensions', F.pdist, torch.ones(3) },
      { 'nn.functional.pad: pad: expected two widths', F.pad, x, { 1 } },
      { 'nn.functional.pad: mode: expected', F.pad, x, { 1, 1 }, 'mirror' },
      { 'something left of dimension 2', F.pad, x, { -2, -2 } },
      { 'nn.functional.group_norm: numGroups: expected a divisor of 4, got 3', F.group_norm, x, 3 },
      { 'nn.functional.embedding: weight', F.embedding, torch.LongTensor { 1 }, 3 },
      { 'nn.functional.cosine_embedding_loss: second input: expected a tensor', F.cosine_embedding_loss, x },
    }
    for _, case in ipairs(cases) do
      local got = support.message(unpack(case, 2, 8))
      assert.is_truthy(got:find(case[1], 1, true), got)
    end
    for name, f in pairs(F) do
      local got = support.message(f, 'x')
      assert.is_truthy(got:find 'nn%.', name .. ': ' .. got)
    end
  end)

  it('takes weights whose elements lie apart', function()
    local x, w = torch.randn(2, 3), torch.rand(3, 2)
    assert.are.equal(0, support.distance(F.prelu(x, w:select(2, 1)), F.prelu(x, w:select(2, 1):clone())))
    assert.are.equal(0, support.distance(F.pdist(x:t()), F.pdist(x:t():clone())))
  end)
end)
