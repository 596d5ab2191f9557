/* Every mistake with verifying has its status and a message that names what was got, and leaves outputs alone.
   usage: damages_arguments FOLDER */
#include "large.h"
#include "pairs.h"

#define ARGUMENT QLTY_STATUS_INVALID_ARGUMENT
#define IS_NULL(name, call) FAILS(ARGUMENT, name ": got NULL", "expected a pointer", call)

int main(int argc, char **argv) {
  owned batch = counted(QLTY_DTYPE_F32), patches = large_patches(1);
  qlty_quilt *quilt = large_quilt();
  qlty_large_options options = large_options();
  qlty_store_options stores = store_options();
  qlty_pairs *pairs = draw(pair_options(), &batch.array), *measured = measure(pairs, &batch.array);
  qlty_large *large, *no_large = (qlty_large *)&batch;
  qlty_dataset *dataset = NULL;
  qlty_damages *damages = NULL, *none = (qlty_damages *)&batch;
  char path[4096], store[4096];
  int64_t count = 77, tile = 77;
  const char *file = "file", *what = "what";
  CHECK(argc == 2);
  snprintf(path, sizeof path, "%s/result", argv[1]);
  snprintf(store, sizeof store, "%s/store.zarr", argv[1]);
  large = large_of(quilt, path, options);
  CHECK(stitch_next(large, &patches, NULL, PATCHES) == PATCHES);
  OK(qlty_large_finish(large, NULL, NULL, &error));
  OK(qlty_large_verify(large, -1, &damages, NULL, NULL, &error));
  OK(qlty_pairs_write(measured, &batch.array, NULL, store, &stores, NULL, NULL, &error));
  OK(qlty_dataset_open(store, -1, &dataset, &error));

  IS_NULL("large", qlty_large_verify(NULL, -1, &none, NULL, NULL, &error));
  IS_NULL("damages", qlty_large_verify(large, -1, NULL, NULL, NULL, &error));
  IS_NULL("large", qlty_large_damaged(NULL, &none, &error));
  IS_NULL("damages", qlty_large_damaged(large, NULL, &error));
  IS_NULL("dataset", qlty_dataset_verify(NULL, -1, &none, NULL, NULL, &error));
  IS_NULL("damages", qlty_dataset_verify(dataset, -1, NULL, NULL, NULL, &error));
  IS_NULL("path", qlty_store_verify(NULL, -1, &none, NULL, NULL, &error));
  IS_NULL("damages", qlty_store_verify(store, -1, NULL, NULL, NULL, &error));
  IS_NULL("damages", qlty_damages_count(NULL, &count, &error));
  IS_NULL("count", qlty_damages_count(damages, NULL, &error));
  IS_NULL("damages", qlty_damages_get(NULL, 0, &tile, &file, &what, &error));
  FAILS(ARGUMENT, "index: got 0", "less than 0", qlty_damages_get(damages, 0, &tile, &file, &what, &error));
  FAILS(ARGUMENT, "index: got -1", "less than 0", qlty_damages_get(damages, -1, &tile, &file, &what, &error));

  FAILS(ARGUMENT, "path: got \"\"", "a path", qlty_store_verify("", -1, &none, NULL, NULL, &error));
  FAILS(ARGUMENT, "path: got \"\\xff\"", "UTF-8", qlty_store_verify("\xFF", -1, &none, NULL, NULL, &error));
  FAILS(QLTY_STATUS_IO, "nothing", "o such file", qlty_store_verify(path_in(argv[1], "nothing"), -1, &none, NULL, NULL, &error));
  FAILS(QLTY_STATUS_STORE, "number of Zarr arrays: got 0", "at least 1", qlty_store_verify(path_in(store, "patches1/c"), -1, &none, NULL, NULL, &error));
  qlty_large_free(large);

  /* A result that was complete and lacks files is not opened, unless for repair. */
  CHECK(remove(path_in(argv[1], "result_mean.zarr/c/0/0/2/1")) == 0);
  options.start = QLTY_START_OPEN;
  FAILS(QLTY_STATUS_DAMAGED, "result_mean.zarr/c/0/0/2/1", "(tile 7, the first of 1", qlty_large_new(quilt, path, &options, &no_large, &error));
  options.start = QLTY_START_REPAIR;
  options.fill = 0;
  FAILS(QLTY_STATUS_GEOMETRY, "fill \"NaN\"", "fill 0.0", qlty_large_new(quilt, path, &options, &no_large, &error));

  CHECK(none == (qlty_damages *)&batch && no_large == (qlty_large *)&batch && count == 77 && tile == 77);
  CHECK(strcmp(file, "file") == 0 && strcmp(what, "what") == 0);
  qlty_damages_free(damages);
  qlty_dataset_free(dataset);
  qlty_pairs_free(measured);
  qlty_pairs_free(pairs);
  qlty_quilt_free(quilt);
  release(&batch);
  release(&patches);
  return 0;
}
