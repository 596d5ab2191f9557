/* The golden cases of patch pairs: from the given places, the patches, overlaps and statistics.
   usage: pairs_golden FOLDER */
#include "npy.h"
#include "pairs.h"

static void same(const char *what, const owned *got, const owned *expected) {
  if (bytes_same(got, expected)) return;
  fprintf(stderr, "%s is not the same\n", what);
  exit(1);
}

static void check_overlap(const char *folder, const char *name, const int64_t *window, const pair_arrays *cut) {
  owned expected1 = npy_read(folder, name, "overlap1"), expected2 = npy_read(folder, name, "overlap2");
  owned pixels1 = make(QLTY_DTYPE_F32, 2, expected1.array.shape), pixels2 = make(QLTY_DTYPE_F32, 2, expected2.array.shape);
  qlty_overlap *overlap = NULL;
  int64_t count = 0;
  OK(qlty_overlap_new(window, &cut->deltas.array, &cut->rotations.array, &overlap, &error));
  OK(qlty_overlap_count(overlap, &count, &error));
  CHECK(count == expected1.array.shape[0]);
  OK(qlty_overlap_extract(overlap, &cut->patches1.array, &cut->patches2.array, &pixels1.array, &pixels2.array, NULL, NULL, &error));
  same("overlap1", &pixels1, &expected1);
  same("overlap2", &pixels2, &expected2);
  qlty_overlap_free(overlap);
  release(&expected1);
  release(&expected2);
  release(&pixels1);
  release(&pixels2);
}

/* The pairs at these places give the golden patches, which is all of them that there is. */
static void check_places(const char *folder, const char *name, const int64_t *window, const owned *image,
                         const owned *positions1, const owned *positions2, const owned *rotations) {
  owned patches1 = npy_read(folder, name, "patches1"), patches2 = npy_read(folder, name, "patches2");
  owned deltas = npy_read(folder, name, "deltas");
  pair_arrays cut = make_pairs(&patches1.array, patches1.array.shape[0]);
  qlty_pairs *pairs = NULL;
  OK(qlty_pairs_new(window, &positions1->array, &positions2->array, rotations ? &rotations->array : NULL, &pairs, &error));
  OK(qlty_pairs_extract(pairs, &image->array, NULL, ALL_ARRAYS(cut), NULL, NULL, &error));
  same("patches1", &cut.patches1, &patches1);
  same("patches2", &cut.patches2, &patches2);
  same("deltas", &cut.deltas, &deltas);
  same("positions1", &cut.positions1, positions1);
  same("positions2", &cut.positions2, positions2);
  if (rotations) same("rotations", &cut.rotations, rotations);
  check_overlap(folder, name, window, &cut);
  if (rotations) { /* Of volumes qlty gives no statistics. */
    static const char *const names[4] = {"mean1", "sigma1", "mean2", "sigma2"};
    qlty_pairs *measured = measure(pairs, &image->array);
    int i;
    for (i = 0; i < 4; i++) {
      owned expected = npy_read(folder, name, names[i]), got = make(QLTY_DTYPE_F64, 1, expected.array.shape);
      int64_t p;
      OK(qlty_pairs_column(measured, QLTY_COLUMN_MEAN1 + i, &got.array, &error));
      for (p = 0; p < expected.array.shape[0]; p++) {
        double a = ((double *)got.array.data)[p], b = ((float *)expected.array.data)[p];
        CHECK(fabs(a - b) <= 1e-5 * fmax(1, fabs(b)));
      }
      release(&expected);
      release(&got);
    }
    qlty_pairs_free(measured);
  }
  qlty_pairs_free(pairs);
  release_pairs(&cut);
  release(&patches1);
  release(&patches2);
  release(&deltas);
}

static void check_images(const char *folder) {
  static const char *const names[2][3] = {{"image_idx", "patch1_y", "patch1_x"}, {"image_idx", "patch2_y", "patch2_x"}};
  owned image = npy_read(folder, "pairs2d", "image"), rotations = npy_read(folder, "pairs2d", "rotations"), positions[2];
  int64_t window[2] = {12, 12}, count = rotations.array.shape[0], p, i, side;
  for (side = 0; side < 2; side++) {
    positions[side] = MAKE(QLTY_DTYPE_I64, count, 3);
    for (i = 0; i < 3; i++) {
      owned column = npy_read(folder, "pairs2d", names[side][i]);
      for (p = 0; p < count; p++) ((int64_t *)positions[side].array.data)[3 * p + i] = ((int64_t *)column.array.data)[p];
      release(&column);
    }
  }
  check_places(folder, "pairs2d", window, &image, &positions[0], &positions[1], &rotations);
  release(&positions[0]);
  release(&positions[1]);
  release(&image);
  release(&rotations);
}

/* Whether a patch (C, 8, 8, 8) is what the volume has at (n, z, y, x). */
static int lies_at(const owned *image, const float *patch, int64_t channels, const int64_t *at) {
  const int64_t *s = image->array.strides;
  const float *from = (const float *)image->array.data + at[0] * s[0] + at[1] * s[2] + at[2] * s[3] + at[3];
  int64_t c, z, y;
  for (c = 0; c < channels; c++)
    for (z = 0; z < 8; z++)
      for (y = 0; y < 8; y++)
        if (memcmp(from + c * s[1] + z * s[2] + y * s[3], patch + ((c * 8 + z) * 8 + y) * 8, 8 * sizeof *from)) return 0;
  return 1;
}

/* The places are not among the golden data: each patch is found in its volume. */
static void check_volumes(const char *folder) {
  owned image = npy_read(folder, "pairs3d", "image"), patches[2], positions[2];
  int64_t window[3] = {8, 8, 8}, count, p, side;
  const int64_t *size = image.array.shape;
  patches[0] = npy_read(folder, "pairs3d", "patches1");
  patches[1] = npy_read(folder, "pairs3d", "patches2");
  count = patches[0].array.shape[0];
  for (side = 0; side < 2; side++) {
    positions[side] = MAKE(QLTY_DTYPE_I64, count, 4);
    for (p = 0; p < count; p++) {
      const float *patch = (const float *)patches[side].array.data + p * patches[side].array.strides[0];
      int64_t at[4] = {p / (count / size[0]), 0, 0, 0};
      while (!lies_at(&image, patch, size[1], at)) {
        if (++at[3] + 8 > size[4]) at[3] = 0, at[2]++;
        if (at[2] + 8 > size[3]) at[2] = 0, at[1]++;
        CHECK(at[1] + 8 <= size[2]);
      }
      memcpy((int64_t *)positions[side].array.data + 4 * p, at, sizeof at);
    }
  }
  check_places(folder, "pairs3d", window, &image, &positions[0], &positions[1], NULL);
  for (side = 0; side < 2; side++) {
    release(&positions[side]);
    release(&patches[side]);
  }
  release(&image);
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  check_images(argv[1]);
  check_volumes(argv[1]);
  return 0;
}
