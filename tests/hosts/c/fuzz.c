/*
 Random geometries, types and strides against plain loops, and random nonsense that must be refused.
 usage: fuzz [ROUNDS [SEED]]
 */
#include "support.h"

static uint64_t state;

#define RANDOM(least, most) random_in(&state, least, most)

typedef struct geometry {
  int32_t ndim;
  int64_t images, channels, size[3], window[3], step[3], border[3], counts[3], patches;
} geometry;

static geometry random_geometry(void) {
  geometry g = {0};
  int32_t axis;
  g.ndim = (int32_t)RANDOM(2, 3);
  g.images = RANDOM(0, 3);
  g.channels = RANDOM(0, 3);
  g.patches = g.images;
  for (axis = 0; axis < g.ndim; axis++) {
    g.size[axis] = RANDOM(1, g.ndim == 2 ? 40 : 14);
    g.window[axis] = RANDOM(1, g.size[axis]);
    g.step[axis] = RANDOM(1, g.window[axis]);
    g.border[axis] = RANDOM(0, (g.window[axis] - 1) / 2);
    g.counts[axis] = (g.size[axis] - g.window[axis] + g.step[axis] - 1) / g.step[axis] + 1;
    g.patches *= g.counts[axis];
  }
  return g;
}

static qlty_quilt *quilt_of_geometry(const geometry *g) {
  qlty_quilt_options options;
  OK(qlty_quilt_options_init(&options, sizeof options, &error));
  options.ndim = g->ndim;
  memcpy(options.size, g->size, sizeof g->size);
  memcpy(options.window, g->window, sizeof g->window);
  memcpy(options.step, g->step, sizeof g->step);
  memcpy(options.border, g->border, sizeof g->border);
  if (RANDOM(0, 1)) options.profile = (int32_t)RANDOM(QLTY_PROFILE_HANN, QLTY_PROFILE_TUKEY);
  else options.border_weight = (double)RANDOM(0, 4) / 4;
  options.profile_parameter = 0.25;
  return quilt_of(options);
}

/* An array of this shape in memory that is exactly as long as its strides need: axes in random
   order, with gaps between the values, some counted backwards. */
static owned scattered(qlty_dtype dtype, int32_t ndim, const int64_t *shape) {
  int32_t order[QLTY_MAX_NDIM], i, axis;
  int64_t stride = RANDOM(1, 2), first = 0, last = 0;
  owned made;
  qlty_array array = qlty_array_contiguous(NULL, dtype, ndim, shape);
  for (i = 0; i < ndim; i++) {
    axis = (int32_t)RANDOM(0, i);
    order[i] = order[axis];
    order[axis] = i;
  }
  for (i = 0; i < ndim; i++) {
    axis = order[i];
    array.strides[axis] = stride;
    if (shape[axis] < 1) continue;
    last += stride * (shape[axis] - 1);
    if (RANDOM(0, 1)) {
      first += stride * (shape[axis] - 1);
      array.strides[axis] = -stride;
    }
    stride = stride * shape[axis] + RANDOM(0, 2);
  }
  last = values_of(&array) ? last + 1 : 0;
  made = make(dtype, 1, &last);
  array.data = (char *)made.array.data + (values_of(&array) ? first * (int64_t)size_of(dtype) : 0);
  made.array = array;
  return made;
}

/* Where value `index` in C order lies, in bytes from data. */
static int64_t offset_of(const qlty_array *array, int64_t index) {
  int64_t offset = 0;
  int32_t axis;
  for (axis = array->ndim - 1; axis >= 0; axis--) {
    offset += index % array->shape[axis] * array->strides[axis];
    index /= array->shape[axis];
  }
  return offset * (int64_t)size_of(array->dtype);
}

static unsigned char *value_at(const qlty_array *array, int64_t index) {
  return (unsigned char *)array->data + offset_of(array, index);
}

/* Any bits, of floating-point types only those of small numbers. */
static void fill(const qlty_array *array) {
  int64_t index, count = (int64_t)values_of(array);
  for (index = 0; index < count; index++) {
    unsigned char *at = value_at(array, index);
    float single = (float)RANDOM(-100, 100) / 8;
    double number = single;
    uint32_t bits = random_bits(&state);
    uint64_t wide = (uint64_t)bits << 20 | bits;
    if (array->dtype == QLTY_DTYPE_F32) memcpy(at, &single, 4);
    else if (array->dtype == QLTY_DTYPE_F64) memcpy(at, &number, 8);
    else memcpy(at, &wide, size_of(array->dtype));
  }
}

static int64_t origin_of(const geometry *g, int32_t axis, int64_t window) {
  int64_t start = window * g->step[axis];
  return start < g->size[axis] - g->window[axis] ? start : g->size[axis] - g->window[axis];
}

/* The index in the batch of value `index` of the patches, both in C order. */
static int64_t source_of(const geometry *g, int64_t index) {
  int64_t inside[3] = {0, 0, 0}, at = 0, channel, patch;
  int32_t axis;
  int64_t place[3] = {0, 0, 0};
  for (axis = g->ndim - 1; axis >= 0; axis--) {
    inside[axis] = index % g->window[axis];
    index /= g->window[axis];
  }
  channel = index % g->channels;
  patch = index / g->channels;
  for (axis = g->ndim - 1; axis >= 0; axis--) {
    place[axis] = origin_of(g, axis, patch % g->counts[axis]) + inside[axis];
    patch /= g->counts[axis];
  }
  at = patch * g->channels + channel;
  for (axis = 0; axis < g->ndim; axis++) at = at * g->size[axis] + place[axis];
  return at;
}

static void check_unstitch(const geometry *g, const qlty_quilt *quilt, const qlty_array *batch, const qlty_array *patches,
                           int64_t first) {
  int64_t index, skipped = first * g->channels;
  int32_t axis;
  for (axis = 0; axis < g->ndim; axis++) skipped *= g->window[axis];
  OK(qlty_quilt_unstitch(quilt, batch, first, patches, NULL, NULL, &error));
  for (index = 0; index < (int64_t)values_of(patches); index++)
    CHECK(memcmp(value_at(patches, index), value_at(batch, source_of(g, index + skipped)), size_of(batch->dtype)) == 0);
}

static double number_at(const qlty_array *array, int64_t index) {
  const unsigned char *at = value_at(array, index);
  float single;
  double number;
  if (array->dtype == QLTY_DTYPE_F32) return memcpy(&single, at, 4), single;
  return memcpy(&number, at, 8), number;
}

/* What was cut and is stitched is what it was, at once and patch by patch. */
static void check_stitch(const geometry *g, const qlty_quilt *quilt, const qlty_array *batch, const qlty_array *patches) {
  qlty_array described, part = *patches;
  owned merged, again;
  qlty_stitcher *stitcher = NULL;
  int64_t index, first, count;
  OK(qlty_quilt_stitch_shape(quilt, patches, &described, NULL, &error));
  CHECK(described.dtype == batch->dtype && memcmp(described.shape, batch->shape, sizeof batch->shape) == 0);
  merged = scattered(described.dtype, described.ndim, described.shape);
  again = scattered(described.dtype, described.ndim, described.shape);
  OK(qlty_quilt_stitch(quilt, patches, &merged.array, NULL, NULL, NULL, &error));
  OK(qlty_stitcher_new(quilt, patches->dtype, g->images, g->channels, &stitcher, &error));
  for (first = 0; first < g->patches; first += count) {
    count = RANDOM(1, g->patches - first);
    part.data = (char *)patches->data + (values_of(patches) ? first * patches->strides[0] * (int64_t)size_of(part.dtype) : 0);
    part.shape[0] = count;
    OK(qlty_stitcher_push(stitcher, first, &part, &error));
  }
  OK(qlty_stitcher_finish(stitcher, &again.array, NULL, &error));
  qlty_stitcher_free(stitcher);
  for (index = 0; index < (int64_t)values_of(batch); index++) {
    CHECK(fabs(number_at(&merged.array, index) - number_at(batch, index)) < 1e-4);
    CHECK(number_at(&merged.array, index) == number_at(&again.array, index));
  }
  release(&merged);
  release(&again);
}

static void check_geometry(void) {
  geometry g = random_geometry();
  qlty_quilt *quilt = quilt_of_geometry(&g);
  qlty_dtype dtype = RANDOM(0, 1) ? (qlty_dtype)RANDOM(QLTY_DTYPE_U8, QLTY_DTYPE_BOOL)
                                  : (qlty_dtype)RANDOM(QLTY_DTYPE_F32, QLTY_DTYPE_F64);
  int64_t shape[QLTY_MAX_NDIM] = {0}, patch_shape[QLTY_MAX_NDIM] = {0}, count, first = 0;
  owned batch, patches;
  shape[0] = g.images;
  shape[1] = patch_shape[1] = g.channels;
  memcpy(shape + 2, g.size, sizeof g.size);
  memcpy(patch_shape + 2, g.window, sizeof g.window);
  OK(qlty_quilt_patch_count(quilt, g.images, &count, &error));
  CHECK(count == g.patches);
  batch = scattered(dtype, g.ndim + 2, shape);
  fill(&batch.array);
  first = RANDOM(0, g.patches);
  patch_shape[0] = RANDOM(0, g.patches - first);
  patches = scattered(dtype, g.ndim + 2, patch_shape);
  check_unstitch(&g, quilt, &batch.array, &patches.array, first);
  release(&patches);
  patch_shape[0] = g.patches;
  patches = scattered(dtype, g.ndim + 2, patch_shape);
  check_unstitch(&g, quilt, &batch.array, &patches.array, 0);
  if (dtype == QLTY_DTYPE_F32 || dtype == QLTY_DTYPE_F64) check_stitch(&g, quilt, &batch.array, &patches.array);
  release(&patches);
  release(&batch);
  qlty_quilt_free(quilt);
}

static int64_t nonsense(void) {
  static const int64_t odd[] = {0, 1, -1, 2, 7, INT64_MAX, INT64_MIN, INT32_MAX, (int64_t)1 << 32, (int64_t)1 << 61,
                                INT64_MAX / 2, INT64_MIN / 2, -((int64_t)1 << 61)};
  return odd[RANDOM(0, (int64_t)(sizeof odd / sizeof *odd) - 1)];
}

static qlty_array random_array(owned *memory) {
  qlty_array array = memory->array;
  int32_t axis, changes = (int32_t)RANDOM(1, 3);
  while (changes--) {
    axis = (int32_t)RANDOM(0, QLTY_MAX_NDIM - 1);
    switch (RANDOM(0, 4)) {
      case 0: array.shape[axis] = nonsense(); break;
      /* No other strides: the host alone knows how long its memory is. */
      case 1: array.strides[axis] = RANDOM(0, 1) ? 0 : nonsense() | (int64_t)1 << 59; break;
      case 2: array.ndim = (int32_t)nonsense(); break;
      case 3: array.dtype = (qlty_dtype)(RANDOM(0, 1) ? nonsense() : RANDOM(0, 14)); break;
      default: array.data = RANDOM(0, 1) ? NULL : (char *)array.data + 1; break;
    }
  }
  return array;
}

/* Descriptions, options and numbers that mean nothing: each call ends, none as a defect. The data
   cannot be looked at: an array that passes all checks is larger than its memory. */
static void check_nonsense(void) {
  owned memory = MAKE(QLTY_DTYPE_F32, 2, 3, 10, 10);
  qlty_quilt *quilt = quilt_2d(10, 4, 3, 1), *made = NULL;
  qlty_stitcher *stitcher = NULL;
  qlty_array batch = random_array(&memory), described;
  qlty_quilt_options options = options_2d(10, 4, 3, 1);
  int64_t number;
  int32_t axis = (int32_t)RANDOM(0, 2);
  int64_t *field[] = {options.size, options.window, options.step, options.border};
  CHECK(qlty_quilt_unstitch_shape(quilt, &batch, nonsense(), &described, NULL) != QLTY_STATUS_PANIC);
  CHECK(qlty_quilt_stitch_shape(quilt, &batch, &described, NULL, NULL) != QLTY_STATUS_PANIC);
  CHECK(qlty_quilt_patch_count(quilt, nonsense(), &number, NULL) != QLTY_STATUS_PANIC);
  number = nonsense();
  field[RANDOM(0, 3)][axis] = number;
  field[RANDOM(0, 3)][axis] = number;
  options.ndim = RANDOM(0, 3) ? (int32_t)RANDOM(2, 3) : (int32_t)nonsense();
  options.profile = (int32_t)RANDOM(-1, 5);
  options.profile_parameter = (double)nonsense();
  if (qlty_quilt_new(&options, &made, NULL) == QLTY_STATUS_OK) {
    CHECK(made);
    CHECK(qlty_quilt_patch_count(made, nonsense(), &number, NULL) != QLTY_STATUS_PANIC);
    CHECK(qlty_quilt_unstitch_shape(made, &memory.array, -1, &described, NULL) != QLTY_STATUS_PANIC);
    CHECK(qlty_quilt_window_weight(made, &memory.array, NULL) != QLTY_STATUS_PANIC);
    CHECK(qlty_quilt_weights(made, &memory.array, NULL) != QLTY_STATUS_PANIC);
    CHECK(qlty_quilt_border_mask(made, &memory.array, NULL) != QLTY_STATUS_PANIC);
  }
  qlty_quilt_free(made);
  CHECK(qlty_stitcher_new(quilt, (qlty_dtype)RANDOM(-1, 15), RANDOM(0, 1) ? 1 : nonsense(), nonsense(), &stitcher, NULL) !=
        QLTY_STATUS_PANIC);
  qlty_stitcher_free(stitcher);
  qlty_quilt_free(quilt);
  release(&memory);
}

int main(int argc, char **argv) {
  long rounds = argc > 1 ? atol(argv[1]) : 300, round;
  uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  for (round = 0; round < rounds; round++) {
    state = seed * 1000003 + (uint64_t)round;
    random_bits(&state);
    check_geometry();
    check_nonsense();
  }
  return 0;
}
