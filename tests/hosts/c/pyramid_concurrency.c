/* Threads that read one opened image, and that write pyramids of one stack. usage: pyramid_concurrency FOLDER */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>

#include "pyramid.h"

enum { THREADS = 8, ROUNDS = 60 };

typedef struct task {
  const qlty_image *image;
  const qlty_stack *stack;
  const owned *levels;
  const char *folder;
  int number;
} task;

/* Boxes of all levels, against the levels that were read whole. */
static void *read_boxes(void *argument) {
  const task *mine = argument;
  uint64_t state = (uint64_t)mine->number + 1;
  int round;
  for (round = 0; round < ROUNDS; round++) {
    const int64_t level = random_in(&state, 0, 2);
    const qlty_array *whole = &mine->levels[level].array;
    int64_t start[3], shape[3], z, y;
    int axis;
    owned box;
    for (axis = 0; axis < 3; axis++) {
      start[axis] = random_in(&state, 0, whole->shape[axis] - 1);
      shape[axis] = random_in(&state, 1, whole->shape[axis] - start[axis]);
    }
    box = make(QLTY_DTYPE_U16, 3, shape);
    OK(qlty_image_read(mine->image, level, start, &box.array, NULL, NULL, &error));
    for (z = 0; z < shape[0]; z++)
      for (y = 0; y < shape[1]; y++) {
        const uint16_t *row = (uint16_t *)box.array.data + (z * shape[1] + y) * shape[2];
        const uint16_t *expected = (uint16_t *)whole->data +
                                   ((start[0] + z) * whole->shape[1] + start[1] + y) * whole->shape[2] + start[2];
        CHECK(memcmp(row, expected, (size_t)shape[2] * sizeof *row) == 0);
      }
    release(&box);
  }
  return NULL;
}

/* A pyramid of the stack that all threads share, each to a place of its own. */
static void *write_one(void *argument) {
  const task *mine = argument;
  qlty_pyramid_options options = pyramid_options();
  char path[4096];
  snprintf(path, sizeof path, "%s/by_%d.zarr", mine->folder, mine->number);
  OK(qlty_stack_to_ome_zarr(mine->stack, NULL, path, &options, NULL, NULL, &error));
  return NULL;
}

static void run_all(void *(*work)(void *), task common) {
  pthread_t threads[THREADS];
  task tasks[THREADS];
  int i;
  for (i = 0; i < THREADS; i++) {
    tasks[i] = common;
    tasks[i].number = i;
    CHECK(pthread_create(&threads[i], NULL, work, &tasks[i]) == 0);
  }
  for (i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
}

/* The levels of an image, read whole by a handle of its own. */
static void read_levels(const char *path, owned levels[3]) {
  qlty_image *image = open_image(path);
  qlty_array shape;
  int64_t level;
  for (level = 0; level < 3; level++) {
    OK(qlty_image_level(image, level, &shape, NULL, NULL, &error));
    levels[level] = make_like(&shape);
    OK(qlty_image_read(image, level, NULL, &levels[level].array, NULL, NULL, &error));
  }
  qlty_image_free(image);
}

int main(int argc, char **argv) {
  qlty_pyramid_options options = pyramid_options();
  qlty_laplacian_options laplacian = laplacian_options();
  task common = {NULL, NULL, NULL, NULL, 0};
  char path[4096];
  owned first[3], levels[3];
  int kind, level, i;
  CHECK(argc == 2);
  write_slices(argv[1]);
  common.stack = open_slices(argv[1]);
  common.folder = argv[1];
  options.chunk[0] = 2;
  options.chunk[1] = options.chunk[2] = 16;
  for (kind = 0; kind < 2; kind++) {
    qlty_image *image;
    snprintf(path, sizeof path, "%s/shared_%d.zarr", argv[1], kind);
    if (kind == 0)
      OK(qlty_stack_to_ome_zarr(common.stack, NULL, path, &options, NULL, NULL, &error));
    else
      OK(qlty_stack_to_laplacian(common.stack, NULL, path, &options, &laplacian, NULL, NULL, &error));
    read_levels(path, kind == 0 ? first : levels);
    image = open_image(path);
    common.image = image;
    common.levels = kind == 0 ? first : levels;
    run_all(read_boxes, common);
    qlty_image_free(image);
  }
  /* The levels are the same by either way. */
  for (level = 0; level < 3; level++) {
    CHECK(bytes_same(&first[level], &levels[level]));
    release(&levels[level]);
  }

  run_all(write_one, common);
  for (i = 0; i < THREADS; i++) {
    snprintf(path, sizeof path, "%s/by_%d.zarr", argv[1], i);
    read_levels(path, levels);
    for (level = 0; level < 3; level++) {
      CHECK(bytes_same(&first[level], &levels[level]));
      release(&levels[level]);
    }
  }
  for (level = 0; level < 3; level++) release(&first[level]);
  qlty_stack_free((qlty_stack *)common.stack);
  return 0;
}
