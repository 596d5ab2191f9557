/* What the host tests in C share: checks that end the program, arrays with guards, quilts. */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qlty.h"

#define CHECK(condition)                                                              \
  do {                                                                                \
    if (!(condition)) {                                                               \
      fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);       \
      exit(1);                                                                        \
    }                                                                                 \
  } while (0)

/* The call succeeds and leaves no error. Its last argument is &error. */
#define OK(call)                                                                      \
  do {                                                                                \
    qlty_error *error = NULL;                                                         \
    qlty_status returned = (call);                                                         \
    if (returned != QLTY_STATUS_OK || error) {                                             \
      fprintf(stderr, "%s:%d: %s: status %d: %s\n", __FILE__, __LINE__, #call, (int)returned, \
              qlty_error_message(error));                                             \
      exit(1);                                                                        \
    }                                                                                 \
  } while (0)

/* The call fails with this status, and with a message that has each of the two texts. */
#define FAILS(expected, first, second, call)                                          \
  do {                                                                                \
    qlty_error *error = NULL;                                                         \
    qlty_status returned = (call);                                                         \
    if (returned != (expected) || !error || qlty_error_status(error) != returned ||             \
        !strstr(qlty_error_message(error), first) ||                                  \
        !strstr(qlty_error_message(error), second)) {                                 \
      fprintf(stderr, "%s:%d: %s: got status %d: %s; expected status %d: ...%s...%s...\n", \
              __FILE__, __LINE__, #call, (int)returned, qlty_error_message(error), (int)(expected), \
              first, second);                                                         \
      exit(1);                                                                        \
    }                                                                                 \
    qlty_error_free(error);                                                           \
  } while (0)

/* Bytes that no result has by chance, before, in and after what a call may write. */
enum { SENTINEL = 0xA5, GUARD = 64 };

/* An array in C order in memory of its own. */
typedef struct owned {
  qlty_array array;
  unsigned char *memory;
  size_t bytes;
} owned;

static inline size_t size_of(qlty_dtype dtype) {
  switch (dtype) {
    case QLTY_DTYPE_U8: case QLTY_DTYPE_I8: case QLTY_DTYPE_BOOL: return 1;
    case QLTY_DTYPE_U16: case QLTY_DTYPE_I16: case QLTY_DTYPE_F16: case QLTY_DTYPE_BF16: return 2;
    case QLTY_DTYPE_U32: case QLTY_DTYPE_I32: case QLTY_DTYPE_F32: return 4;
    default: return 8;
  }
}

static inline size_t values_of(const qlty_array *array) {
  size_t product = 1;
  int32_t axis;
  for (axis = 0; axis < array->ndim; axis++) product *= (size_t)array->shape[axis];
  return product;
}

static inline owned make(qlty_dtype dtype, int32_t ndim, const int64_t *shape) {
  owned made;
  made.array = qlty_array_contiguous(NULL, dtype, ndim, shape);
  made.bytes = values_of(&made.array) * size_of(dtype);
  made.memory = malloc(made.bytes + 2 * GUARD);
  CHECK(made.memory);
  memset(made.memory, SENTINEL, made.bytes + 2 * GUARD);
  made.array.data = made.memory + GUARD;
  return made;
}

/* An array for what a call has described. */
static inline owned make_like(const qlty_array *described) {
  CHECK(!described->data);
  return make(described->dtype, described->ndim, described->shape);
}

#define SHAPE(...) ((const int64_t[]){__VA_ARGS__})
#define MAKE(dtype, ...) \
  make(dtype, (int32_t)(sizeof SHAPE(__VA_ARGS__) / sizeof(int64_t)), SHAPE(__VA_ARGS__))

static inline int is_sentinel(const unsigned char *from, size_t count) {
  size_t i;
  for (i = 0; i < count; i++)
    if (from[i] != SENTINEL) return 0;
  return 1;
}

/* Whether no call has written into the array, nor around it. */
static inline int is_untouched(const owned *made) { return is_sentinel(made->memory, made->bytes + 2 * GUARD); }

static inline void release(owned *made) {
  CHECK(is_sentinel(made->memory, GUARD) && is_sentinel(made->memory + GUARD + made->bytes, GUARD));
  free(made->memory);
  made->memory = NULL;
}

static inline int bytes_same(const owned *a, const owned *b) {
  return a->bytes == b->bytes && memcmp(a->array.data, b->array.data, a->bytes) == 0;
}

/* Valid until the fourth call after this one. */
static inline const char *path_in(const char *folder, const char *name) {
  static char paths[4][4096];
  static int next = 0;
  char *path = paths[next++ % 4];
  CHECK((size_t)snprintf(path, sizeof paths[0], "%s/%s", folder, name) < sizeof paths[0]);
  return path;
}

/* Flips a byte, counted from the end. */
static inline void flip(const char *file, long from_end) {
  FILE *at = fopen(file, "r+b");
  int c;
  CHECK(at && fseek(at, -from_end, SEEK_END) == 0 && (c = fgetc(at)) != EOF);
  CHECK(fseek(at, -from_end, SEEK_END) == 0 && fputc(c ^ 0x40, at) != EOF && fclose(at) == 0);
}

/* A number that looks random and is the same in every run. */
static inline uint32_t random_bits(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*state >> 33);
}

/* From `least` to `most`, both included. */
static inline int64_t random_in(uint64_t *state, int64_t least, int64_t most) {
  return least + (int64_t)(random_bits(state) % (uint64_t)(most - least + 1));
}

static inline void fill_f32(owned *made, uint64_t seed) {
  size_t i;
  for (i = 0; i < made->bytes / sizeof(float); i++)
    ((float *)made->array.data)[i] = (float)random_bits(&seed) / 2147483648.0f - 0.5f;
}

static inline qlty_quilt_options options_2d(int64_t size, int64_t window, int64_t step, int64_t border) {
  qlty_quilt_options options;
  int axis;
  OK(qlty_quilt_options_init(&options, sizeof options, &error));
  for (axis = 0; axis < 2; axis++) {
    options.size[axis] = size;
    options.window[axis] = window;
    options.step[axis] = step;
    options.border[axis] = border;
  }
  return options;
}

static inline qlty_quilt *quilt_of(qlty_quilt_options options) {
  qlty_quilt *quilt = NULL;
  OK(qlty_quilt_new(&options, &quilt, &error));
  CHECK(quilt);
  return quilt;
}

static inline qlty_quilt *quilt_2d(int64_t size, int64_t window, int64_t step, int64_t border) {
  return quilt_of(options_2d(size, window, step, border));
}

#endif
