/*
 Splits a picture into overlapping patches, blurs them batch by batch, as a model would be run on
 them, and stitches them together. A blur does not know what lies beyond the rim of a patch; the border,
 of weight 0, keeps that out of the result, which is checked against blurring the picture at once.

 From the root of the repository:

   cargo build --release -p qlty-capi
   cc -std=c99 -O2 -Iinclude qlty-capi/examples/c/blur.c -o target/blur \
      -Ltarget/release -lqlty -Wl,-rpath,"$PWD/target/release" -lm
   target/blur samples/cell.pgm target/blurred.pgm
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "pgm.h"
#include "qlty.h"

enum { WINDOW = 64, STEP = 40, BORDER = 8, BATCH = 32 };

/* What this program knows to do about an error: print it and end. */
static void check(qlty_status status, qlty_error *error) {
  if (status == QLTY_STATUS_OK) return;
  fprintf(stderr, "blur: %s\n", qlty_error_message(error));
  qlty_error_free(error);
  exit(1);
}

/* The mean of each pixel and its neighbours, as far as there are any. */
static void blur(const float *from, float *to, int height, int width) {
  int y, x, v, u;
  for (y = 0; y < height; y++) {
    for (x = 0; x < width; x++) {
      float sum = 0, count = 0;
      for (v = y - 1; v <= y + 1; v++) {
        for (u = x - 1; u <= x + 1; u++) {
          if (v < 0 || v >= height || u < 0 || u >= width) continue;
          sum += from[v * width + u];
          count++;
        }
      }
      to[y * width + x] = sum / count;
    }
  }
}

int main(int argc, char **argv) {
  qlty_error *error = NULL;
  qlty_quilt_options options;
  qlty_quilt *quilt;
  qlty_stitcher *stitcher;
  qlty_array batch, out;
  int64_t shape[4] = {1, 1, 0, 0}, patch_shape[4] = {0, 1, WINDOW, WINDOW}, count, first, i;
  int height, width, y, x;
  float *picture, *patches, *blurred, *stitched, *expected, worst = 0;

  if (argc != 3) {
    fprintf(stderr, "usage: blur FROM.pgm TO.pgm\n");
    return 1;
  }
  if (qlty_abi_version() != QLTY_ABI_VERSION) {
    fprintf(stderr, "blur: the library is of another version than the header\n");
    return 1;
  }
  picture = read_pgm(argv[1], &height, &width);
  shape[2] = height;
  shape[3] = width;

  check(qlty_quilt_options_init(&options, sizeof options, &error), error);
  options.size[0] = height;
  options.size[1] = width;
  options.window[0] = options.window[1] = WINDOW;
  options.step[0] = options.step[1] = STEP;
  options.border[0] = options.border[1] = BORDER;
  options.border_weight = 0;
  check(qlty_quilt_new(&options, &quilt, &error), error);
  check(qlty_quilt_patch_count(quilt, 1, &count, &error), error);
  check(qlty_stitcher_new(quilt, QLTY_DTYPE_F32, 1, 1, &stitcher, &error), error);

  patches = allocate(BATCH * WINDOW * WINDOW * sizeof *patches);
  blurred = allocate(BATCH * WINDOW * WINDOW * sizeof *blurred);
  batch = qlty_array_contiguous(picture, QLTY_DTYPE_F32, 4, shape);
  for (first = 0; first < count; first += BATCH) {
    patch_shape[0] = count - first < BATCH ? count - first : BATCH;
    out = qlty_array_contiguous(patches, QLTY_DTYPE_F32, 4, patch_shape);
    check(qlty_quilt_unstitch(quilt, &batch, first, &out, NULL, NULL, &error), error);
    for (i = 0; i < patch_shape[0]; i++)
      blur(patches + i * WINDOW * WINDOW, blurred + i * WINDOW * WINDOW, WINDOW, WINDOW);
    out = qlty_array_contiguous(blurred, QLTY_DTYPE_F32, 4, patch_shape);
    check(qlty_stitcher_push(stitcher, first, &out, &error), error);
  }
  stitched = allocate((size_t)height * (size_t)width * sizeof *stitched);
  out = qlty_array_contiguous(stitched, QLTY_DTYPE_F32, 4, shape);
  check(qlty_stitcher_finish(stitcher, &out, NULL, &error), error);

  /* On the rim of the picture there is nothing but borders. */
  expected = allocate((size_t)height * (size_t)width * sizeof *expected);
  blur(picture, expected, height, width);
  for (y = BORDER; y < height - BORDER; y++)
    for (x = BORDER; x < width - BORDER; x++)
      worst = fmaxf(worst, fabsf(stitched[y * width + x] - expected[y * width + x]));
  if (!write_pgm(argv[2], stitched, height, width)) {
    fprintf(stderr, "blur: cannot write %s\n", argv[2]);
    return 1;
  }
  printf("%lld patches of %d x %d pixels, blurred and stitched into %s, at most %.1e off\n", (long long)count,
         WINDOW, WINDOW, argv[2], worst);

  qlty_stitcher_free(stitcher);
  qlty_quilt_free(quilt);
  free(picture);
  free(patches);
  free(blurred);
  free(stitched);
  free(expected);
  return worst < 1e-3f ? 0 : 1;
}
