/* Progress, cancelling, threads that share a result, and processes that end in the middle of one.
   usage: large_concurrency FOLDER */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "large.h"
#include "watch.h"

/* The long calls, on a result of images with one tile per patch. */
typedef enum { UNSTITCH, STITCH, CHECKPOINT, INCOMPLETE, READ } long_call;

/* Whether the call was cancelled. What it left undone is then done by calling it again. */
static int try_call(long_call call, const char *folder, int64_t images, watch *seen, int32_t answer) {
  static int number = 0;
  char path[4096];
  qlty_quilt *quilt = quilt_2d(64, 16, 16, 0);
  qlty_large_options options = large_options();
  qlty_stitched *mean = NULL;
  qlty_large *large;
  qlty_array batch, patches, list;
  qlty_error *error = NULL;
  qlty_status status;
  owned indices, out;
  float value = 1;
  int64_t count, i;
  int again;
  snprintf(path, sizeof path, "%s/long%d", folder, number++);
  options.images = images;
  options.channels = 1;
  options.tile_shape[0] = options.tile_shape[1] = 16;
  large = large_of(quilt, path, options);
  OK(qlty_quilt_patch_count(quilt, images, &count, &error));
  indices = MAKE(QLTY_DTYPE_I64, count);
  for (i = 0; i < count; i++) ((int64_t *)indices.array.data)[i] = i;
  list = indices.array;
  batch = qlty_array_contiguous(&value, QLTY_DTYPE_F32, 4, SHAPE(images, 1, 64, 64));
  patches = qlty_array_contiguous(&value, QLTY_DTYPE_F32, 4, SHAPE(count, 1, 16, 16));
  memset(batch.strides, 0, sizeof batch.strides);
  memset(patches.strides, 0, sizeof patches.strides);
  out = call == UNSTITCH ? make(QLTY_DTYPE_F32, 4, patches.shape) : make(QLTY_DTYPE_F32, 4, batch.shape);
  if (call == CHECKPOINT || call == INCOMPLETE) { /* Patches of every second tile are left out. */
    list.shape[0] = patches.shape[0] = count / 2;
    list.strides[0] = 2;
  }
  if (call > STITCH) OK(qlty_large_stitch(large, &list, &patches, NULL, NULL, NULL, &error));
  if (call == READ) OK(qlty_large_finish(large, &mean, NULL, &error));
  for (again = 0; again < 2; again++) {
    if (again == 0) {
      memset(seen, 0, sizeof *seen);
      seen->caller = pthread_self();
      seen->answer = answer;
    }
#define WATCH again ? NULL : look, seen
    switch (call) {
      case UNSTITCH: status = qlty_large_unstitch(large, &batch, NULL, &list, &out.array, WATCH, &error); break;
      case STITCH: status = qlty_large_stitch(large, &list, &patches, NULL, WATCH, &error); break;
      case CHECKPOINT: status = qlty_large_checkpoint(large, WATCH, &error); break;
      case INCOMPLETE: status = qlty_large_finish_incomplete(large, &mean, NULL, WATCH, &error); break;
      default: status = qlty_stitched_read(mean, NULL, &out.array, WATCH, &error);
    }
    CHECK(qlty_error_status(error) == status);
    CHECK(status == QLTY_STATUS_OK || (!again && strcmp(qlty_error_message(error), "cancelled by the caller") == 0));
    qlty_error_free(error);
    error = NULL;
    if (call == STITCH) CHECK(pending_count(large) == (status == QLTY_STATUS_OK ? 0 : count));
    if (status == QLTY_STATUS_OK) break;
  }
  if (call == INCOMPLETE) OK(qlty_stitched_read(mean, NULL, &out.array, NULL, NULL, &error));
  if (call != STITCH && call != CHECKPOINT)
    for (i = 0; i < (int64_t)values_of(&out.array); i += 4096 - 64) {
      float got = ((float *)out.array.data)[i];
      CHECK(got == 1 || (call == INCOMPLETE && isnan(got)));
    }
  qlty_stitched_free(mean);
  qlty_large_free(large);
  qlty_quilt_free(quilt);
  release(&indices);
  release(&out);
  return again == 1;
}

static void check_progress(long_call call, const char *folder) {
  int64_t images = 1;
  int tries;
  watch seen;
  CHECK(!try_call(call, folder, images, &seen, 0));
  CHECK(seen.calls >= 1 && seen.done == seen.total);
  /* A call that ends before it is first asked cannot be cancelled: give it more to do. On a busy machine it is
     asked late, so that this may take some rounds. */
  for (tries = 0;; tries++, images = images < 1 << 12 ? 2 * images : 1) {
    CHECK(tries < 200);
    if (try_call(call, folder, images, &seen, 1)) break;
    CHECK(seen.calls == 1); /* What was still at work when it was asked was the last there was to do. */
  }
  CHECK(seen.calls == 1 && seen.done <= seen.total);
}

enum { THREADS = 8 };

typedef struct task {
  const qlty_large *large;
  const owned *batch;
  int64_t stitched;
} task;

/* What each worker of an inference does. */
static void *work(void *argument) {
  task *t = argument;
  owned patches = MAKE(QLTY_DTYPE_F32, 2, CHANNELS, WINDOW, WINDOW);
  int64_t indices[2], count;
  for (;;) {
    qlty_array list = index_array(indices, 2), part;
    OK(qlty_large_next(t->large, &list, &count, &error));
    if (count == 0) break;
    list.shape[0] = count;
    part = patches_at(&patches, 0, count);
    OK(qlty_large_unstitch(t->large, &t->batch->array, NULL, &list, &part, NULL, NULL, &error));
    OK(qlty_large_stitch(t->large, &list, &part, NULL, NULL, NULL, &error));
    FAILS(QLTY_STATUS_DUPLICATE, "patch", "twice", qlty_large_stitch(t->large, &list, &part, NULL, NULL, NULL, &error));
    t->stitched += count;
  }
  release(&patches);
  return NULL;
}

/* One handle, eight threads, and a ninth that looks on. */
static void check_sharing(const char *folder) {
  qlty_quilt *quilt = large_quilt();
  owned batch = MAKE(QLTY_DTYPE_F32, IMAGES, CHANNELS, HEIGHT, WIDTH), got;
  int64_t done = 0, tiles = 0, last = 0, all, sum = 0, i;
  int round;
  fill_f32(&batch, 4);
  for (round = 0; round < 4; round++) {
    char path[4096];
    qlty_large_options options = large_options();
    qlty_stitched *mean = NULL;
    pthread_t threads[THREADS];
    task tasks[THREADS];
    qlty_large *large;
    snprintf(path, sizeof path, "%s/shared%d", folder, round);
    options.memory_budget = round % 2 ? 1 : 1 << 20;
    large = large_of(quilt, path, options);
    for (i = 0; i < THREADS; i++) {
      tasks[i].large = large;
      tasks[i].batch = &batch;
      tasks[i].stitched = 0;
      CHECK(pthread_create(&threads[i], NULL, work, &tasks[i]) == 0);
    }
    for (last = done = 0; done < PATCHES; last = done) {
      OK(qlty_large_progress(large, &done, &all, &tiles, NULL, &error));
      CHECK(done >= last && all == PATCHES && tiles <= TILES && pending_count(large) <= PATCHES - done);
      OK(qlty_large_checkpoint(large, NULL, NULL, &error));
      OK(qlty_threads_set(done % 4, &error));
    }
    for (sum = i = 0; i < THREADS; i++) {
      CHECK(pthread_join(threads[i], NULL) == 0);
      sum += tasks[i].stitched;
    }
    CHECK(sum == PATCHES);
    OK(qlty_large_finish(large, &mean, NULL, &error));
    got = read_whole(mean);
    for (i = 0; i < IMAGES * CHANNELS * HEIGHT * WIDTH; i++)
      CHECK(fabs(((float *)got.array.data)[i] - ((float *)batch.array.data)[i]) < 1e-6);
    release(&got);
    qlty_stitched_free(mean);
    qlty_large_free(large);
  }
  OK(qlty_threads_set(0, &error));
  qlty_quilt_free(quilt);
  release(&batch);
}

/* Stitches what is pending, with checkpoints. */
static void *stitch_pending(void *argument) {
  owned patches = large_patches(6);
  qlty_large *large = argument;
  while (stitch_next(large, &patches, NULL, 6) == 6) OK(qlty_large_checkpoint(large, NULL, NULL, &error));
  release(&patches);
  return NULL;
}

static qlty_large *go_on(const qlty_quilt *quilt, const char *path) {
  qlty_large_options options = large_options();
  options.start = QLTY_START_CREATE_OR_OPEN;
  return large_of(quilt, path, options);
}

/* A process that ends while one of its threads stitches: by itself, or by a signal. */
static void be_killed(const char *path, int round) {
  qlty_quilt *quilt = large_quilt();
  qlty_large *large = go_on(quilt, path);
  struct timespec pause = {0, 1000000L * (round % 7)};
  pthread_t thread;
  qlty_quilt_free(quilt);
  CHECK(pthread_create(&thread, NULL, stitch_pending, large) == 0);
  nanosleep(&pause, NULL);
  if (round % 2) _exit(0);
  kill(getpid(), SIGKILL);
}

/* A process that finishes what others have left: the result is the same to the bit. */
static void finish(const char *path) {
  qlty_quilt *quilt = large_quilt();
  qlty_large *large = go_on(quilt, path);
  owned patches = large_patches(6), expected = stitched_in_memory(quilt, &patches), got;
  qlty_stitched *mean = NULL;
  stitch_pending(large);
  OK(qlty_large_finish(large, &mean, NULL, &error));
  got = read_whole(mean);
  CHECK(bytes_same(&got, &expected));
  qlty_stitched_free(mean);
  qlty_large_free(large);
  qlty_quilt_free(quilt);
  release(&patches);
  release(&expected);
  release(&got);
}

/* Each process begins here without threads of the library's. */
static void check_killed(const char *folder) {
  int round, status;
  for (round = 0; round < 24; round++) {
    char path[4096];
    pid_t child;
    snprintf(path, sizeof path, "%s/killed%d", folder, round / 4);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
      if (round % 4 < 3) be_killed(path, round);
      else finish(path);
      _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) ? round % 4 < 3 && WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
  }
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  check_killed(argv[1]);
  check_progress(UNSTITCH, argv[1]);
  check_progress(STITCH, argv[1]);
  check_progress(CHECKPOINT, argv[1]);
  check_progress(INCOMPLETE, argv[1]);
  check_progress(READ, argv[1]);
  check_sharing(argv[1]);
  return 0;
}
