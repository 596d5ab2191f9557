/* What the host tests of patch pairs in C share. */
#ifndef PAIRS_H
#define PAIRS_H

#include "support.h"

/* The arrays that pairs are written to. */
typedef struct pair_arrays {
  owned patches1, patches2, deltas, rotations, positions1, positions2;
} pair_arrays;

/* For `count` pairs of patches like `patches`; positions have the image before them. */
static inline pair_arrays make_pairs(const qlty_array *patches, int64_t count) {
  pair_arrays made;
  int64_t shape[QLTY_MAX_NDIM], ndim = patches->ndim - 2;
  memcpy(shape, patches->shape, sizeof shape);
  shape[0] = count;
  made.patches1 = make(patches->dtype, patches->ndim, shape);
  made.patches2 = make(patches->dtype, patches->ndim, shape);
  made.deltas = MAKE(QLTY_DTYPE_F32, count, ndim);
  made.rotations = MAKE(QLTY_DTYPE_I64, count);
  made.positions1 = MAKE(QLTY_DTYPE_I64, count, ndim + 1);
  made.positions2 = MAKE(QLTY_DTYPE_I64, count, ndim + 1);
  return made;
}

static inline void release_pairs(pair_arrays *made) {
  release(&made->patches1);
  release(&made->patches2);
  release(&made->deltas);
  release(&made->rotations);
  release(&made->positions1);
  release(&made->positions2);
}

static inline int are_untouched(const pair_arrays *made) {
  return is_untouched(&made->patches1) && is_untouched(&made->patches2) && is_untouched(&made->deltas) &&
         is_untouched(&made->rotations) && is_untouched(&made->positions1) && is_untouched(&made->positions2);
}

static inline int same_pairs(const pair_arrays *a, const pair_arrays *b) {
  return bytes_same(&a->patches1, &b->patches1) && bytes_same(&a->patches2, &b->patches2) &&
         bytes_same(&a->deltas, &b->deltas) && bytes_same(&a->rotations, &b->rotations) &&
         bytes_same(&a->positions1, &b->positions1) && bytes_same(&a->positions2, &b->positions2);
}

#define ALL_ARRAYS(p) &(p).patches1.array, &(p).patches2.array, &(p).deltas.array, &(p).rotations.array, \
                      &(p).positions1.array, &(p).positions2.array

/* An array of shape (2, 2, 20, 24) whose values say where they are. */
static inline owned counted(qlty_dtype dtype) {
  owned batch = MAKE(dtype, 2, 2, 20, 24);
  int64_t i;
  for (i = 0; i < 2 * 2 * 20 * 24; i++) {
    if (dtype == QLTY_DTYPE_F32) ((float *)batch.array.data)[i] = (float)i;
    else ((uint8_t *)batch.array.data)[i] = (uint8_t)(dtype == QLTY_DTYPE_BOOL ? i % 5 == 0 : i % 251);
  }
  return batch;
}

/* Pairs of 8 x 8 pixels, four from each image. */
static inline qlty_pair_options pair_options(void) {
  static const int64_t turns[4] = {0, 1, 2, 3};
  qlty_pair_options options;
  OK(qlty_pair_options_init(&options, sizeof options, &error));
  options.window[0] = options.window[1] = 8;
  options.pairs_per_image = 4;
  options.delta_low = 2;
  options.delta_high = 6;
  options.rotations = turns;
  options.rotation_count = 4;
  return options;
}

static inline qlty_pairs *draw(qlty_pair_options options, const qlty_array *batch) {
  qlty_pairs *pairs = NULL;
  OK(qlty_pairs_draw(&options, batch, NULL, &pairs, &error));
  CHECK(pairs);
  return pairs;
}

static inline qlty_pairs *measure(const qlty_pairs *pairs, const qlty_array *batch) {
  qlty_pairs *measured = NULL;
  OK(qlty_pairs_measure(pairs, batch, NULL, &measured, NULL, NULL, &error));
  CHECK(measured);
  return measured;
}

static inline qlty_store_options store_options(void) {
  qlty_store_options options;
  OK(qlty_store_options_init(&options, sizeof options, &error));
  options.positions = QLTY_POSITIONS_WITH_IMAGE;
  return options;
}

#endif
