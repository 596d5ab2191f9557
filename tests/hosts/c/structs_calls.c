/* Calls that take or fill a struct. usage: structs_calls FOLDER */
#include "pairs.h"

/* A struct as a later library has it. */
typedef struct later_arrays {
  qlty_pair_arrays known;
  const void *later[2];
} later_arrays;
typedef struct later_status {
  qlty_large_status known;
  int64_t later[2];
} later_status;
typedef struct later_sample {
  qlty_sample_options known;
  int64_t later[2];
} later_sample;
typedef struct later_info {
  qlty_pyramid_info known;
  int64_t later[2];
} later_info;

static qlty_pair_arrays arrays_of(const pair_arrays *made) {
  qlty_pair_arrays arrays = {sizeof arrays, 0, NULL, NULL, NULL, NULL, NULL, NULL};
  arrays.patches1 = &made->patches1.array;
  arrays.patches2 = &made->patches2.array;
  arrays.deltas = &made->deltas.array;
  arrays.rotations = &made->rotations.array;
  arrays.positions1 = &made->positions1.array;
  arrays.positions2 = &made->positions2.array;
  return arrays;
}

static void check_pairs(const char *folder) {
  owned batch = counted(QLTY_DTYPE_F32), order = MAKE(QLTY_DTYPE_I64, 8);
  qlty_pairs *pairs = draw(pair_options(), &batch.array), *measured = measure(pairs, &batch.array);
  qlty_store_options options = store_options();
  qlty_dataset *dataset = NULL;
  qlty_batches *batches = NULL;
  qlty_array described;
  later_arrays later;
  pair_arrays cut, got;
  int64_t i, count = 0;
  OK(qlty_pairs_extract_shape(pairs, &batch.array, NULL, &described, &error));
  cut = make_pairs(&described, 8);
  got = make_pairs(&described, 8);
  OK(qlty_pairs_extract(pairs, &batch.array, NULL, ALL_ARRAYS(cut), NULL, NULL, &error));
  memset(&later, 0, sizeof later);
  later.known = arrays_of(&got);
  later.known.struct_size = sizeof later;
  OK(qlty_pairs_extract_into(pairs, &batch.array, NULL, &later.known, NULL, NULL, &error));
  CHECK(same_pairs(&cut, &got));

  OK(qlty_pairs_write(measured, &batch.array, NULL, path_in(folder, "pairs.zarr"), &options, NULL, NULL, &error));
  OK(qlty_dataset_open(path_in(folder, "pairs.zarr"), -1, &dataset, &error));
  for (i = 0; i < 8; i++) ((int64_t *)order.array.data)[i] = i;
  release_pairs(&got);
  got = make_pairs(&described, 8);
  later.known = arrays_of(&got);
  OK(qlty_dataset_read_into(dataset, &order.array, &later.known, &error));
  CHECK(same_pairs(&cut, &got));
  OK(qlty_batches_new(dataset, &order.array, 8, 1, &batches, &error));
  release_pairs(&got);
  got = make_pairs(&described, 8);
  later.known = arrays_of(&got);
  later.known.positions1 = later.known.positions2 = NULL;
  OK(qlty_batches_next_into(batches, &later.known, &error));
  CHECK(bytes_same(&cut.patches1, &got.patches1) && bytes_same(&cut.patches2, &got.patches2));
  CHECK(bytes_same(&cut.deltas, &got.deltas) && is_untouched(&got.positions1) && is_untouched(&got.positions2));
  OK(qlty_batches_next_count(batches, &count, &error));
  CHECK(count == 0);
  qlty_batches_free(batches);
  qlty_dataset_free(dataset);
  qlty_pairs_free(measured);
  qlty_pairs_free(pairs);
  release_pairs(&cut);
  release_pairs(&got);
  release(&batch);
  release(&order);
}

static void check_status(const char *folder) {
  owned patches = MAKE(QLTY_DTYPE_F32, 4, 1, 8, 8), indices = MAKE(QLTY_DTYPE_I64, 4);
  qlty_quilt *quilt = quilt_2d(20, 8, 4, 0);
  qlty_large_options options;
  qlty_large *large = NULL;
  later_status status;
  int64_t i, done = -1, all = -1, tiles_done = -1, tiles = -1;
  OK(qlty_large_options_init(&options, sizeof options, &error));
  options.images = 1;
  OK(qlty_large_new(quilt, path_in(folder, "large"), &options, &large, &error));
  fill_f32(&patches, 1);
  for (i = 0; i < 4; i++) ((int64_t *)indices.array.data)[i] = i;
  OK(qlty_large_stitch(large, &indices.array, &patches.array, NULL, NULL, NULL, &error));
  memset(&status, SENTINEL, sizeof status);
  status.known.struct_size = sizeof status;
  OK(qlty_large_get_status(large, &status.known, &error));
  OK(qlty_large_progress(large, &done, &all, &tiles_done, &tiles, &error));
  CHECK(status.known.struct_size == sizeof status && status.known.reserved == 0);
  CHECK(status.known.patches_done == done && done == 4 && status.known.patches == all && all == 16);
  CHECK(status.known.tiles_done == tiles_done && status.known.tiles == tiles && tiles > 0);
  CHECK(status.later[0] == 0 && status.later[1] == 0);
  memset(&status, SENTINEL, sizeof status);
  status.known.struct_size = sizeof status.known;
  OK(qlty_large_get_status(large, &status.known, &error));
  CHECK(status.known.patches == 16 && is_sentinel((unsigned char *)status.later, sizeof status.later));
  qlty_large_free(large);
  qlty_quilt_free(quilt);
  release(&patches);
  release(&indices);
}

static void check_sample(void) {
  owned values = MAKE(QLTY_DTYPE_F64, 40), chosen = MAKE(QLTY_DTYPE_I64, 40), same = MAKE(QLTY_DTYPE_I64, 40);
  later_sample later;
  int64_t i, kind, count = -1, expected = -1;
  for (i = 0; i < 40; i++) ((double *)values.array.data)[i] = (double)(i * i % 41);
  memset(&later, SENTINEL, sizeof later);
  OK(qlty_sample_options_init(&later.known, sizeof later.known, &error));
  CHECK(is_sentinel((unsigned char *)later.later, sizeof later.later));
  OK(qlty_sample_options_init(&later.known, sizeof later, &error));
  CHECK(later.known.struct_size == sizeof later && later.known.kind == QLTY_BINS_HISTOGRAM && later.known.bins == 0);
  CHECK(later.known.samples_per_bin == 0 && later.known.seed == 0 && later.later[0] == 0 && later.later[1] == 0);
  later.known.bins = 3;
  later.known.samples_per_bin = 2;
  later.known.seed = UINT64_MAX;
  for (kind = QLTY_BINS_HISTOGRAM; kind <= QLTY_BINS_QUANTILES; kind++) {
    const qlty_array *from = &values.array;
    later.known.kind = (int32_t)kind;
    OK(qlty_sample_draw(from, from, &later.known, &chosen.array, &count, &error));
    OK(qlty_sample_stratified(from, from, (int32_t)kind, 3, 2, UINT64_MAX, &same.array, &expected, &error));
    CHECK(count == 6 && expected == 6 && bytes_same(&chosen, &same));
  }
  release(&values);
  release(&chosen);
  release(&same);
}

static void check_info(const char *folder) {
  owned batch = MAKE(QLTY_DTYPE_U16, 3, 40, 50);
  qlty_pyramid_options options;
  qlty_pyramids *told = NULL;
  later_info info;
  qlty_array pixels;
  int64_t levels = -1, files = -1;
  uint64_t bytes = 0;
  OK(qlty_pyramid_options_init(&options, sizeof options, &error));
  options.levels = 2;
  OK(qlty_stack_plan(NULL, &batch.array, path_in(folder, "pyramid"), &options, NULL, &told, &error));
  memset(&info, SENTINEL, sizeof info);
  info.known.struct_size = sizeof info;
  OK(qlty_pyramids_get_info(told, 0, &info.known, &error));
  OK(qlty_pyramids_shape(told, 0, &pixels, &levels, &bytes, &files, &error));
  CHECK(info.known.struct_size == sizeof info && info.known.reserved == 0);
  CHECK(memcmp(&info.known.pixels, &pixels, sizeof pixels) == 0 && pixels.dtype == QLTY_DTYPE_U16 && pixels.ndim == 3);
  CHECK(!pixels.data && pixels.shape[0] == 3 && pixels.shape[1] == 40 && pixels.shape[2] == 50);
  CHECK(info.known.levels == levels && levels == 2 && info.known.files == files && files == 0);
  CHECK(info.known.bytes == bytes && bytes == 2 * 3 * (40 * 50 + 20 * 25));
  CHECK(info.later[0] == 0 && info.later[1] == 0);
  memset(&info, SENTINEL, sizeof info);
  info.known.struct_size = sizeof info.known;
  OK(qlty_pyramids_get_info(told, 0, &info.known, &error));
  CHECK(info.known.levels == 2 && is_sentinel((unsigned char *)info.later, sizeof info.later));
  qlty_pyramids_free(told);
  release(&batch);
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  check_pairs(argv[1]);
  check_status(argv[1]);
  check_sample();
  check_info(argv[1]);
  return 0;
}
