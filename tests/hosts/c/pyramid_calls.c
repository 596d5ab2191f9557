/* Each function of stacks and pyramids does what its comment says. usage: pyramid_calls BRAIN FOLDER */
#include "pyramid.h"

static void check_options(void) {
  struct { qlty_pyramid_options known; int64_t later[2]; } pyramid;
  struct { qlty_laplacian_options known; int64_t later[2]; } laplacian;
  struct { qlty_reconstruct_options known; int64_t later[2]; } reconstruct;
  memset(&pyramid, SENTINEL, sizeof pyramid);
  memset(&laplacian, SENTINEL, sizeof laplacian);
  memset(&reconstruct, SENTINEL, sizeof reconstruct);
  OK(qlty_pyramid_options_init(&pyramid.known, sizeof pyramid, &error));
  OK(qlty_laplacian_options_init(&laplacian.known, sizeof laplacian, &error));
  OK(qlty_reconstruct_options_init(&reconstruct.known, sizeof reconstruct, &error));
  CHECK(pyramid.known.struct_size == sizeof pyramid && pyramid.known.zarr_format == 3 && pyramid.later[1] == 0);
  CHECK(pyramid.known.most_levels == 5 && pyramid.known.memory == 256 << 20 && !pyramid.known.codec);
  CHECK(laplacian.known.struct_size == sizeof laplacian && laplacian.known.store_base == 1 && laplacian.later[1] == 0);
  CHECK(reconstruct.known.struct_size == sizeof reconstruct && !reconstruct.known.codec && reconstruct.later[1] == 0);
}

/* Whether an array (.., Z, Y, X) of u16 holds the slices from (z, y, x) on. */
static int holds(const qlty_array *array, int64_t z, int64_t y, int64_t x) {
  const uint16_t *values = array->data;
  const int64_t *shape = array->shape + array->ndim - 3;
  int64_t i, j, k;
  for (i = 0; i < shape[0]; i++)
    for (j = 0; j < shape[1]; j++)
      for (k = 0; k < shape[2]; k++)
        if (values[(i * shape[1] + j) * shape[2] + k] != pixel_at(z + i, y + j, x + k)) return 0;
  return 1;
}

/* Slices become a stack, which holds what the files do. */
static void check_stack(const char *folder) {
  qlty_stacks *stacks = NULL;
  qlty_stack *stack = NULL, *file = NULL;
  qlty_array shape, backwards;
  const char *name = NULL, *path = NULL, *unit = "none";
  int64_t count = 0, slices = 0;
  double voxel_size[3] = {0, 0, 0};
  owned planes = MAKE(QLTY_DTYPE_U16, 1, DEPTH, HEIGHT, WIDTH), two = MAKE(QLTY_DTYPE_U16, 1, 2, HEIGHT, WIDTH);
  owned missing;
  int64_t y;
  OK(qlty_stacks_find(folder, "tif", "sample_(\\d+)\\.tif$", &stacks, &error));
  OK(qlty_stacks_count(stacks, &count, &error));
  CHECK(count == 1);
  OK(qlty_stacks_name(stacks, 0, &name, &slices, &error));
  CHECK(strcmp(name, "sample") == 0 && slices == DEPTH);
  OK(qlty_stacks_name(stacks, 0, NULL, NULL, &error));
  OK(qlty_stacks_open(stacks, 0, &stack, &error));
  qlty_stacks_free(stacks);
  qlty_stacks_free(NULL);
  OK(qlty_stack_shape(stack, &shape, &error));
  CHECK(shape.dtype == QLTY_DTYPE_U16 && shape.ndim == 5 && shape.shape[0] == 1 && shape.shape[1] == 1);
  CHECK(shape.shape[2] == DEPTH && shape.shape[3] == HEIGHT && shape.shape[4] == WIDTH && !shape.data);
  OK(qlty_stack_name(stack, &name, &count, &error));
  CHECK(strcmp(name, "sample") == 0 && count == DEPTH);
  OK(qlty_stack_file(stack, 2, &path, &error));
  CHECK(strcmp(path, path_in(folder, "sample_6.tif")) == 0);
  OK(qlty_stack_voxel_size(stack, voxel_size, &unit, &error));
  CHECK(isnan(voxel_size[0]) && isnan(voxel_size[2]) && !unit);
  OK(qlty_stack_missing_count(stack, &count, &error));
  CHECK(count == 1);
  missing = MAKE(QLTY_DTYPE_U64, 1, 2);
  OK(qlty_stack_missing(stack, &missing.array, &error));
  CHECK(((uint64_t *)missing.array.data)[0] == 5 && ((uint64_t *)missing.array.data)[1] == 5);

  OK(qlty_stack_read(stack, 0, 0, &planes.array, NULL, NULL, &error));
  CHECK(holds(&planes.array, 0, 0, 0));
  OK(qlty_stack_read(stack, 0, 3, &two.array, NULL, NULL, &error));
  CHECK(holds(&two.array, 3, 0, 0));
  /* Rows backwards. */
  backwards = two.array;
  backwards.data = (uint16_t *)backwards.data + PIXELS - WIDTH;
  backwards.strides[2] = -WIDTH;
  OK(qlty_stack_read(stack, 0, 1, &backwards, NULL, NULL, &error));
  for (y = 0; y < HEIGHT; y++) CHECK(((uint16_t *)two.array.data)[y * WIDTH + 3] == pixel_at(1, HEIGHT - 1 - y, 3));
  qlty_stack_free(stack);
  qlty_stack_free(NULL);

  OK(qlty_stack_open(path_in(folder, "sample_3.tif"), &file, &error));
  OK(qlty_stack_name(file, &name, NULL, &error));
  OK(qlty_stack_shape(file, &shape, &error));
  CHECK(strcmp(name, "sample_3") == 0 && shape.shape[2] == 1);
  qlty_stack_free(file);
  release(&planes);
  release(&two);
  release(&missing);
}

/* All of a level, a box of it, and the box backwards. */
static void check_full_size(const qlty_image *image) {
  const int64_t start[3] = {1, 5, 7};
  owned all = MAKE(QLTY_DTYPE_U16, DEPTH, HEIGHT, WIDTH), box = MAKE(QLTY_DTYPE_U16, 3, 20, 31);
  qlty_array backwards = box.array;
  OK(qlty_image_read(image, 0, NULL, &all.array, NULL, NULL, &error));
  CHECK(holds(&all.array, 0, 0, 0));
  OK(qlty_image_read(image, 0, start, &box.array, NULL, NULL, &error));
  CHECK(holds(&box.array, 1, 5, 7));
  backwards.data = (uint16_t *)box.array.data + 30;
  backwards.strides[2] = -1;
  OK(qlty_image_read(image, 0, start, &backwards, NULL, NULL, &error));
  CHECK(((uint16_t *)box.array.data)[0] == pixel_at(1, 5, 37) && ((uint16_t *)box.array.data)[30] == pixel_at(1, 5, 7));
  release(&all);
  release(&box);
}

/* The mean of a block of pixels, rounded to nearest, ties to even. */
static uint16_t block_mean(int64_t z, int64_t y, int64_t x) {
  int64_t sum = 0, count = 0, i, j;
  for (i = 2 * y; i < 2 * y + 2 && i < HEIGHT; i++)
    for (j = 2 * x; j < 2 * x + 2 && j < WIDTH; j++, count++) sum += pixel_at(z, i, j);
  return (uint16_t)nearbyint((double)sum / (double)count);
}

static void check_second_level(const qlty_image *image) {
  qlty_array shape;
  owned half;
  int64_t z, y, x;
  OK(qlty_image_level(image, 1, &shape, NULL, NULL, &error));
  CHECK(shape.ndim == 3 && shape.shape[0] == DEPTH && shape.shape[1] == 19 && shape.shape[2] == 25);
  half = make_like(&shape);
  OK(qlty_image_read(image, 1, NULL, &half.array, NULL, NULL, &error));
  for (z = 0; z < DEPTH; z++)
    for (y = 0; y < 19; y++)
      for (x = 0; x < 25; x++) CHECK(((uint16_t *)half.array.data)[(z * 19 + y) * 25 + x] == block_mean(z, y, x));
  release(&half);
}

static void check_pyramid(const char *folder) {
  static const int64_t factors[6] = {1, 2, 2, 1, 3, 1};
  qlty_stack *stack = open_slices(folder);
  qlty_pyramid_options options = pyramid_options();
  const char *path = path_in(folder, "levels.ome.zarr");
  const char *name = NULL, *unit = NULL;
  double scale[QLTY_MAX_NDIM], translation[QLTY_MAX_NDIM];
  qlty_array shape;
  qlty_image *image;
  int64_t count = 0;
  int32_t laplacian = -1;
  options.voxel_size[0] = 2;
  options.voxel_size[1] = options.voxel_size[2] = 0.325;
  options.unit = "um";
  options.chunk[0] = 2;
  options.chunk[1] = options.chunk[2] = 16;
  options.codec = "zstd:2";
  OK(qlty_stack_to_ome_zarr(stack, NULL, path, &options, NULL, NULL, &error));
  CHECK(exists(path_in(path, "zarr.json")));
  image = open_image(path);
  OK(qlty_image_levels(image, &count, &laplacian, &error));
  CHECK(count == 3 && laplacian == 0);
  OK(qlty_image_levels(image, NULL, NULL, &error));
  OK(qlty_image_axis(image, 0, &name, &unit, &error));
  CHECK(strcmp(name, "z") == 0 && strcmp(unit, "micrometer") == 0);
  OK(qlty_image_axis(image, 2, &name, NULL, &error));
  CHECK(strcmp(name, "x") == 0);
  OK(qlty_image_level(image, 1, &shape, scale, translation, &error));
  CHECK(shape.dtype == QLTY_DTYPE_U16 && scale[0] == 2 && scale[2] == 0.65 && translation[0] == 0 && translation[1] == 0.1625);
  check_full_size(image);
  check_second_level(image);
  qlty_image_free(image);
  qlty_image_free(NULL);

  /* Levels of factors, replaced, in another version of Zarr. */
  options.levels = 0;
  options.factors = factors;
  options.factor_count = 2;
  options.zarr_format = 2;
  options.method = "max";
  options.overwrite = 1;
  OK(qlty_stack_to_ome_zarr(stack, NULL, path, &options, NULL, NULL, &error));
  image = open_image(path);
  OK(qlty_image_level(image, 2, &shape, NULL, NULL, &error));
  CHECK(shape.shape[0] == DEPTH && shape.shape[1] == 7 && shape.shape[2] == 25);
  check_full_size(image);
  qlty_image_free(image);

  /* One level is an array; the other order of the axes has channels; pixels become floats. */
  options = pyramid_options();
  options.levels = 1;
  options.normalization = QLTY_NORMALIZATION_BY;
  options.mean = 100;
  options.deviation = 2;
  options.axes = QLTY_AXES_ZCYX;
  options.overwrite = 1;
  OK(qlty_stack_to_ome_zarr(stack, NULL, path, &options, NULL, NULL, &error));
  image = open_image(path);
  OK(qlty_image_level(image, 0, &shape, NULL, NULL, &error));
  CHECK(shape.dtype == QLTY_DTYPE_F32 && shape.ndim == 4 && shape.shape[0] == DEPTH && shape.shape[1] == 1);
  {
    owned one = MAKE(QLTY_DTYPE_F32, 1, 1, 1, 1);
    const int64_t at[4] = {2, 0, 3, 4};
    OK(qlty_image_read(image, 0, at, &one.array, NULL, NULL, &error));
    CHECK(((float *)one.array.data)[0] == ((float)pixel_at(2, 3, 4) - 100) / 2);
    release(&one);
  }
  qlty_image_free(image);
  qlty_stack_free(stack);
}

/* Through differences and back, from memory: a view whose rows lie backwards. */
static void check_laplacian(const char *folder) {
  qlty_pyramid_options options = pyramid_options();
  qlty_laplacian_options laplacian = laplacian_options();
  qlty_reconstruct_options again = reconstruct_options();
  owned values = MAKE(QLTY_DTYPE_U16, DEPTH, HEIGHT, WIDTH);
  qlty_array view = values.array;
  const char *path = path_in(folder, "differences.zarr"), *level = path_in(folder, "level.zarr");
  qlty_image *image;
  int64_t z, y, x;
  int32_t is_laplacian = 0;
  for (z = 0; z < DEPTH; z++)
    for (y = 0; y < HEIGHT; y++)
      for (x = 0; x < WIDTH; x++) ((uint16_t *)values.array.data)[z * PIXELS + (HEIGHT - 1 - y) * WIDTH + x] = pixel_at(z, y, x);
  view.data = (uint16_t *)view.data + PIXELS - WIDTH;
  view.strides[1] = -WIDTH;
  laplacian.interpolation = "bicubic";
  options.chunk[0] = 2;
  options.chunk[1] = options.chunk[2] = 16;
  OK(qlty_stack_to_laplacian(NULL, &view, path, &options, &laplacian, NULL, NULL, &error));
  image = open_image(path);
  OK(qlty_image_levels(image, NULL, &is_laplacian, &error));
  CHECK(is_laplacian == 1);
  check_full_size(image);
  check_second_level(image);
  qlty_image_free(image);

  /* The host may know better how it was interpolated. */
  OK(qlty_image_open(path, "bicubic", &image, &error));
  check_full_size(image);
  qlty_image_free(image);

  OK(qlty_laplacian_reconstruct(path, level, &again, NULL, NULL, &error));
  image = open_image(level);
  OK(qlty_image_levels(image, NULL, &is_laplacian, &error));
  CHECK(is_laplacian == 0);
  check_full_size(image);
  qlty_image_free(image);
  again.level = 1;
  again.overwrite = 1;
  again.codec = "none";
  again.interpolation = "bicubic";
  OK(qlty_laplacian_reconstruct(path, level, &again, NULL, NULL, &error));
  image = open_image(level);
  {
    qlty_array shape;
    OK(qlty_image_level(image, 0, &shape, NULL, NULL, &error));
    CHECK(shape.shape[1] == 19 && shape.shape[2] == 25);
  }
  qlty_image_free(image);
  release(&values);
}

/* What no call may keep: the answer of a progress function. */
static int32_t stop(void *user, uint64_t done, uint64_t total) {
  (void)done;
  (void)total;
  ++*(int *)user;
  return 1;
}

static int32_t go_on(void *user, uint64_t done, uint64_t total) {
  CHECK(done <= total);
  ++*(int *)user;
  return 0;
}

/* The sample: slices of a brain, to differences and back; and what is cancelled leaves nothing. */
static void check_brain(const char *brain, const char *folder) {
  qlty_stacks *stacks = NULL;
  qlty_stack *stack = NULL;
  qlty_pyramid_options options = pyramid_options();
  qlty_laplacian_options laplacian = laplacian_options();
  const char *path = path_in(folder, "brain.zarr");
  qlty_array shape, whole;
  qlty_image *image;
  owned planes, read;
  int calls = 0;
  OK(qlty_stacks_find(brain, "tif", "image_(\\d+)\\.tif$", &stacks, &error));
  OK(qlty_stacks_open(stacks, 0, &stack, &error));
  qlty_stacks_free(stacks);
  OK(qlty_stack_shape(stack, &shape, &error));
  planes = make(shape.dtype, 4, shape.shape + 1);
  OK(qlty_stack_read(stack, 0, 0, &planes.array, go_on, &calls, &error));
  CHECK(calls >= 1);

  OK(qlty_stack_to_laplacian(stack, NULL, path, &options, &laplacian, go_on, &calls, &error));
  image = open_image(path);
  OK(qlty_image_level(image, 0, &whole, NULL, NULL, &error));
  read = make_like(&whole);
  OK(qlty_image_read(image, 0, NULL, &read.array, go_on, &calls, &error));
  CHECK(read.bytes == planes.bytes && memcmp(read.array.data, planes.array.data, read.bytes) == 0);
  qlty_image_free(image);

  options.codec = "zstd:22"; /* So that there is time to cancel. */
  calls = 0;
  path = path_in(folder, "cancelled.zarr");
  {
    qlty_error *error = NULL;
    qlty_status status = qlty_stack_to_ome_zarr(stack, NULL, path, &options, stop, &calls, &error);
    CHECK(calls == 1 && (status == QLTY_STATUS_CANCELLED || status == QLTY_STATUS_OK));
    CHECK(exists(path_in(path, "zarr.json")) == (status == QLTY_STATUS_OK));
    CHECK(!exists(path_in(folder, "cancelled.zarr.partial/0/zarr.json")));
    qlty_error_free(error);
  }
  qlty_stack_free(stack);
  release(&planes);
  release(&read);
}

int main(int argc, char **argv) {
  CHECK(argc == 3);
  check_options();
  write_slices(argv[2]);
  check_stack(argv[2]);
  check_pyramid(argv[2]);
  check_laplacian(argv[2]);
  check_brain(argv[1], argv[2]);
  return 0;
}
