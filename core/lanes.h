/* lanes.h -- 16 lanes as one vector: loops with several sums do not widen by
 * themselves. Read once per type by files of inner loops: see each_real.h. */
typedef REAL FN(lanes) __attribute__((vector_size(RK_LANES * sizeof(REAL)), aligned(sizeof(REAL)), may_alias));

static double FN(fold)(const FN(lanes) * acc) {
  double s[RK_LANES];
  for (int k = 0; k < RK_LANES; k++) s[k] = (double)(*acc)[k];
  for (int w = RK_LANES / 2; w; w /= 2)
    for (int k = 0; k < w; k++) s[k] += s[k + w];
  return s[0];
}

static double FN(lane_sum)(const REAL *x, int64_t n) {
  FN(lanes) acc = {0};
  int64_t i = 0;
  for (; i + RK_LANES <= n; i += RK_LANES) acc += *(const FN(lanes) *)(x + i);
  for (int k = 0; i < n; i++, k++) acc[k] += x[i];
  return FN(fold)(&acc);
}
