/* Every mistake with stitching onto disk has its status and a message that names what was got, and
   leaves outputs alone. usage: large_arguments FOLDER */
#include "large.h"

#define ARGUMENT QLTY_STATUS_INVALID_ARGUMENT
#define IS_NULL(name, call) FAILS(ARGUMENT, name ": got NULL", "expected a pointer", call)

static qlty_quilt *quilt;
static qlty_large *large;
static qlty_stitched *stitched;
static owned batch, patches, numbers, whole;
static int64_t list[3] = {4, 2, 9};
static qlty_array three, first;
static char path[4000];

/* What no call may store. */
static qlty_large *no_large = (qlty_large *)&batch;
static qlty_stitched *no_mean = (qlty_stitched *)&batch, *no_std = (qlty_stitched *)&batch;
static qlty_array described;
static int64_t number = 77;

static void make_all(const char *folder) {
  qlty_large_options options = large_options();
  quilt = large_quilt();
  batch = MAKE(QLTY_DTYPE_F32, IMAGES, CHANNELS, HEIGHT, WIDTH);
  fill_f32(&batch, 1);
  patches = large_patches(1);
  numbers = MAKE(QLTY_DTYPE_I64, 3);
  whole = MAKE(QLTY_DTYPE_F32, IMAGES, CHANNELS, HEIGHT, WIDTH);
  three = index_array(list, 3);
  first = patches_at(&patches, 0, 3);
  snprintf(path, sizeof path, "%s/result", folder);
  large = large_of(quilt, path, options);
  OK(qlty_large_stitch(large, &three, &first, NULL, NULL, NULL, &error));
  OK(qlty_large_finish_incomplete(large, &stitched, NULL, NULL, NULL, &error));
  memset(&described, SENTINEL, sizeof described);
}

static void release_all(void) {
  CHECK(is_untouched(&numbers) && is_untouched(&whole) && number == 77 && no_large == (qlty_large *)&batch);
  CHECK(no_mean == (qlty_stitched *)&batch && no_std == no_mean && is_sentinel((unsigned char *)&described, sizeof described));
  CHECK(pending_count(large) == PATCHES - 3);
  qlty_stitched_free(stitched);
  qlty_large_free(large);
  qlty_quilt_free(quilt);
  release(&batch);
  release(&patches);
  release(&numbers);
  release(&whole);
}

static void check_null(void) {
  qlty_large_options options = large_options();
  const qlty_array *b = &batch.array, *p = &first, *n = &numbers.array;
  IS_NULL("options", qlty_large_options_init(NULL, sizeof options, &error));
  IS_NULL("quilt", qlty_large_new(NULL, path, &options, &no_large, &error));
  IS_NULL("path", qlty_large_new(quilt, NULL, &options, &no_large, &error));
  IS_NULL("options", qlty_large_new(quilt, path, NULL, &no_large, &error));
  IS_NULL("large", qlty_large_new(quilt, path, &options, NULL, &error));
  IS_NULL("large", qlty_large_shape(NULL, &described, &error));
  IS_NULL("batch", qlty_large_shape(large, NULL, &error));
  IS_NULL("large", qlty_large_progress(NULL, &number, NULL, NULL, NULL, &error));
  IS_NULL("large", qlty_large_pending(NULL, n, &number, &error));
  IS_NULL("count", qlty_large_pending(large, n, NULL, &error));
  IS_NULL("large", qlty_large_next(NULL, n, &number, &error));
  IS_NULL("indices", qlty_large_next(large, NULL, &number, &error));
  IS_NULL("count", qlty_large_next(large, n, NULL, &error));
  IS_NULL("large", qlty_large_rewind(NULL, &error));
  IS_NULL("large", qlty_large_unstitch_shape(NULL, b, NULL, 3, &described, &error));
  IS_NULL("patches", qlty_large_unstitch_shape(large, b, NULL, 3, NULL, &error));
  IS_NULL("large", qlty_large_unstitch(NULL, b, NULL, &three, p, NULL, NULL, &error));
  IS_NULL("indices", qlty_large_unstitch(large, b, NULL, NULL, p, NULL, NULL, &error));
  IS_NULL("patches", qlty_large_unstitch(large, b, NULL, &three, NULL, NULL, NULL, &error));
  IS_NULL("large", qlty_large_stitch(NULL, &three, p, NULL, NULL, NULL, &error));
  IS_NULL("indices", qlty_large_stitch(large, NULL, p, NULL, NULL, NULL, &error));
  IS_NULL("patches", qlty_large_stitch(large, &three, NULL, NULL, NULL, NULL, &error));
  IS_NULL("large", qlty_large_skip(NULL, &three, &error));
  IS_NULL("indices", qlty_large_skip(large, NULL, &error));
  IS_NULL("large", qlty_large_checkpoint(NULL, NULL, NULL, &error));
  IS_NULL("large", qlty_large_finish(NULL, &no_mean, &no_std, &error));
  IS_NULL("large", qlty_large_finish_incomplete(NULL, &no_mean, &no_std, NULL, NULL, &error));
  IS_NULL("path", qlty_stitched_open(NULL, &no_mean, &error));
  IS_NULL("stitched", qlty_stitched_open(path, NULL, &error));
  IS_NULL("stitched", qlty_stitched_shape(NULL, &described, &error));
  IS_NULL("batch", qlty_stitched_shape(stitched, NULL, &error));
  IS_NULL("stitched", qlty_stitched_read(NULL, NULL, &whole.array, NULL, NULL, &error));
  IS_NULL("batch", qlty_stitched_read(stitched, NULL, NULL, NULL, NULL, &error));
}

static void check_options(const char *folder) {
  qlty_large_options options;
  const char *other = path_in(folder, "other");
  qlty_quilt *gaps = quilt_2d(20, 2, 4, 0);
#define NEW(change) (options = large_options(), change, qlty_large_new(quilt, other, &options, &no_large, &error))
  FAILS(ARGUMENT, "struct_size: got 8", "at least", qlty_large_options_init(&options, 8, &error));
  FAILS(ARGUMENT, "struct_size 12", "qlty_large_options_init", NEW(options.struct_size = 12));
  FAILS(QLTY_STATUS_DTYPE, "dtype: got dtype f16", "f32 or f64", NEW(options.dtype = QLTY_DTYPE_F16));
  FAILS(ARGUMENT, "start: got 4", "a QLTY_START", NEW(options.start = 4));
  FAILS(ARGUMENT, "std: got -1", "a QLTY_STD", NEW(options.std = -1));
  FAILS(ARGUMENT, "images: got -1", "0 or more", NEW(options.images = -1));
  FAILS(ARGUMENT, "images: got 0", "at least 1", NEW(options.images = 0));
  FAILS(QLTY_STATUS_OVERFLOW, "9223372036854775807", "too large", NEW(options.images = INT64_MAX));
  FAILS(QLTY_STATUS_OUT_OF_MEMORY, "no memory for", "bytes", NEW(options.images = (int64_t)1 << 40));
  FAILS(ARGUMENT, "channels: got -1", "0 or more", NEW(options.channels = -1));
  FAILS(ARGUMENT, "memory_budget: got -1", "0 or more", NEW(options.memory_budget = -1));
  FAILS(ARGUMENT, "tile_shape: got -8", "0 or more", NEW(options.tile_shape[1] = -8));
  FAILS(ARGUMENT, "tile shape: got [8, 0]", "at least 1", NEW(options.tile_shape[1] = 0));
  FAILS(ARGUMENT, "tile shape: got [8, 8]", "a multiple of the chunk", NEW((options.chunk_shape[0] = 4, options.chunk_shape[1] = 3)));
  FAILS(ARGUMENT, "shard shape", "unless there is a chunk shape", NEW((options.shard_shape[0] = 8, options.shard_shape[1] = 8)));
  FAILS(ARGUMENT, "codec: got \"brotli\"", "none, gzip, zstd", NEW(options.codec = "brotli"));
  FAILS(ARGUMENT, "codec: got \"\\xff\"", "UTF-8", NEW(options.codec = "\xFF"));
  FAILS(ARGUMENT, "shard_index: got -1", "0 or more", NEW(options.shard_index = -1));
  FAILS(ARGUMENT, "index: 1", "below the count", NEW(options.shard_index = 1));
  FAILS(ARGUMENT, "count: 0", "below the count", NEW(options.shard_count = 0));
  FAILS(ARGUMENT, "path: got \"\\xff\"", "UTF-8", qlty_large_new(quilt, "\xFF", (options = large_options(), &options), &no_large, &error));
  FAILS(ARGUMENT, "path of a result: got \"/\"", "a name", qlty_large_new(quilt, "/", &options, &no_large, &error));
  options.tile_shape[0] = options.tile_shape[1] = 0;
  FAILS(ARGUMENT, "step along y: got 4", "at most 2", qlty_large_new(gaps, other, &options, &no_large, &error));
  FAILS(QLTY_STATUS_IO, "other_mean.zarr", "not found", NEW(options.start = QLTY_START_OPEN));
  FAILS(QLTY_STATUS_IO, "other_mean.zarr", "not found", NEW(options.start = QLTY_START_REPAIR));
  qlty_quilt_free(gaps);
}

static void check_calls(void) {
  const qlty_array *b = &batch.array;
  qlty_array a = first, none = index_array(list, 0), wrong = index_array(list, 3);
  FAILS(ARGUMENT, "batch and images: got NULL for both", "one", qlty_large_unstitch_shape(large, NULL, NULL, 3, &described, &error));
  FAILS(ARGUMENT, "count: got -1", "0 or more", qlty_large_unstitch_shape(large, b, NULL, -1, &described, &error));
  FAILS(QLTY_STATUS_OVERFLOW, "shape", "beyond the address space", qlty_large_unstitch_shape(large, b, NULL, INT64_MAX, &described, &error));
  FAILS(QLTY_STATUS_SHAPE, "got 1 axes", "4", qlty_large_unstitch_shape(large, &three, NULL, 3, &described, &error));
  FAILS(QLTY_STATUS_DTYPE, "indices: got dtype f32", "i64", qlty_large_next(large, b, &number, &error));
  wrong.dtype = QLTY_DTYPE_I32;
  FAILS(QLTY_STATUS_DTYPE, "indices: got dtype i32", "i64", qlty_large_pending(large, &wrong, &number, &error));
  FAILS(QLTY_STATUS_SHAPE, "indices: got shape [0]", "room for one", qlty_large_next(large, &none, &number, &error));
  FAILS(QLTY_STATUS_SHAPE, "batch", "[20, 24]", qlty_large_unstitch(large, (a = batch.array, a.shape[3] = 23, &a), NULL, &three, &first, NULL, NULL, &error));
  FAILS(QLTY_STATUS_SHAPE, "patches", "[3, 2, 8, 8]", qlty_large_unstitch(large, b, NULL, &three, &patches.array, NULL, NULL, &error));
  FAILS(ARGUMENT, "patches: got memory that overlaps with batch", "none", qlty_large_unstitch(large, &patches.array, NULL, &three, &first, NULL, NULL, &error));
  FAILS(QLTY_STATUS_DTYPE, "patches: got dtype f64", "f32", qlty_large_unstitch(large, b, NULL, &three, (a = first, a.dtype = QLTY_DTYPE_F64, &a), NULL, NULL, &error));

  FAILS(QLTY_STATUS_DUPLICATE, "patch 2", "twice", qlty_large_stitch(large, &three, &first, NULL, NULL, NULL, &error));
  FAILS(QLTY_STATUS_DUPLICATE, "patch 2", "twice", qlty_large_skip(large, &three, &error));
  list[0] = 7, list[1] = 7, list[2] = 12;
  FAILS(QLTY_STATUS_DUPLICATE, "patch 7", "twice", qlty_large_stitch(large, &three, &first, NULL, NULL, NULL, &error));
  list[1] = -3;
  FAILS(ARGUMENT, "indices: got -3", "0 or more", qlty_large_stitch(large, &three, &first, NULL, NULL, NULL, &error));
  list[1] = PATCHES;
  FAILS(ARGUMENT, "patch index: got 40", "less than 40", qlty_large_stitch(large, &three, &first, NULL, NULL, NULL, &error));
  FAILS(ARGUMENT, "patch index: got 40", "less than 40", qlty_large_unstitch(large, b, NULL, &three, &first, NULL, NULL, &error));
  FAILS(ARGUMENT, "patch index: got 40", "less than 40", qlty_large_skip(large, &three, &error));
  list[1] = 11;
  FAILS(ARGUMENT, "number of indices: got 3", "40", qlty_large_stitch(large, &three, &patches.array, NULL, NULL, NULL, &error));
  a = first, a.shape[1] = 1;
  FAILS(ARGUMENT, "channels of patches: got 1", "2", qlty_large_stitch(large, &three, &a, NULL, NULL, NULL, &error));
  a = first, a.shape[3] = 7;
  FAILS(QLTY_STATUS_SHAPE, "patches: got shape [3, 2, 8, 7]", "[3, 2, 8, 8]", qlty_large_stitch(large, &three, &a, NULL, NULL, NULL, &error));
  FAILS(ARGUMENT, "variances", "none", qlty_large_stitch(large, &three, &first, &first, NULL, NULL, &error));
  a = first, a.dtype = 99;
  FAILS(QLTY_STATUS_DTYPE, "patches: got dtype 99", "a QLTY_DTYPE", qlty_large_stitch(large, &three, &a, NULL, NULL, NULL, &error));
  FAILS(QLTY_STATUS_INCOMPLETE, "37 of 40 patches are missing", "[0, 1, 3,", qlty_large_finish(large, &no_mean, &no_std, &error));

  FAILS(QLTY_STATUS_SHAPE, "got shape [2, 2, 20, 24]", "[0, 0, 1, 0]", qlty_stitched_read(stitched, SHAPE(0, 0, 1, 0), &whole.array, NULL, NULL, &error));
  FAILS(QLTY_STATUS_SHAPE, "9223372036854775807", "[2, 2, 20, 24]", qlty_stitched_read(stitched, SHAPE(INT64_MAX, 0, 0, 0), &whole.array, NULL, NULL, &error));
  FAILS(ARGUMENT, "start: got -1", "0 or more", qlty_stitched_read(stitched, SHAPE(0, 0, 0, -1), &whole.array, NULL, NULL, &error));
  FAILS(QLTY_STATUS_DTYPE, "batch: got dtype f64", "f32", qlty_stitched_read(stitched, NULL, (a = whole.array, a.dtype = QLTY_DTYPE_F64, &a), NULL, NULL, &error));
  FAILS(QLTY_STATUS_SHAPE, "batch: got 1 axes", "expected", qlty_stitched_read(stitched, NULL, (a = numbers.array, a.dtype = QLTY_DTYPE_F32, &a), NULL, NULL, &error));
}

/* With variances, and before anything is known of the channels. */
static void check_channels(const char *folder) {
  qlty_large_options options = large_options();
  qlty_large *fresh;
  qlty_array a = first;
  options.std = QLTY_STD_TOTAL;
  fresh = large_of(quilt, path_in(folder, "fresh"), options);
  FAILS(ARGUMENT, "skip", "the number of channels first", qlty_large_skip(fresh, &three, &error));
  FAILS(QLTY_STATUS_INCOMPLETE, "40 of 40", "[0, 1,", qlty_large_finish(fresh, &no_mean, &no_std, &error));
  FAILS(ARGUMENT, "channels: got \"none\"", "a patch", qlty_large_finish_incomplete(fresh, &no_mean, &no_std, NULL, NULL, &error));
  FAILS(ARGUMENT, "variances: got \"none\"", "an array", qlty_large_stitch(fresh, &three, &first, NULL, NULL, NULL, &error));
  a.shape[0] = 2;
  FAILS(QLTY_STATUS_SHAPE, "variances: got shape [2, 2, 8, 8]", "[3, 2, 8, 8]", qlty_large_stitch(fresh, &three, &first, &a, NULL, NULL, &error));
  a = first, a.dtype = QLTY_DTYPE_I32;
  FAILS(QLTY_STATUS_DTYPE, "variances: got dtype i32", "f32", qlty_large_stitch(fresh, &three, &first, &a, NULL, NULL, &error));
  a = first, a.shape[1] = 0;
  FAILS(QLTY_STATUS_SHAPE, "patches: got shape [3, 0, 8, 8]", "at least one channel", qlty_large_stitch(fresh, &three, &a, &a, NULL, NULL, &error));
  CHECK(pending_count(fresh) == PATCHES);
  qlty_large_free(fresh);
}

static void write_file(const char *file, const char *text) {
  FILE *to = fopen(file, "wb");
  CHECK(to && fputs(text, to) >= 0 && fclose(to) == 0);
}

static void check_disk(const char *folder) {
  qlty_large_options options = large_options();
  char file[4096], text[4096];
  qlty_quilt *other = quilt_2d(20, 8, 4, 1);
  qlty_large *some;
  qlty_stitched *read = NULL;
  qlty_damages *damages = NULL;
  const char *name = NULL;
  int64_t tile = -2;
  FILE *from;
  size_t length;
  FAILS(QLTY_STATUS_EXISTS, "result_mean.zarr", "exists already", qlty_large_new(quilt, path, &options, &no_large, &error));
  options.start = QLTY_START_CREATE_OR_OPEN;
  FAILS(QLTY_STATUS_BUSY, "result_state", "another process", qlty_large_new(quilt, path, &options, &no_large, &error));
  FAILS(QLTY_STATUS_GEOMETRY, "step [5,5]", "step [4,4]", qlty_large_new(other, path, &options, &no_large, &error));
  options.fill = 0;
  FAILS(QLTY_STATUS_GEOMETRY, "fill \"NaN\"", "fill 0.0", qlty_large_new(quilt, path, &options, &no_large, &error));
  options = large_options();
  options.start = QLTY_START_OPEN;
  options.dtype = QLTY_DTYPE_F64;
  FAILS(QLTY_STATUS_GEOMETRY, "data_type \"float32\"", "data_type \"float64\"", qlty_large_new(quilt, path, &options, &no_large, &error));
  FAILS(QLTY_STATUS_IO, "nothing", "not found", qlty_stitched_open(path_in(folder, "nothing"), &no_mean, &error));
  FAILS(ARGUMENT, "path: got \"\"", "a path", qlty_stitched_open("", &no_mean, &error));
  FAILS(ARGUMENT, "path: got \"\\xff\"", "UTF-8", qlty_stitched_open("\xFF", &no_mean, &error));
  /* A file where an array should be. */
  snprintf(file, sizeof file, "%s/foreign_mean.zarr", folder);
  write_file(file, "not ours");
  options = large_options();
  FAILS(QLTY_STATUS_FOREIGN, "foreign_mean.zarr", "left alone", qlty_large_new(quilt, path_in(folder, "foreign"), &options, &no_large, &error));
  FAILS(QLTY_STATUS_FOREIGN, "foreign_mean.zarr", "left alone", qlty_stitched_open(file, &no_mean, &error));

  /* Of a result of its own: the sums of a tile, a chunk, and what the array says of itself. */
  options.codec = "none";
  some = large_of(quilt, path_in(folder, "damaged"), options);
  OK(qlty_large_stitch(some, &three, &first, NULL, NULL, NULL, &error));
  OK(qlty_large_finish_incomplete(some, &read, NULL, NULL, NULL, &error));
  qlty_large_free(some);
  snprintf(file, sizeof file, "%s/damaged_mean.zarr/c/0/0/1/1", folder);
  flip(file, 40);
  memset(whole.array.data, 0, whole.bytes);
  FAILS(QLTY_STATUS_DAMAGED, "damaged_mean.zarr/c/0/0/1/1", "checksum", qlty_stitched_read(read, NULL, &whole.array, NULL, NULL, &error));
  memset(whole.array.data, SENTINEL, whole.bytes);
  qlty_stitched_free(read);
  snprintf(file, sizeof file, "%s/damaged_state/4.sums", folder);
  options.start = QLTY_START_OPEN;
  some = large_of(quilt, path_in(folder, "damaged"), options);
  flip(file, 40);
  list[0] = 6, list[1] = 5, list[2] = 13;
  FAILS(QLTY_STATUS_DAMAGED, "4.sums", "checksum", qlty_large_stitch(some, &three, &first, NULL, NULL, NULL, &error));
  CHECK(pending_count(some) == PATCHES - 3);
  qlty_large_free(some);
  /* When it is opened, damaged sums are dropped, and their patches are pending again. */
  some = large_of(quilt, path_in(folder, "damaged"), options);
  OK(qlty_large_damaged(some, &damages, &error));
  OK(qlty_damages_get(damages, 0, &tile, &name, NULL, &error));
  CHECK(tile == 4 && strcmp(name, file) == 0 && pending_count(some) > PATCHES - 3);
  qlty_damages_free(damages);
  qlty_large_free(some);
  snprintf(file, sizeof file, "%s/damaged_mean.zarr/zarr.json", folder);
  from = fopen(file, "rb");
  CHECK(from);
  length = fread(text, 1, sizeof text - 1, from);
  fclose(from);
  text[length / 2] = '\0';
  write_file(file, text);
  FAILS(QLTY_STATUS_DAMAGED, "zarr.json", "cut short", qlty_stitched_open(path_in(folder, "damaged_mean.zarr"), &no_mean, &error));
  qlty_quilt_free(other);
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  make_all(argv[1]);
  check_null();
  check_options(argv[1]);
  check_calls();
  check_channels(argv[1]);
  check_disk(argv[1]);
  release_all();
  return 0;
}
