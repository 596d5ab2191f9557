/* Every golden case of the in-memory quilt. usage: golden FOLDER CASES */
#include "npy.h"

typedef struct golden_case {
  char name[64];
  int32_t ndim;
  int64_t size[3], window[3], step[3], border[3], times[3];
  double border_weight, missing;
} golden_case;

static int read_sizes(FILE *file, int64_t *sizes, int32_t ndim) {
  int32_t axis;
  long long size;
  for (axis = 0; axis < ndim; axis++) {
    if (fscanf(file, "%lld", &size) != 1) return 0;
    sizes[axis] = size;
  }
  return 1;
}

static int read_case(FILE *file, golden_case *c) {
  if (fscanf(file, "%63s %d", c->name, &c->ndim) != 2) return 0;
  CHECK(read_sizes(file, c->size, c->ndim) && read_sizes(file, c->window, c->ndim));
  CHECK(read_sizes(file, c->step, c->ndim) && read_sizes(file, c->border, c->ndim));
  CHECK(read_sizes(file, c->times, c->ndim));
  CHECK(fscanf(file, "%lf %lf", &c->border_weight, &c->missing) == 2);
  return 1;
}

static void same(const char *what, const owned *got, const owned *expected) {
  if (got->bytes == expected->bytes && memcmp(got->array.data, expected->array.data, got->bytes) == 0) return;
  fprintf(stderr, "%s is not the same\n", what);
  exit(1);
}

/* qlty adds in another order. */
static void close_to(const char *what, const owned *got, const owned *expected, double tolerance) {
  const float *a = got->array.data, *b = expected->array.data;
  size_t i;
  CHECK(got->bytes == expected->bytes && got->array.dtype == QLTY_DTYPE_F32);
  for (i = 0; i < got->bytes / sizeof *a; i++) {
    if (fabs((double)a[i] - b[i]) <= tolerance * fmax(1.0, fabs(b[i]))) continue;
    fprintf(stderr, "%s, value %zu: got %.9g, expected %.9g\n", what, i, a[i], b[i]);
    exit(1);
  }
}

static qlty_quilt *quilt_of_case(const golden_case *c) {
  qlty_quilt_options options;
  OK(qlty_quilt_options_init(&options, sizeof options, &error));
  options.ndim = c->ndim;
  memcpy(options.size, c->size, sizeof c->size);
  memcpy(options.window, c->window, sizeof c->window);
  memcpy(options.step, c->step, sizeof c->step);
  memcpy(options.border, c->border, sizeof c->border);
  options.border_weight = c->border_weight;
  return quilt_of(options);
}

static void check_cutting(const char *folder, const golden_case *c, const qlty_quilt *quilt) {
  owned image = npy_read(folder, c->name, "image"), expected = npy_read(folder, c->name, "patches"), patches;
  qlty_array described, part;
  int64_t half = expected.array.shape[0] / 2;
  OK(qlty_quilt_unstitch_shape(quilt, &image.array, -1, &described, &error));
  patches = make_like(&described);
  OK(qlty_quilt_unstitch(quilt, &image.array, 0, &patches.array, NULL, NULL, &error));
  same("patches", &patches, &expected);
  memset(patches.array.data, SENTINEL, patches.bytes);
  /* The same in two ranges. */
  part = patches.array;
  part.shape[0] = half;
  OK(qlty_quilt_unstitch(quilt, &image.array, 0, &part, NULL, NULL, &error));
  part.data = (float *)part.data + half * part.strides[0];
  part.shape[0] = expected.array.shape[0] - half;
  OK(qlty_quilt_unstitch(quilt, &image.array, half, &part, NULL, NULL, &error));
  same("patches in two ranges", &patches, &expected);
  release(&image);
  release(&expected);
  release(&patches);
}

static void check_stitching(const char *folder, const golden_case *c, const qlty_quilt *quilt) {
  owned processed = npy_read(folder, c->name, "processed"), stitched = npy_read(folder, c->name, "stitched");
  owned expected = npy_read(folder, c->name, "weights"), batch, weights, again;
  qlty_array described, described_weights, part = processed.array;
  qlty_stitcher *stitcher = NULL;
  int64_t first, count = part.shape[0];
  OK(qlty_quilt_stitch_shape(quilt, &processed.array, &described, &described_weights, &error));
  batch = make_like(&described);
  weights = make_like(&described_weights);
  OK(qlty_quilt_stitch(quilt, &processed.array, &batch.array, &weights.array, NULL, NULL, &error));
  close_to("stitched", &batch, &stitched, 1e-5);
  close_to("weights", &weights, &expected, 1e-5);
  memset(weights.array.data, SENTINEL, weights.bytes);
  OK(qlty_quilt_weights(quilt, &weights.array, &error));
  close_to("weights of the quilt", &weights, &expected, 1e-5);

  OK(qlty_stitcher_new(quilt, QLTY_DTYPE_F32, batch.array.shape[0], batch.array.shape[1], &stitcher, &error));
  for (first = 0; first < count; first += 5) {
    part.shape[0] = count - first < 5 ? count - first : 5;
    part.data = (float *)processed.array.data + first * part.strides[0];
    OK(qlty_stitcher_push(stitcher, first, &part, &error));
  }
  again = make_like(&described);
  OK(qlty_stitcher_finish(stitcher, &again.array, NULL, &error));
  same("stitched patch by patch", &again, &batch);
  qlty_stitcher_free(stitcher);
  release(&processed);
  release(&stitched);
  release(&expected);
  release(&batch);
  release(&weights);
  release(&again);
}

static void check_windows(const char *folder, const golden_case *c, const qlty_quilt *quilt) {
  owned mask = npy_read(folder, c->name, "border_mask"), weight = npy_read(folder, c->name, "window_weight");
  owned got_mask = make(QLTY_DTYPE_BOOL, c->ndim, c->window), got_weight = make(QLTY_DTYPE_F32, c->ndim, c->window);
  size_t i;
  OK(qlty_quilt_border_mask(quilt, &got_mask.array, &error));
  CHECK(got_mask.bytes == mask.bytes / sizeof(float));
  for (i = 0; i < got_mask.bytes; i++)
    CHECK(((uint8_t *)got_mask.array.data)[i] == (((float *)mask.array.data)[i] == 1.0f));
  OK(qlty_quilt_window_weight(quilt, &got_weight.array, &error));
  close_to("window weight", &got_weight, &weight, 1e-7);
  release(&mask);
  release(&weight);
  release(&got_mask);
  release(&got_weight);
}

/* qlty gives positions and positional channels in 2-D. */
static void check_places(const char *folder, const golden_case *c, const qlty_quilt *quilt) {
  owned expected = npy_read(folder, c->name, "positions"), got;
  owned relative = npy_read(folder, c->name, "positional_relative"), channels;
  got = make(QLTY_DTYPE_I64, 2, expected.array.shape);
  OK(qlty_quilt_positions(quilt, 0, &got.array, &error));
  same("positions", &got, &expected);
  channels = make(QLTY_DTYPE_F32, 4, relative.array.shape);
  OK(qlty_quilt_positional(quilt, 0, QLTY_ORIGIN_WINDOW, 1, &channels.array, &error));
  close_to("positional", &channels, &relative, 1e-6);
  release(&expected);
  release(&got);
  release(&relative);
  release(&channels);
}

static void check_sparse(const char *folder, const golden_case *c, const qlty_quilt *quilt) {
  static const char *const names[2][2] = {{"image_patches", "kept_images"}, {"label_patches", "kept_labels"}};
  owned labels = npy_read(folder, c->name, "labels"), removed = npy_read(folder, c->name, "removed"), labelled;
  owned expected = npy_read(folder, c->name, "label_patches"), got;
  float missing = (float)c->missing;
  size_t i;
  got = make(QLTY_DTYPE_F32, expected.array.ndim, expected.array.shape);
  /* qlty 1.5.0 marks no border in 3-D, though its filter leaves it out. */
  OK(qlty_quilt_unstitch_labels(quilt, &labels.array, c->ndim == 2 ? &missing : NULL, 0, &got.array, NULL, NULL, &error));
  same("label patches", &got, &expected);
  labelled = make(QLTY_DTYPE_BOOL, 1, removed.array.shape);
  OK(qlty_quilt_labelled(quilt, &got.array, &missing, &labelled.array, &error));
  for (i = 0; i < labelled.bytes; i++)
    CHECK(((uint8_t *)labelled.array.data)[i] + ((uint8_t *)removed.array.data)[i] == 1);
  for (i = 0; i < 2; i++) {
    owned all = npy_read(folder, c->name, names[i][0]), kept = npy_read(folder, c->name, names[i][1]);
    owned out = make(QLTY_DTYPE_F32, kept.array.ndim, kept.array.shape);
    OK(qlty_patches_keep(&all.array, &labelled.array, &out.array, &error));
    same(names[i][1], &out, &kept);
    release(&all);
    release(&kept);
    release(&out);
  }
  release(&labels);
  release(&removed);
  release(&labelled);
  release(&expected);
  release(&got);
}

int main(int argc, char **argv) {
  golden_case c;
  int cases = 0;
  FILE *file = argc == 3 ? fopen(argv[2], "r") : NULL;
  CHECK(file);
  for (; read_case(file, &c); cases++) {
    qlty_quilt *quilt = quilt_of_case(&c);
    int64_t counts[3];
    fprintf(stderr, "%s\n", c.name);
    OK(qlty_quilt_counts(quilt, counts, &error));
    if (c.times[0]) CHECK(memcmp(counts, c.times, (size_t)c.ndim * sizeof *counts) == 0);
    if (strncmp(c.name, "sparse", 6) == 0) {
      check_sparse(argv[1], &c, quilt);
    } else {
      check_cutting(argv[1], &c, quilt);
      check_stitching(argv[1], &c, quilt);
      check_windows(argv[1], &c, quilt);
      if (c.ndim == 2) check_places(argv[1], &c, quilt);
    }
    qlty_quilt_free(quilt);
  }
  fclose(file);
  CHECK(cases == 9);
  return 0;
}
