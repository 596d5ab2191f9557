/* Every mistake with patch pairs has its status and a message that names what was got, and leaves
   outputs alone. usage: pairs_arguments FOLDER */
#include "pairs.h"

#define ARGUMENT QLTY_STATUS_INVALID_ARGUMENT
#define IS_NULL(name, call) FAILS(ARGUMENT, name ": got NULL", "expected a pointer", call)

/* Images of 20 x 24 pixels, eight pairs of 8 x 8 from them, and arrays for those. */
static owned batch, numbers, values, pixels1, pixels2, rows;
static pair_arrays cut;
static qlty_pairs *pairs, *measured;
static qlty_overlap *overlap;
static qlty_dataset *dataset;
static qlty_images *images;
static int64_t window[3] = {8, 8, 8}, count;
static char store[4000];

/* What no call may store. */
static qlty_pairs *no_pairs = (qlty_pairs *)&batch;
static qlty_overlap *no_overlap = (qlty_overlap *)&batch;
static qlty_dataset *no_dataset = (qlty_dataset *)&batch;
static qlty_images *no_images = (qlty_images *)&batch;
static qlty_batches *no_batches = (qlty_batches *)&batch;
static qlty_array described;
static int64_t number = 77;

static void make_all(const char *folder) {
  pair_arrays placed;
  qlty_store_options options = store_options();
  batch = MAKE(QLTY_DTYPE_F32, 2, 2, 20, 24);
  fill_f32(&batch, 1);
  pairs = draw(pair_options(), &batch.array);
  measured = measure(pairs, &batch.array);
  OK(qlty_pairs_extract_shape(pairs, &batch.array, NULL, &described, &error));
  cut = make_pairs(&described, 8);
  placed = make_pairs(&described, 8);
  OK(qlty_pairs_places(pairs, &placed.deltas.array, &placed.rotations.array, NULL, NULL, &error));
  OK(qlty_overlap_new(window, &placed.deltas.array, &placed.rotations.array, &overlap, &error));
  OK(qlty_overlap_count(overlap, &count, &error));
  release_pairs(&placed);
  pixels1 = MAKE(QLTY_DTYPE_F32, count, 2);
  pixels2 = MAKE(QLTY_DTYPE_F32, count, 2);
  rows = MAKE(QLTY_DTYPE_I64, count, 5);
  numbers = MAKE(QLTY_DTYPE_I64, 8);
  values = MAKE(QLTY_DTYPE_F64, 8);
  snprintf(store, sizeof store, "%s/store.zarr", folder);
  options.positions = QLTY_POSITIONS_NONE;
  OK(qlty_pairs_write(measured, &batch.array, NULL, store, &options, NULL, NULL, &error));
  OK(qlty_dataset_open(store, -1, &dataset, &error));
  OK(qlty_images_open(path_in(store, "patches1"), -1, &images, &error));
  memset(&described, SENTINEL, sizeof described);
}

static void release_all(void) {
  CHECK(are_untouched(&cut) && is_untouched(&numbers) && is_untouched(&values));
  CHECK(is_untouched(&pixels1) && is_untouched(&pixels2) && is_untouched(&rows));
  CHECK(no_pairs == (qlty_pairs *)&batch && no_overlap == (qlty_overlap *)&batch && number == 77);
  CHECK(no_dataset == (qlty_dataset *)&batch && no_images == (qlty_images *)&batch);
  CHECK(no_batches == (qlty_batches *)&batch && is_sentinel((unsigned char *)&described, sizeof described));
  release_pairs(&cut);
  release(&batch);
  release(&numbers);
  release(&values);
  release(&pixels1);
  release(&pixels2);
  release(&rows);
  qlty_images_free(images);
  qlty_dataset_free(dataset);
  qlty_overlap_free(overlap);
  qlty_pairs_free(measured);
  qlty_pairs_free(pairs);
}

#define EXTRACT(...) qlty_pairs_extract(pairs, &batch.array, NULL, __VA_ARGS__, NULL, NULL, &error)

static void check_null(void) {
  qlty_pair_options draws = pair_options();
  qlty_store_options stores = store_options();
  const qlty_array *a = &batch.array, *p1 = &cut.patches1.array, *p2 = &cut.patches2.array, *d = &cut.deltas.array,
                   *r = &cut.rotations.array, *n = &numbers.array, *v = &values.array, *q = &pixels1.array;
  IS_NULL("options", qlty_pair_options_init(NULL, sizeof draws, &error));
  IS_NULL("options", qlty_store_options_init(NULL, sizeof stores, &error));
  IS_NULL("path", qlty_images_open(NULL, 0, &no_images, &error));
  IS_NULL("images", qlty_images_open(store, 0, NULL, &error));
  IS_NULL("images", qlty_images_shape(NULL, &described, &error));
  IS_NULL("batch", qlty_images_shape(images, NULL, &error));
  IS_NULL("options", qlty_pairs_draw(NULL, a, NULL, &no_pairs, &error));
  IS_NULL("pairs", qlty_pairs_draw(&draws, a, NULL, NULL, &error));
  IS_NULL("window", qlty_pairs_new(NULL, &cut.positions1.array, &cut.positions2.array, NULL, &no_pairs, &error));
  IS_NULL("positions1", qlty_pairs_new(window, NULL, &cut.positions2.array, NULL, &no_pairs, &error));
  IS_NULL("positions2", qlty_pairs_new(window, &cut.positions1.array, NULL, NULL, &no_pairs, &error));
  IS_NULL("pairs", qlty_pairs_new(window, &cut.positions1.array, &cut.positions2.array, NULL, NULL, &error));
  IS_NULL("pairs", qlty_pairs_measure(NULL, a, NULL, &no_pairs, NULL, NULL, &error));
  IS_NULL("measured", qlty_pairs_measure(pairs, a, NULL, NULL, NULL, NULL, &error));
  IS_NULL("pairs", qlty_pairs_select(NULL, n, &no_pairs, &error));
  IS_NULL("indices", qlty_pairs_select(pairs, NULL, &no_pairs, &error));
  IS_NULL("selected", qlty_pairs_select(pairs, n, NULL, &error));
  IS_NULL("pairs", qlty_pairs_size(NULL, &number, NULL, NULL, &error));
  IS_NULL("pairs", qlty_pairs_column(NULL, QLTY_COLUMN_DX, n, &error));
  IS_NULL("values", qlty_pairs_column(pairs, QLTY_COLUMN_DX, NULL, &error));
  IS_NULL("pairs", qlty_pairs_places(NULL, d, r, NULL, NULL, &error));
  IS_NULL("means", qlty_sample_stratified(NULL, v, 0, 1, 1, 0, n, &number, &error));
  IS_NULL("sigmas", qlty_sample_stratified(v, NULL, 0, 1, 1, 0, n, &number, &error));
  IS_NULL("indices", qlty_sample_stratified(v, v, 0, 1, 1, 0, NULL, &number, &error));
  IS_NULL("count", qlty_sample_stratified(v, v, 0, 1, 1, 0, n, NULL, &error));
  IS_NULL("pairs", qlty_pairs_extract_shape(NULL, a, NULL, &described, &error));
  IS_NULL("patches", qlty_pairs_extract_shape(pairs, a, NULL, NULL, &error));
  IS_NULL("pairs", qlty_pairs_extract(NULL, a, NULL, ALL_ARRAYS(cut), NULL, NULL, &error));
  IS_NULL("patches1", EXTRACT(NULL, p2, d, r, NULL, NULL));
  IS_NULL("patches2", EXTRACT(p1, NULL, d, r, NULL, NULL));
  IS_NULL("deltas", EXTRACT(p1, p2, NULL, r, NULL, NULL));
  IS_NULL("rotations", EXTRACT(p1, p2, d, NULL, NULL, NULL));
  IS_NULL("window", qlty_overlap_new(NULL, d, r, &no_overlap, &error));
  IS_NULL("deltas", qlty_overlap_new(window, NULL, r, &no_overlap, &error));
  IS_NULL("overlap", qlty_overlap_new(window, d, r, NULL, &error));
  IS_NULL("overlap", qlty_overlap_count(NULL, &number, &error));
  IS_NULL("count", qlty_overlap_count(overlap, NULL, &error));
  IS_NULL("overlap", qlty_overlap_extract(NULL, p1, p2, q, &pixels2.array, NULL, NULL, &error));
  IS_NULL("patches1", qlty_overlap_extract(overlap, NULL, p2, q, &pixels2.array, NULL, NULL, &error));
  IS_NULL("patches2", qlty_overlap_extract(overlap, p1, NULL, q, &pixels2.array, NULL, NULL, &error));
  IS_NULL("pixels1", qlty_overlap_extract(overlap, p1, p2, NULL, &pixels2.array, NULL, NULL, &error));
  IS_NULL("pixels2", qlty_overlap_extract(overlap, p1, p2, q, NULL, NULL, NULL, &error));
  IS_NULL("overlap", qlty_overlap_adjoint(NULL, q, &pixels2.array, p1, p2, NULL, NULL, &error));
  IS_NULL("pixels1", qlty_overlap_adjoint(overlap, NULL, q, p1, p2, NULL, NULL, &error));
  IS_NULL("pixels2", qlty_overlap_adjoint(overlap, q, NULL, p1, p2, NULL, NULL, &error));
  IS_NULL("patches1", qlty_overlap_adjoint(overlap, q, q, NULL, p2, NULL, NULL, &error));
  IS_NULL("patches2", qlty_overlap_adjoint(overlap, q, q, p1, NULL, NULL, NULL, &error));
  IS_NULL("overlap", qlty_overlap_correspondence(NULL, &rows.array, NULL, NULL, &error));
  IS_NULL("rows", qlty_overlap_correspondence(overlap, NULL, NULL, NULL, &error));
  IS_NULL("pairs", qlty_pairs_write(NULL, a, NULL, store, &stores, NULL, NULL, &error));
  IS_NULL("path", qlty_pairs_write(measured, a, NULL, NULL, &stores, NULL, NULL, &error));
  IS_NULL("options", qlty_pairs_write(measured, a, NULL, store, NULL, NULL, NULL, &error));
  IS_NULL("path", qlty_dataset_open(NULL, 0, &no_dataset, &error));
  IS_NULL("dataset", qlty_dataset_open(store, 0, NULL, &error));
  IS_NULL("dataset", qlty_dataset_shape(NULL, &described, NULL, &error));
  IS_NULL("patches", qlty_dataset_shape(dataset, NULL, NULL, &error));
  IS_NULL("dataset", qlty_dataset_metadata(NULL, &no_pairs, &error));
  IS_NULL("pairs", qlty_dataset_metadata(dataset, NULL, &error));
  IS_NULL("dataset", qlty_dataset_read(NULL, n, p1, p2, d, r, NULL, NULL, &error));
  IS_NULL("indices", qlty_dataset_read(dataset, NULL, p1, p2, d, r, NULL, NULL, &error));
  IS_NULL("dataset", qlty_dataset_epoch(NULL, 0, 0, n, &error));
  IS_NULL("indices", qlty_dataset_epoch(dataset, 0, 0, NULL, &error));
  IS_NULL("dataset", qlty_batches_new(NULL, n, 1, 1, &no_batches, &error));
  IS_NULL("order", qlty_batches_new(dataset, NULL, 1, 1, &no_batches, &error));
  IS_NULL("batches", qlty_batches_new(dataset, n, 1, 1, NULL, &error));
  IS_NULL("batches", qlty_batches_next_count(NULL, &number, &error));
  IS_NULL("batches", qlty_batches_next(NULL, p1, p2, d, r, NULL, NULL, &error));
  /* Nobody has to ask for the error. */
  CHECK(qlty_pairs_extract(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL) == ARGUMENT);
}

static void check_options(void) {
  struct { qlty_pair_options known; int64_t later; } large;
  qlty_pair_options draws;
  qlty_store_options stores;
#define DRAW(change) (draws = pair_options(), change, qlty_pairs_draw(&draws, &batch.array, NULL, &no_pairs, &error))
#define WRITE(change) (stores = store_options(), change, \
                       qlty_pairs_write(measured, &batch.array, NULL, store, &stores, NULL, NULL, &error))
  FAILS(ARGUMENT, "struct_size 0", "qlty_pair_options_init", DRAW(draws.struct_size = 0));
  FAILS(ARGUMENT, "struct_size 4294967295", "at most 4096", DRAW(draws.struct_size = UINT32_MAX));
  FAILS(ARGUMENT, "ndim: got 4", "2 or 3", DRAW(draws.ndim = 4));
  FAILS(QLTY_STATUS_SHAPE, "batch: got 4 axes", "expected 5", DRAW(draws.ndim = 3));
  FAILS(ARGUMENT, "window: got -8", "0 or more", DRAW(draws.window[1] = -8));
  FAILS(ARGUMENT, "window: got [8, 0]", "at least 1", DRAW(draws.window[1] = 0));
  FAILS(ARGUMENT, "window: got [25, 25]", "at most [20, 24]", DRAW((draws.window[0] = draws.window[1] = 25, draws.delta_low = draws.delta_high = 8)));
  FAILS(ARGUMENT, "pairs_per_image: got -1", "0 or more", DRAW(draws.pairs_per_image = -1));
  FAILS(QLTY_STATUS_OVERFLOW, "pairs", "too large", DRAW(draws.pairs_per_image = INT64_MAX));
  FAILS(QLTY_STATUS_OUT_OF_MEMORY, "pairs", "no memory", DRAW(draws.pairs_per_image = INT64_MAX / 256));
  FAILS(ARGUMENT, "delta range: got (2.0, 7.0)", "2 <= low <= high <= 6", DRAW(draws.delta_high = 7));
  FAILS(ARGUMENT, "delta range: got (NaN, 6.0)", "2 <= low", DRAW(draws.delta_low = NAN));
  FAILS(ARGUMENT, "rotation_count: got -1", "0 or more", DRAW(draws.rotation_count = -1));
  FAILS(ARGUMENT, "rotation_count: got 9223372036854775807", "at most", DRAW(draws.rotation_count = INT64_MAX));
  FAILS(ARGUMENT, "rotations: got NULL", "4 numbers", DRAW(draws.rotations = NULL));
  FAILS(ARGUMENT, "rotation: got 1", "not square", DRAW((draws.window[1] = 7, draws.delta_low = 2)));
  large.known = pair_options();
  large.known.struct_size = sizeof large;
  large.later = 1;
  FAILS(ARGUMENT, "an option at byte", "as initialised", qlty_pairs_draw(&large.known, &batch.array, NULL, &no_pairs, &error));
  FAILS(ARGUMENT, "struct_size: got 8", "at least", qlty_pair_options_init(&draws, 8, &error));
  FAILS(ARGUMENT, "struct_size: got 5000", "at most 4096", qlty_store_options_init(&stores, 5000, &error));

  FAILS(ARGUMENT, "struct_size 7", "qlty_store_options_init", WRITE(stores.struct_size = 7));
  FAILS(ARGUMENT, "positions: got 3", "a QLTY_POSITIONS", WRITE(stores.positions = 3));
  FAILS(ARGUMENT, "chunk: got -1", "0 or more", WRITE(stores.chunk[0] = -1));
  FAILS(ARGUMENT, "chunk: got [1, 0, 0, 0]", "at least 1", WRITE((stores.overwrite = 1, stores.chunk[0] = 1)));
  FAILS(ARGUMENT, "chunk: got [1, 2, 8, 8, 8]", "4 sizes and then 0", WRITE((stores.chunk[0] = 1, stores.chunk[1] = 2, stores.chunk[2] = stores.chunk[3] = stores.chunk[4] = 8)));
  FAILS(ARGUMENT, "codec: got \"lz5\"", "none, gzip", WRITE(stores.codec = "lz5"));
  FAILS(ARGUMENT, "codec: got \"\\xff\"", "UTF-8", WRITE(stores.codec = "\xff"));
  FAILS(QLTY_STATUS_EXISTS, "store.zarr", "overwriting was not asked for", WRITE((void)0));
}

static void check_sources(void) {
  qlty_pair_options draws = pair_options();
  qlty_store_options stores = store_options();
  owned given = MAKE(QLTY_DTYPE_I64, 2, 3);
  int64_t *start = given.array.data;
  qlty_pairs *outside = NULL;
  qlty_array a = batch.array;
  FAILS(ARGUMENT, "batch and images: got NULL for both", "one of them", qlty_pairs_draw(&draws, NULL, NULL, &no_pairs, &error));
  FAILS(ARGUMENT, "batch and images: got both", "NULL for one", qlty_pairs_draw(&draws, &a, images, &no_pairs, &error));
  FAILS(ARGUMENT, "batch and images", "one of them", qlty_pairs_measure(pairs, NULL, NULL, &no_pairs, NULL, NULL, &error));
  FAILS(ARGUMENT, "batch and images", "one of them", qlty_pairs_extract_shape(pairs, NULL, NULL, &described, &error));
  FAILS(ARGUMENT, "batch and images", "one of them", qlty_pairs_extract(pairs, NULL, NULL, ALL_ARRAYS(cut), NULL, NULL, &error));
  FAILS(ARGUMENT, "batch and images", "one of them", qlty_pairs_write(measured, &a, images, store, &stores, NULL, NULL, &error));
  /* The images on disk are patches of 8 x 8 pixels. */
  FAILS(ARGUMENT, "pair 0", "within images of shape [8, 2, 8, 8]", qlty_pairs_extract(pairs, NULL, images, ALL_ARRAYS(cut), NULL, NULL, &error));
  a.dtype = 99;
  FAILS(QLTY_STATUS_DTYPE, "batch: got dtype 99", "a QLTY_DTYPE", qlty_pairs_extract_shape(pairs, &a, NULL, &described, &error));
  FAILS(QLTY_STATUS_DTYPE, "batch: got dtype 99", "a QLTY_DTYPE", qlty_pairs_measure(pairs, &a, NULL, &no_pairs, NULL, NULL, &error));
  FAILS(QLTY_STATUS_DTYPE, "batch: got dtype 99", "a QLTY_DTYPE", qlty_pairs_write(measured, &a, NULL, store, &stores, NULL, NULL, &error));
  a = batch.array, a.data = NULL;
  FAILS(ARGUMENT, "batch: got data NULL", "1920 values", qlty_pairs_measure(pairs, &a, NULL, &no_pairs, NULL, NULL, &error));
  a = batch.array, a.ndim = 5, a.shape[4] = 1;
  FAILS(QLTY_STATUS_SHAPE, "batch: got 5 axes", "expected 4", qlty_pairs_extract(pairs, &a, NULL, ALL_ARRAYS(cut), NULL, NULL, &error));
  a = batch.array, a.shape[0] = 1;
  FAILS(ARGUMENT, "pair 4", "[1, 2, 20, 24]", qlty_pairs_measure(pairs, &a, NULL, &no_pairs, NULL, NULL, &error));

  memset(start, 0, given.bytes);
  FAILS(QLTY_STATUS_SHAPE, "positions1: got shape [8]", "(P, 3) or (P, 4)", qlty_pairs_new(window, &numbers.array, &given.array, NULL, &no_pairs, &error));
  FAILS(QLTY_STATUS_SHAPE, "positions2: got shape [8, 3]", "[2, 3]", qlty_pairs_new(window, &given.array, &cut.positions1.array, NULL, &no_pairs, &error));
  FAILS(QLTY_STATUS_SHAPE, "rotations: got shape [8]", "[2]", qlty_pairs_new(window, &given.array, &given.array, &numbers.array, &no_pairs, &error));
  start[0] = -1;
  FAILS(ARGUMENT, "positions1 of pair 0: got -1", "at least 0", qlty_pairs_new(window, &given.array, &given.array, NULL, &no_pairs, &error));
  start[0] = 5;
  window[1] = -3;
  FAILS(ARGUMENT, "window: got -3", "0 or more", qlty_pairs_new(window, &given.array, &given.array, NULL, &no_pairs, &error));
  window[1] = 8;
  OK(qlty_pairs_new(window, &given.array, &given.array, NULL, &outside, &error));
  FAILS(ARGUMENT, "pair 0", "within images", qlty_pairs_measure(outside, &batch.array, NULL, &no_pairs, NULL, NULL, &error));
  qlty_pairs_free(outside);
  start[0] = 0;
  start[4] = INT64_MAX; /* Far outside, where sums would overflow. */
  OK(qlty_pairs_new(window, &given.array, &given.array, NULL, &outside, &error));
  FAILS(ARGUMENT, "pair 1", "within images", qlty_pairs_measure(outside, &batch.array, NULL, &no_pairs, NULL, NULL, &error));
  qlty_pairs_free(outside);
  {
    owned elsewhere = MAKE(QLTY_DTYPE_I64, 2, 3);
    memset(elsewhere.array.data, 0, elsewhere.bytes);
    ((int64_t *)elsewhere.array.data)[3] = 1;
    start[4] = 0;
    FAILS(ARGUMENT, "positions2: image of pair 1: got 1", "0 as in positions1", qlty_pairs_new(window, &given.array, &elsewhere.array, NULL, &no_pairs, &error));
    release(&elsewhere);
  }
  release(&given);
}

static void check_pairs(void) {
  int64_t list[2] = {0, 8};
  qlty_array indices = qlty_array_contiguous(list, QLTY_DTYPE_I64, 1, SHAPE(2)), a;
  FAILS(ARGUMENT, "index of a pair: got 8", "less than 8", qlty_pairs_select(pairs, &indices, &no_pairs, &error));
  list[1] = -1;
  FAILS(ARGUMENT, "indices: got -1", "0 or more", qlty_pairs_select(pairs, &indices, &no_pairs, &error));
  FAILS(QLTY_STATUS_DTYPE, "indices: got dtype f64", "i64", qlty_pairs_select(pairs, &values.array, &no_pairs, &error));
  a = indices, a.strides[0] = 0, a.shape[0] = INT64_MAX / 64; /* A long way over one value. */
  FAILS(QLTY_STATUS_OUT_OF_MEMORY, "indices: no memory", "values", qlty_pairs_select(pairs, &a, &no_pairs, &error));
  FAILS(ARGUMENT, "column: got 15", "a QLTY_COLUMN", qlty_pairs_column(pairs, 15, &numbers.array, &error));
  FAILS(ARGUMENT, "column: got -1", "a QLTY_COLUMN", qlty_pairs_column(pairs, -1, &numbers.array, &error));
  FAILS(ARGUMENT, "column: got \"dz\"", "one of image_idx, patch1_y", qlty_pairs_column(pairs, QLTY_COLUMN_DZ, &numbers.array, &error));
  FAILS(ARGUMENT, "without mean1", "measured pairs", qlty_pairs_column(pairs, QLTY_COLUMN_MEAN1, &values.array, &error));
  FAILS(QLTY_STATUS_DTYPE, "values: got dtype i64", "f64", qlty_pairs_column(measured, QLTY_COLUMN_MEAN1, &numbers.array, &error));
  a = values.array, a.shape[0] = 7;
  FAILS(QLTY_STATUS_SHAPE, "values: got shape [7]", "[8]", qlty_pairs_column(measured, QLTY_COLUMN_MEAN1, &a, &error));
  FAILS(QLTY_STATUS_SHAPE, "deltas: got shape [8, 3]", "[8, 2]", qlty_pairs_places(pairs, (a = cut.positions1.array, a.dtype = QLTY_DTYPE_F32, &a), &cut.rotations.array, NULL, NULL, &error));
  FAILS(ARGUMENT, "positions2: got memory that overlaps with positions1", "none", qlty_pairs_places(pairs, &cut.deltas.array, &cut.rotations.array, &cut.positions1.array, &cut.positions1.array, &error));
  FAILS(QLTY_STATUS_SHAPE, "positions1: got shape [1, 8]", "[8, 2]", qlty_pairs_places(pairs, &cut.deltas.array, NULL, (a = qlty_array_contiguous(numbers.array.data, QLTY_DTYPE_I64, 2, SHAPE(1, 8)), &a), NULL, &error));
}

static void check_cutting(void) {
  const qlty_array *p1 = &cut.patches1.array, *p2 = &cut.patches2.array, *d = &cut.deltas.array, *r = &cut.rotations.array;
  qlty_array a, b = batch.array;
  FAILS(ARGUMENT, "patches2: got memory that overlaps with patches1", "none", EXTRACT(p1, p1, d, r, NULL, NULL));
  a = *p1, a.data = b.data;
  FAILS(ARGUMENT, "patches1: got memory that overlaps with batch", "none", EXTRACT(&a, p2, d, r, NULL, NULL));
  a = *r, a.data = d->data;
  FAILS(ARGUMENT, "rotations: got memory that overlaps with deltas", "none", EXTRACT(p1, p2, d, &a, NULL, NULL));
  a = *p2, a.shape[0] = 7;
  FAILS(QLTY_STATUS_SHAPE, "patches2: got shape [7, 2, 8, 8]", "[8, 2, 8, 8]", EXTRACT(p1, &a, d, r, NULL, NULL));
  a = *p2, a.dtype = QLTY_DTYPE_I32;
  FAILS(QLTY_STATUS_DTYPE, "patches2: got dtype i32", "f32", EXTRACT(p1, &a, d, r, NULL, NULL));
  a = *p2, a.strides[0] = 0;
  FAILS(ARGUMENT, "patches2: got strides", "no two values", EXTRACT(p1, &a, d, r, NULL, NULL));
  a = *d, a.shape[1] = 1;
  FAILS(QLTY_STATUS_SHAPE, "deltas: got shape [8, 1]", "[8, 2]", EXTRACT(p1, p2, &a, r, NULL, NULL));
  a = cut.positions1.array, a.shape[1] = 1;
  FAILS(QLTY_STATUS_SHAPE, "positions1: got shape [8, 1]", "[8, 2] or [8, 3]", EXTRACT(p1, p2, d, r, &a, NULL));
}

static void check_overlap(void) {
  float list[4] = {3, 0.5f, 0, 0};
  int64_t turns[2] = {1, 0};
  qlty_array deltas = qlty_array_contiguous(list, QLTY_DTYPE_F32, 2, SHAPE(2, 2)), a;
  qlty_array rotations = qlty_array_contiguous(turns, QLTY_DTYPE_I64, 1, SHAPE(2));
  const qlty_array *p1 = &cut.patches1.array, *p2 = &cut.patches2.array, *q1 = &pixels1.array, *q2 = &pixels2.array;
  FAILS(ARGUMENT, "delta of pair 0: got 0.5", "whole numbers", qlty_overlap_new(window, &deltas, &rotations, &no_overlap, &error));
  list[1] = NAN;
  FAILS(ARGUMENT, "delta of pair 0: got NaN", "whole numbers", qlty_overlap_new(window, &deltas, NULL, &no_overlap, &error));
  list[1] = 1;
  window[1] = 0;
  FAILS(ARGUMENT, "window: got [8, 0]", "at least 1", qlty_overlap_new(window, &deltas, NULL, &no_overlap, &error));
  window[1] = 9;
  FAILS(ARGUMENT, "rotation: got 1", "not square", qlty_overlap_new(window, &deltas, &rotations, &no_overlap, &error));
  window[1] = INT64_MAX;
  FAILS(QLTY_STATUS_OVERFLOW, "pixels of a patch", "too large", qlty_overlap_new(window, &deltas, NULL, &no_overlap, &error));
  window[1] = 8;
  FAILS(QLTY_STATUS_SHAPE, "deltas: got shape [8]", "(P, 2) or (P, 3)", qlty_overlap_new(window, &numbers.array, NULL, &no_overlap, &error));
  FAILS(QLTY_STATUS_SHAPE, "rotations: got shape [8]", "[2]", qlty_overlap_new(window, &deltas, &numbers.array, &no_overlap, &error));
  FAILS(QLTY_STATUS_DTYPE, "deltas: got dtype f64", "f32", qlty_overlap_new(window, (a = deltas, a.dtype = QLTY_DTYPE_F64, &a), NULL, &no_overlap, &error));
  a = deltas, a.strides[0] = 0, a.shape[0] = INT64_MAX / 512;
  FAILS(QLTY_STATUS_OUT_OF_MEMORY, "overlaps", "no memory", qlty_overlap_new(window, &a, NULL, &no_overlap, &error));

  a = *q1, a.shape[0]--;
  FAILS(QLTY_STATUS_SHAPE, "pixels1: got shape", "2]", qlty_overlap_extract(overlap, p1, p2, &a, q2, NULL, NULL, &error));
  FAILS(ARGUMENT, "pixels2: got memory that overlaps with pixels1", "none", qlty_overlap_extract(overlap, p1, p2, q1, q1, NULL, NULL, &error));
  FAILS(ARGUMENT, "patches2: got memory that overlaps with patches1", "none", qlty_overlap_adjoint(overlap, q1, q2, p1, p1, NULL, NULL, &error));
  a = *p2, a.shape[0] = 7;
  FAILS(QLTY_STATUS_SHAPE, "patches2: got shape [7, 2, 8, 8]", "[8, 2, 8, 8]", qlty_overlap_extract(overlap, p1, &a, q1, q2, NULL, NULL, &error));
  FAILS(QLTY_STATUS_SHAPE, "patches2: got shape [7, 2, 8, 8]", "[8, 2, 8, 8]", qlty_overlap_adjoint(overlap, q1, q2, p1, &a, NULL, NULL, &error));
  a = *p2, a.dtype = QLTY_DTYPE_I32;
  FAILS(QLTY_STATUS_DTYPE, "patches2: got dtype i32", "f32 like the first", qlty_overlap_extract(overlap, p1, &a, q1, q2, NULL, NULL, &error));
  a = *q2, a.dtype = QLTY_DTYPE_U32;
  FAILS(QLTY_STATUS_DTYPE, "pixels2: got dtype u32", "f32 like the first", qlty_overlap_adjoint(overlap, q1, &a, p1, p2, NULL, NULL, &error));
  FAILS(QLTY_STATUS_SHAPE, "correspondence: got shape", "5]", qlty_overlap_correspondence(overlap, (a = rows.array, a.shape[1] = 4, &a), NULL, NULL, &error));
}

static void check_sampling(void) {
  double list[3] = {1, 2, 3};
  qlty_array means = qlty_array_contiguous(list, QLTY_DTYPE_F64, 1, SHAPE(3)), two = means, one = numbers.array;
  const qlty_array *m = &means, *n = &numbers.array;
  two.shape[0] = 2;
  one.shape[0] = 1;
  FAILS(ARGUMENT, "kind: got 2", "a QLTY_BINS", qlty_sample_stratified(m, m, 2, 1, 1, 0, n, &number, &error));
  FAILS(ARGUMENT, "bins: got 0", "at least 1", qlty_sample_stratified(m, m, 0, 0, 1, 0, n, &number, &error));
  FAILS(ARGUMENT, "samples_per_bin: got -1", "0 or more", qlty_sample_stratified(m, m, 0, 1, -1, 0, n, &number, &error));
  FAILS(ARGUMENT, "number of standard deviations: got 2", "3", qlty_sample_stratified(m, &two, 0, 1, 1, 0, n, &number, &error));
  FAILS(QLTY_STATUS_SHAPE, "indices: got shape [1]", "at least [3]", qlty_sample_stratified(m, m, 1, 1, 5, 0, &one, &number, &error));
  FAILS(QLTY_STATUS_DTYPE, "indices: got dtype f64", "i64", qlty_sample_stratified(m, m, 0, 1, 1, 0, &values.array, &number, &error));
  one.data = list;
  FAILS(ARGUMENT, "indices: got memory that overlaps with means", "none", qlty_sample_stratified(m, m, 0, 1, 1, 0, &one, &number, &error));
  list[1] = HUGE_VAL;
  FAILS(ARGUMENT, "mean of pair 1: got inf", "finite", qlty_sample_stratified(m, m, 0, 1, 1, 0, n, &number, &error));
}

static void check_stores(const char *folder) {
  qlty_store_options stores = store_options();
  const qlty_array *p1 = &cut.patches1.array, *p2 = &cut.patches2.array, *d = &cut.deltas.array, *r = &cut.rotations.array;
  int64_t list[8] = {0, 1, 2, 3, 4, 5, 6, 7};
  qlty_array order = qlty_array_contiguous(list, QLTY_DTYPE_I64, 1, SHAPE(8)), a;
  qlty_batches *batches = NULL;
  FILE *file;
  FAILS(QLTY_STATUS_IO, "nowhere", "No such file", qlty_images_open(path_in(folder, "nowhere"), 0, &no_images, &error));
  FAILS(QLTY_STATUS_IO, "store.zarr", "", qlty_images_open(store, 0, &no_images, &error));
  FAILS(QLTY_STATUS_STORE, "number of axes: got 1", "4 or 5", qlty_images_open(path_in(store, "rotations"), 0, &no_images, &error));
  FAILS(ARGUMENT, "path: got", "UTF-8", qlty_images_open("\xff/x", 0, &no_images, &error));
  FAILS(QLTY_STATUS_IO, "nowhere", "No such file", qlty_dataset_open(path_in(folder, "nowhere"), 0, &no_dataset, &error));
  FAILS(QLTY_STATUS_IO, "store.zarr", "", qlty_dataset_open(path_in(store, "patches1"), 0, &no_dataset, &error));
  FAILS(ARGUMENT, "number of statistics: got 0", "8, one for each pair", qlty_pairs_write(pairs, &batch.array, NULL, path_in(folder, "new.zarr"), &stores, NULL, NULL, &error));
  FAILS(ARGUMENT, "pair 0", "within images", qlty_pairs_write(measured, NULL, images, path_in(folder, "new.zarr"), &stores, NULL, NULL, &error));
  file = fopen(path_in(folder, "file"), "w");
  CHECK(file && fclose(file) == 0);
  stores.overwrite = 1;
  FAILS(QLTY_STATUS_EXISTS, "file", "not a Zarr store", qlty_pairs_write(measured, &batch.array, NULL, path_in(folder, "file"), &stores, NULL, NULL, &error));
  FAILS(ARGUMENT, "destination", "with its name", qlty_pairs_write(measured, &batch.array, NULL, "/", &stores, NULL, NULL, &error));

  FAILS(ARGUMENT, "positions1: got an array", "the store has no positions", qlty_dataset_read(dataset, &order, ALL_ARRAYS(cut), &error));
  FAILS(QLTY_STATUS_SHAPE, "patches1: got shape [8, 2, 8, 8]", "[2, 2, 8, 8]", (a = order, a.shape[0] = 2, qlty_dataset_read(dataset, &a, p1, p2, d, r, NULL, NULL, &error)));
  FAILS(QLTY_STATUS_DTYPE, "patches1: got dtype i32", "f32", (a = *p1, a.dtype = QLTY_DTYPE_I32, qlty_dataset_read(dataset, &order, &a, p2, d, r, NULL, NULL, &error)));
  FAILS(ARGUMENT, "patches2: got memory that overlaps with patches1", "none", qlty_dataset_read(dataset, &order, p1, p1, d, r, NULL, NULL, &error));
  FAILS(QLTY_STATUS_SHAPE, "indices: got shape [7]", "[8]", (a = numbers.array, a.shape[0] = 7, qlty_dataset_epoch(dataset, 0, 0, &a, &error)));
  FAILS(ARGUMENT, "batch size: got 0", "at least 1", qlty_batches_new(dataset, &order, 0, 1, &no_batches, &error));
  FAILS(ARGUMENT, "size: got -1", "0 or more", qlty_batches_new(dataset, &order, -1, 1, &no_batches, &error));
  FAILS(ARGUMENT, "ahead: got -1", "0 or more", qlty_batches_new(dataset, &order, 1, -1, &no_batches, &error));
  list[7] = 8;
  FAILS(ARGUMENT, "index of a pair: got 8", "less than 8", qlty_batches_new(dataset, &order, 3, 1, &no_batches, &error));
  FAILS(ARGUMENT, "index of a pair: got 8", "less than 8", qlty_dataset_read(dataset, &order, p1, p2, d, r, NULL, NULL, &error));
  list[7] = 7;

  /* What does not fit leaves the batch where it is, and what cannot be read is passed over. */
  OK(qlty_batches_new(dataset, &order, 8, 1, &batches, &error));
  IS_NULL("patches2", qlty_batches_next(batches, p1, NULL, d, r, NULL, NULL, &error));
  IS_NULL("count", qlty_batches_next_count(batches, NULL, &error));
  FAILS(QLTY_STATUS_SHAPE, "patches2: got shape [7, 2, 8, 8]", "[8, 2, 8, 8]", (a = *p2, a.shape[0] = 7, qlty_batches_next(batches, p1, &a, d, r, NULL, NULL, &error)));
  FAILS(ARGUMENT, "positions2: got an array", "the store has no positions", qlty_batches_next(batches, p1, p2, d, r, NULL, &cut.positions2.array, &error));
  {
    pair_arrays whole = make_pairs(p1, 8);
    int64_t left = -1;
    OK(qlty_batches_next_count(batches, &left, &error));
    CHECK(left == 8);
    OK(qlty_batches_next(batches, &whole.patches1.array, &whole.patches2.array, &whole.deltas.array, &whole.rotations.array, NULL, NULL, &error));
    FAILS(ARGUMENT, "batches: got a call after the last batch", "one to come", qlty_batches_next(batches, p1, p2, d, r, NULL, NULL, &error));
    release_pairs(&whole);
  }
  qlty_batches_free(batches);
}

/* A store whose chunk and whose metadata are damaged. */
static void check_damage(const char *folder) {
  qlty_store_options stores = store_options();
  const qlty_array *p1 = &cut.patches1.array, *p2 = &cut.patches2.array, *d = &cut.deltas.array, *r = &cut.rotations.array;
  int64_t list[8] = {0, 1, 2, 3, 4, 5, 6, 7}, left = -1;
  qlty_array order = qlty_array_contiguous(list, QLTY_DTYPE_I64, 1, SHAPE(8));
  qlty_dataset *damaged = NULL;
  qlty_batches *batches = NULL;
  qlty_images *broken = NULL;
  char path[4096];
  FILE *file;
  stores.positions = QLTY_POSITIONS_NONE;
  snprintf(path, sizeof path, "%s/damaged.zarr", folder);
  OK(qlty_pairs_write(measured, &batch.array, NULL, path, &stores, NULL, NULL, &error));
  snprintf(path, sizeof path, "%s/damaged.zarr/patches1/c/0/0/0/0", folder);
  file = fopen(path, "w");
  CHECK(file && fputs("nonsense", file) >= 0 && fclose(file) == 0);
  OK(qlty_dataset_open(path_in(folder, "damaged.zarr"), 0, &damaged, &error));
  FAILS(QLTY_STATUS_DAMAGED, "patches1", "", qlty_dataset_read(damaged, &order, p1, p2, d, r, NULL, NULL, &error));
  OK(qlty_batches_new(damaged, &order, 8, 1, &batches, &error));
  FAILS(QLTY_STATUS_DAMAGED, "patches1", "", qlty_batches_next(batches, p1, p2, d, r, NULL, NULL, &error));
  OK(qlty_batches_next_count(batches, &left, &error));
  CHECK(left == 0);
  qlty_batches_free(batches);
  {
    /* Images on disk that cannot be read: the values are unspecified then. */
    qlty_pair_options small = pair_options();
    qlty_pairs *inner = NULL;
    OK(qlty_images_open(path_in(folder, "damaged.zarr/patches1"), 0, &broken, &error));
    small.window[0] = small.window[1] = 4;
    small.delta_low = 1;
    small.delta_high = 3;
    OK(qlty_pairs_draw(&small, NULL, broken, &inner, &error));
    FAILS(QLTY_STATUS_DAMAGED, "patches1", "", qlty_pairs_measure(inner, NULL, broken, &no_pairs, NULL, NULL, &error));
    qlty_pairs_free(inner);
    qlty_images_free(broken);
  }
  snprintf(path, sizeof path, "%s/damaged.zarr/zarr.json", folder);
  file = fopen(path, "w");
  CHECK(file && fputs("{\"zarr_format\": 3, \"node_type\": \"group\"}", file) >= 0 && fclose(file) == 0);
  FAILS(QLTY_STATUS_STORE, "metadata column image_idx: got", "a list of 8", qlty_dataset_metadata(damaged, &no_pairs, &error));
  qlty_dataset_free(damaged);
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  make_all(argv[1]);
  check_null();
  check_options();
  check_sources();
  check_pairs();
  check_cutting();
  check_overlap();
  check_sampling();
  check_stores(argv[1]);
  check_damage(argv[1]);
  release_all();
  return 0;
}
