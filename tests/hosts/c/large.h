/* What the host tests of stitching onto disk in C share. */
#ifndef LARGE_H
#define LARGE_H

#include "support.h"

/* Two images of two channels and 20 x 24 pixels: forty patches of 8 x 8, nine tiles of 8 x 8 an image. */
enum { IMAGES = 2, CHANNELS = 2, HEIGHT = 20, WIDTH = 24, WINDOW = 8, STEP = 5, PATCHES = 40, TILES = 18 };

static inline qlty_quilt *large_quilt(void) {
  qlty_quilt_options options = options_2d(HEIGHT, WINDOW, STEP, 1);
  options.size[1] = WIDTH;
  return quilt_of(options);
}

static inline qlty_large_options large_options(void) {
  qlty_large_options options;
  OK(qlty_large_options_init(&options, sizeof options, &error));
  options.images = IMAGES;
  options.tile_shape[0] = options.tile_shape[1] = 8;
  return options;
}

static inline qlty_large *large_of(const qlty_quilt *quilt, const char *path, qlty_large_options options) {
  qlty_large *large = NULL;
  OK(qlty_large_new(quilt, path, &options, &large, &error));
  CHECK(large);
  return large;
}

/* The patches of a batch that looks random, as a model might give them, no two of which agree. */
static inline owned large_patches(uint64_t seed) {
  owned made = MAKE(QLTY_DTYPE_F32, PATCHES, CHANNELS, WINDOW, WINDOW);
  fill_f32(&made, seed);
  return made;
}

/* The patches from `first` on. */
static inline qlty_array patches_at(const owned *patches, int64_t first, int64_t count) {
  qlty_array part = patches->array;
  part.data = (char *)part.data + first * part.strides[0] * (int64_t)size_of(part.dtype);
  part.shape[0] = count;
  return part;
}

static inline qlty_array index_array(int64_t *indices, int64_t count) {
  return qlty_array_contiguous(indices, QLTY_DTYPE_I64, 1, &count);
}

/* Stitches the next pending patches one by one, at most `most`, and returns their number. */
static inline int64_t stitch_next(const qlty_large *large, const owned *patches, const owned *variances, int64_t most) {
  int64_t done, index, count;
  for (done = 0; done < most; done++) {
    qlty_array one = index_array(&index, 1), values, spread;
    OK(qlty_large_next(large, &one, &count, &error));
    if (count == 0) break;
    values = patches_at(patches, index, 1);
    if (variances) spread = patches_at(variances, index, 1);
    OK(qlty_large_stitch(large, &one, &values, variances ? &spread : NULL, NULL, NULL, &error));
  }
  return done;
}

static inline int64_t pending_count(const qlty_large *large) {
  int64_t count = -1;
  OK(qlty_large_pending(large, NULL, &count, &error));
  return count;
}

static inline owned read_whole(const qlty_stitched *stitched) {
  qlty_array described;
  owned made;
  OK(qlty_stitched_shape(stitched, &described, &error));
  made = make_like(&described);
  OK(qlty_stitched_read(stitched, NULL, &made.array, NULL, NULL, &error));
  return made;
}

/* What is in memory when patches are stitched there. */
static inline owned stitched_in_memory(const qlty_quilt *quilt, const owned *patches) {
  owned made = MAKE(QLTY_DTYPE_F32, IMAGES, CHANNELS, HEIGHT, WIDTH);
  OK(qlty_quilt_stitch(quilt, &patches->array, &made.array, NULL, NULL, NULL, &error));
  return made;
}

#endif
