/* Each function of patch pairs does what its comment says. usage: pairs_calls FOLDER */
#include "pairs.h"

static int64_t number(const owned *made, int64_t index) { return ((const int64_t *)made->array.data)[index]; }

static owned column_of(const qlty_pairs *pairs, int32_t column, qlty_dtype dtype) {
  int64_t count;
  owned values;
  OK(qlty_pairs_size(pairs, &count, NULL, NULL, &error));
  values = MAKE(dtype, count);
  OK(qlty_pairs_column(pairs, column, &values.array, &error));
  return values;
}

static void check_options(void) {
  struct { qlty_pair_options known; int64_t later[2]; } pair;
  struct { qlty_store_options known; int64_t later[2]; } store;
  memset(&pair, SENTINEL, sizeof pair);
  memset(&store, SENTINEL, sizeof store);
  OK(qlty_pair_options_init(&pair.known, sizeof pair, &error));
  OK(qlty_store_options_init(&store.known, sizeof store, &error));
  CHECK(pair.known.struct_size == sizeof pair && pair.known.ndim == 2 && !pair.known.rotations && pair.later[1] == 0);
  CHECK(store.known.struct_size == sizeof store && !store.known.codec && store.later[1] == 0);
}

static void check_columns(const qlty_pairs *pairs, const pair_arrays *cut) {
  static const int32_t all[] = {QLTY_COLUMN_IMAGE, QLTY_COLUMN_Y1, QLTY_COLUMN_X1, QLTY_COLUMN_Y2, QLTY_COLUMN_X2};
  owned columns[5], dx = column_of(pairs, QLTY_COLUMN_DX, QLTY_DTYPE_I64), dy = column_of(pairs, QLTY_COLUMN_DY, QLTY_DTYPE_I64);
  owned turns = column_of(pairs, QLTY_COLUMN_ROTATION, QLTY_DTYPE_I64);
  const float *delta = cut->deltas.array.data;
  int64_t p;
  int i;
  for (i = 0; i < 5; i++) columns[i] = column_of(pairs, all[i], QLTY_DTYPE_I64);
  for (p = 0; p < 8; p++) {
    CHECK(number(&columns[0], p) == p / 4 && number(&columns[0], p) == number(&cut->positions2, 3 * p));
    for (i = 0; i < 2; i++) {
      CHECK(number(&columns[1 + i], p) == number(&cut->positions1, 3 * p + 1 + i));
      CHECK(number(&columns[3 + i], p) == number(&cut->positions2, 3 * p + 1 + i));
    }
    CHECK(number(&dy, p) == number(&columns[3], p) - number(&columns[1], p) && (float)number(&dy, p) == delta[2 * p + 1]);
    CHECK(number(&dx, p) == number(&columns[4], p) - number(&columns[2], p) && (float)number(&dx, p) == delta[2 * p]);
    CHECK(number(&turns, p) == number(&cut->rotations, p) && number(&turns, p) >= 0 && number(&turns, p) < 4);
  }
  for (i = 0; i < 5; i++) release(&columns[i]);
  release(&dx);
  release(&dy);
  release(&turns);
}

/* Pairs that were drawn, given, chosen: the same patches. */
static void check_pairs(void) {
  owned batch = counted(QLTY_DTYPE_F32), indices = MAKE(QLTY_DTYPE_I64, 3), only = MAKE(QLTY_DTYPE_I64, 8, 2);
  qlty_pairs *pairs = draw(pair_options(), &batch.array), *given = NULL, *chosen = NULL, *again;
  qlty_array described, one;
  pair_arrays cut, other, three;
  int64_t count, window[3] = {0, 0, -7}, p, i;
  int32_t ndim;
  const float *first, *image = batch.array.data;
  OK(qlty_pairs_size(pairs, &count, &ndim, window, &error));
  CHECK(count == 8 && ndim == 2 && window[0] == 8 && window[1] == 8 && window[2] == -7);
  OK(qlty_pairs_extract_shape(pairs, &batch.array, NULL, &described, &error));
  CHECK(described.dtype == QLTY_DTYPE_F32 && described.ndim == 4 && described.shape[0] == 8 && described.shape[1] == 2);
  cut = make_pairs(&described, 8);
  other = make_pairs(&described, 8);
  three = make_pairs(&described, 3);
  OK(qlty_pairs_extract(pairs, &batch.array, NULL, ALL_ARRAYS(cut), NULL, NULL, &error));
  first = cut.patches1.array.data;
  for (p = 0; p < 8; p++)
    CHECK(first[p * 128] == image[number(&cut.positions1, 3 * p) * 960 + number(&cut.positions1, 3 * p + 1) * 24 + number(&cut.positions1, 3 * p + 2)]);
  check_columns(pairs, &cut);

  OK(qlty_pairs_places(pairs, &other.deltas.array, &other.rotations.array, &other.positions1.array, &only.array, &error));
  CHECK(bytes_same(&other.deltas, &cut.deltas) && bytes_same(&other.rotations, &cut.rotations));
  CHECK(bytes_same(&other.positions1, &cut.positions1) && number(&only, 15) == number(&cut.positions2, 23));
  OK(qlty_pairs_places(pairs, NULL, NULL, NULL, NULL, &error));

  /* Rotations count modulo 4. */
  for (p = 0; p < 8; p++) ((int64_t *)other.rotations.array.data)[p] -= 8;
  OK(qlty_pairs_new(window, &cut.positions1.array, &cut.positions2.array, &other.rotations.array, &given, &error));
  OK(qlty_pairs_extract(given, &batch.array, NULL, ALL_ARRAYS(other), NULL, NULL, &error));
  CHECK(same_pairs(&cut, &other));
  qlty_pairs_free(given);
  OK(qlty_pairs_new(window, &cut.positions1.array, &cut.positions2.array, NULL, &given, &error));
  OK(qlty_pairs_places(given, NULL, &other.rotations.array, NULL, NULL, &error));
  for (p = 0; p < 8; p++) CHECK(number(&other.rotations, p) == 0);

  for (i = 0; i < 3; i++) ((int64_t *)indices.array.data)[i] = 7 - 3 * i;
  OK(qlty_pairs_select(pairs, &indices.array, &chosen, &error));
  one = three.patches2.array; /* Backwards: pair 7 comes last. */
  one.data = (float *)one.data + 2 * one.strides[0];
  one.strides[0] = -one.strides[0];
  OK(qlty_pairs_extract(chosen, &batch.array, NULL, &three.patches1.array, &one, &three.deltas.array, &three.rotations.array, NULL, NULL, NULL, NULL, &error));
  CHECK(memcmp(three.patches1.array.data, first + 7 * 128, 512) == 0);
  CHECK(memcmp(three.patches2.array.data, (float *)cut.patches2.array.data + 1 * 128, 512) == 0);
  CHECK(is_untouched(&three.positions1) && is_untouched(&three.positions2));

  /* The seed decides, and nothing else. */
  again = draw(pair_options(), &batch.array);
  OK(qlty_pairs_places(again, NULL, NULL, &other.positions1.array, NULL, &error));
  CHECK(bytes_same(&other.positions1, &cut.positions1));
  qlty_pairs_free(again);
  qlty_pairs_free(given);
  qlty_pairs_free(chosen);
  qlty_pairs_free(pairs);
  qlty_pairs_free(NULL);
  release_pairs(&cut);
  release_pairs(&other);
  release_pairs(&three);
  release(&batch);
  release(&indices);
  release(&only);
}

static void check_volumes(void) {
  qlty_pair_options options = pair_options();
  owned batch = MAKE(QLTY_DTYPE_I16, 1, 1, 12, 13, 14), dz, rows;
  qlty_pairs *pairs = NULL;
  qlty_overlap *overlap = NULL;
  qlty_array described;
  pair_arrays cut;
  int64_t count, i;
  for (i = 0; i < 12 * 13 * 14; i++) ((int16_t *)batch.array.data)[i] = (int16_t)i;
  options.ndim = 3;
  options.window[2] = 8;
  options.rotation_count = 0;
  pairs = draw(options, &batch.array);
  OK(qlty_pairs_extract_shape(pairs, &batch.array, NULL, &described, &error));
  CHECK(described.ndim == 5 && described.shape[0] == 4);
  cut = make_pairs(&described, 4);
  OK(qlty_pairs_extract(pairs, &batch.array, NULL, ALL_ARRAYS(cut), NULL, NULL, &error));
  dz = column_of(pairs, QLTY_COLUMN_DZ, QLTY_DTYPE_I64);
  for (i = 0; i < 4; i++)
    CHECK(number(&dz, i) == number(&cut.positions2, 4 * i + 1) - number(&cut.positions1, 4 * i + 1));
  OK(qlty_overlap_new(options.window, &cut.deltas.array, NULL, &overlap, &error));
  OK(qlty_overlap_count(overlap, &count, &error));
  rows = MAKE(QLTY_DTYPE_I64, count, 7);
  OK(qlty_overlap_correspondence(overlap, &rows.array, NULL, NULL, &error));
  for (i = 0; i < count; i++) {
    const int64_t *row = (const int64_t *)rows.array.data + 7 * i;
    const int16_t *a = cut.patches1.array.data, *b = cut.patches2.array.data;
    CHECK(a[row[0] * 512 + row[1] * 64 + row[2] * 8 + row[3]] == b[row[0] * 512 + row[4] * 64 + row[5] * 8 + row[6]]);
  }
  qlty_overlap_free(overlap);
  qlty_pairs_free(pairs);
  release_pairs(&cut);
  release(&batch);
  release(&dz);
  release(&rows);
}

static void check_overlap(void) {
  owned batch = counted(QLTY_DTYPE_F32), pixels1, pixels2, back1, back2, rows;
  qlty_pairs *pairs = draw(pair_options(), &batch.array);
  int64_t window[2] = {8, 8}, count = 0, i, j;
  qlty_overlap *overlap = NULL;
  qlty_array described;
  pair_arrays cut;
  double there = 0, back = 0;
  OK(qlty_pairs_extract_shape(pairs, &batch.array, NULL, &described, &error));
  cut = make_pairs(&described, 8);
  OK(qlty_pairs_extract(pairs, &batch.array, NULL, ALL_ARRAYS(cut), NULL, NULL, &error));
  OK(qlty_overlap_new(window, &cut.deltas.array, &cut.rotations.array, &overlap, &error));
  OK(qlty_overlap_count(overlap, &count, &error));
  CHECK(count > 0);
  pixels1 = MAKE(QLTY_DTYPE_F32, count, 2);
  pixels2 = MAKE(QLTY_DTYPE_F32, count, 2);
  rows = MAKE(QLTY_DTYPE_I64, count, 5);
  back1 = make_like(&described);
  back2 = make_like(&described);
  OK(qlty_overlap_extract(overlap, &cut.patches1.array, &cut.patches2.array, &pixels1.array, &pixels2.array, NULL, NULL, &error));
  CHECK(bytes_same(&pixels1, &pixels2)); /* What they show is the same, and so is how it looks. */
  OK(qlty_overlap_correspondence(overlap, &rows.array, NULL, NULL, &error));
  for (i = 0; i < count; i++) {
    const int64_t *row = (const int64_t *)rows.array.data + 5 * i;
    const float *a = cut.patches1.array.data, *b = cut.patches2.array.data;
    for (j = 0; j < 2; j++) {
      CHECK(a[row[0] * 128 + j * 64 + row[1] * 8 + row[2]] == ((float *)pixels1.array.data)[2 * i + j]);
      CHECK(b[row[0] * 128 + j * 64 + row[3] * 8 + row[4]] == ((float *)pixels1.array.data)[2 * i + j]);
    }
  }
  /* <A x, y> = <x, A* y> */
  fill_f32(&pixels1, 3);
  fill_f32(&pixels2, 4);
  OK(qlty_overlap_adjoint(overlap, &pixels1.array, &pixels2.array, &back1.array, &back2.array, NULL, NULL, &error));
  for (i = 0; i < 8 * 128; i++) {
    there += (double)((float *)cut.patches1.array.data)[i] * ((float *)back1.array.data)[i];
    there += (double)((float *)cut.patches2.array.data)[i] * ((float *)back2.array.data)[i];
  }
  {
    owned again1 = MAKE(QLTY_DTYPE_F32, count, 2), again2 = MAKE(QLTY_DTYPE_F32, count, 2);
    OK(qlty_overlap_extract(overlap, &cut.patches1.array, &cut.patches2.array, &again1.array, &again2.array, NULL, NULL, &error));
    for (i = 0; i < 2 * count; i++) {
      back += (double)((float *)again1.array.data)[i] * ((float *)pixels1.array.data)[i];
      back += (double)((float *)again2.array.data)[i] * ((float *)pixels2.array.data)[i];
    }
    release(&again1);
    release(&again2);
  }
  CHECK(fabs(there - back) <= 1e-9 * fabs(there));
  qlty_overlap_free(overlap);

  /* Patches that do not overlap have nothing in common. */
  window[0] = window[1] = 1;
  OK(qlty_overlap_new(window, &cut.deltas.array, NULL, &overlap, &error));
  OK(qlty_overlap_count(overlap, &count, &error));
  CHECK(count == 0);
  qlty_overlap_free(overlap);
  qlty_overlap_free(NULL);
  qlty_pairs_free(pairs);
  release_pairs(&cut);
  release(&batch);
  release(&pixels1);
  release(&pixels2);
  release(&rows);
  release(&back1);
  release(&back2);
}

static void check_statistics(void) {
  owned batch = counted(QLTY_DTYPE_U8), mean, sigma, indices = MAKE(QLTY_DTYPE_I64, 8), seen;
  qlty_pairs *pairs = draw(pair_options(), &batch.array), *measured = measure(pairs, &batch.array), *chosen = NULL;
  qlty_array described, front;
  pair_arrays cut;
  int64_t count = 0, p, i;
  int32_t kind;
  OK(qlty_pairs_extract_shape(pairs, &batch.array, NULL, &described, &error));
  cut = make_pairs(&described, 8);
  OK(qlty_pairs_extract(measured, &batch.array, NULL, ALL_ARRAYS(cut), NULL, NULL, &error));
  mean = column_of(measured, QLTY_COLUMN_MEAN2, QLTY_DTYPE_F64);
  sigma = column_of(measured, QLTY_COLUMN_SIGMA2, QLTY_DTYPE_F64);
  for (p = 0; p < 8; p++) {
    double sum = 0, squares = 0;
    const uint8_t *patch = (const uint8_t *)cut.patches2.array.data + p * 128;
    for (i = 0; i < 128; i++) sum += patch[i];
    for (i = 0; i < 128; i++) squares += (patch[i] - sum / 128) * (patch[i] - sum / 128);
    CHECK(fabs(((double *)mean.array.data)[p] - sum / 128) < 1e-9);
    CHECK(fabs(((double *)sigma.array.data)[p] - sqrt(squares / 127)) < 1e-9);
  }
  for (kind = QLTY_BINS_HISTOGRAM; kind <= QLTY_BINS_QUANTILES; kind++) {
    OK(qlty_sample_stratified(&mean.array, &sigma.array, kind, 3, 8, 5, &indices.array, &count, &error));
    CHECK(count == 8); /* Every pair is in a bin. */
    OK(qlty_sample_stratified(&mean.array, &sigma.array, kind, 1, 3, 5, &indices.array, &count, &error));
    CHECK(count == 3);
  }
  front = indices.array;
  front.shape[0] = count;
  OK(qlty_pairs_select(measured, &front, &chosen, &error));
  seen = column_of(chosen, QLTY_COLUMN_MEAN2, QLTY_DTYPE_F64);
  for (p = 0; p < 3; p++) CHECK(((double *)seen.array.data)[p] == ((double *)mean.array.data)[number(&indices, p)]);
  qlty_pairs_free(chosen);
  qlty_pairs_free(measured);
  qlty_pairs_free(pairs);
  release_pairs(&cut);
  release(&batch);
  release(&mean);
  release(&sigma);
  release(&seen);
  release(&indices);
}

/* Into a store and out again, of a type; and the store's own arrays as images. */
static void check_store(const char *folder, qlty_dtype dtype) {
  owned batch = counted(dtype), order = MAKE(QLTY_DTYPE_I64, 8), sorted = MAKE(QLTY_DTYPE_I64, 8), means, stored_means;
  qlty_pairs *pairs = draw(pair_options(), &batch.array), *measured = measure(pairs, &batch.array), *metadata = NULL;
  qlty_store_options options = store_options();
  qlty_dataset *dataset = NULL;
  qlty_batches *batches = NULL;
  qlty_images *images = NULL;
  qlty_array described, stored;
  pair_arrays cut, got;
  int64_t count, p, i;
  int32_t positions = -1;
  char path[4096];
  snprintf(path, sizeof path, "%s/pairs-%d.zarr", folder, (int)dtype);
  options.chunk[0] = 3;
  options.chunk[1] = 2;
  options.chunk[2] = options.chunk[3] = 8;
  options.codec = "zstd:4";
  OK(qlty_pairs_write(measured, &batch.array, NULL, path, &options, NULL, NULL, &error));
  options.overwrite = 1;
  OK(qlty_pairs_write(measured, &batch.array, NULL, path, &options, NULL, NULL, &error));

  OK(qlty_pairs_extract_shape(pairs, &batch.array, NULL, &described, &error));
  cut = make_pairs(&described, 8);
  OK(qlty_pairs_extract(pairs, &batch.array, NULL, ALL_ARRAYS(cut), NULL, NULL, &error));
  OK(qlty_dataset_open(path, -1, &dataset, &error));
  OK(qlty_dataset_shape(dataset, &stored, &positions, &error));
  CHECK(stored.dtype == dtype && memcmp(stored.shape, described.shape, sizeof stored.shape) == 0);
  CHECK(positions == QLTY_POSITIONS_WITH_IMAGE);
  OK(qlty_dataset_metadata(dataset, &metadata, &error));
  means = column_of(measured, QLTY_COLUMN_MEAN1, QLTY_DTYPE_F64);
  stored_means = column_of(metadata, QLTY_COLUMN_MEAN1, QLTY_DTYPE_F64);
  CHECK(bytes_same(&means, &stored_means));

  for (p = 0; p < 8; p++) ((int64_t *)order.array.data)[p] = p;
  got = make_pairs(&described, 8);
  OK(qlty_dataset_read(dataset, &order.array, ALL_ARRAYS(got), &error));
  CHECK(same_pairs(&cut, &got));

  OK(qlty_dataset_epoch(dataset, 1, 0, &order.array, &error));
  OK(qlty_dataset_epoch(dataset, 1, 1, &sorted.array, &error));
  CHECK(!bytes_same(&order, &sorted));
  memset(sorted.array.data, 0, sorted.bytes);
  for (p = 0; p < 8; p++) ((int64_t *)sorted.array.data)[number(&order, p)]++;
  for (p = 0; p < 8; p++) CHECK(number(&sorted, p) == 1);
  OK(qlty_batches_new(dataset, &order.array, 3, 2, &batches, &error));
  qlty_dataset_free(dataset); /* It may go before its batches. */
  for (i = 0;; i += count) {
    pair_arrays part;
    OK(qlty_batches_next_count(batches, &count, &error));
    CHECK(count == (i < 6 ? 3 : 8 - i));
    if (count == 0) break;
    part = make_pairs(&described, count);
    OK(qlty_batches_next(batches, ALL_ARRAYS(part), &error));
    for (p = 0; p < count; p++) {
      size_t bytes = cut.patches2.bytes / 8;
      CHECK(memcmp((char *)part.patches2.array.data + (size_t)p * bytes,
                   (char *)cut.patches2.array.data + (size_t)number(&order, i + p) * bytes, bytes) == 0);
      CHECK(number(&part.rotations, p) == number(&cut.rotations, number(&order, i + p)));
    }
    release_pairs(&part);
  }
  qlty_batches_free(batches);
  qlty_batches_free(NULL);
  qlty_dataset_free(NULL);

  /* From disk the same patches come as from memory. */
  snprintf(path, sizeof path, "%s/pairs-%d.zarr/patches1", folder, (int)dtype);
  OK(qlty_images_open(path, 0, &images, &error));
  OK(qlty_images_shape(images, &stored, &error));
  CHECK(stored.dtype == dtype && stored.ndim == 4 && stored.shape[0] == 8 && !stored.data);
  {
    qlty_pair_options small = pair_options();
    qlty_pairs *inner = NULL, *inner_measured = NULL;
    pair_arrays disk, memory;
    owned from_disk, from_memory;
    small.window[0] = small.window[1] = 4;
    small.delta_low = 1;
    small.delta_high = 3;
    OK(qlty_pairs_draw(&small, NULL, images, &inner, &error));
    OK(qlty_pairs_extract_shape(inner, NULL, images, &described, &error));
    CHECK(described.shape[0] == 32 && described.dtype == dtype);
    disk = make_pairs(&described, 32);
    memory = make_pairs(&described, 32);
    OK(qlty_pairs_extract(inner, NULL, images, ALL_ARRAYS(disk), NULL, NULL, &error));
    OK(qlty_pairs_extract(inner, &cut.patches1.array, NULL, ALL_ARRAYS(memory), NULL, NULL, &error));
    CHECK(same_pairs(&disk, &memory));
    OK(qlty_pairs_measure(inner, NULL, images, &inner_measured, NULL, NULL, &error));
    from_disk = column_of(inner_measured, QLTY_COLUMN_SIGMA1, QLTY_DTYPE_F64);
    snprintf(path, sizeof path, "%s/inner-%d.zarr", folder, (int)dtype);
    OK(qlty_pairs_write(inner_measured, NULL, images, path, &options, NULL, NULL, &error));
    qlty_pairs_free(inner_measured);
    inner_measured = measure(inner, &cut.patches1.array);
    from_memory = column_of(inner_measured, QLTY_COLUMN_SIGMA1, QLTY_DTYPE_F64);
    CHECK(bytes_same(&from_disk, &from_memory));
    qlty_pairs_free(inner_measured);
    qlty_pairs_free(inner);
    release_pairs(&disk);
    release_pairs(&memory);
    release(&from_disk);
    release(&from_memory);
  }
  qlty_images_free(images);
  qlty_images_free(NULL);
  qlty_pairs_free(metadata);
  qlty_pairs_free(measured);
  qlty_pairs_free(pairs);
  release_pairs(&cut);
  release_pairs(&got);
  release(&batch);
  release(&order);
  release(&sorted);
  release(&means);
  release(&stored_means);
}

/* Pairs without positions, and none at all. */
static void check_empty(const char *folder) {
  owned batch = counted(QLTY_DTYPE_F32);
  qlty_pair_options nothing = pair_options();
  qlty_store_options options = store_options();
  qlty_pairs *pairs, *measured;
  qlty_dataset *dataset = NULL;
  qlty_batches *batches = NULL;
  qlty_array described, order;
  pair_arrays none;
  int64_t count = -1;
  int32_t positions = -1;
  nothing.pairs_per_image = 0;
  pairs = draw(nothing, &batch.array);
  measured = measure(pairs, &batch.array);
  OK(qlty_pairs_extract_shape(pairs, &batch.array, NULL, &described, &error));
  none = make_pairs(&described, 0);
  OK(qlty_pairs_extract(pairs, &batch.array, NULL, ALL_ARRAYS(none), NULL, NULL, &error));
  options.positions = QLTY_POSITIONS_NONE;
  OK(qlty_pairs_write(measured, &batch.array, NULL, path_in(folder, "none.zarr"), &options, NULL, NULL, &error));
  OK(qlty_dataset_open(path_in(folder, "none.zarr"), 0, &dataset, &error));
  OK(qlty_dataset_shape(dataset, &described, &positions, &error));
  CHECK(described.shape[0] == 0 && positions == QLTY_POSITIONS_NONE);
  order = qlty_array_contiguous(NULL, QLTY_DTYPE_I64, 1, SHAPE(0));
  OK(qlty_dataset_epoch(dataset, 0, 0, &order, &error));
  OK(qlty_batches_new(dataset, &order, 5, 0, &batches, &error));
  OK(qlty_batches_next_count(batches, &count, &error));
  CHECK(count == 0);
  qlty_batches_free(batches);
  qlty_dataset_free(dataset);
  qlty_pairs_free(measured);
  qlty_pairs_free(pairs);
  release_pairs(&none);
  release(&batch);
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  check_options();
  check_pairs();
  check_volumes();
  check_overlap();
  check_statistics();
  check_store(argv[1], QLTY_DTYPE_F32);
  check_store(argv[1], QLTY_DTYPE_U8);
  check_store(argv[1], QLTY_DTYPE_BOOL);
  check_empty(argv[1]);
  return 0;
}
