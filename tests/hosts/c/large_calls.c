/* Each function of stitching onto disk does what its comment says. usage: large_calls FOLDER */
#include "large.h"

static void check_options(void) {
  struct { qlty_large_options known; int64_t later[2]; } large;
  memset(&large, SENTINEL, sizeof large);
  OK(qlty_large_options_init(&large.known, sizeof large, &error));
  CHECK(large.known.struct_size == sizeof large && large.later[0] == 0 && large.later[1] == 0);
  CHECK(large.known.dtype == QLTY_DTYPE_F32 && large.known.start == QLTY_START_CREATE && large.known.std == QLTY_STD_NONE);
  CHECK(large.known.memory_budget == 1 << 30 && isnan(large.known.fill) && !large.known.codec);
  CHECK(large.known.shard_index == 0 && large.known.shard_count == 1 && !large.known.normalize);
}

/* Cutting, stitching, reading, and what is known meanwhile; a budget of one byte, so that sums spill. */
static void check_loop(const char *folder) {
  const char *path = path_in(folder, "loop");
  qlty_quilt *quilt = large_quilt();
  qlty_large_options options = large_options();
  owned batch = MAKE(QLTY_DTYPE_F32, IMAGES, CHANNELS, HEIGHT, WIDTH), indices = MAKE(QLTY_DTYPE_I64, 7);
  owned all = MAKE(QLTY_DTYPE_F32, PATCHES, CHANNELS, WINDOW, WINDOW), expected, got, part = MAKE(QLTY_DTYPE_F32, 1, 2, 3, 4);
  int64_t *index = indices.array.data, count, seen = 0, i, c, y, x, patches_done, patches, tiles_done, tiles;
  qlty_stitched *mean = NULL, *std = NULL;
  qlty_array described, box;
  qlty_large *large;
  fill_f32(&batch, 5);
  OK(qlty_quilt_unstitch(quilt, &batch.array, 0, &all.array, NULL, NULL, &error));
  options.std = QLTY_STD_WITHIN;
  options.memory_budget = 1;
  large = large_of(quilt, path, options);
  expected = stitched_in_memory(quilt, &all);
  qlty_quilt_free(quilt);
  OK(qlty_large_shape(large, &described, &error));
  CHECK(described.dtype == QLTY_DTYPE_F32 && memcmp(described.shape, SHAPE(IMAGES, 0, HEIGHT, WIDTH, 0, 0), sizeof described.shape) == 0);
  for (;;) {
    owned cut, spread;
    OK(qlty_large_next(large, &indices.array, &count, &error));
    if (count == 0) break;
    for (i = 0; i < count; i++) CHECK(index[i] == seen + i);
    box = index_array(index, count);
    OK(qlty_large_unstitch_shape(large, &batch.array, NULL, count, &described, &error));
    cut = make_like(&described);
    spread = make_like(&described);
    OK(qlty_large_unstitch(large, &batch.array, NULL, &box, &cut.array, NULL, NULL, &error));
    CHECK(memcmp(cut.array.data, patches_at(&all, seen, count).data, cut.bytes) == 0);
    for (i = 0; i < count * CHANNELS * WINDOW * WINDOW; i++) ((float *)spread.array.data)[i] = 0.25f;
    OK(qlty_large_stitch(large, &box, &cut.array, &spread.array, NULL, NULL, &error));
    seen += count;
    release(&cut);
    release(&spread);
    OK(qlty_large_progress(large, &patches_done, &patches, &tiles_done, &tiles, &error));
    CHECK(patches_done == seen && patches == PATCHES && tiles == TILES && pending_count(large) == PATCHES - seen);
    CHECK((tiles_done == TILES) == (seen == PATCHES));
  }
  CHECK(seen == PATCHES && index[5] == 33); /* Five in the last call: what is beyond stays. */
  OK(qlty_large_progress(large, NULL, NULL, NULL, NULL, &error));
  OK(qlty_large_shape(large, &described, &error));
  CHECK(described.shape[1] == CHANNELS && !described.data && described.strides[0] == CHANNELS * HEIGHT * WIDTH);
  OK(qlty_large_finish(large, NULL, NULL, &error));
  OK(qlty_large_finish(large, &mean, &std, &error));
  qlty_large_free(large);
  got = read_whole(mean);
  CHECK(bytes_same(&got, &expected));
  release(&got);
  got = read_whole(std);
  for (i = 0; i < IMAGES * CHANNELS * HEIGHT * WIDTH; i++) CHECK(fabs(((float *)got.array.data)[i] - 0.5) < 1e-6);
  /* A box, upside down. */
  box = part.array;
  box.data = (float *)box.data + 2 * box.strides[2];
  box.strides[2] = -box.strides[2];
  OK(qlty_stitched_read(mean, SHAPE(1, 0, 6, 9), &box, NULL, NULL, &error));
  for (c = 0; c < 2; c++)
    for (y = 0; y < 3; y++)
      for (x = 0; x < 4; x++)
        CHECK(((float *)part.array.data)[c * 12 + (2 - y) * 4 + x] ==
              ((float *)expected.array.data)[((2 + c) * HEIGHT + 6 + y) * WIDTH + 9 + x]);
  qlty_stitched_free(mean);
  qlty_stitched_free(std);
  qlty_stitched_free(NULL);
  qlty_large_free(NULL);
  release(&batch);
  release(&indices);
  release(&all);
  release(&expected);
  release(&got);
  release(&part);
}

/* The result of one is the image of the next, read from disk. */
static void check_images(const char *folder) {
  qlty_quilt *quilt = large_quilt();
  qlty_large *large = large_of(quilt, path_in(folder, "images"), large_options());
  qlty_images *images = NULL;
  qlty_stitched *stitched = NULL;
  owned batch, cut, expected = MAKE(QLTY_DTYPE_F32, 3, CHANNELS, WINDOW, WINDOW);
  int64_t indices[3] = {39, 0, 21};
  qlty_array wanted = index_array(indices, 3), described;
  OK(qlty_stitched_open(path_in(folder, "loop_mean.zarr"), &stitched, &error));
  batch = read_whole(stitched);
  OK(qlty_images_open(path_in(folder, "loop_mean.zarr"), -1, &images, &error));
  OK(qlty_large_unstitch_shape(large, NULL, images, 3, &described, &error));
  cut = make_like(&described);
  OK(qlty_large_unstitch(large, NULL, images, &wanted, &cut.array, NULL, NULL, &error));
  OK(qlty_large_unstitch(large, &batch.array, NULL, &wanted, &expected.array, NULL, NULL, &error));
  CHECK(bytes_same(&cut, &expected));
  qlty_images_free(images);
  qlty_stitched_free(stitched);
  qlty_large_free(large);
  qlty_quilt_free(quilt);
  release(&batch);
  release(&cut);
  release(&expected);
}

/* Half of the patches, a checkpoint, more patches, the end; then another handle resumes. */
static void check_resume(const char *folder) {
  char path[4096];
  qlty_quilt *quilt = large_quilt();
  qlty_large_options options = large_options();
  owned patches = large_patches(1), expected = stitched_in_memory(quilt, &patches), got;
  int64_t indices[PATCHES], count, patches_done, tiles_done;
  qlty_array list = index_array(indices, PATCHES);
  qlty_stitched *mean = NULL, *std = (qlty_stitched *)&std;
  qlty_large *large;
  snprintf(path, sizeof path, "%s/resume", folder);
  large = large_of(quilt, path, options);
  CHECK(stitch_next(large, &patches, NULL, 25) == 25);
  OK(qlty_large_checkpoint(large, NULL, NULL, &error));
  CHECK(stitch_next(large, &patches, NULL, 2) == 2);
  qlty_large_free(large);

  options.start = QLTY_START_OPEN;
  options.tile_shape[0] = options.tile_shape[1] = 0; /* As they are. */
  large = large_of(quilt, path, options);
  OK(qlty_large_progress(large, &patches_done, NULL, &tiles_done, NULL, &error));
  CHECK(patches_done == 25 && tiles_done > 0 && tiles_done < TILES);
  memset(indices, SENTINEL, sizeof indices);
  OK(qlty_large_pending(large, &list, &count, &error));
  CHECK(count == 15 && indices[0] == 25 && indices[14] == 39 && is_sentinel((unsigned char *)&indices[15], 8));
  CHECK(stitch_next(large, &patches, NULL, 3) == 3);
  OK(qlty_large_next(large, &list, &count, &error));
  CHECK(count == 12 && indices[0] == 28);
  OK(qlty_large_rewind(large, &error));
  CHECK(stitch_next(large, &patches, NULL, PATCHES) == 12 && pending_count(large) == 0);
  OK(qlty_large_finish(large, &mean, &std, &error));
  CHECK(std == NULL);
  got = read_whole(mean);
  CHECK(bytes_same(&got, &expected));
  qlty_stitched_free(mean);
  qlty_large_free(large);

  /* Once more, by who does not know: nothing is left to do. */
  options.start = QLTY_START_CREATE_OR_OPEN;
  large = large_of(quilt, path, options);
  CHECK(pending_count(large) == 0);
  qlty_large_free(large);
  qlty_quilt_free(quilt);
  release(&patches);
  release(&expected);
  release(&got);
}

/* What never comes: the first image is background, and of the second there is but one patch. */
static void check_incomplete(const char *folder) {
  char path[4096];
  qlty_quilt *quilt = large_quilt();
  qlty_large_options options = large_options();
  owned patches = large_patches(2), got, expected = stitched_in_memory(quilt, &patches), again;
  int64_t indices[PATCHES / 2], i, index = PATCHES - 1;
  qlty_array list = index_array(indices, PATCHES / 2), last = index_array(&index, 1), one = patches_at(&patches, index, 1);
  qlty_stitched *mean = NULL;
  const float *values;
  qlty_large *large;
  snprintf(path, sizeof path, "%s/incomplete", folder);
  for (i = 0; i < PATCHES / 2; i++) indices[i] = i;
  options.channels = CHANNELS;
  options.fill = -7;
  large = large_of(quilt, path, options);
  OK(qlty_large_skip(large, &list, &error));
  OK(qlty_large_stitch(large, &last, &one, NULL, NULL, NULL, &error));
  CHECK(pending_count(large) == PATCHES / 2 - 1);
  OK(qlty_large_finish_incomplete(large, NULL, NULL, NULL, NULL, &error));
  OK(qlty_large_finish_incomplete(large, &mean, NULL, NULL, NULL, &error));
  got = read_whole(mean);
  values = got.array.data;
  for (i = 0; i < CHANNELS * HEIGHT * WIDTH; i++) CHECK(values[i] == -7);
  for (i = 0; i < HEIGHT * WIDTH; i++)
    CHECK((values[CHANNELS * HEIGHT * WIDTH + i] == -7) == (i / WIDTH < HEIGHT - WINDOW || i % WIDTH < WIDTH - WINDOW));
  CHECK(fabs(values[2 * CHANNELS * HEIGHT * WIDTH - 1] - ((float *)one.data)[CHANNELS * WINDOW * WINDOW - 1]) < 1e-6);
  qlty_stitched_free(mean);
  qlty_large_free(large);

  /* The rest comes later. */
  options.start = QLTY_START_OPEN;
  large = large_of(quilt, path, options);
  CHECK(stitch_next(large, &patches, NULL, PATCHES) == PATCHES / 2 - 1);
  OK(qlty_large_finish(large, &mean, NULL, &error));
  again = read_whole(mean);
  for (i = CHANNELS * HEIGHT * WIDTH; i < 2 * CHANNELS * HEIGHT * WIDTH; i++)
    CHECK(fabs(((float *)again.array.data)[i] - ((float *)expected.array.data)[i]) < 1e-6);
  qlty_stitched_free(mean);
  qlty_large_free(large);
  qlty_quilt_free(quilt);
  release(&patches);
  release(&expected);
  release(&got);
  release(&again);
}

/* Volumes of integers that are summed in f64 and divided by their sum over the channels; shards and a codec. */
static void check_volumes(const char *folder) {
  qlty_quilt_options geometry;
  qlty_large_options options = large_options();
  owned batch = MAKE(QLTY_DTYPE_U16, 1, 2, 6, 7, 8), cut, got;
  qlty_array described, list;
  qlty_stitched *mean = NULL, *std = NULL;
  int64_t indices[27], count, i;
  const double *values;
  qlty_quilt *quilt;
  qlty_large *large;
  OK(qlty_quilt_options_init(&geometry, sizeof geometry, &error));
  geometry.ndim = 3;
  for (i = 0; i < 3; i++) geometry.size[i] = 6 + i, geometry.window[i] = 4, geometry.step[i] = 2;
  quilt = quilt_of(geometry);
  for (i = 0; i < 2 * 6 * 7 * 8; i++) ((uint16_t *)batch.array.data)[i] = (uint16_t)(i * 97 + 1);
  options.images = 1;
  options.dtype = QLTY_DTYPE_F64;
  options.normalize = 1;
  options.std = QLTY_STD_TOTAL;
  options.codec = "zstd:5";
  for (i = 0; i < 3; i++) options.tile_shape[i] = options.shard_shape[i] = 4, options.chunk_shape[i] = 2;
  large = large_of(quilt, path_in(folder, "volumes"), options);
  list = index_array(indices, 27);
  OK(qlty_large_next(large, &list, &count, &error));
  list.shape[0] = count;
  OK(qlty_large_unstitch_shape(large, &batch.array, NULL, count, &described, &error));
  CHECK(described.dtype == QLTY_DTYPE_U16 && described.ndim == 5 && described.shape[1] == 2 && described.shape[4] == 4);
  cut = make_like(&described);
  OK(qlty_large_unstitch(large, &batch.array, NULL, &list, &cut.array, NULL, NULL, &error));
  {
    owned zeros = make_like(&described);
    memset(zeros.array.data, 0, zeros.bytes);
    OK(qlty_large_stitch(large, &list, &cut.array, &zeros.array, NULL, NULL, &error));
    release(&zeros);
  }
  OK(qlty_large_finish(large, &mean, &std, &error));
  got = read_whole(mean);
  values = got.array.data;
  CHECK(got.array.dtype == QLTY_DTYPE_F64 && got.array.ndim == 5);
  for (i = 0; i < 6 * 7 * 8; i++) {
    const uint16_t *from = batch.array.data;
    CHECK(fabs(values[i] - from[i] / ((double)from[i] + from[i + 6 * 7 * 8])) < 1e-12);
  }
  release(&got);
  got = read_whole(std); /* Patches that are cut from one batch agree. */
  for (i = 0; i < 2 * 6 * 7 * 8; i++) CHECK(fabs(((double *)got.array.data)[i]) < 1e-6);
  qlty_stitched_free(mean);
  qlty_stitched_free(std);
  qlty_large_free(large);
  qlty_quilt_free(quilt);
  release(&batch);
  release(&cut);
  release(&got);
}

/* What is on disk says its type and shape. */
static void check_opening(const char *folder) {
  qlty_quilt *quilt = large_quilt();
  qlty_large_options options = large_options();
  qlty_large *large = NULL;
  qlty_stitched *mean = NULL;
  qlty_array described;
  options.channels = 3;
  options.dtype = QLTY_DTYPE_F64;
  OK(qlty_large_new(quilt, path_in(folder, "opening"), &options, &large, &error));
  OK(qlty_stitched_open(path_in(folder, "opening_mean.zarr"), &mean, &error));
  OK(qlty_stitched_shape(mean, &described, &error));
  CHECK(described.dtype == QLTY_DTYPE_F64 && described.ndim == 4 && !described.data);
  CHECK(memcmp(described.shape, SHAPE(IMAGES, 3, HEIGHT, WIDTH, 0, 0), sizeof described.shape) == 0);
  qlty_stitched_free(mean);
  qlty_large_free(large);
  qlty_quilt_free(quilt);
}

/* Two workers with tiles of their own, at once. */
static void check_shards(const char *folder) {
  char path[4096];
  qlty_quilt *quilt = large_quilt();
  owned patches = large_patches(3), expected = stitched_in_memory(quilt, &patches), got;
  int64_t wanted[2], tiles[2];
  qlty_stitched *mean = NULL;
  qlty_large *workers[2];
  int i;
  snprintf(path, sizeof path, "%s/shards", folder);
  for (i = 0; i < 2; i++) {
    qlty_large_options options = large_options();
    options.start = QLTY_START_CREATE_OR_OPEN;
    options.channels = CHANNELS;
    options.shard_index = i;
    options.shard_count = 2;
    workers[i] = large_of(quilt, path, options);
    OK(qlty_large_progress(workers[i], NULL, &wanted[i], NULL, &tiles[i], &error));
  }
  CHECK(wanted[0] + wanted[1] >= PATCHES && tiles[0] + tiles[1] == TILES);
  for (i = 0; i < 2; i++) {
    CHECK(stitch_next(workers[i], &patches, NULL, PATCHES) == wanted[i]);
    OK(qlty_large_finish(workers[i], i == 1 ? &mean : NULL, NULL, &error));
    qlty_large_free(workers[i]);
  }
  got = read_whole(mean);
  CHECK(bytes_same(&got, &expected));
  qlty_stitched_free(mean);
  qlty_quilt_free(quilt);
  release(&patches);
  release(&expected);
  release(&got);
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  check_options();
  check_loop(argv[1]);
  check_images(argv[1]);
  check_resume(argv[1]);
  check_incomplete(argv[1]);
  check_volumes(argv[1]);
  check_opening(argv[1]);
  check_shards(argv[1]);
  return 0;
}
