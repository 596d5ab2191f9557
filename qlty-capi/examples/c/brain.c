/*
 Writes the stacks of slices in a folder as OME-Zarr with coarser levels, and reads a region of a level
 back: the middle half, along y and x, of the middle plane of level 1, which becomes a picture. What was
 read is checked against the means of blocks of 2 x 2 pixels of the slices.

 From the root of the repository:

   cargo build --release -p qlty-capi
   cc -std=c99 -O2 -Iinclude qlty-capi/examples/c/brain.c -o target/brain \
      -Ltarget/release -lqlty -Wl,-rpath,"$PWD/target/release" -lm
   target/brain samples/brain target/stores target/brain.pgm
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "qlty.h"

/* What this program knows to do about an error: print it and end. */
static void check(qlty_status status, qlty_error *error) {
  if (status == QLTY_STATUS_OK) return;
  fprintf(stderr, "brain: %s\n", qlty_error_message(error));
  qlty_error_free(error);
  exit(1);
}

static uint8_t *allocate(int64_t bytes) {
  uint8_t *memory = malloc((size_t)bytes);
  if (!memory) {
    fprintf(stderr, "brain: no memory for %lld bytes\n", (long long)bytes);
    exit(1);
  }
  return memory;
}

static int write_pgm(const char *path, const uint8_t *pixels, int64_t height, int64_t width) {
  FILE *file = fopen(path, "wb");
  if (!file) return 0;
  fprintf(file, "P5\n%lld %lld\n255\n", (long long)width, (long long)height);
  fwrite(pixels, 1, (size_t)(height * width), file);
  return fclose(file) == 0;
}

/* What is or will be in the stores. */
static void print(const qlty_pyramids *pyramids) {
  qlty_error *error = NULL;
  qlty_pyramid_info info = {0};
  int64_t count, index, level;
  info.struct_size = sizeof info;
  check(qlty_pyramids_count(pyramids, &count, &error), error);
  for (index = 0; index < count; index++) {
    const char *name, *path, *axes;
    check(qlty_pyramids_name(pyramids, index, &name, &path, &axes, &error), error);
    check(qlty_pyramids_get_info(pyramids, index, &info, &error), error);
    printf("%s: %s, %s, %llu bytes before compression\n", name, path, axes, (unsigned long long)info.bytes);
    for (level = 0; level < info.levels; level++) {
      qlty_array array;
      int axis;
      check(qlty_pyramids_level(pyramids, index, level, &array, NULL, NULL, NULL, &error), error);
      printf("  level %lld:", (long long)level);
      for (axis = 0; axis < array.ndim; axis++) printf("%s%lld", axis ? " x " : " ", (long long)array.shape[axis]);
      printf("\n");
    }
  }
}

/* The mean of the block of 2 x 2 pixels that a pixel of level 1 was made of, fewer at the edges. */
static float block_mean(const uint8_t *plane, int64_t height, int64_t width, int64_t y, int64_t x) {
  float sum = 0, count = 0;
  int64_t v, u;
  for (v = 2 * y; v < 2 * y + 2 && v < height; v++)
    for (u = 2 * x; u < 2 * x + 2 && u < width; u++, count++) sum += plane[v * width + u];
  return sum / count;
}

int main(int argc, char **argv) {
  qlty_error *error = NULL;
  qlty_stacks *stacks;
  qlty_stack *stack;
  qlty_pyramids *pyramids;
  qlty_pyramid_options options;
  qlty_image *image;
  qlty_array whole, level, planes, box;
  const char *path;
  int64_t height, width, start[3], shape[3], one_plane[4], y, x;
  uint8_t *plane, *region;
  float worst = 0;

  if (argc != 4) {
    fprintf(stderr, "usage: brain SLICES STORES TO.pgm\n");
    return 1;
  }
  if (qlty_abi_version() != QLTY_ABI_VERSION) {
    fprintf(stderr, "brain: the library is of another version than the header\n");
    return 1;
  }
  check(qlty_stacks_find(argv[1], "tif", "image_(\\d+)\\.tif$", &stacks, &error), error);
  check(qlty_pyramid_options_init(&options, sizeof options, &error), error);
  options.levels = 3;
  options.overwrite = 1;

  /* What would be written, and then that. */
  check(qlty_stacks_plan(stacks, argv[2], &options, NULL, &pyramids, &error), error);
  print(pyramids);
  qlty_pyramids_free(pyramids);
  check(qlty_stacks_to_ome_zarr(stacks, argv[2], &options, &pyramids, NULL, NULL, &error), error);

  /* A region of level 1 of the first of them. */
  check(qlty_pyramids_name(pyramids, 0, NULL, &path, NULL, &error), error);
  check(qlty_image_open(path, NULL, &image, &error), error);
  check(qlty_image_level(image, 1, &level, NULL, NULL, &error), error);
  if (level.ndim != 3 || level.dtype != QLTY_DTYPE_U8) {
    fprintf(stderr, "brain: this example is for slices of 8 bits with one channel\n");
    return 1;
  }
  shape[0] = 1;
  shape[1] = level.shape[1] / 2;
  shape[2] = level.shape[2] / 2;
  start[0] = level.shape[0] / 2;
  start[1] = level.shape[1] / 4;
  start[2] = level.shape[2] / 4;
  region = allocate(shape[1] * shape[2]);
  box = qlty_array_contiguous(region, QLTY_DTYPE_U8, 3, shape);
  check(qlty_image_read(image, 1, start, &box, NULL, NULL, &error), error);
  if (!write_pgm(argv[3], region, shape[1], shape[2])) {
    fprintf(stderr, "brain: cannot write %s\n", argv[3]);
    return 1;
  }

  /* The same of the slice itself. */
  check(qlty_stacks_open(stacks, 0, &stack, &error), error);
  check(qlty_stack_shape(stack, &whole, &error), error);
  height = whole.shape[3];
  width = whole.shape[4];
  one_plane[0] = one_plane[1] = 1;
  one_plane[2] = height;
  one_plane[3] = width;
  plane = allocate(height * width);
  planes = qlty_array_contiguous(plane, QLTY_DTYPE_U8, 4, one_plane);
  check(qlty_stack_read(stack, 0, start[0], &planes, NULL, NULL, &error), error);
  for (y = 0; y < shape[1]; y++)
    for (x = 0; x < shape[2]; x++)
      worst = fmaxf(worst, fabsf((float)region[y * shape[2] + x] - block_mean(plane, height, width, start[1] + y, start[2] + x)));
  printf("%lld x %lld pixels of level 1 read back, at most %.2f off\n", (long long)shape[1], (long long)shape[2], worst);

  qlty_image_free(image);
  qlty_stack_free(stack);
  qlty_stacks_free(stacks);
  qlty_pyramids_free(pyramids);
  free(region);
  free(plane);
  return worst <= 0.5f ? 0 : 1; /* Means are rounded to whole numbers. */
}
