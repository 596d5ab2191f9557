/* What the host tests of pyramids in C share: slices whose pixels are known. */
#ifndef PYRAMID_H
#define PYRAMID_H

#include "support.h"

enum { DEPTH = 5, HEIGHT = 37, WIDTH = 50, PIXELS = HEIGHT * WIDTH };

/* The pixel of the slices that the tests write: no two neighbours are the same. */
static inline uint16_t pixel_at(int64_t z, int64_t y, int64_t x) {
  return (uint16_t)(z * 9973 + y * 769 + x * x * 13 + (x ^ y));
}

static inline void put(FILE *file, uint32_t number, int bytes) {
  for (; bytes > 0; bytes--, number >>= 8) CHECK(fputc((int)(number & 255), file) != EOF);
}

/* Writes an uncompressed TIFF of a single strip: 8 bytes, the pixels, the directory. */
static inline void write_slice(const char *path, int64_t z, int width) {
  static const uint16_t tags[10] = {256, 257, 258, 259, 262, 273, 277, 278, 279, 339};
  const uint32_t values[10] = {(uint32_t)width, HEIGHT, 16, 1, 1, 8, 1, HEIGHT, (uint32_t)(2 * HEIGHT * width), 1};
  FILE *file = fopen(path, "wb");
  int64_t y, x;
  int tag;
  CHECK(file);
  put(file, 0x4949, 2);
  put(file, 42, 2);
  put(file, (uint32_t)(8 + 2 * HEIGHT * width), 4);
  for (y = 0; y < HEIGHT; y++)
    for (x = 0; x < width; x++) put(file, pixel_at(z, y, x), 2);
  put(file, 10, 2);
  for (tag = 0; tag < 10; tag++) {
    put(file, tags[tag], 2);
    put(file, 4, 2); /* LONG */
    put(file, 1, 4);
    put(file, values[tag], 4);
  }
  put(file, 0, 4);
  CHECK(fclose(file) == 0);
}

/* Slices "sample_3.tif" and so on; the counter 5 is missing. */
static inline void write_slices(const char *folder) {
  char name[64];
  int64_t z;
  for (z = 0; z < DEPTH; z++) {
    snprintf(name, sizeof name, "sample_%d.tif", (int)(z < 2 ? z + 3 : z + 4));
    write_slice(path_in(folder, name), z, WIDTH);
  }
}

static inline qlty_stack *open_slices(const char *folder) {
  qlty_stacks *stacks = NULL;
  qlty_stack *stack = NULL;
  OK(qlty_stacks_find(folder, ".TIF", "sample_(\\d+)\\.tif$", &stacks, &error));
  OK(qlty_stacks_open(stacks, 0, &stack, &error));
  qlty_stacks_free(stacks);
  CHECK(stack);
  return stack;
}

static inline qlty_pyramid_options pyramid_options(void) {
  qlty_pyramid_options options;
  OK(qlty_pyramid_options_init(&options, sizeof options, &error));
  options.levels = 3;
  return options;
}

static inline qlty_laplacian_options laplacian_options(void) {
  qlty_laplacian_options options;
  OK(qlty_laplacian_options_init(&options, sizeof options, &error));
  return options;
}

static inline qlty_reconstruct_options reconstruct_options(void) {
  qlty_reconstruct_options options;
  OK(qlty_reconstruct_options_init(&options, sizeof options, &error));
  return options;
}

static inline qlty_image *open_image(const char *path) {
  qlty_image *image = NULL;
  OK(qlty_image_open(path, NULL, &image, &error));
  CHECK(image);
  return image;
}

static inline int exists(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file) fclose(file);
  return file != NULL;
}

#endif
