--- Golden vectors that are not expected to pass, for test/golden_spec.lua: rows {pattern of "file #case name source",
-- reason}; the first row that matches counts. And whole files that are refused for good.
local rows = {}

-- A class or function counts as pending while its package does not have it.
local function list(reason, form, names, package_)
  for name in names:gmatch '%S+' do
    if not (package_ and package_[name]) then
      rows[#rows + 1] = {form:format(name), reason}
    end
  end
end

-- Each name counts where a vector mentions it.
list('layer of a later issue', 'nn%%.%s%%f[%%W]', [[
  Add Bilinear Bottle CAdd CAddTensorTable CMaxTable CMinTable CMul CReLU ClassSimplexCriterion Collapse Constant
  Convert Cosine CosineDistance CosineEmbeddingCriterion CriterionTable Decorator DepthConcat DistanceRatioCriterion
  DontCast DotProduct Euclidean FeatureLPPooling FlattenTable GatedLinearUnit GradientReversal HingeEmbeddingCriterion
  Index IndexLinear Kmeans L1Cost L1HingeEmbeddingCriterion L1Penalty LayerNormalization LinearWeightNorm LookupTable
  MM MV MapTable MarginRankingCriterion MaskedSelect Max Maxout Mean Min MixtureTable ModuleCriterion
  MultiLabelMarginCriterion MultiLabelSoftMarginCriterion NaN Normalize OneHot PReLU Padding PairwiseDistance Parallel
  PartialLinear PixelShuffle PrintSize Profile RReLU Replicate SoftMarginCriterion SoftMin SparseLinear
  SpatialAdaptiveAveragePooling SpatialAdaptiveMaxPooling SpatialAutoCropMSECriterion SpatialClassNLLCriterion
  SpatialContrastiveNormalization SpatialConvolutionLocal SpatialConvolutionMap SpatialCrossMapLRN
  SpatialDepthWiseConvolution SpatialDilatedConvolution SpatialDilatedMaxPooling SpatialDivisiveNormalization
  SpatialDropout SpatialFractionalMaxPooling SpatialFullConvolution SpatialFullConvolutionMap SpatialLPPooling
  SpatialLogSoftMax SpatialMaxUnpooling SpatialReflectionPadding SpatialReplicationPadding SpatialSoftMax
  SpatialSubSampling SpatialSubtractiveNormalization SpatialUpSamplingBilinear SpatialUpSamplingNearest
  SpatialZeroPadding Squeeze Sum TemporalConvolution TemporalDynamicKMaxPooling TemporalMaxPooling
  TemporalRowConvolution TemporalSubSampling Unsqueeze UpSampling VolumetricAveragePooling
  VolumetricBatchNormalization VolumetricConvolution VolumetricDilatedConvolution VolumetricDilatedMaxPooling
  VolumetricDropout VolumetricFractionalMaxPooling VolumetricFullConvolution VolumetricMaxPooling
  VolumetricMaxUnpooling VolumetricReplicationPadding WeightNorm WeightedEuclidean WeightedMSECriterion WhiteNoise
  ZeroGrad ZipTable ZipTableOneToMany
]], nn)
list('optimiser of a later issue', '^optim.* #%%d+ %s ', 'cg lbfgs cmaes de', optim)
list('optimiser of a later issue', 'optim%%.%s%%f[%%W]',
  'FistaLS cg checkgrad cmaes de lbfgs lswolfe polyinterp', optim)
rows[#rows + 1] = {'^nn/DontCast%.t7 #2 ', 'tanh of floats in a double vector: the last bits of a C library of 2015'}

rows[#rows + 1] = {'^optim.* #38 cmaes ', 'eigenvalues coincide: the vectors hang on the last bits of its LAPACK'}

local refused = {
  ['nn_serialized/function_b.t7'] = 'a function in a file runs only when asked for, torch.load(f, {functions = true})',
}

return {rows, refused}
