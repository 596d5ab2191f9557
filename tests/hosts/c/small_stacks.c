/* Calls from a thread with a stack of 64 KiB, as many hosts start them. usage: small_stacks BRAIN FOLDER */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>

#include "pairs.h"
#include "watch.h"

enum { SIZE = 512, WINDOW = 32, STEP = 16 };

typedef struct task {
  const char *brain, *folder;
  const owned *batch;
} task;

/* Of two sizes: small work stays on this thread. */
static void call_quilt(int64_t size) {
  qlty_quilt *quilt = quilt_2d(size, WINDOW, STEP, 4);
  owned batch = MAKE(QLTY_DTYPE_F32, 1, 2, size, size), stitched = MAKE(QLTY_DTYPE_F32, 1, 2, size, size), patches;
  owned weights = MAKE(QLTY_DTYPE_F32, size, size), label_patches, labelled;
  qlty_array labels = qlty_array_contiguous(batch.array.data, QLTY_DTYPE_F32, 3, SHAPE(2, size, size));
  qlty_stitcher *stitcher = NULL;
  int64_t count;
  watch seen;
  float missing = 0;
  memset(&seen, 0, sizeof seen);
  seen.caller = pthread_self();
  fill_f32(&batch, 3);
  OK(qlty_quilt_patch_count(quilt, 1, &count, &error));
  patches = MAKE(QLTY_DTYPE_F32, count, 2, WINDOW, WINDOW);
  OK(qlty_quilt_unstitch(quilt, &batch.array, 0, &patches.array, look, &seen, &error));
  CHECK(seen.done == seen.total && seen.total > 0);
  OK(qlty_quilt_unstitch(quilt, &batch.array, 0, &patches.array, NULL, NULL, &error));
  OK(qlty_quilt_stitch(quilt, &patches.array, &stitched.array, &weights.array, NULL, NULL, &error));
  OK(qlty_quilt_unstitch_adjoint(quilt, &patches.array, &stitched.array, NULL, NULL, &error));
  OK(qlty_quilt_stitch_adjoint(quilt, &batch.array, &patches.array, NULL, NULL, &error));
  OK(qlty_quilt_weights(quilt, &weights.array, &error));
  OK(qlty_stitcher_new(quilt, QLTY_DTYPE_F32, 1, 2, &stitcher, &error));
  OK(qlty_stitcher_push(stitcher, 0, &patches.array, &error));
  OK(qlty_stitcher_finish(stitcher, &stitched.array, NULL, &error));
  qlty_stitcher_free(stitcher);
  label_patches = MAKE(QLTY_DTYPE_F32, 2 * count, WINDOW, WINDOW);
  labelled = MAKE(QLTY_DTYPE_U8, 2 * count);
  OK(qlty_quilt_unstitch_labels(quilt, &labels, &missing, 0, &label_patches.array, NULL, NULL, &error));
  OK(qlty_quilt_labelled(quilt, &label_patches.array, &missing, &labelled.array, &error));
  qlty_quilt_free(quilt);
  release(&batch);
  release(&stitched);
  release(&patches);
  release(&weights);
  release(&label_patches);
  release(&labelled);
}

static void call_large(const task *t) {
  qlty_quilt *quilt = quilt_2d(SIZE, WINDOW, STEP, 4);
  qlty_large_options options;
  qlty_large *large = NULL;
  qlty_stitched *mean = NULL;
  qlty_images *images = NULL;
  int64_t count, i;
  owned patches, indices, got = MAKE(QLTY_DTYPE_F32, 1, 2, SIZE, SIZE);
  OK(qlty_large_options_init(&options, sizeof options, &error));
  options.images = 1;
  options.tile_shape[0] = options.tile_shape[1] = 64;
  options.memory_budget = 1; /* Sums come and go. */
  OK(qlty_large_new(quilt, path_in(t->folder, "large"), &options, &large, &error));
  OK(qlty_quilt_patch_count(quilt, 1, &count, &error));
  patches = MAKE(QLTY_DTYPE_F32, count, 2, WINDOW, WINDOW);
  indices = MAKE(QLTY_DTYPE_I64, count);
  for (i = 0; i < count; i++) ((int64_t *)indices.array.data)[i] = i;
  OK(qlty_large_unstitch(large, &t->batch->array, NULL, &indices.array, &patches.array, NULL, NULL, &error));
  for (i = 0; i < 2; i++) {
    qlty_array some = patches.array, list = indices.array;
    some.shape[0] = list.shape[0] = i ? count - 1 : 1;
    some.data = (float *)some.data + i * some.strides[0];
    list.data = (int64_t *)list.data + i;
    OK(qlty_large_stitch(large, &list, &some, NULL, NULL, NULL, &error));
    OK(qlty_large_checkpoint(large, NULL, NULL, &error));
    OK(qlty_large_finish_incomplete(large, NULL, NULL, NULL, NULL, &error));
    if (i) break;
    qlty_large_free(large);
    options.start = QLTY_START_OPEN;
    OK(qlty_large_new(quilt, path_in(t->folder, "large"), &options, &large, &error));
  }
  OK(qlty_large_finish(large, &mean, NULL, &error));
  OK(qlty_stitched_read(mean, NULL, &got.array, NULL, NULL, &error));
  OK(qlty_images_open(path_in(t->folder, "large_mean.zarr"), -1, &images, &error));
  OK(qlty_large_unstitch(large, NULL, images, &indices.array, &patches.array, NULL, NULL, &error));
  qlty_images_free(images);
  qlty_stitched_free(mean);
  qlty_large_free(large);
  qlty_quilt_free(quilt);
  release(&patches);
  release(&indices);
  release(&got);
}

static void call_pairs(const task *t) {
  qlty_pair_options options;
  qlty_store_options store;
  qlty_pairs *pairs = NULL, *measured = NULL;
  qlty_dataset *dataset = NULL;
  qlty_batches *batches = NULL;
  qlty_array patches;
  const char *path = path_in(t->folder, "pairs.zarr");
  pair_arrays got;
  owned order = MAKE(QLTY_DTYPE_I64, 40);
  OK(qlty_pair_options_init(&options, sizeof options, &error));
  options.window[0] = options.window[1] = WINDOW;
  options.pairs_per_image = 40;
  options.delta_low = 8;
  options.delta_high = 16;
  OK(qlty_pairs_draw(&options, &t->batch->array, NULL, &pairs, &error));
  OK(qlty_pairs_measure(pairs, &t->batch->array, NULL, &measured, NULL, NULL, &error));
  OK(qlty_pairs_extract_shape(pairs, &t->batch->array, NULL, &patches, &error));
  got = make_pairs(&patches, 40);
  OK(qlty_pairs_extract(pairs, &t->batch->array, NULL, ALL_ARRAYS(got), NULL, NULL, &error));
  OK(qlty_store_options_init(&store, sizeof store, &error));
  store.positions = QLTY_POSITIONS_WITH_IMAGE;
  OK(qlty_pairs_write(measured, &t->batch->array, NULL, path, &store, NULL, NULL, &error));
  OK(qlty_dataset_open(path, -1, &dataset, &error));
  OK(qlty_dataset_epoch(dataset, 1, 1, &order.array, &error));
  OK(qlty_dataset_read(dataset, &order.array, ALL_ARRAYS(got), &error));
  OK(qlty_batches_new(dataset, &order.array, 40, 1, &batches, &error));
  OK(qlty_batches_next(batches, ALL_ARRAYS(got), &error));
  qlty_batches_free(batches);
  qlty_dataset_free(dataset);
  qlty_pairs_free(measured);
  qlty_pairs_free(pairs);
  release_pairs(&got);
  release(&order);
}

static void read_image(const char *path) {
  qlty_image *image = NULL;
  qlty_array level;
  owned got;
  OK(qlty_image_open(path, NULL, &image, &error));
  OK(qlty_image_level(image, 0, &level, NULL, NULL, &error));
  got = make_like(&level);
  OK(qlty_image_read(image, 0, NULL, &got.array, NULL, NULL, &error));
  qlty_image_free(image);
  release(&got);
}

static void call_pyramid(const task *t) {
  qlty_pyramid_options options;
  qlty_laplacian_options laplacian;
  qlty_reconstruct_options again;
  qlty_stacks *stacks = NULL;
  qlty_stack *stack = NULL;
  const char *gaussian = path_in(t->folder, "brain.zarr"), *differences = path_in(t->folder, "brain.laplacian.zarr");
  OK(qlty_pyramid_options_init(&options, sizeof options, &error));
  OK(qlty_laplacian_options_init(&laplacian, sizeof laplacian, &error));
  OK(qlty_reconstruct_options_init(&again, sizeof again, &error));
  options.levels = 3;
  OK(qlty_stacks_find(t->brain, "tif", "image_(\\d+)\\.tif$", &stacks, &error));
  OK(qlty_stacks_open(stacks, 0, &stack, &error));
  OK(qlty_stack_to_ome_zarr(stack, NULL, gaussian, &options, NULL, NULL, &error));
  read_image(gaussian);
  OK(qlty_stack_to_laplacian(stack, NULL, differences, &options, &laplacian, NULL, NULL, &error));
  read_image(differences);
  OK(qlty_laplacian_reconstruct(differences, path_in(t->folder, "again.zarr"), &again, NULL, NULL, &error));
  qlty_stack_free(stack);
  qlty_stacks_free(stacks);
}

static void *call_all(void *argument) {
  const task *t = argument;
  call_quilt(WINDOW + STEP);
  call_quilt(SIZE);
  call_large(t);
  call_pairs(t);
  call_pyramid(t);
  return NULL;
}

int main(int argc, char **argv) {
  owned batch = MAKE(QLTY_DTYPE_F32, 1, 2, SIZE, SIZE);
  pthread_attr_t attributes;
  pthread_t thread;
  task t;
  CHECK(argc == 3);
  t.brain = argv[1];
  t.folder = argv[2];
  t.batch = &batch;
  fill_f32(&batch, 1);
  CHECK(pthread_attr_init(&attributes) == 0);
  CHECK(pthread_attr_setstacksize(&attributes, 64 << 10) == 0);
  CHECK(pthread_create(&thread, &attributes, call_all, &t) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(pthread_attr_destroy(&attributes) == 0);
  release(&batch);
  return 0;
}
