/* Every mistake has its status and a message that names what was got, and leaves outputs alone. */
#include "support.h"

#define ARGUMENT QLTY_STATUS_INVALID_ARGUMENT

/* The arrays of a quilt of 10 x 10 pixels, window 4, step 3: 9 patches of each image. */
static qlty_quilt *quilt;
static owned batch, patches, stitched, sums, positions, mask, weight, channels, labels, label_patches, labelled, kept;
static float missing = -1;

static void make_all(void) {
  quilt = quilt_2d(10, 4, 3, 1);
  batch = MAKE(QLTY_DTYPE_F32, 2, 3, 10, 10);
  patches = MAKE(QLTY_DTYPE_F32, 18, 3, 4, 4);
  stitched = MAKE(QLTY_DTYPE_F32, 2, 3, 10, 10);
  sums = MAKE(QLTY_DTYPE_F32, 10, 10);
  positions = MAKE(QLTY_DTYPE_I64, 18, 2);
  mask = MAKE(QLTY_DTYPE_U8, 4, 4);
  weight = MAKE(QLTY_DTYPE_F32, 4, 4);
  channels = MAKE(QLTY_DTYPE_F32, 18, 2, 4, 4);
  labels = MAKE(QLTY_DTYPE_F32, 2, 10, 10);
  label_patches = MAKE(QLTY_DTYPE_F32, 18, 4, 4);
  labelled = MAKE(QLTY_DTYPE_BOOL, 18);
  kept = MAKE(QLTY_DTYPE_F32, 18, 3, 4, 4);
}

static void release_all(void) {
  owned *all[] = {&batch, &patches, &stitched, &sums, &positions, &mask, &weight, &channels, &labels,
                  &label_patches, &labelled, &kept};
  size_t i;
  for (i = 0; i < sizeof all / sizeof *all; i++) {
    CHECK(is_untouched(all[i])); /* Not a single one of these calls has succeeded. */
    release(all[i]);
  }
  qlty_quilt_free(quilt);
}

#define IS_NULL(name, call) FAILS(ARGUMENT, name ": got NULL", "expected a pointer", call)

static void check_null(void) {
  qlty_array described;
  qlty_quilt_options options = options_2d(10, 4, 3, 1);
  qlty_quilt *no_quilt = (qlty_quilt *)&described;
  qlty_stitcher *no_stitcher = (qlty_stitcher *)&described;
  int64_t number = 77;
  const qlty_array *a = &batch.array, *p = &patches.array;
  memset(&described, SENTINEL, sizeof described);
  IS_NULL("threads", qlty_threads_get(NULL, &error));
  IS_NULL("options", qlty_quilt_options_init(NULL, sizeof options, &error));
  IS_NULL("options", qlty_quilt_new(NULL, &no_quilt, &error));
  IS_NULL("quilt", qlty_quilt_new(&options, NULL, &error));
  IS_NULL("quilt", qlty_quilt_counts(NULL, &number, &error));
  IS_NULL("counts", qlty_quilt_counts(quilt, NULL, &error));
  IS_NULL("quilt", qlty_quilt_patch_count(NULL, 1, &number, &error));
  IS_NULL("count", qlty_quilt_patch_count(quilt, 1, NULL, &error));
  IS_NULL("quilt", qlty_quilt_positions(NULL, 0, &positions.array, &error));
  IS_NULL("positions", qlty_quilt_positions(quilt, 0, NULL, &error));
  IS_NULL("quilt", qlty_quilt_border_mask(NULL, &mask.array, &error));
  IS_NULL("mask", qlty_quilt_border_mask(quilt, NULL, &error));
  IS_NULL("quilt", qlty_quilt_window_weight(NULL, &weight.array, &error));
  IS_NULL("weights", qlty_quilt_window_weight(quilt, NULL, &error));
  IS_NULL("quilt", qlty_quilt_weights(NULL, &sums.array, &error));
  IS_NULL("weights", qlty_quilt_weights(quilt, NULL, &error));
  IS_NULL("quilt", qlty_quilt_unstitch_shape(NULL, a, -1, &described, &error));
  IS_NULL("batch", qlty_quilt_unstitch_shape(quilt, NULL, -1, &described, &error));
  IS_NULL("patches", qlty_quilt_unstitch_shape(quilt, a, -1, NULL, &error));
  IS_NULL("quilt", qlty_quilt_unstitch(NULL, a, 0, p, NULL, NULL, &error));
  IS_NULL("batch", qlty_quilt_unstitch(quilt, NULL, 0, p, NULL, NULL, &error));
  IS_NULL("patches", qlty_quilt_unstitch(quilt, a, 0, NULL, NULL, NULL, &error));
  IS_NULL("quilt", qlty_quilt_positional(NULL, 0, 0, 0, &channels.array, &error));
  IS_NULL("channels", qlty_quilt_positional(quilt, 0, 0, 0, NULL, &error));
  IS_NULL("quilt", qlty_quilt_stitch_shape(NULL, p, &described, NULL, &error));
  IS_NULL("patches", qlty_quilt_stitch_shape(quilt, NULL, &described, NULL, &error));
  IS_NULL("batch", qlty_quilt_stitch_shape(quilt, p, NULL, &described, &error));
  IS_NULL("quilt", qlty_quilt_stitch(NULL, p, &stitched.array, NULL, NULL, NULL, &error));
  IS_NULL("patches", qlty_quilt_stitch(quilt, NULL, &stitched.array, NULL, NULL, NULL, &error));
  IS_NULL("batch", qlty_quilt_stitch(quilt, p, NULL, &sums.array, NULL, NULL, &error));
  IS_NULL("quilt", qlty_quilt_unstitch_adjoint(NULL, p, &stitched.array, NULL, NULL, &error));
  IS_NULL("patches", qlty_quilt_unstitch_adjoint(quilt, NULL, &stitched.array, NULL, NULL, &error));
  IS_NULL("batch", qlty_quilt_unstitch_adjoint(quilt, p, NULL, NULL, NULL, &error));
  IS_NULL("quilt", qlty_quilt_stitch_adjoint(NULL, a, p, NULL, NULL, &error));
  IS_NULL("batch", qlty_quilt_stitch_adjoint(quilt, NULL, p, NULL, NULL, &error));
  IS_NULL("patches", qlty_quilt_stitch_adjoint(quilt, a, NULL, NULL, NULL, &error));
  IS_NULL("quilt", qlty_stitcher_new(NULL, QLTY_DTYPE_F32, 1, 1, &no_stitcher, &error));
  IS_NULL("stitcher", qlty_stitcher_new(quilt, QLTY_DTYPE_F32, 1, 1, NULL, &error));
  IS_NULL("stitcher", qlty_stitcher_push(NULL, 0, p, &error));
  IS_NULL("stitcher", qlty_stitcher_push_at(NULL, &positions.array, p, &error));
  IS_NULL("stitcher", qlty_stitcher_missing_count(NULL, &number, &error));
  IS_NULL("stitcher", qlty_stitcher_missing(NULL, &positions.array, &error));
  IS_NULL("stitcher", qlty_stitcher_finish(NULL, &stitched.array, NULL, &error));
  IS_NULL("stitcher", qlty_stitcher_finish_incomplete(NULL, 0, &stitched.array, NULL, &error));
  IS_NULL("quilt", qlty_quilt_unstitch_labels(NULL, &labels.array, NULL, 0, &label_patches.array, NULL, NULL, &error));
  IS_NULL("labels", qlty_quilt_unstitch_labels(quilt, NULL, NULL, 0, &label_patches.array, NULL, NULL, &error));
  IS_NULL("patches", qlty_quilt_unstitch_labels(quilt, &labels.array, NULL, 0, NULL, NULL, NULL, &error));
  IS_NULL("quilt", qlty_quilt_labelled(NULL, &label_patches.array, &missing, &labelled.array, &error));
  IS_NULL("patches", qlty_quilt_labelled(quilt, NULL, &missing, &labelled.array, &error));
  IS_NULL("missing", qlty_quilt_labelled(quilt, &label_patches.array, NULL, &labelled.array, &error));
  IS_NULL("labelled", qlty_quilt_labelled(quilt, &label_patches.array, &missing, NULL, &error));
  IS_NULL("patches", qlty_patches_keep(NULL, &labelled.array, &kept.array, &error));
  IS_NULL("kept", qlty_patches_keep(p, NULL, &kept.array, &error));
  IS_NULL("out", qlty_patches_keep(p, &labelled.array, NULL, &error));
  CHECK(no_quilt == (qlty_quilt *)&described && no_stitcher == (qlty_stitcher *)&described && number == 77);
  CHECK(is_sentinel((unsigned char *)&described, sizeof described));
  /* Nobody has to ask for the error. */
  CHECK(qlty_quilt_unstitch(NULL, NULL, 0, NULL, NULL, NULL, NULL) == ARGUMENT);
}

static void check_quilt_options(void) {
  static const struct {
    int64_t size, window, step, border;
    double border_weight;
    int32_t profile, ndim;
    double parameter;
    qlty_status status;
    const char *got, *expected;
  } wrong[] = {
      {10, 0, 1, 0, 0.5, 0, 2, 0, ARGUMENT, "window along y: got 0", "1 to 10"},
      {10, 11, 1, 0, 0.5, 0, 2, 0, ARGUMENT, "window along y: got 11", "1 to 10"},
      {10, 4, 0, 0, 0.5, 0, 2, 0, ARGUMENT, "step along y: got 0", "at least 1"},
      {10, 4, 1, 2, 0.5, 0, 2, 0, ARGUMENT, "border along y: got 2", "less than half of the window, 4"},
      {10, 4, 1, -1, 0.5, 0, 2, 0, ARGUMENT, "border: got -1", "0 or more"},
      {-10, 4, 1, 0, 0.5, 0, 2, 0, ARGUMENT, "size: got -10", "0 or more"},
      {10, INT64_MIN, 1, 0, 0.5, 0, 2, 0, ARGUMENT, "window: got -9223372036854775808", "0 or more"},
      {10, 4, 1, 0, 1.5, 0, 2, 0, ARGUMENT, "border weight: got 1.5", "0 to 1"},
      {10, 4, 1, 0, -0.5, 0, 2, 0, ARGUMENT, "border weight: got -0.5", "0 to 1"},
      {10, 4, 1, 0, HUGE_VAL, 0, 2, 0, ARGUMENT, "border weight: got inf", "0 to 1"},
      {10, 4, 1, 0, 0.5, QLTY_PROFILE_HANN, 2, 0, ARGUMENT, "border weight: got 0.5", "none, since the profile is Hann"},
      {10, 4, 1, 0, 0.5, 99, 2, 0, ARGUMENT, "profile: got 99", "a QLTY_PROFILE"},
      {10, 4, 1, 0, 0.5, -1, 2, 0, ARGUMENT, "profile: got -1", "a QLTY_PROFILE"},
      {10, 4, 1, 0, 0.5, 0, 1, 0, ARGUMENT, "ndim: got 1", "2 or 3"},
      {10, 4, 1, 0, 0.5, 0, 4, 0, ARGUMENT, "ndim: got 4", "2 or 3"},
      {10, 4, 1, 0, NAN, QLTY_PROFILE_GAUSSIAN, 2, 0, ARGUMENT, "sigma: got 0", "a positive number"},
      {10, 4, 1, 0, NAN, QLTY_PROFILE_GAUSSIAN, 2, NAN, ARGUMENT, "sigma: got NaN", "a positive number"},
      {10, 4, 1, 0, NAN, QLTY_PROFILE_TUKEY, 2, 2, ARGUMENT, "alpha: got 2", "0 to 1"},
      {INT64_MAX, 4, 1, 0, 0.5, 0, 2, 0, QLTY_STATUS_OVERFLOW, "9223372036854775807", "too large"},
  };
  qlty_quilt_options options;
  qlty_quilt *none = (qlty_quilt *)&options;
  struct { qlty_quilt_options known; int64_t later; } large;
  size_t i;
  for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    options = options_2d(wrong[i].size, wrong[i].window, wrong[i].step, wrong[i].border);
    options.border_weight = wrong[i].border_weight;
    options.profile = wrong[i].profile;
    options.profile_parameter = wrong[i].parameter;
    options.ndim = wrong[i].ndim;
    FAILS(wrong[i].status, wrong[i].got, wrong[i].expected, qlty_quilt_new(&options, &none, &error));
  }
  options = options_2d(10, 4, 3, 1);
  options.struct_size--;
  FAILS(ARGUMENT, "struct_size 127", "at least 128", qlty_quilt_new(&options, &none, &error));
  options.struct_size = 0; /* As in a struct that was only zeroed. */
  FAILS(ARGUMENT, "struct_size 0", "qlty_quilt_options_init", qlty_quilt_new(&options, &none, &error));
  options.struct_size = UINT32_MAX;
  FAILS(ARGUMENT, "struct_size 4294967295", "at most 4096", qlty_quilt_new(&options, &none, &error));
  large.known = options_2d(10, 4, 3, 1);
  large.known.struct_size = sizeof large;
  large.later = 1;
  FAILS(ARGUMENT, "an option at byte 128", "as initialised", qlty_quilt_new(&large.known, &none, &error));
  memset(&options, SENTINEL, sizeof options);
  FAILS(ARGUMENT, "struct_size: got 8", "at least 128", qlty_quilt_options_init(&options, 8, &error));
  FAILS(ARGUMENT, "struct_size: got 5000", "at most 4096", qlty_quilt_options_init(&options, 5000, &error));
  CHECK(is_sentinel((unsigned char *)&options, sizeof options) && none == (qlty_quilt *)&options);
  FAILS(ARGUMENT, "threads: got -1", "0 or more", qlty_threads_set(-1, &error));
  FAILS(ARGUMENT, "threads: got 1025", "at most 1024", qlty_threads_set(1025, &error));
}

/* What the struct itself may not be, through one input and one output. */
static void check_arrays(void) {
  qlty_array a, p;
#define RESET a = batch.array, p = patches.array
#define UNSTITCH qlty_quilt_unstitch(quilt, &a, 0, &p, NULL, NULL, &error)
  RESET, a.ndim = 0;
  FAILS(ARGUMENT, "batch: got ndim 0", "1 to 6", UNSTITCH);
  RESET, a.ndim = 7;
  FAILS(ARGUMENT, "batch: got ndim 7", "1 to 6", UNSTITCH);
  RESET, a.ndim = 3;
  FAILS(QLTY_STATUS_SHAPE, "batch: got shape [2, 3, 10]", "expected", UNSTITCH);
  RESET, p.ndim = -1;
  FAILS(ARGUMENT, "patches: got ndim -1", "1 to 6", UNSTITCH);
  RESET, a.dtype = 0;
  FAILS(QLTY_STATUS_DTYPE, "batch: got dtype 0", "a QLTY_DTYPE", UNSTITCH);
  RESET, a.dtype = INT32_MIN;
  FAILS(QLTY_STATUS_DTYPE, "batch: got dtype -2147483648", "a QLTY_DTYPE", UNSTITCH);
  RESET, p.dtype = QLTY_DTYPE_I32;
  FAILS(QLTY_STATUS_DTYPE, "patches: got dtype i32", "expected f32", UNSTITCH);
  RESET, a.shape[2] = -10;
  FAILS(QLTY_STATUS_SHAPE, "batch: got shape [2, 3, -10, 10]", "0 or more", UNSTITCH);
  RESET, a.shape[0] = INT64_MAX;
  FAILS(QLTY_STATUS_OVERFLOW, "batch", "beyond the address space", UNSTITCH);
  RESET, a.shape[0] = (int64_t)1 << 58, memset(a.strides, 0, sizeof a.strides); /* All in one place. */
  FAILS(QLTY_STATUS_OVERFLOW, "batch", "beyond the address space", UNSTITCH);
  RESET, a.strides[0] = INT64_MAX;
  FAILS(QLTY_STATUS_OVERFLOW, "batch", "beyond the address space", UNSTITCH);
  RESET, a.strides[1] = INT64_MIN;
  FAILS(QLTY_STATUS_OVERFLOW, "batch", "beyond the address space", UNSTITCH);
  RESET, a.data = NULL;
  FAILS(ARGUMENT, "batch: got data NULL", "expected 600 values", UNSTITCH);
  RESET, p.data = NULL;
  FAILS(ARGUMENT, "patches: got data NULL", "expected 864 values", UNSTITCH);
  RESET, a.data = (char *)a.data + 1;
  FAILS(ARGUMENT, "batch: got data at", "a multiple of 4", UNSTITCH);
  RESET, p.data = (char *)p.data + 2;
  FAILS(ARGUMENT, "patches: got data at", "a multiple of 4", UNSTITCH);
  RESET, p.strides[3] = 0;
  FAILS(ARGUMENT, "patches: got strides [48, 16, 4, 0]", "no two values in one place", UNSTITCH);
  RESET, p.strides[1] = 8;
  FAILS(ARGUMENT, "patches: got strides [48, 8, 4, 1]", "no two values in one place", UNSTITCH);
  RESET, p.strides[2] = -3;
  FAILS(ARGUMENT, "patches: got strides [48, 16, -3, 1]", "no two values in one place", UNSTITCH);
  RESET, p.data = a.data; /* The memory of the batch is too small, and nothing of it is looked at. */
  FAILS(ARGUMENT, "patches: got memory that overlaps with batch", "none", UNSTITCH);
  RESET, p.shape[2] = 3;
  FAILS(QLTY_STATUS_SHAPE, "patches: got shape [18, 3, 3, 4]", "[18, 3, 4, 4]", UNSTITCH);
  RESET, a.shape[3] = 9;
  FAILS(QLTY_STATUS_SHAPE, "batch: got shape [2, 3, 10, 9]", "[10, 10]", UNSTITCH);
  RESET, a.shape[0] = 1;
  FAILS(ARGUMENT, "0..18", "9 patches", UNSTITCH);
  FAILS(ARGUMENT, "1..19", "18 patches", qlty_quilt_unstitch(quilt, &batch.array, 1, &patches.array, NULL, NULL, &error));
  FAILS(ARGUMENT, "first: got -1", "0 or more", qlty_quilt_unstitch(quilt, &batch.array, -1, &p, NULL, NULL, &error));
  FAILS(ARGUMENT, "9223372036854775807", "an index",
        qlty_quilt_unstitch(quilt, &batch.array, INT64_MAX, &patches.array, NULL, NULL, &error));
}

/* What the calls ask of shapes and types. */
static void check_calls(void) {
  qlty_array described, a;
  int64_t count = 77;
  qlty_quilt *gaps = quilt_2d(10, 2, 4, 0);
  memset(&described, SENTINEL, sizeof described);
  FAILS(ARGUMENT, "images: got -1", "0 or more", qlty_quilt_patch_count(quilt, -1, &count, &error));
  FAILS(QLTY_STATUS_OVERFLOW, "9223372036854775807", "too large", qlty_quilt_patch_count(quilt, INT64_MAX, &count, &error));
  CHECK(count == 77);
  FAILS(QLTY_STATUS_DTYPE, "positions: got dtype f32", "i64", qlty_quilt_positions(quilt, 0, &sums.array, &error));
  a = positions.array, a.shape[1] = 4;
  FAILS(QLTY_STATUS_SHAPE, "positions: got shape [18, 4]", "2 or 3", (a.strides[0] = 4, qlty_quilt_positions(quilt, 0, &a, &error)));
  FAILS(ARGUMENT, "first: got -5", "0 or more", qlty_quilt_positions(quilt, -5, &positions.array, &error));
  FAILS(QLTY_STATUS_DTYPE, "mask: got dtype f32", "u8 or bool", qlty_quilt_border_mask(quilt, &weight.array, &error));
  FAILS(QLTY_STATUS_SHAPE, "mask: got shape [18]", "expected", qlty_quilt_border_mask(quilt, &labelled.array, &error));
  FAILS(QLTY_STATUS_SHAPE, "weights: got shape [10, 10]", "[4, 4]", qlty_quilt_window_weight(quilt, &sums.array, &error));
  FAILS(QLTY_STATUS_DTYPE, "weights: got dtype u8", "f32 or f64", qlty_quilt_window_weight(quilt, &mask.array, &error));
  FAILS(QLTY_STATUS_SHAPE, "weights: got shape [4, 4]", "[10, 10]", qlty_quilt_weights(quilt, &weight.array, &error));
  FAILS(QLTY_STATUS_DTYPE, "weights: got dtype i64", "f32 or f64", qlty_quilt_weights(quilt, &positions.array, &error));
  a = batch.array, a.dtype = 99;
  FAILS(QLTY_STATUS_DTYPE, "batch: got dtype 99", "a QLTY_DTYPE", qlty_quilt_unstitch_shape(quilt, &a, -1, &described, &error));
  FAILS(QLTY_STATUS_SHAPE, "batch: got shape [18, 3, 4, 4]", "[10, 10]", qlty_quilt_unstitch_shape(quilt, &patches.array, -1, &described, &error));
  FAILS(QLTY_STATUS_OVERFLOW, "9223372036854775807", "too large", qlty_quilt_unstitch_shape(quilt, &batch.array, INT64_MAX, &described, &error));
  FAILS(ARGUMENT, "origin: got 2", "a QLTY_ORIGIN", qlty_quilt_positional(quilt, 0, 2, 0, &channels.array, &error));
  FAILS(QLTY_STATUS_SHAPE, "got shape [18, 3, 4, 4]", "[18, 2, 4, 4]", qlty_quilt_positional(quilt, 0, 0, 0, &patches.array, &error));
  a = channels.array, a.dtype = QLTY_DTYPE_I32;
  FAILS(QLTY_STATUS_DTYPE, "channels: got dtype i32", "f16, bf16, f32 or f64", qlty_quilt_positional(quilt, 0, 0, 0, &a, &error));
  a = patches.array, a.shape[0] = 17;
  FAILS(QLTY_STATUS_SHAPE, "patches: got shape [17, 3, 4, 4]", "a multiple of 9", qlty_quilt_stitch_shape(quilt, &a, &described, NULL, &error));
  a.dtype = 99;
  FAILS(QLTY_STATUS_DTYPE, "patches: got dtype 99", "a QLTY_DTYPE", (a.shape[0] = 18, qlty_quilt_stitch_shape(quilt, &a, &described, NULL, &error)));
  CHECK(is_sentinel((unsigned char *)&described, sizeof described));
  a = stitched.array, a.dtype = QLTY_DTYPE_F64;
  FAILS(QLTY_STATUS_DTYPE, "batch: got dtype f64", "f32 for these patches", qlty_quilt_stitch(quilt, &patches.array, &a, NULL, NULL, NULL, &error));
  FAILS(QLTY_STATUS_SHAPE, "batch: got shape [18, 3, 4, 4]", "[2, 3, 10, 10]", qlty_quilt_stitch(quilt, &patches.array, &kept.array, NULL, NULL, NULL, &error));
  FAILS(QLTY_STATUS_SHAPE, "weights: got shape [4, 4]", "[10, 10]", qlty_quilt_stitch(quilt, &patches.array, &stitched.array, &weight.array, NULL, NULL, &error));
  a = sums.array, a.data = stitched.array.data;
  FAILS(ARGUMENT, "weights: got memory that overlaps with batch", "none", qlty_quilt_stitch(quilt, &patches.array, &stitched.array, &a, NULL, NULL, &error));
  a = sums.array, a.data = patches.array.data;
  FAILS(ARGUMENT, "weights: got memory that overlaps with patches", "none", qlty_quilt_stitch(quilt, &patches.array, &stitched.array, &a, NULL, NULL, &error));
  a = patches.array, a.shape[0] = 9, a.shape[2] = a.shape[3] = 2;
  FAILS(ARGUMENT, "step along y: got 4", "at most 2", qlty_quilt_stitch(gaps, &a, &stitched.array, NULL, NULL, NULL, &error));
  FAILS(ARGUMENT, "step along y: got 4", "at most 2", qlty_quilt_stitch_adjoint(gaps, &batch.array, &a, NULL, NULL, &error));
  FAILS(QLTY_STATUS_SHAPE, "batch: got shape [18, 3, 4, 4]", "[2, 3, 10, 10]", qlty_quilt_unstitch_adjoint(quilt, &patches.array, &kept.array, NULL, NULL, &error));
  a = batch.array, a.dtype = QLTY_DTYPE_U32;
  FAILS(QLTY_STATUS_DTYPE, "batch: got dtype u32", "f32 or f64", qlty_quilt_stitch_adjoint(quilt, &a, &patches.array, NULL, NULL, &error));
  qlty_quilt_free(gaps);
}

/* Arrays of no values, whose windows are larger than any memory. */
static void check_memory(void) {
  const int64_t wide = (int64_t)1 << 58;
  qlty_array none = qlty_array_contiguous(NULL, QLTY_DTYPE_F32, 4, SHAPE(0, 1, 1, wide));
  qlty_stitcher *stitcher = NULL;
  qlty_quilt_options options = options_2d(1, 1, 1, 0);
  int32_t profile;
  options.size[1] = options.window[1] = wide;
  for (profile = QLTY_PROFILE_BORDER; profile <= QLTY_PROFILE_TRIANGULAR; profile++) {
    qlty_quilt *huge = (options.profile = profile, quilt_of(options));
    FAILS(QLTY_STATUS_OUT_OF_MEMORY, "no memory for", "bytes", qlty_stitcher_new(huge, QLTY_DTYPE_F32, 0, 1, &stitcher, &error));
    FAILS(QLTY_STATUS_OUT_OF_MEMORY, "no memory for", "bytes", qlty_quilt_stitch(huge, &none, &none, NULL, NULL, NULL, &error));
    FAILS(QLTY_STATUS_OUT_OF_MEMORY, "no memory for", "bytes", qlty_quilt_stitch_adjoint(huge, &none, &none, NULL, NULL, &error));
    FAILS(QLTY_STATUS_SHAPE, "[10, 10]", "288230376151711744", qlty_quilt_window_weight(huge, &sums.array, &error));
    FAILS(QLTY_STATUS_SHAPE, "[4, 4]", "288230376151711744", qlty_quilt_border_mask(huge, &mask.array, &error));
    qlty_quilt_free(huge);
  }
  CHECK(!stitcher);
}

static void check_labels(void) {
  qlty_array a = label_patches.array, two;
  a.shape[0] = 19;
  FAILS(ARGUMENT, "0..19", "18 patches", qlty_quilt_unstitch_labels(quilt, &labels.array, &missing, 0, &a, NULL, NULL, &error));
  FAILS(QLTY_STATUS_SHAPE, "label patches: got shape [18, 3, 4, 4]", "expected", qlty_quilt_unstitch_labels(quilt, &labels.array, NULL, 0, &patches.array, NULL, NULL, &error));
  FAILS(ARGUMENT, "first: got -1", "0 or more", qlty_quilt_unstitch_labels(quilt, &labels.array, NULL, -1, &label_patches.array, NULL, NULL, &error));
  FAILS(QLTY_STATUS_SHAPE, "[2, 10, 10]", "[4, 4]", qlty_quilt_labelled(quilt, &labels.array, &missing, (two = labelled.array, two.shape[0] = 2, &two), &error));
  a = labelled.array, a.shape[0] = 17;
  FAILS(QLTY_STATUS_SHAPE, "labelled: got shape [17]", "[18]", qlty_quilt_labelled(quilt, &label_patches.array, &missing, &a, &error));
  FAILS(QLTY_STATUS_DTYPE, "labelled: got dtype f32", "u8 or bool", qlty_quilt_labelled(quilt, &label_patches.array, &missing, &weight.array, &error));
  FAILS(QLTY_STATUS_SHAPE, "kept: got shape [17]", "[18]", qlty_patches_keep(&patches.array, &a, &kept.array, &error));
  a = labelled.array, a.strides[0] = 0, a.shape[0] = INT64_MAX; /* A long way over one value. */
  FAILS(QLTY_STATUS_SHAPE, "kept: got shape [9223372036854775807]", "[18]", qlty_patches_keep(&patches.array, &a, &kept.array, &error));
  a = kept.array, a.shape[0] = 3;
  FAILS(QLTY_STATUS_SHAPE, "got shape [3, 3, 4, 4]", "[18, 3, 4, 4]", qlty_patches_keep(&patches.array, &labelled.array, &a, &error));
}

static void check_stitcher(void) {
  qlty_stitcher *stitcher = (qlty_stitcher *)&stitcher;
  int64_t indices[2] = {3, 3};
  qlty_array places = qlty_array_contiguous(indices, QLTY_DTYPE_I64, 1, SHAPE(2)), a = patches.array, one;
  qlty_quilt *gaps = quilt_2d(10, 2, 4, 0);
  FAILS(QLTY_STATUS_DTYPE, "dtype: got dtype 99", "a QLTY_DTYPE", qlty_stitcher_new(quilt, 99, 2, 3, &stitcher, &error));
  FAILS(ARGUMENT, "images: got -2", "0 or more", qlty_stitcher_new(quilt, QLTY_DTYPE_F32, -2, 3, &stitcher, &error));
  FAILS(ARGUMENT, "channels: got -3", "0 or more", qlty_stitcher_new(quilt, QLTY_DTYPE_F32, 2, -3, &stitcher, &error));
  FAILS(QLTY_STATUS_OVERFLOW, "9223372036854775807", "too large", qlty_stitcher_new(quilt, QLTY_DTYPE_F32, 2, INT64_MAX, &stitcher, &error));
  FAILS(ARGUMENT, "step along y: got 4", "at most 2", qlty_stitcher_new(gaps, QLTY_DTYPE_F32, 2, 3, &stitcher, &error));
  CHECK(stitcher == (qlty_stitcher *)&stitcher);
  OK(qlty_stitcher_new(quilt, QLTY_DTYPE_F32, 2, 3, &stitcher, &error));
  IS_NULL("patches", qlty_stitcher_push(stitcher, 0, NULL, &error));
  IS_NULL("patches", qlty_stitcher_push_at(stitcher, &places, NULL, &error));
  IS_NULL("indices", qlty_stitcher_push_at(stitcher, NULL, &a, &error));
  IS_NULL("count", qlty_stitcher_missing_count(stitcher, NULL, &error));
  IS_NULL("indices", qlty_stitcher_missing(stitcher, NULL, &error));
  IS_NULL("batch", qlty_stitcher_finish(stitcher, NULL, NULL, &error));
  IS_NULL("batch", qlty_stitcher_finish_incomplete(stitcher, 0, NULL, NULL, &error));
  FAILS(ARGUMENT, "first: got -1", "0 or more", qlty_stitcher_push(stitcher, -1, &a, &error));
  FAILS(ARGUMENT, "1..19", "18 patches", qlty_stitcher_push(stitcher, 1, &a, &error));
  FAILS(QLTY_STATUS_SHAPE, "[2, 3, 10, 10]", "[2, 3, 4, 4]", qlty_stitcher_push(stitcher, 0, &batch.array, &error));
  FAILS(ARGUMENT, "number of indices: got 2", "18", qlty_stitcher_push_at(stitcher, &places, &a, &error));
  a.shape[0] = 2;
  FAILS(QLTY_STATUS_DUPLICATE, "patch 3", "twice", qlty_stitcher_push_at(stitcher, &places, &a, &error));
  indices[1] = 18;
  FAILS(ARGUMENT, "18..19", "18 patches", qlty_stitcher_push_at(stitcher, &places, &a, &error));
  indices[1] = -1;
  FAILS(ARGUMENT, "indices: got -1", "0 or more", qlty_stitcher_push_at(stitcher, &places, &a, &error));
  a.dtype = QLTY_DTYPE_I32;
  FAILS(QLTY_STATUS_DTYPE, "patches: got dtype i32", "f32", qlty_stitcher_push(stitcher, 0, &a, &error));
  FAILS(QLTY_STATUS_DTYPE, "indices: got dtype f32", "i64", qlty_stitcher_missing(stitcher, &sums.array, &error));
  one = qlty_array_contiguous(positions.array.data, QLTY_DTYPE_I64, 1, SHAPE(19));
  FAILS(QLTY_STATUS_SHAPE, "indices: got shape [19]", "[18]", qlty_stitcher_missing(stitcher, &one, &error));
  FAILS(QLTY_STATUS_INCOMPLETE, "18 of 18 patches are missing", "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]", qlty_stitcher_finish(stitcher, &stitched.array, &sums.array, &error));
  FAILS(QLTY_STATUS_SHAPE, "batch: got shape [18, 3, 4, 4]", "[2, 3, 10, 10]", qlty_stitcher_finish(stitcher, &kept.array, NULL, &error));
  FAILS(QLTY_STATUS_SHAPE, "weights: got shape [10, 10]", "expected", qlty_stitcher_finish_incomplete(stitcher, 0, &stitched.array, &sums.array, &error));
  a = stitched.array, a.dtype = QLTY_DTYPE_F64;
  FAILS(QLTY_STATUS_DTYPE, "batch: got dtype f64", "f32", qlty_stitcher_finish(stitcher, &a, NULL, &error));
  a = sums.array, a.data = stitched.array.data;
  FAILS(ARGUMENT, "weights: got memory that overlaps with batch", "none", qlty_stitcher_finish(stitcher, &stitched.array, &a, &error));
  qlty_stitcher_free(stitcher);
  qlty_quilt_free(gaps);
}

int main(void) {
  make_all();
  check_null();
  check_quilt_options();
  check_arrays();
  check_calls();
  check_memory();
  check_labels();
  check_stitcher();
  release_all();
  return 0;
}
