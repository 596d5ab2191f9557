/* The golden cases of stitching onto disk: mean and standard deviation. usage: large_golden GOLDEN FOLDER */
#include "large.h"
#include "npy.h"

/* qlty adds 1e-8 to what it divides by. */
static void close_to(const char *what, const owned *got, const owned *expected) {
  size_t i;
  CHECK(values_of(&got->array) == values_of(&expected->array) && got->array.ndim == expected->array.ndim);
  for (i = 0; i < values_of(&got->array); i++) {
    double a = got->array.dtype == QLTY_DTYPE_F64 ? ((double *)got->array.data)[i] : ((float *)got->array.data)[i];
    double b = ((double *)expected->array.data)[i];
    if (fabs(a - b) <= 1e-5 * fmax(1, fabs(b))) continue;
    fprintf(stderr, "%s, value %zu: got %.9g, expected %.9g\n", what, i, a, b);
    exit(1);
  }
}

static void check_case(const char *golden, const char *folder, const char *name, qlty_quilt_options geometry, qlty_dtype dtype) {
  char path[4096];
  owned processed = npy_read(golden, name, "processed"), variance = npy_read(golden, name, "variance"), got;
  owned mean = npy_read(golden, name, "mean"), std = npy_read(golden, name, "std");
  qlty_large_options options;
  qlty_stitched *stitched[2] = {NULL, NULL};
  qlty_quilt *quilt;
  qlty_large *large;
  memcpy(geometry.size, mean.array.shape + 2, (size_t)geometry.ndim * sizeof *geometry.size);
  memcpy(geometry.window, processed.array.shape + 2, (size_t)geometry.ndim * sizeof *geometry.size);
  quilt = quilt_of(geometry);
  OK(qlty_large_options_init(&options, sizeof options, &error));
  options.images = mean.array.shape[0];
  options.dtype = dtype;
  options.std = QLTY_STD_WITHIN;
  snprintf(path, sizeof path, "%s/%s_%d", folder, name, (int)dtype);
  large = large_of(quilt, path, options);
  CHECK(stitch_next(large, &processed, &variance, INT64_MAX) == processed.array.shape[0]);
  OK(qlty_large_finish(large, &stitched[0], &stitched[1], &error));
  got = read_whole(stitched[0]);
  CHECK(got.array.dtype == dtype);
  close_to("mean", &got, &mean);
  release(&got);
  got = read_whole(stitched[1]);
  close_to("std", &got, &std);
  release(&got);
  qlty_stitched_free(stitched[0]);
  qlty_stitched_free(stitched[1]);
  qlty_large_free(large);
  qlty_quilt_free(quilt);
  release(&processed);
  release(&variance);
  release(&mean);
  release(&std);
}

int main(int argc, char **argv) {
  static const qlty_dtype dtypes[2] = {QLTY_DTYPE_F32, QLTY_DTYPE_F64};
  qlty_quilt_options plane, volume;
  int i;
  CHECK(argc == 3);
  OK(qlty_quilt_options_init(&plane, sizeof plane, &error));
  volume = plane;
  plane.step[0] = 5, plane.step[1] = 6;
  plane.border[0] = 2, plane.border[1] = 1;
  plane.border_weight = 0.1;
  volume.ndim = 3;
  volume.step[0] = volume.step[1] = 3, volume.step[2] = 4;
  volume.border[0] = volume.border[1] = volume.border[2] = 1;
  volume.border_weight = 0.2;
  for (i = 0; i < 2; i++) {
    check_case(argv[1], argv[2], "large2d", plane, dtypes[i]);
    check_case(argv[1], argv[2], "large3d", volume, dtypes[i]);
  }
  return 0;
}
