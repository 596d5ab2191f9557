/* Progress, cancelling, and handles of patch pairs that many threads use at once.
   usage: pairs_concurrency FOLDER */
#include <pthread.h>

#include "pairs.h"
#include "watch.h"

/* The long calls, on all that they need. */
typedef enum { EXTRACT, MEASURE, WRITE, OVERLAP, ADJOINT, CORRESPONDENCE } long_call;

typedef struct work_space {
  const char *path;
  qlty_array batch;
  qlty_pairs *pairs, *measured;
  qlty_overlap *overlap;
  pair_arrays cut;
  owned pixels1, pixels2, rows;
} work_space;

static work_space work_on(const char *path, const float *value, int64_t pairs_per_image) {
  qlty_pair_options options = pair_options();
  int64_t window[2] = {32, 32}, count;
  work_space made;
  qlty_array described;
  made.path = path;
  made.batch = qlty_array_contiguous((void *)value, QLTY_DTYPE_F32, 4, SHAPE(4, 3, 96, 96));
  memset(made.batch.strides, 0, sizeof made.batch.strides);
  options.window[0] = options.window[1] = 32;
  options.delta_low = 8;
  options.delta_high = 16;
  options.pairs_per_image = pairs_per_image;
  made.pairs = draw(options, &made.batch);
  made.measured = measure(made.pairs, &made.batch);
  OK(qlty_pairs_extract_shape(made.pairs, &made.batch, NULL, &described, &error));
  made.cut = make_pairs(&described, described.shape[0]);
  OK(qlty_pairs_places(made.pairs, &made.cut.deltas.array, &made.cut.rotations.array, NULL, NULL, &error));
  OK(qlty_overlap_new(window, &made.cut.deltas.array, &made.cut.rotations.array, &made.overlap, &error));
  OK(qlty_overlap_count(made.overlap, &count, &error));
  made.pixels1 = MAKE(QLTY_DTYPE_F32, count, 3);
  made.pixels2 = MAKE(QLTY_DTYPE_F32, count, 3);
  made.rows = MAKE(QLTY_DTYPE_I64, count, 5);
  return made;
}

static void end_work(work_space *w) {
  qlty_overlap_free(w->overlap);
  qlty_pairs_free(w->measured);
  qlty_pairs_free(w->pairs);
  release_pairs(&w->cut);
  release(&w->pixels1);
  release(&w->pixels2);
  release(&w->rows);
}

static qlty_status make_call(long_call call, work_space *w, watch *seen, qlty_error **error) {
  const qlty_array *p1 = &w->cut.patches1.array, *p2 = &w->cut.patches2.array;
  qlty_store_options options = store_options();
  qlty_pairs *measured = NULL;
  qlty_status status;
  options.overwrite = 1;
  switch (call) {
    case EXTRACT: return qlty_pairs_extract(w->pairs, &w->batch, NULL, ALL_ARRAYS(w->cut), look, seen, error);
    case WRITE: return qlty_pairs_write(w->measured, &w->batch, NULL, w->path, &options, look, seen, error);
    case OVERLAP: return qlty_overlap_extract(w->overlap, p1, p2, &w->pixels1.array, &w->pixels2.array, look, seen, error);
    case ADJOINT: return qlty_overlap_adjoint(w->overlap, &w->pixels1.array, &w->pixels2.array, p1, p2, look, seen, error);
    case CORRESPONDENCE: return qlty_overlap_correspondence(w->overlap, &w->rows.array, look, seen, error);
    default:
      status = qlty_pairs_measure(w->pairs, &w->batch, NULL, &measured, look, seen, error);
      CHECK((status == QLTY_STATUS_OK) == (measured != NULL));
      qlty_pairs_free(measured);
      return status;
  }
}

static qlty_status try_call(long_call call, const char *path, int64_t pairs, watch *seen, int32_t answer) {
  float value = 1;
  work_space w = work_on(path, &value, pairs);
  qlty_error *error = NULL;
  qlty_status status;
  memset(seen, 0, sizeof *seen);
  seen->caller = pthread_self();
  seen->answer = answer;
  status = make_call(call, &w, seen, &error);
  CHECK(qlty_error_status(error) == status);
  CHECK(status == QLTY_STATUS_OK || strcmp(qlty_error_message(error), "cancelled by the caller") == 0);
  qlty_error_free(error);
  end_work(&w);
  return status;
}

static void check_progress(long_call call, const char *path) {
  int64_t pairs = 4;
  int tries;
  watch seen;
  CHECK(try_call(call, path, pairs, &seen, 0) == QLTY_STATUS_OK);
  CHECK(seen.calls >= 1 && seen.done == seen.total);
  /* A call that ends before it is first asked cannot be cancelled: give it more to do. On a busy machine it is
     asked late, so that this may take some rounds. */
  for (tries = 0;; tries++, pairs = pairs < 1 << 12 ? 2 * pairs : 4) {
    CHECK(tries < 200);
    if (try_call(call, path, pairs, &seen, 1) == QLTY_STATUS_CANCELLED) break;
    CHECK(seen.calls == 1 && seen.done == seen.total);
  }
  CHECK(seen.calls >= 1 && seen.done <= seen.total);
}

enum { THREADS = 24, ROUNDS = 3, PAIRS = 40 };

typedef struct task {
  const qlty_pairs *pairs;
  const qlty_dataset *dataset;
  const qlty_images *images;
  const qlty_overlap *overlap;
  const owned *batch;
  const pair_arrays *expected;
} task;

static void *work(void *argument) {
  const task *t = argument;
  pair_arrays got = make_pairs(&t->expected->patches1.array, PAIRS);
  owned order = MAKE(QLTY_DTYPE_I64, PAIRS);
  int64_t round, p, count, many;
  OK(qlty_overlap_count(t->overlap, &many, &error));
  for (round = 0; round < ROUNDS; round++) {
    qlty_batches *batches = NULL;
    qlty_array described;
    OK(qlty_pairs_extract(t->pairs, &t->batch->array, NULL, ALL_ARRAYS(got), NULL, NULL, &error));
    CHECK(same_pairs(&got, t->expected));
    for (p = 0; p < PAIRS; p++) ((int64_t *)order.array.data)[p] = p;
    OK(qlty_dataset_read(t->dataset, &order.array, ALL_ARRAYS(got), &error));
    CHECK(same_pairs(&got, t->expected));
    OK(qlty_images_shape(t->images, &described, &error));
    OK(qlty_dataset_epoch(t->dataset, (uint64_t)round, 1, &order.array, &error));
    OK(qlty_batches_new(t->dataset, &order.array, 7, 2, &batches, &error));
    OK(qlty_batches_next_count(batches, &count, &error));
    {
      pair_arrays part = make_pairs(&t->expected->patches1.array, count);
      OK(qlty_batches_next(batches, ALL_ARRAYS(part), &error));
      p = *(int64_t *)order.array.data;
      CHECK(memcmp(part.positions1.array.data, (int64_t *)t->expected->positions1.array.data + 3 * p, 24) == 0);
      release_pairs(&part);
    }
    qlty_batches_free(batches); /* In the middle. */
    FAILS(QLTY_STATUS_INVALID_ARGUMENT, "patches2: got memory that overlaps with patches1", "none",
          qlty_dataset_read(t->dataset, &order.array, &got.patches1.array, &got.patches1.array, &got.deltas.array,
                            &got.rotations.array, NULL, NULL, &error));
  }
  release_pairs(&got);
  release(&order);
  return NULL;
}

/* The results are the same to the bit for any number of threads, which changes meanwhile. */
static void check_sharing(const char *folder) {
  owned batch = MAKE(QLTY_DTYPE_F32, 10, 2, 20, 24);
  qlty_store_options options = store_options();
  int64_t window[2] = {8, 8};
  qlty_dataset *dataset = NULL;
  qlty_images *images = NULL;
  qlty_overlap *overlap = NULL;
  qlty_pairs *pairs, *measured;
  qlty_array described;
  pair_arrays expected;
  pthread_t threads[THREADS];
  char path[4096];
  task shared;
  int i;
  fill_f32(&batch, 7);
  OK(qlty_threads_set(1, &error));
  pairs = draw(pair_options(), &batch.array);
  measured = measure(pairs, &batch.array);
  OK(qlty_pairs_extract_shape(pairs, &batch.array, NULL, &described, &error));
  CHECK(described.shape[0] == PAIRS);
  expected = make_pairs(&described, PAIRS);
  OK(qlty_pairs_extract(pairs, &batch.array, NULL, ALL_ARRAYS(expected), NULL, NULL, &error));
  OK(qlty_overlap_new(window, &expected.deltas.array, &expected.rotations.array, &overlap, &error));
  options.chunk[0] = 3;
  options.chunk[1] = 2;
  options.chunk[2] = options.chunk[3] = 8;
  snprintf(path, sizeof path, "%s/shared.zarr", folder);
  OK(qlty_pairs_write(measured, &batch.array, NULL, path, &options, NULL, NULL, &error));
  OK(qlty_dataset_open(path, 4096, &dataset, &error));
  OK(qlty_images_open(path_in(path, "patches2"), 4096, &images, &error));
  shared.pairs = pairs;
  shared.dataset = dataset;
  shared.images = images;
  shared.overlap = overlap;
  shared.batch = &batch;
  shared.expected = &expected;
  for (i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, work, &shared) == 0);
  for (i = 0; i < 10; i++) OK(qlty_threads_set(i % 4, &error));
  for (i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  OK(qlty_threads_set(0, &error));
  qlty_overlap_free(overlap);
  qlty_images_free(images);
  qlty_dataset_free(dataset);
  qlty_pairs_free(measured);
  qlty_pairs_free(pairs);
  release_pairs(&expected);
  release(&batch);
}

int main(int argc, char **argv) {
  char path[4096];
  CHECK(argc == 2);
  snprintf(path, sizeof path, "%s/long.zarr", argv[1]);
  check_progress(EXTRACT, path);
  check_progress(MEASURE, path);
  check_progress(WRITE, path);
  check_progress(OVERLAP, path);
  check_progress(ADJOINT, path);
  check_progress(CORRESPONDENCE, path);
  check_sharing(argv[1]);
  return 0;
}
