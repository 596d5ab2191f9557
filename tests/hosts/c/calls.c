/* Each function of the header does what its comment says, on arrays of awkward strides too. */
#include "support.h"

/* What dlpack.h declares of tensors; the helper in qlty.h appears once it was included. */
#define DLPACK_DLPACK_H_
typedef enum { kDLCPU = 1, kDLCUDA = 2 } DLDeviceType;
typedef struct { DLDeviceType device_type; int32_t device_id; } DLDevice;
typedef struct { uint8_t code, bits; uint16_t lanes; } DLDataType;
typedef struct {
  void *data;
  DLDevice device;
  int32_t ndim;
  DLDataType dtype;
  int64_t *shape, *strides;
  uint64_t byte_offset;
} DLTensor;
#include "qlty.h"

static float at(const qlty_array *a, int64_t n, int64_t c, int64_t y, int64_t x) {
  const int64_t *s = a->strides;
  return ((const float *)a->data)[n * s[0] + c * s[1] + y * s[2] + x * s[3]];
}

static void check_versions_and_errors(void) {
  qlty_error *error = NULL;
  CHECK(qlty_abi_version() == QLTY_ABI_VERSION);
  CHECK(strchr(qlty_version(), '.'));
  CHECK(qlty_error_status(NULL) == QLTY_STATUS_OK && strcmp(qlty_error_message(NULL), "") == 0);
  qlty_error_free(NULL);
  qlty_quilt_free(NULL);
  qlty_stitcher_free(NULL);
  CHECK(qlty_threads_set(-1, &error) == QLTY_STATUS_INVALID_ARGUMENT && error);
  CHECK(qlty_error_status(error) == QLTY_STATUS_INVALID_ARGUMENT);
  qlty_error_free(error);
}

static void check_threads(void) {
  int64_t threads = 0;
  OK(qlty_threads_set(3, &error));
  OK(qlty_threads_get(&threads, &error));
  CHECK(threads == 3);
  OK(qlty_threads_set(0, &error));
  OK(qlty_threads_get(&threads, &error));
  CHECK(threads >= 1);
}

/* Options of a host that knows fewer or more fields than the library. */
static void check_options(void) {
  struct { qlty_quilt_options known; int64_t later[4]; } large;
  qlty_quilt_options options = options_2d(10, 4, 3, 1);
  qlty_quilt *quilt = NULL;
  int64_t counts[2];
  CHECK(options.struct_size == sizeof options && options.ndim == 2);
  CHECK(isnan(options.border_weight) && options.profile == QLTY_PROFILE_BORDER);
  memset(&large, SENTINEL, sizeof large);
  OK(qlty_quilt_options_init(&large.known, sizeof large, &error));
  CHECK(large.known.struct_size == sizeof large && large.later[0] == 0 && large.later[3] == 0);
  options.struct_size = sizeof large;
  large.known = options;
  OK(qlty_quilt_new(&large.known, &quilt, &error));
  OK(qlty_quilt_counts(quilt, counts, &error));
  CHECK(counts[0] == 3 && counts[1] == 3);
  qlty_quilt_free(quilt);
}

static void check_profiles(void) {
  static const struct { int32_t profile; double parameter; } all[] = {
      {QLTY_PROFILE_BORDER, 0}, {QLTY_PROFILE_HANN, 0}, {QLTY_PROFILE_TRIANGULAR, 0},
      {QLTY_PROFILE_GAUSSIAN, 0.125}, {QLTY_PROFILE_TUKEY, 0.5}};
  size_t i;
  for (i = 0; i < sizeof all / sizeof *all; i++) {
    qlty_quilt_options options = options_2d(8, 8, 8, 0);
    owned weight = MAKE(QLTY_DTYPE_F32, 8, 8), doubles = MAKE(QLTY_DTYPE_F64, 8, 8), sums = MAKE(QLTY_DTYPE_F64, 8, 8);
    const float *w = weight.array.data;
    const double *d = doubles.array.data;
    qlty_quilt *quilt;
    options.profile = all[i].profile;
    options.profile_parameter = all[i].parameter;
    quilt = quilt_of(options);
    OK(qlty_quilt_window_weight(quilt, &weight.array, &error));
    OK(qlty_quilt_window_weight(quilt, &doubles.array, &error));
    OK(qlty_quilt_weights(quilt, &sums.array, &error));
    /* One window: its weights are their sums. All profiles are symmetric and highest in the middle. */
    CHECK(memcmp(doubles.array.data, sums.array.data, sums.bytes) == 0);
    CHECK(fabs(w[3 * 8 + 5] - d[3 * 8 + 5]) < 1e-7 && w[0] == w[63] && w[7] == w[56] && w[27] >= w[0] && w[0] > 0);
    qlty_quilt_free(quilt);
    release(&weight);
    release(&doubles);
    release(&sums);
  }
}

static void check_geometry(const qlty_quilt *quilt) {
  owned mask = MAKE(QLTY_DTYPE_U8, 4, 4), with_image = MAKE(QLTY_DTYPE_I64, 4, 3), without = MAKE(QLTY_DTYPE_I64, 4, 2);
  const int64_t *row = with_image.array.data, *start = without.array.data;
  int64_t counts[2], count, y, x;
  OK(qlty_quilt_counts(quilt, counts, &error));
  CHECK(counts[0] == 3 && counts[1] == 3);
  OK(qlty_quilt_patch_count(quilt, 2, &count, &error));
  CHECK(count == 18);
  OK(qlty_quilt_border_mask(quilt, &mask.array, &error));
  for (y = 0; y < 4; y++)
    for (x = 0; x < 4; x++) CHECK(((uint8_t *)mask.array.data)[y * 4 + x] == (y % 3 != 0 && x % 3 != 0));
  /* Windows start at 0, 3 and 6: patch 10 is the second of the second image. */
  OK(qlty_quilt_positions(quilt, 10, &with_image.array, &error));
  OK(qlty_quilt_positions(quilt, 10, &without.array, &error));
  CHECK(row[0] == 1 && row[1] == 0 && row[2] == 3 && start[0] == 0 && start[1] == 3 && start[7] == 3);
  release(&mask);
  release(&with_image);
  release(&without);
}

/* What a call says of its result, of arrays that need not have data. */
static void check_shapes(const qlty_quilt *quilt) {
  static const struct { qlty_dtype from, to; } sums[] = {
      {QLTY_DTYPE_U8, QLTY_DTYPE_F32}, {QLTY_DTYPE_I8, QLTY_DTYPE_F32}, {QLTY_DTYPE_U16, QLTY_DTYPE_F32},
      {QLTY_DTYPE_I16, QLTY_DTYPE_F32}, {QLTY_DTYPE_U32, QLTY_DTYPE_F64}, {QLTY_DTYPE_I32, QLTY_DTYPE_F64},
      {QLTY_DTYPE_U64, QLTY_DTYPE_F64}, {QLTY_DTYPE_I64, QLTY_DTYPE_F64}, {QLTY_DTYPE_F16, QLTY_DTYPE_F32},
      {QLTY_DTYPE_BF16, QLTY_DTYPE_F32}, {QLTY_DTYPE_F32, QLTY_DTYPE_F32}, {QLTY_DTYPE_F64, QLTY_DTYPE_F64},
      {QLTY_DTYPE_BOOL, QLTY_DTYPE_F32}};
  size_t i;
  for (i = 0; i < sizeof sums / sizeof *sums; i++) {
    qlty_array from = qlty_array_contiguous(NULL, sums[i].from, 4, SHAPE(2, 3, 10, 10)), patches, batch, weights;
    OK(qlty_quilt_unstitch_shape(quilt, &from, -1, &patches, &error));
    CHECK(patches.dtype == sums[i].from && patches.ndim == 4 && patches.data == NULL);
    CHECK(memcmp(patches.shape, SHAPE(18, 3, 4, 4, 0, 0), sizeof patches.shape) == 0);
    CHECK(memcmp(patches.strides, SHAPE(48, 16, 4, 1, 0, 0), sizeof patches.strides) == 0);
    OK(qlty_quilt_stitch_shape(quilt, &patches, &batch, &weights, &error));
    CHECK(batch.dtype == sums[i].to && memcmp(batch.shape, from.shape, sizeof from.shape) == 0);
    CHECK(weights.dtype == sums[i].to && memcmp(weights.shape, SHAPE(10, 10, 0, 0, 0, 0), sizeof from.shape) == 0);
    OK(qlty_quilt_unstitch_shape(quilt, &from, 0, &patches, &error));
    CHECK(patches.shape[0] == 0);
  }
}

/* Truth values are bytes: a stitcher of them takes them. An output without values may point anywhere. */
static void check_bytes_and_nothing(const qlty_quilt *quilt) {
  owned patches = MAKE(QLTY_DTYPE_BOOL, 9, 1, 4, 4), sums = MAKE(QLTY_DTYPE_F32, 1, 1, 10, 10);
  qlty_array none = qlty_array_contiguous((float *)sums.array.data + 10, QLTY_DTYPE_F32, 4, SHAPE(0, 1, 4, 4));
  qlty_stitcher *stitcher = NULL;
  memset(patches.array.data, 1, 9 * 16);
  OK(qlty_stitcher_new(quilt, QLTY_DTYPE_BOOL, 1, 1, &stitcher, &error));
  OK(qlty_stitcher_push(stitcher, 0, &patches.array, &error));
  OK(qlty_stitcher_finish(stitcher, &sums.array, NULL, &error));
  CHECK(fabsf(((float *)sums.array.data)[55] - 1.0f) < 1e-6f);
  OK(qlty_quilt_unstitch(quilt, &sums.array, 0, &none, NULL, NULL, &error));
  qlty_stitcher_free(stitcher);
  release(&patches);
  release(&sums);
}

/* Inputs that run backwards, in another order or over a single value; outputs with gaps. */
static void check_strides(const qlty_quilt *quilt) {
  owned plain = MAKE(QLTY_DTYPE_F32, 2, 3, 10, 10), patches = MAKE(QLTY_DTYPE_F32, 18, 3, 4, 4);
  owned expected = MAKE(QLTY_DTYPE_F32, 18, 3, 4, 4), wide = MAKE(QLTY_DTYPE_F32, 18, 5, 4, 8);
  qlty_array view = plain.array, out = wide.array, one;
  float *from = plain.array.data, value = 2.5f;
  int64_t i, n, c, y, x;
  fill_f32(&plain, 1);
  for (i = 0; i < 2; i++) {
    owned copy = MAKE(QLTY_DTYPE_F32, 2, 3, 10, 10);
    float *to = copy.array.data;
    if (i == 0) { /* Rows and channels backwards. */
      view.data = from + 2 * view.strides[1] + 9 * view.strides[2];
      view.strides[1] = -view.strides[1];
      view.strides[2] = -view.strides[2];
    } else { /* Rows and columns exchanged. */
      view = plain.array;
      view.strides[2] = 1;
      view.strides[3] = 10;
    }
    for (n = 0; n < 2; n++)
      for (c = 0; c < 3; c++)
        for (y = 0; y < 10; y++)
          for (x = 0; x < 10; x++) *to++ = at(&view, n, c, y, x);
    OK(qlty_quilt_unstitch(quilt, &view, 0, &patches.array, NULL, NULL, &error));
    OK(qlty_quilt_unstitch(quilt, &copy.array, 0, &expected.array, NULL, NULL, &error));
    CHECK(memcmp(patches.array.data, expected.array.data, patches.bytes) == 0);
    release(&copy);
  }
  one = plain.array;
  one.data = &value;
  memset(one.strides, 0, sizeof one.strides);
  OK(qlty_quilt_unstitch(quilt, &one, 0, &patches.array, NULL, NULL, &error));
  for (i = 0; i < 18 * 3 * 16; i++) CHECK(((float *)patches.array.data)[i] == value);

  /* Channels 1 to 3 of 5, every second column, backwards: what lies between stays. */
  out.data = (float *)out.data + 3 * 32 + 7;
  out.shape[1] = 3;
  out.shape[3] = 4;
  out.strides[1] = -32;
  out.strides[3] = -2;
  OK(qlty_quilt_unstitch(quilt, &plain.array, 0, &out, NULL, NULL, &error));
  OK(qlty_quilt_unstitch(quilt, &plain.array, 0, &expected.array, NULL, NULL, &error));
  for (n = 0; n < 18; n++)
    for (c = 0; c < 5; c++)
      for (y = 0; y < 4; y++)
        for (x = 0; x < 8; x++) {
          const float *value_at = (const float *)wide.array.data + ((n * 5 + c) * 4 + y) * 8 + x;
          if (c < 1 || c > 3 || x % 2 == 0) CHECK(is_sentinel((const unsigned char *)value_at, sizeof *value_at));
          else CHECK(*value_at == at(&expected.array, n, 3 - c, y, (7 - x) / 2));
        }
  release(&plain);
  release(&patches);
  release(&expected);
  release(&wide);
}

/* Coordinates behind the channels of the batch, by two views of one array. */
static void check_positional(const qlty_quilt *quilt) {
  owned batch = MAKE(QLTY_DTYPE_F32, 1, 1, 10, 10), all = MAKE(QLTY_DTYPE_F32, 9, 3, 4, 4);
  qlty_array pixels = all.array, places = all.array;
  fill_f32(&batch, 2);
  pixels.shape[1] = 1;
  places.shape[1] = 2;
  places.data = (float *)places.data + 16;
  OK(qlty_quilt_unstitch(quilt, &batch.array, 0, &pixels, NULL, NULL, &error));
  OK(qlty_quilt_positional(quilt, 0, QLTY_ORIGIN_IMAGE, 0, &places, &error));
  CHECK(at(&all.array, 5, 0, 1, 2) == at(&batch.array, 0, 0, 4, 8));
  CHECK(at(&all.array, 5, 1, 1, 2) == 4 && at(&all.array, 5, 2, 1, 2) == 8);
  OK(qlty_quilt_positional(quilt, 0, QLTY_ORIGIN_WINDOW, 1, &places, &error));
  CHECK(at(&all.array, 5, 1, 3, 0) == 1 && at(&all.array, 5, 2, 3, 0) == 0);
  release(&batch);
  release(&all);
}

/* <A x, y> = <x, A* y> for both maps. */
static void check_adjoints(const qlty_quilt *quilt) {
  owned x = MAKE(QLTY_DTYPE_F32, 2, 3, 10, 10), y = MAKE(QLTY_DTYPE_F32, 18, 3, 4, 4);
  owned to_patches = MAKE(QLTY_DTYPE_F32, 18, 3, 4, 4), to_batch = MAKE(QLTY_DTYPE_F32, 2, 3, 10, 10);
  const float *a = x.array.data, *b = y.array.data, *p = to_patches.array.data, *q = to_batch.array.data;
  int map;
  size_t i;
  fill_f32(&x, 3);
  fill_f32(&y, 4);
  for (map = 0; map < 2; map++) {
    double in_patches = 0, in_batch = 0;
    if (map == 0) {
      OK(qlty_quilt_unstitch(quilt, &x.array, 0, &to_patches.array, NULL, NULL, &error));
      OK(qlty_quilt_unstitch_adjoint(quilt, &y.array, &to_batch.array, NULL, NULL, &error));
    } else {
      OK(qlty_quilt_stitch(quilt, &y.array, &to_batch.array, NULL, NULL, NULL, &error));
      OK(qlty_quilt_stitch_adjoint(quilt, &x.array, &to_patches.array, NULL, NULL, &error));
    }
    for (i = 0; i < y.bytes / 4; i++) in_patches += (double)p[i] * b[i];
    for (i = 0; i < x.bytes / 4; i++) in_batch += (double)q[i] * a[i];
    CHECK(fabs(in_patches - in_batch) < 1e-4);
  }
  release(&x);
  release(&y);
  release(&to_patches);
  release(&to_batch);
}

static void check_stitcher(const qlty_quilt *quilt) {
  owned patches = MAKE(QLTY_DTYPE_F32, 9, 1, 4, 4), batch = MAKE(QLTY_DTYPE_F32, 1, 1, 10, 10);
  owned weights = MAKE(QLTY_DTYPE_F32, 10, 10), once = MAKE(QLTY_DTYPE_F32, 1, 1, 10, 10);
  owned arrived = MAKE(QLTY_DTYPE_F32, 1, 10, 10), missing = MAKE(QLTY_DTYPE_I64, 2);
  int64_t order[4] = {8, 5, 6, 7}, count, *lowest = missing.array.data;
  qlty_array part = patches.array, indices = qlty_array_contiguous(order, QLTY_DTYPE_I64, 1, SHAPE(4));
  qlty_stitcher *stitcher = NULL;
  int round;
  size_t i;
  fill_f32(&patches, 5);
  OK(qlty_quilt_stitch(quilt, &patches.array, &once.array, &weights.array, NULL, NULL, &error));
  OK(qlty_stitcher_new(quilt, QLTY_DTYPE_F32, 1, 1, &stitcher, &error));
  for (round = 0; round < 2; round++) { /* After it has finished it begins anew. */
    part = patches.array;
    part.shape[0] = 4;
    part.data = (float *)part.data + 8 * 16;
    part.strides[0] = -16; /* Patches 8, 7, 6, 5. */
    order[1] = 7;
    order[2] = 6;
    order[3] = 5;
    OK(qlty_stitcher_push_at(stitcher, &indices, &part, &error));
    OK(qlty_stitcher_missing_count(stitcher, &count, &error));
    OK(qlty_stitcher_missing(stitcher, &missing.array, &error));
    CHECK(count == 5 && lowest[0] == 0 && lowest[1] == 1);
    part = patches.array;
    part.shape[0] = 5;
    OK(qlty_stitcher_push(stitcher, 0, &part, &error));
    OK(qlty_stitcher_missing_count(stitcher, &count, &error));
    CHECK(count == 0);
    OK(qlty_stitcher_finish(stitcher, &batch.array, round == 0 ? &weights.array : NULL, &error));
    for (i = 0; i < 100; i++)
      CHECK(fabsf(((float *)batch.array.data)[i] - ((float *)once.array.data)[i]) < 1e-6f);
  }
  part.shape[0] = 1; /* The first window alone. */
  OK(qlty_stitcher_push(stitcher, 0, &part, &error));
  OK(qlty_stitcher_finish_incomplete(stitcher, -7.0, &batch.array, &arrived.array, &error));
  CHECK(at(&batch.array, 0, 0, 4, 0) == -7.0f && fabsf(at(&batch.array, 0, 0, 1, 1) - at(&part, 0, 0, 1, 1)) < 1e-6f);
  CHECK(((float *)arrived.array.data)[11] == 1.0f && ((float *)arrived.array.data)[99] == 0.0f);
  qlty_stitcher_free(stitcher);
  release(&patches);
  release(&batch);
  release(&weights);
  release(&once);
  release(&arrived);
  release(&missing);
}

static void check_labels(const qlty_quilt *quilt) {
  owned labels = MAKE(QLTY_DTYPE_I16, 1, 10, 10), patches = MAKE(QLTY_DTYPE_I16, 9, 4, 4);
  owned labelled = MAKE(QLTY_DTYPE_U8, 9), kept = MAKE(QLTY_DTYPE_I16, 1, 4, 4);
  char bytes[1 + sizeof(int16_t)]; /* A missing label need not be aligned. */
  int16_t missing = -1, *label = labels.array.data;
  int i;
  memcpy(bytes + 1, &missing, sizeof missing);
  for (i = 0; i < 100; i++) label[i] = missing;
  label[4 * 10 + 8] = 5; /* Inside the window that starts at (3, 6), and of no other. */
  label[0] = 6;          /* On a border. */
  OK(qlty_quilt_unstitch_labels(quilt, &labels.array, bytes + 1, 0, &patches.array, NULL, NULL, &error));
  CHECK(((int16_t *)patches.array.data)[0] == missing);
  OK(qlty_quilt_labelled(quilt, &patches.array, bytes + 1, &labelled.array, &error));
  for (i = 0; i < 9; i++) CHECK(((uint8_t *)labelled.array.data)[i] == (i == 5));
  OK(qlty_patches_keep(&patches.array, &labelled.array, &kept.array, &error));
  CHECK(memcmp(kept.array.data, (int16_t *)patches.array.data + 5 * 16, 32) == 0);
  release(&labels);
  release(&patches);
  release(&labelled);
  release(&kept);
}

static void check_dlpack(void) {
  static const struct { uint8_t code, bits; qlty_dtype dtype; } known[] = {
      {0, 8, QLTY_DTYPE_I8}, {0, 16, QLTY_DTYPE_I16}, {0, 32, QLTY_DTYPE_I32}, {0, 64, QLTY_DTYPE_I64},
      {1, 8, QLTY_DTYPE_U8}, {1, 16, QLTY_DTYPE_U16}, {1, 32, QLTY_DTYPE_U32}, {1, 64, QLTY_DTYPE_U64},
      {2, 16, QLTY_DTYPE_F16}, {2, 32, QLTY_DTYPE_F32}, {2, 64, QLTY_DTYPE_F64},
      {4, 16, QLTY_DTYPE_BF16}, {6, 8, QLTY_DTYPE_BOOL}};
  static const uint8_t unknown[][2] = {{2, 8}, {4, 32}, {5, 64}, {6, 16}, {0, 4}, {0, 128}};
  float values[24];
  int64_t shape[2] = {2, 3}, strides[2] = {12, -4};
  DLTensor tensor = {values, {kDLCPU, 0}, 2, {2, 32, 1}, shape, NULL, 4 * sizeof(float)};
  qlty_array array;
  size_t i;
  for (i = 0; i < sizeof known / sizeof *known; i++) {
    tensor.dtype.code = known[i].code;
    tensor.dtype.bits = known[i].bits;
    CHECK(qlty_array_from_dlpack(&tensor, &array) == QLTY_STATUS_OK && array.dtype == known[i].dtype);
  }
  CHECK(array.data == values + 4 && array.ndim == 2 && array.shape[1] == 3 && array.strides[0] == 3 && array.strides[1] == 1);
  tensor.strides = strides;
  CHECK(qlty_array_from_dlpack(&tensor, &array) == QLTY_STATUS_OK && array.strides[0] == 12 && array.strides[1] == -4);
  memset(&array, SENTINEL, sizeof array);
  for (i = 0; i < sizeof unknown / sizeof *unknown; i++) {
    tensor.dtype.code = unknown[i][0];
    tensor.dtype.bits = unknown[i][1];
    CHECK(qlty_array_from_dlpack(&tensor, &array) == QLTY_STATUS_DTYPE);
  }
  tensor.dtype.lanes = 4;
  CHECK(qlty_array_from_dlpack(&tensor, &array) == QLTY_STATUS_DTYPE);
  tensor.ndim = 7;
  CHECK(qlty_array_from_dlpack(&tensor, &array) == QLTY_STATUS_INVALID_ARGUMENT);
  tensor.ndim = 2;
  tensor.device.device_type = kDLCUDA;
  CHECK(qlty_array_from_dlpack(&tensor, &array) == QLTY_STATUS_INVALID_ARGUMENT);
  CHECK(qlty_array_from_dlpack(NULL, &array) == QLTY_STATUS_INVALID_ARGUMENT);
  CHECK(is_sentinel((unsigned char *)&array, sizeof array));
}

int main(void) {
  qlty_quilt *quilt = quilt_2d(10, 4, 3, 1);
  check_versions_and_errors();
  check_threads();
  check_options();
  check_profiles();
  check_geometry(quilt);
  check_shapes(quilt);
  check_strides(quilt);
  check_positional(quilt);
  check_adjoints(quilt);
  check_stitcher(quilt);
  check_bytes_and_nothing(quilt);
  check_labels(quilt);
  check_dlpack();
  qlty_quilt_free(quilt);
  return 0;
}
