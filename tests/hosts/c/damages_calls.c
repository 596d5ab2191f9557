/* Damaged files are found and named, and damaged results made again. usage: damages_calls FOLDER */
#include "large.h"
#include "pairs.h"
#include "watch.h"

static watch *watching(watch *seen) {
  memset(seen, 0, sizeof *seen);
  seen->caller = pthread_self();
  return seen;
}

static int64_t count_of(const qlty_damages *damages) {
  int64_t count = -1;
  OK(qlty_damages_count(damages, &count, &error));
  return count;
}

/* Checks that there is one damage, of this tile, whose file ends in this path and whose description has this text. */
static void check_only(qlty_damages *damages, int64_t tile, const char *end, const char *text) {
  int64_t got = -2;
  const char *file = NULL, *what = NULL;
  CHECK(count_of(damages) == 1);
  OK(qlty_damages_get(damages, 0, &got, &file, &what, &error));
  OK(qlty_damages_get(damages, 0, NULL, NULL, NULL, &error));
  CHECK(got == tile && strlen(file) > strlen(end) && strcmp(file + strlen(file) - strlen(end), end) == 0);
  CHECK(strstr(what, text));
  qlty_damages_free(damages);
}

static void check_none(qlty_damages *damages) {
  CHECK(count_of(damages) == 0);
  qlty_damages_free(damages);
}

/* A byte of a chunk is flipped, which makes its patches pending again; those are stitched again. */
static void check_large(const char *folder) {
  char path[4096];
  qlty_quilt *quilt = large_quilt();
  qlty_large_options options = large_options();
  owned patches = large_patches(1), expected = stitched_in_memory(quilt, &patches), got;
  qlty_stitched *mean = NULL;
  qlty_damages *damages = NULL;
  qlty_large_status status;
  qlty_large *large;
  int64_t pending;
  watch seen;
  snprintf(path, sizeof path, "%s/result", folder);
  large = large_of(quilt, path, options);
  CHECK(stitch_next(large, &patches, NULL, PATCHES) == PATCHES);
  OK(qlty_large_finish(large, NULL, NULL, &error));
  OK(qlty_large_verify(large, -1, &damages, look, watching(&seen), &error));
  CHECK(seen.done == TILES && seen.total == TILES);
  check_none(damages);
  OK(qlty_large_damaged(large, &damages, &error));
  check_none(damages);
  qlty_large_free(large);

  /* Tile 13 of 18: the second image, y 1, x 1. */
  flip(path_in(folder, "result_mean.zarr/c/1/0/1/1"), 40);
  options.start = QLTY_START_OPEN;
  large = large_of(quilt, path, options);
  OK(qlty_large_damaged(large, &damages, &error)); /* Of a complete result, nothing is read. */
  check_none(damages);
  OK(qlty_large_verify(large, 1, &damages, NULL, NULL, &error));
  check_none(damages);
  OK(qlty_large_verify(large, 0, &damages, NULL, NULL, &error));
  check_none(damages);
  OK(qlty_large_verify(large, -1, &damages, NULL, NULL, &error));
  check_only(damages, 13, "result_mean.zarr/c/1/0/1/1", "checksum");
  CHECK(pending_count(large) == 0);
  qlty_large_free(large);

  options.start = QLTY_START_REPAIR;
  large = large_of(quilt, path, options);
  OK(qlty_large_damaged(large, &damages, &error));
  check_only(damages, 13, "result_mean.zarr/c/1/0/1/1", "checksum");
  status.struct_size = sizeof status;
  OK(qlty_large_get_status(large, &status, &error));
  pending = pending_count(large);
  CHECK(status.tiles_done == TILES - 1 && pending > 0 && pending < PATCHES / 2);
  CHECK(stitch_next(large, &patches, NULL, PATCHES) == pending);
  OK(qlty_large_finish(large, &mean, NULL, &error));
  got = read_whole(mean);
  CHECK(bytes_same(&got, &expected));
  OK(qlty_large_verify(large, -1, &damages, NULL, NULL, &error));
  check_none(damages);
  qlty_stitched_free(mean);
  qlty_large_free(large);
  qlty_quilt_free(quilt);
  release(&patches);
  release(&expected);
  release(&got);
}

/* The arrays of a store of pairs, by the dataset and by the store. */
static void check_pairs(const char *folder) {
  char path[4096];
  owned batch = counted(QLTY_DTYPE_F32);
  qlty_pairs *pairs = draw(pair_options(), &batch.array), *measured = measure(pairs, &batch.array);
  qlty_store_options options = store_options();
  qlty_dataset *dataset = NULL;
  qlty_damages *damages = NULL;
  int64_t tile = 0;
  const char *file = NULL, *what = NULL;
  watch seen;
  snprintf(path, sizeof path, "%s/pairs.zarr", folder);
  options.chunk[0] = 4, options.chunk[1] = 2, options.chunk[2] = options.chunk[3] = 8;
  OK(qlty_pairs_write(measured, &batch.array, NULL, path, &options, NULL, NULL, &error));
  OK(qlty_dataset_open(path, -1, &dataset, &error));
  OK(qlty_dataset_verify(dataset, -1, &damages, look, watching(&seen), &error));
  CHECK(seen.done == 8 && seen.total == 8); /* Two files of patches of each kind, and one of each other array. */
  check_none(damages);
  OK(qlty_store_verify(path, -1, &damages, look, watching(&seen), &error));
  CHECK(seen.done == 8 && seen.total == 8);
  check_none(damages);
  flip(path_in(folder, "pairs.zarr/patches2/c/1/0/0/0"), 30);
  OK(qlty_dataset_verify(dataset, -1, &damages, NULL, NULL, &error));
  check_only(damages, -1, "pairs.zarr/patches2/c/1/0/0/0", "checksum");
  OK(qlty_store_verify(path_in(path, "patches2"), -1, &damages, NULL, NULL, &error));
  check_only(damages, -1, "pairs.zarr/patches2/c/1/0/0/0", "checksum");
  OK(qlty_store_verify(path, 1, &damages, NULL, NULL, &error));
  check_none(damages);
  CHECK(remove(path_in(folder, "pairs.zarr/patches1/c/0/0/0/0")) == 0);
  OK(qlty_dataset_verify(dataset, -1, &damages, NULL, NULL, &error));
  CHECK(count_of(damages) == 2);
  OK(qlty_damages_get(damages, 0, &tile, &file, &what, &error));
  CHECK(tile == -1 && strstr(file, "pairs.zarr/patches1") && strstr(what, "has 1 chunk files, but 2 were written"));
  qlty_damages_free(damages);
  qlty_damages_free(NULL);
  qlty_dataset_free(dataset);
  qlty_pairs_free(measured);
  qlty_pairs_free(pairs);
  release(&batch);
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  check_large(argv[1]);
  check_pairs(argv[1]);
  return 0;
}
