/*
 Blurs a picture patch by patch, as a model would be run on an image that does not fit in memory, and
 stitches mean and standard deviation onto disk. It may be killed at any moment; started again,
 it resumes where it stopped. The "model" gives for each pixel the mean of its neighbours and, for a variance,
 the squared distance from it; the result is checked against doing that to the whole picture.

 From the root of the repository, the first time killed after five batches of patches:

   cargo build --release -p qlty-capi
   cc -std=c99 -O2 -Iinclude qlty-capi/examples/c/blur_large.c -o target/blur_large \
      -Ltarget/release -lqlty -Wl,-rpath,"$PWD/target/release" -lm
   target/blur_large samples/cell.pgm target/cell target/blurred.pgm 5
   target/blur_large samples/cell.pgm target/cell target/blurred.pgm
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "pgm.h"
#include "qlty.h"

enum { WINDOW = 64, STEP = 40, BORDER = 8, BATCH = 8 };

/* What this program knows to do about an error: print it and end. */
static void check(qlty_status status, qlty_error *error) {
  if (status == QLTY_STATUS_OK) return;
  fprintf(stderr, "blur_large: %s\n", qlty_error_message(error));
  qlty_error_free(error);
  exit(1);
}

/* The mean of each pixel and its neighbours, and its squared distance from that. */
static void model(const float *from, float *mean, float *variance, int height, int width) {
  int y, x, v, u;
  for (y = 0; y < height; y++) {
    for (x = 0; x < width; x++) {
      float sum = 0, count = 0, distance;
      for (v = y - 1; v <= y + 1; v++) {
        for (u = x - 1; u <= x + 1; u++) {
          if (v < 0 || v >= height || u < 0 || u >= width) continue;
          sum += from[v * width + u];
          count++;
        }
      }
      mean[y * width + x] = sum / count;
      distance = from[y * width + x] - sum / count;
      variance[y * width + x] = distance * distance;
    }
  }
}

/* The largest distance between two pictures, but for their rims, where there is nothing but borders. */
static float distance(const float *a, const float *b, int height, int width) {
  float worst = 0;
  int y, x;
  for (y = BORDER; y < height - BORDER; y++)
    for (x = BORDER; x < width - BORDER; x++) worst = fmaxf(worst, fabsf(a[y * width + x] - b[y * width + x]));
  return worst;
}

int main(int argc, char **argv) {
  qlty_error *error = NULL;
  qlty_quilt_options geometry;
  qlty_large_options options;
  qlty_quilt *quilt;
  qlty_large *large;
  qlty_large_status before = {0};
  qlty_stitched *mean, *deviation;
  qlty_array batch, list, patches, means, variances, out;
  int64_t shape[4] = {1, 1, 0, 0}, patch_shape[4] = {0, 1, WINDOW, WINDOW}, indices[BATCH], most = BATCH, count, i;
  size_t pixels;
  int height, width, batches = 0;
  float *picture, *cut, *blurred, *spread, *stitched, *expected_mean, *expected, worst;

  if (argc != 4 && argc != 5) {
    fprintf(stderr, "usage: blur_large FROM.pgm RESULT TO.pgm [BATCHES]\n");
    return 1;
  }
  if (qlty_abi_version() != QLTY_ABI_VERSION) {
    fprintf(stderr, "blur_large: the library is of another version than the header\n");
    return 1;
  }
  picture = read_pgm(argv[1], &height, &width);
  pixels = (size_t)height * (size_t)width;
  shape[2] = height;
  shape[3] = width;
  batch = qlty_array_contiguous(picture, QLTY_DTYPE_F32, 4, shape);

  check(qlty_quilt_options_init(&geometry, sizeof geometry, &error), error);
  geometry.size[0] = height;
  geometry.size[1] = width;
  geometry.window[0] = geometry.window[1] = WINDOW;
  geometry.step[0] = geometry.step[1] = STEP;
  geometry.border[0] = geometry.border[1] = BORDER;
  geometry.border_weight = 0;
  check(qlty_quilt_new(&geometry, &quilt, &error), error);

  check(qlty_large_options_init(&options, sizeof options, &error), error);
  options.images = 1;
  options.std = QLTY_STD_WITHIN;
  options.start = QLTY_START_CREATE_OR_OPEN;
  options.tile_shape[0] = options.tile_shape[1] = 64; /* A small one for a small picture. */
  check(qlty_large_new(quilt, argv[2], &options, &large, &error), error);
  before.struct_size = sizeof before;
  check(qlty_large_get_status(large, &before, &error), error);

  cut = allocate(BATCH * WINDOW * WINDOW * sizeof *cut);
  blurred = allocate(BATCH * WINDOW * WINDOW * sizeof *blurred);
  spread = allocate(BATCH * WINDOW * WINDOW * sizeof *spread);
  for (;;) {
    list = qlty_array_contiguous(indices, QLTY_DTYPE_I64, 1, &most);
    check(qlty_large_next(large, &list, &count, &error), error);
    if (count == 0) break;
    list.shape[0] = patch_shape[0] = count;
    patches = qlty_array_contiguous(cut, QLTY_DTYPE_F32, 4, patch_shape);
    means = qlty_array_contiguous(blurred, QLTY_DTYPE_F32, 4, patch_shape);
    variances = qlty_array_contiguous(spread, QLTY_DTYPE_F32, 4, patch_shape);
    check(qlty_large_unstitch(large, &batch, NULL, &list, &patches, NULL, NULL, &error), error);
    for (i = 0; i < count; i++)
      model(cut + i * WINDOW * WINDOW, blurred + i * WINDOW * WINDOW, spread + i * WINDOW * WINDOW, WINDOW, WINDOW);
    check(qlty_large_stitch(large, &list, &means, &variances, NULL, NULL, &error), error);
    batches++;
    if (batches % 4 == 0) check(qlty_large_checkpoint(large, NULL, NULL, &error), error);
    if (argc == 5 && batches == atoi(argv[4])) {
      printf("killed after %d batches\n", batches);
      fflush(stdout);
      _Exit(3);
    }
  }
  check(qlty_large_finish(large, &mean, &deviation, &error), error);

  expected_mean = allocate(pixels * sizeof *expected_mean);
  expected = allocate(pixels * sizeof *expected);
  stitched = allocate(pixels * sizeof *stitched);
  model(picture, expected_mean, expected, height, width);
  for (i = 0; i < (int64_t)pixels; i++) expected[i] = sqrtf(expected[i]);
  out = qlty_array_contiguous(stitched, QLTY_DTYPE_F32, 4, shape);
  check(qlty_stitched_read(deviation, NULL, &out, NULL, NULL, &error), error);
  worst = distance(stitched, expected, height, width);
  check(qlty_stitched_read(mean, NULL, &out, NULL, NULL, &error), error);
  worst = fmaxf(worst, distance(stitched, expected_mean, height, width));
  if (!write_pgm(argv[3], stitched, height, width)) {
    fprintf(stderr, "blur_large: cannot write %s\n", argv[3]);
    return 1;
  }
  printf("%lld patches, %lld of them by an earlier run, stitched into %s_mean.zarr and %s_std.zarr, at most %.1e off\n",
         (long long)before.patches, (long long)before.patches_done, argv[2], argv[2], worst);

  qlty_stitched_free(mean);
  qlty_stitched_free(deviation);
  qlty_large_free(large);
  qlty_quilt_free(quilt);
  free(picture);
  free(cut);
  free(blurred);
  free(spread);
  free(stitched);
  free(expected_mean);
  free(expected);
  return worst < 1e-2f ? 0 : 1;
}
