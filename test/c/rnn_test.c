/* rnn_test.c -- recurrent layers and CTC from C: same bits at any number of threads, wrong calls, allocations that
 * fail. The numbers are checked by test/nn/rnn_spec.lua, ctc_spec.lua and pytorch_spec.lua. */
#include "layer_cases.h"

enum { T = 6, B = 11, IN = 17, H = 37 };
struct net {
  struct rk_tensor x, w_ih, w_hh, b_ih, b_hh, y, gates, cells, states, g, dgates, dx, dh0, dc0;
};

static struct rk_tensor fresh(int rank, const int64_t *shape) { return make(RK_f32, rank, shape, PACKED); }
static void open_net(struct net *n, struct rk_rnn *r, struct rk_rnn_grad *d, int kind) {
  const int64_t gates[] = {1, 1, 4, 3}, gh = gates[kind] * H;
  *n = (struct net){
      .gates = {.dt = RK_f32}, .cells = {.dt = RK_f32}, .states = {.dt = RK_f32}, .dgates = {.dt = RK_f32}};
  n->x = fresh(3, (int64_t[]){T, B, IN}), n->w_ih = fresh(2, (int64_t[]){gh, IN}),
  n->w_hh = fresh(2, (int64_t[]){gh, H});
  n->b_ih = fresh(1, &gh), n->b_hh = fresh(1, &gh), n->y = fresh(3, (int64_t[]){T, B, H});
  n->g = fresh(3, (int64_t[]){T, B, H}), n->dx = fresh(3, (int64_t[]){T, B, IN});
  n->dh0 = fresh(2, (int64_t[]){B, H}), n->dc0 = fresh(2, (int64_t[]){B, H});
  *r =
      (struct rk_rnn){.kind = kind, .x = &n->x, .w_ih = &n->w_ih, .w_hh = &n->w_hh, .b_ih = &n->b_ih, .b_hh = &n->b_hh};
  r->y = &n->y, r->gates = &n->gates, r->cells = &n->cells, r->states = &n->states;
  *d = (struct rk_rnn_grad){.g = &n->g, .dgates = &n->dgates, .dx = &n->dx, .dh0 = &n->dh0, .dc0 = &n->dc0};
}
static void close_net(struct net *n) {
  struct rk_tensor *all[] = {&n->x,     &n->w_ih,   &n->w_hh, &n->b_ih,   &n->b_hh, &n->y,   &n->gates,
                             &n->cells, &n->states, &n->g,    &n->dgates, &n->dx,   &n->dh0, &n->dc0};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) rk_tensor_drop(all[i]);
}

static void same_bits(void) {
  for (int kind = 0; kind < 4; kind++) {
    struct net n;
    struct rk_rnn r;
    struct rk_rnn_grad d;
    double *first[2] = {NULL, NULL};
    open_net(&n, &r, &d, kind);
    for (int threads = 1; threads <= 4; threads += 3) {
      CHECK_OK(rk_set_threads(threads));
      CHECK_OK(rk_rnn_forward(&r));
      CHECK_OK(rk_rnn_backward(&r, &d));
      double *y = values(&n.y), *dh = values(&n.dh0);
      if (threads == 1) {
        first[0] = y, first[1] = dh;
        continue;
      }
      CHECK(memcmp(y, first[0], T * B * H * sizeof *y) == 0);
      CHECK(memcmp(dh, first[1], B * H * sizeof *dh) == 0);
      free(y);
      free(dh);
    }
    free(first[0]);
    free(first[1]);
    close_net(&n);
  }
}

static void wrong_calls(void) {
  struct net n;
  struct rk_rnn r;
  struct rk_rnn_grad d;
  open_net(&n, &r, &d, RK_RNN_LSTM);
  CHECK_FAILS(rk_rnn_forward(NULL), RK_EARG, "layer expected");
  CHECK_FAILS(rk_rnn_backward(&r, NULL), RK_EARG, "gradients expected");
  CHECK_FAILS(rk_rnn_backward(&r, &d), RK_ESHAPE, "of a forward pass");
  struct rk_rnn bad = r;
  bad.kind = 9;
  CHECK_FAILS(rk_rnn_forward(&bad), RK_EARG, "no kind 9");
  bad = r, bad.x = NULL;
  CHECK_FAILS(rk_rnn_forward(&bad), RK_EARG, "tensor expected");
  bad = r, bad.x = &n.w_ih;
  CHECK_FAILS(rk_rnn_forward(&bad), RK_ESHAPE, "steps x batch x features");
  bad = r, bad.w_hh = &n.w_ih;
  CHECK_FAILS(rk_rnn_forward(&bad), RK_ESHAPE, "w_hh");
  bad = r, bad.h0 = &n.x;
  CHECK_FAILS(rk_rnn_forward(&bad), RK_ESHAPE, "h0");
  bad = r, bad.y = NULL;
  CHECK_FAILS(rk_rnn_forward(&bad), RK_EARG, "y: tensor expected");
  bad = r, bad.cells = NULL;
  CHECK_FAILS(rk_rnn_forward(&bad), RK_EARG, "missing");
  CHECK_OK(rk_rnn_forward(&r));
  d.dh0 = NULL;
  CHECK_FAILS(rk_rnn_backward(&r, &d), RK_EARG, "first state");
  close_net(&n);
}

static void failing_allocations(void) {
  struct net n;
  struct rk_rnn r;
  struct rk_rnn_grad d;
  open_net(&n, &r, &d, RK_RNN_GRU);
  for (int k = 1, status = RK_ENOMEM; status && k < 50; k++) {
    rk_fail_allocation(k);
    status = rk_rnn_forward(&r);
    if (!status) status = rk_rnn_backward(&r, &d);
    rk_fail_allocation(0);
    CHECK(status == RK_OK || status == RK_ENOMEM);
  }
  close_net(&n);
}

/* Rows that are all the same: the table of shares and the sums of gradients, with each of their allocations failing. */
static void repeated_rows(void) {
  for (int kind = 0; kind < 4; kind++) {
    struct net n;
    struct rk_rnn r;
    struct rk_rnn_grad d;
    open_net(&n, &r, &d, kind);
    struct rk_tensor dw = fresh(2, n.w_ih.shape), db = fresh(1, n.b_ih.shape);
    CHECK_OK(rk_fill(&n.x, 0.5));
    CHECK_OK(rk_zero(&dw));
    int status = RK_ENOMEM;
    for (int k = 1; status && k < 80; k++) {
      rk_fail_allocation(k);
      status = rk_rnn_forward(&r);
      if (!status) status = rk_rnn_backward(&r, &d);
      if (!status) status = rk_rnn_backward_weight(&dw, NULL, &db, NULL, 1, &r, &n.dgates);
      rk_fail_allocation(0);
      CHECK(status == RK_OK || status == RK_ENOMEM);
    }
    CHECK_OK(status);
    double *w = values(&dw); /* each feature has met the same gradients */
    for (int64_t i = 0; i < n.w_ih.shape[0]; i++) CHECK(w[i * IN] == w[i * IN + IN - 1]);
    free(w);
    rk_tensor_drop(&dw);
    rk_tensor_drop(&db);
    close_net(&n);
  }
}

static void ctc(void) {
  struct rk_tensor x = fresh(3, (int64_t[]){T, 2, 4}), losses = {.dt = RK_f32}, dx = {.dt = RK_f32}, t = {.dt = RK_i64};
  CHECK_OK(rk_tensor_init2(&t, RK_i64, 2, 2));
  CHECK_OK(rk_fill(&t, 2));
  struct rk_ctc c = {.targets = &t, .blank = 1};
  CHECK_OK(rk_ctc(&losses, &dx, &x, &c));
  CHECK_FAILS(rk_ctc(&losses, &dx, &x, NULL), RK_EARG, "targets expected");
  CHECK_FAILS(rk_ctc(NULL, &dx, &x, &c), RK_EARG, "tensor expected");
  CHECK_FAILS(rk_ctc(&losses, &dx, NULL, &c), RK_EARG, "tensor expected");
  c.blank = 5;
  CHECK_FAILS(rk_ctc(&losses, &dx, &x, &c), RK_EARG, "blank 5");
  c.blank = 2;
  CHECK_FAILS(rk_ctc(&losses, &dx, &x, &c), RK_EARG, "other than the blank");
  c.blank = 1;
  for (int k = 1, status = RK_ENOMEM; status && k < 50; k++) {
    rk_fail_allocation(k);
    status = rk_ctc(&losses, &dx, &x, &c);
    rk_fail_allocation(0);
    CHECK(status == RK_OK || status == RK_ENOMEM);
  }
  rk_tensor_drop(&x);
  rk_tensor_drop(&losses);
  rk_tensor_drop(&dx);
  rk_tensor_drop(&t);
}

int main(void) {
  RUN(same_bits);
  RUN(wrong_calls);
  RUN(failing_allocations);
  RUN(repeated_rows);
  RUN(ctc);
  CHECK_EQ(rk_live_bytes, 0);
  return test_done();
}
