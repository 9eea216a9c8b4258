/* rnn.h -- the inner loops of recurrent layers: what rnn.c and loops_rnn.c
 * share. loops_rnn.c is compiled once per instruction set (RK_ISA).
 *
 * A step of a sequence is cut into tiles of a few samples (rows) and a few
 * hidden units; a tile's recurrent products come from the matrix product's own
 * kernels (gemm_kernels.c), and one of these loops turns them into gates, cells
 * and states, or back into gradients. */
#ifndef RK_RNN_H
#define RK_RNN_H
#include "layer_loops.h"

/* All addresses are those of the tile's first row and unit; *_row: elements from row to row, of what lies in the tiles
 * of a step `row`. */
struct rk_rnn_tile {
  int64_t rows, n;       /* samples and units */
  int64_t unit;          /* hidden units of the layer: rows of carry and dcell */
  int64_t row;           /* of acc, gates and dgates */
  void *acc[4];          /* forward: what the gates are made of, overwritten; GRU: r, z, the state's n, the input's n.
                          * Backward: [0], products with the later gates' gradients; [1] is free */
  const uint8_t *active; /* per row: is the sequence still (already) running? NULL: all are */
  void *gates;           /* forward: written, backward: read; a block a gate */
  int64_t gate;
  void *cell; /* LSTM: the cell; GRU: the state's share of n */
  int64_t cell_row;
  const void *cell_before, *before; /* of the previous step: cell and state */
  int64_t cell_before_row, before_row;
  void *y; /* the output */
  int64_t y_row;
  void *state; /* with lengths: the state, which lives on where y is 0; else NULL */
  int64_t state_row;
  /* backward */
  const void *g; /* of y */
  int64_t g_row;
  void *dgates; /* a block a gate; GRU: n, r, z, n as the state's share sees it */
  int64_t dgate;
  void *carry, *dcell; /* what goes on to the previous step besides the gates; rows `unit` apart */
};

enum { RK_RNN_KINDS = 4 };
struct rk_rnn_loops {
  void (*step[RK_RNN_KINDS])(const struct rk_rnn_tile *t); /* by enum rk_rnn_kind */
  void (*back[RK_RNN_KINDS])(const struct rk_rnn_tile *t);
  void (*add)(void *to, int64_t to_row, const void *from, int64_t from_row, int64_t rows, int64_t n);
  void (*copy)(void *to, int64_t to_row, const void *from, int64_t from_row, int64_t rows, int64_t n);
  /* Dense rows of n, a row of `from` for each: to = from[which]; to[which] += from. */
  void (*pick)(void *to, const void *from, const int32_t *which, int64_t rows, int64_t n);
  void (*gather)(void *to, const void *from, const int32_t *which, int64_t rows, int64_t n);
  uint64_t (*hash)(const void *row, int64_t bytes); /* of its bits */
};
RK_DECLARE_LOOPS(rk_rnn_loops)

/* -- what rnn.c and rnn_weight.c share -- */
/* The gates' gradients: a block of `cols` units (zero or more of the last ones mean nothing) after the other, gate by
 * gate; a row for each step and sample in a block. */
void rk_rnn_dgates_shape(const struct rk_rnn *r, int64_t *shape);
/* Tensors of the input's dtype and of that shape, or an error naming `who` and `name`. */
int rk_rnn_need(const struct rk_tensor *t, const struct rk_tensor *x, int rank, const int64_t *shape, const char *who,
                const char *name);
int rk_rnn_optional(const struct rk_tensor *t, const struct rk_tensor *x, int rank, const int64_t *shape,
                    const char *who, const char *name);
int rk_rnn_check(const struct rk_rnn *r, const char *who);
/* Blocks of hidden units in the gates' gradients. */
int rk_rnn_blocks(int kind);
/* RK_COMPUTE_...: of the products whose columns are hidden units. */
int rk_rnn_compute(const struct rk_rnn *r);
/* tmp: a view of t when the rows are dense, else a copy. Drop it. */
int rk_rnn_dense_rows(struct rk_tensor *tmp, const struct rk_tensor *t);
#endif
