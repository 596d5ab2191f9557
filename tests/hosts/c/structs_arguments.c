/* Structs that cannot be. usage: structs_arguments FOLDER */
#include "pairs.h"

#define ARGUMENT QLTY_STATUS_INVALID_ARGUMENT
#define IS_NULL(name, call) FAILS(ARGUMENT, name ": got NULL", "expected a pointer", call)

static void check_sample(void) {
  owned values = MAKE(QLTY_DTYPE_F64, 3), indices = MAKE(QLTY_DTYPE_I64, 3);
  const qlty_array *v = &values.array, *n = &indices.array;
  qlty_sample_options options;
  int64_t i, count = 77;
  for (i = 0; i < 3; i++) ((double *)values.array.data)[i] = (double)i;
  IS_NULL("options", qlty_sample_options_init(NULL, sizeof options, &error));
  FAILS(ARGUMENT, "struct_size: got 31", "at least 32", qlty_sample_options_init(&options, 31, &error));
  OK(qlty_sample_options_init(&options, sizeof options, &error));
  FAILS(ARGUMENT, "bins: got 0", "at least 1", qlty_sample_draw(v, v, &options, n, &count, &error));
  options.bins = options.samples_per_bin = 1;
  IS_NULL("means", qlty_sample_draw(NULL, v, &options, n, &count, &error));
  IS_NULL("sigmas", qlty_sample_draw(v, NULL, &options, n, &count, &error));
  IS_NULL("options", qlty_sample_draw(v, v, NULL, n, &count, &error));
  IS_NULL("indices", qlty_sample_draw(v, v, &options, NULL, &count, &error));
  IS_NULL("count", qlty_sample_draw(v, v, &options, n, NULL, &error));
  options.kind = 2;
  FAILS(ARGUMENT, "kind: got 2", "a QLTY_BINS", qlty_sample_draw(v, v, &options, n, &count, &error));
  options.kind = QLTY_BINS_QUANTILES;
  options.samples_per_bin = -1;
  FAILS(ARGUMENT, "samples_per_bin: got -1", "0 or more", qlty_sample_draw(v, v, &options, n, &count, &error));
  options.struct_size = 0;
  FAILS(ARGUMENT, "options: got struct_size 0", "at least 32; fill options with qlty_sample_options_init",
        qlty_sample_draw(v, v, &options, n, &count, &error));
  CHECK(count == 77 && is_untouched(&indices));
  release(&values);
  release(&indices);
}

static void check_info(const char *folder) {
  owned batch = MAKE(QLTY_DTYPE_U16, 3, 40, 50);
  qlty_pyramid_options options;
  qlty_pyramids *told = NULL;
  qlty_pyramid_info info;
  OK(qlty_pyramid_options_init(&options, sizeof options, &error));
  OK(qlty_stack_plan(NULL, &batch.array, path_in(folder, "pyramid"), &options, NULL, &told, &error));
  memset(&info, SENTINEL, sizeof info);
  info.struct_size = 143;
  FAILS(ARGUMENT, "info: got struct_size 143", "at least 144; set it to the size of the struct",
        qlty_pyramids_get_info(told, 0, &info, &error));
  info.struct_size = 5000;
  FAILS(ARGUMENT, "info: got struct_size 5000", "at most 4096", qlty_pyramids_get_info(told, 0, &info, &error));
  info.struct_size = sizeof info;
  IS_NULL("pyramids", qlty_pyramids_get_info(NULL, 0, &info, &error));
  IS_NULL("info", qlty_pyramids_get_info(told, 0, NULL, &error));
  FAILS(ARGUMENT, "index: got 1", "less than 1", qlty_pyramids_get_info(told, 1, &info, &error));
  FAILS(ARGUMENT, "index: got -1", "less than 1", qlty_pyramids_get_info(told, -1, &info, &error));
  CHECK(is_sentinel((unsigned char *)&info + sizeof info.struct_size, sizeof info - sizeof info.struct_size));
  qlty_pyramids_free(told);
  release(&batch);
}

int main(int argc, char **argv) {
  owned batch, order = MAKE(QLTY_DTYPE_I64, 8);
  qlty_pairs *pairs, *measured;
  qlty_store_options options = store_options();
  qlty_dataset *dataset = NULL;
  qlty_batches *batches = NULL;
  qlty_quilt *quilt = quilt_2d(20, 8, 4, 0);
  qlty_large_options large_options;
  qlty_large *large = NULL;
  qlty_pair_arrays arrays;
  struct {
    qlty_pair_arrays known;
    const void *later;
  } later;
  qlty_large_status status;
  qlty_array described;
  pair_arrays cut;
  int64_t i;
  CHECK(argc == 2);
  batch = counted(QLTY_DTYPE_F32);
  pairs = draw(pair_options(), &batch.array);
  measured = measure(pairs, &batch.array);
  OK(qlty_pairs_extract_shape(pairs, &batch.array, NULL, &described, &error));
  cut = make_pairs(&described, 8);
  for (i = 0; i < 8; i++) ((int64_t *)order.array.data)[i] = i;
  OK(qlty_pairs_write(measured, &batch.array, NULL, path_in(argv[1], "pairs.zarr"), &options, NULL, NULL, &error));
  OK(qlty_dataset_open(path_in(argv[1], "pairs.zarr"), -1, &dataset, &error));
  OK(qlty_batches_new(dataset, &order.array, 8, 1, &batches, &error));
  OK(qlty_large_options_init(&large_options, sizeof large_options, &error));
  large_options.images = 1;
  OK(qlty_large_new(quilt, path_in(argv[1], "large"), &large_options, &large, &error));

  memset(&arrays, 0, sizeof arrays);
  FAILS(ARGUMENT, "arrays: got struct_size 0", "at least 56; set it to the size of the struct",
        qlty_pairs_extract_into(pairs, &batch.array, NULL, &arrays, NULL, NULL, &error));
  arrays.struct_size = sizeof arrays;
  IS_NULL("pairs", qlty_pairs_extract_into(NULL, &batch.array, NULL, &arrays, NULL, NULL, &error));
  IS_NULL("arrays", qlty_pairs_extract_into(pairs, &batch.array, NULL, NULL, NULL, NULL, &error));
  IS_NULL("patches1", qlty_pairs_extract_into(pairs, &batch.array, NULL, &arrays, NULL, NULL, &error));
  arrays.patches1 = &cut.patches1.array;
  arrays.patches2 = &cut.patches2.array;
  arrays.deltas = &cut.deltas.array;
  IS_NULL("rotations", qlty_dataset_read_into(dataset, &order.array, &arrays, &error));
  IS_NULL("rotations", qlty_batches_next_into(batches, &arrays, &error));
  arrays.rotations = &cut.rotations.array;
  IS_NULL("dataset", qlty_dataset_read_into(NULL, &order.array, &arrays, &error));
  IS_NULL("indices", qlty_dataset_read_into(dataset, NULL, &arrays, &error));
  IS_NULL("arrays", qlty_dataset_read_into(dataset, &order.array, NULL, &error));
  IS_NULL("batches", qlty_batches_next_into(NULL, &arrays, &error));
  IS_NULL("arrays", qlty_batches_next_into(batches, NULL, &error));
  arrays.reserved = 1;
  FAILS(ARGUMENT, "reserved of arrays: got 1", "expected 0",
        qlty_dataset_read_into(dataset, &order.array, &arrays, &error));
  arrays.reserved = 0;
  arrays.struct_size = UINT32_MAX;
  FAILS(ARGUMENT, "arrays: got struct_size 4294967295", "at most 4096",
        qlty_batches_next_into(batches, &arrays, &error));
  arrays.struct_size = sizeof arrays;
  later.known = arrays;
  later.known.struct_size = sizeof later;
  later.later = &later;
  FAILS(ARGUMENT, "arrays: got an option at byte", "does not know",
        qlty_batches_next_into(batches, &later.known, &error));
  arrays.patches2 = arrays.patches1;
  FAILS(ARGUMENT, "patches2: got memory that overlaps with patches1", "none",
        qlty_batches_next_into(batches, &arrays, &error));
  CHECK(are_untouched(&cut));

  memset(&status, 0, sizeof status);
  FAILS(ARGUMENT, "status: got struct_size 0", "at least 40", qlty_large_get_status(large, &status, &error));
  status.struct_size = 5000;
  FAILS(ARGUMENT, "status: got struct_size 5000", "at most 4096", qlty_large_get_status(large, &status, &error));
  status.struct_size = sizeof status;
  IS_NULL("large", qlty_large_get_status(NULL, &status, &error));
  IS_NULL("status", qlty_large_get_status(large, NULL, &error));
  check_sample();
  check_info(argv[1]);

  qlty_large_free(large);
  qlty_quilt_free(quilt);
  qlty_batches_free(batches);
  qlty_dataset_free(dataset);
  qlty_pairs_free(measured);
  qlty_pairs_free(pairs);
  release_pairs(&cut);
  release(&batch);
  release(&order);
  return 0;
}
