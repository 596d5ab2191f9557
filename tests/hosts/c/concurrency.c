/* Progress, cancelling, and a quilt that many threads use at once. */
#include <pthread.h>

#include "support.h"

typedef struct watch {
  const qlty_quilt *quilt;
  pthread_t caller;
  uint64_t calls, done, total;
  int32_t answer;
} watch;

/* Looks at what it is told, and uses the library itself. */
static int32_t look(void *user, uint64_t done, uint64_t total) {
  watch *seen = user;
  int64_t count = 0;
  CHECK(pthread_equal(seen->caller, pthread_self()));
  CHECK(total > 0 && done <= total && (seen->calls == 0 || done >= seen->done));
  OK(qlty_quilt_patch_count(seen->quilt, 1, &count, &error));
  CHECK(count > 0);
  seen->calls++;
  seen->done = done;
  seen->total = total;
  return seen->answer;
}

static watch watch_of(const qlty_quilt *quilt, int32_t answer) {
  watch made = {0};
  made.quilt = quilt;
  made.caller = pthread_self();
  made.answer = answer;
  return made;
}

/* The long calls, with arrays whose values all lie in one place where they are only read: so much
   work takes little memory. Labels and batches have one channel. */
typedef enum { UNSTITCH, LABELS, STITCH, UNSTITCH_ADJOINT, STITCH_ADJOINT } long_call;

static qlty_status make_call(long_call call, const qlty_quilt *quilt, const qlty_array *batch, const qlty_array *patches,
                             watch *seen, qlty_error **error) {
  switch (call) {
    case UNSTITCH: return qlty_quilt_unstitch(quilt, batch, 0, patches, look, seen, error);
    case LABELS: return qlty_quilt_unstitch_labels(quilt, batch, NULL, 0, patches, look, seen, error);
    case STITCH: return qlty_quilt_stitch(quilt, patches, batch, NULL, look, seen, error);
    case UNSTITCH_ADJOINT: return qlty_quilt_unstitch_adjoint(quilt, patches, batch, look, seen, error);
    default: return qlty_quilt_stitch_adjoint(quilt, batch, patches, look, seen, error);
  }
}

static int reads_batch(long_call call) { return call == UNSTITCH || call == LABELS || call == STITCH_ADJOINT; }

/* A call on `images`; patches lie with their columns far apart, which is slow to write. */
static qlty_status try_call(long_call call, const qlty_quilt *quilt, int64_t images, watch *seen) {
  float value = 1;
  qlty_error *error = NULL;
  qlty_array batch, patches;
  owned out;
  int64_t count;
  qlty_status status;
  OK(qlty_quilt_patch_count(quilt, images, &count, &error));
  batch = qlty_array_contiguous(&value, QLTY_DTYPE_F32, 4, SHAPE(images, 1, 96, 96));
  patches = qlty_array_contiguous(&value, QLTY_DTYPE_F32, 4, SHAPE(count, 1, 32, 32));
  if (reads_batch(call)) {
    memset(batch.strides, 0, sizeof batch.strides);
    out = make(QLTY_DTYPE_F32, 4, patches.shape);
    patches.data = out.array.data;
    patches.strides[0] = 1;
    patches.strides[2] = count;
    patches.strides[3] = 32 * count;
  } else {
    memset(patches.strides, 0, sizeof patches.strides);
    out = make(QLTY_DTYPE_F32, 4, batch.shape);
    batch.data = out.array.data;
  }
  status = make_call(call, quilt, &batch, &patches, seen, &error);
  CHECK(qlty_error_status(error) == status);
  CHECK(status == QLTY_STATUS_OK || strcmp(qlty_error_message(error), "cancelled by the caller") == 0);
  qlty_error_free(error);
  release(&out);
  return status;
}

static void check_progress(long_call call) {
  qlty_quilt *quilt = quilt_2d(96, 32, 8, 2);
  int64_t images = 1;
  int tries;
  watch seen = watch_of(quilt, 0);
  CHECK(try_call(call, quilt, images, &seen) == QLTY_STATUS_OK);
  CHECK(seen.calls >= 1 && seen.done == seen.total);
  /* A call that ends before it is first asked cannot be cancelled: give it more to do. On a busy machine it is
     asked late, so that this may take some rounds. */
  for (tries = 0;; tries++, images = images < 1 << 12 ? 2 * images : 1) {
    CHECK(tries < 200);
    seen = watch_of(quilt, 1);
    if (try_call(call, quilt, images, &seen) == QLTY_STATUS_CANCELLED) break;
    CHECK(seen.calls == 1 && seen.done == seen.total);
  }
  CHECK(seen.calls >= 1 && seen.done <= seen.total);
  qlty_quilt_free(quilt);
}

enum { THREADS = 100, ROUNDS = 3 };

typedef struct task {
  const qlty_quilt *quilt;
  const owned *batch, *patches, *stitched;
} task;

static void *work(void *argument) {
  const task *t = argument;
  int round;
  for (round = 0; round < ROUNDS; round++) {
    owned patches = make(QLTY_DTYPE_F32, 4, t->patches->array.shape);
    owned stitched = make(QLTY_DTYPE_F32, 4, t->stitched->array.shape);
    watch seen = watch_of(t->quilt, 0);
    OK(qlty_quilt_unstitch(t->quilt, &t->batch->array, 0, &patches.array, look, &seen, &error));
    CHECK(memcmp(patches.array.data, t->patches->array.data, patches.bytes) == 0);
    OK(qlty_quilt_stitch(t->quilt, &patches.array, &stitched.array, NULL, NULL, NULL, &error));
    CHECK(memcmp(stitched.array.data, t->stitched->array.data, stitched.bytes) == 0);
    FAILS(QLTY_STATUS_INVALID_ARGUMENT, "batch: got memory that overlaps with patches", "none",
          qlty_quilt_stitch(t->quilt, &patches.array, &patches.array, NULL, NULL, NULL, &error));
    release(&patches);
    release(&stitched);
  }
  return NULL;
}

/* The results are the same to the bit for any number of threads, which changes meanwhile. */
static void check_sharing(void) {
  qlty_quilt *quilt = quilt_2d(37, 12, 5, 2);
  owned batch = MAKE(QLTY_DTYPE_F32, 2, 3, 37, 37), patches = MAKE(QLTY_DTYPE_F32, 72, 3, 12, 12);
  owned stitched = MAKE(QLTY_DTYPE_F32, 2, 3, 37, 37);
  task shared = {quilt, &batch, &patches, &stitched};
  pthread_t threads[THREADS];
  int i;
  fill_f32(&batch, 11);
  OK(qlty_threads_set(1, &error));
  OK(qlty_quilt_unstitch(quilt, &batch.array, 0, &patches.array, NULL, NULL, &error));
  OK(qlty_quilt_stitch(quilt, &patches.array, &stitched.array, NULL, NULL, NULL, &error));
  for (i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, work, &shared) == 0);
  for (i = 0; i < 10; i++) OK(qlty_threads_set(i % 4, &error));
  for (i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  OK(qlty_threads_set(0, &error));
  qlty_quilt_free(quilt);
  release(&batch);
  release(&patches);
  release(&stitched);
}

int main(void) {
  check_progress(UNSTITCH);
  check_progress(LABELS);
  check_progress(STITCH);
  check_progress(UNSTITCH_ADJOINT);
  check_progress(STITCH_ADJOINT);
  check_sharing();
  return 0;
}
