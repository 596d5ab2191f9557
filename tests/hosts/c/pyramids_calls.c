/* Plans, several stacks at once, and the names of channels. usage: pyramids_calls OME.tif FOLDER */
#include "pyramid.h"

enum { NARROW = 41 };

/* The stacks "other", of 2 slices, and "sample". */
static qlty_stacks *two_stacks(const char *folder) {
  qlty_stacks *stacks = NULL;
  int64_t count = 0;
  write_slice(path_in(folder, "other_1.tif"), 7, NARROW);
  write_slice(path_in(folder, "other_2.tif"), 8, NARROW);
  write_slices(folder);
  OK(qlty_stacks_find(folder, "tif", "([a-z]+)_(\\d+)\\.tif$", &stacks, &error));
  OK(qlty_stacks_count(stacks, &count, &error));
  CHECK(count == 2);
  return stacks;
}

static int has_shape(const qlty_array *array, qlty_dtype dtype, int64_t z, int64_t y, int64_t x) {
  return !array->data && array->dtype == dtype && array->ndim == 3 && array->shape[0] == z && array->shape[1] == y &&
         array->shape[2] == x && array->strides[0] == y * x && array->strides[2] == 1;
}

/* What is told of two stacks in levels halved twice, of chunks (2, 16, 16). */
static void check_told(const qlty_pyramids *told, const char *folder, const char *extension, qlty_dtype differences) {
  static const char *names[2] = {"other", "sample"};
  static const int64_t depths[2] = {2, DEPTH}, widths[2][3] = {{NARROW, 21, 11}, {WIDTH, 25, 13}}, heights[3] = {HEIGHT, 19, 10};
  int64_t count = 0, levels, files, index, level;
  OK(qlty_pyramids_count(told, &count, &error));
  CHECK(count == 2);
  for (index = 0; index < 2; index++) {
    const char *name = NULL, *path = NULL, *axes = NULL, *file = NULL;
    char expected[4096];
    uint64_t bytes = 0, sum = 0;
    qlty_array pixels;
    OK(qlty_pyramids_name(told, index, &name, &path, &axes, &error));
    snprintf(expected, sizeof expected, "%s/%s.%s", folder, names[index], extension);
    CHECK(strcmp(name, names[index]) == 0 && strcmp(path, expected) == 0 && strcmp(axes, "ZYX") == 0);
    OK(qlty_pyramids_shape(told, index, &pixels, &levels, &bytes, &files, &error));
    CHECK(has_shape(&pixels, QLTY_DTYPE_U16, depths[index], HEIGHT, widths[index][0]) && levels == 3 && files == depths[index]);
    OK(qlty_pyramids_file(told, index, 1, &file, &error));
    CHECK(strstr(file, index == 0 ? "other_2.tif" : "sample_4.tif"));
    for (level = 0; level < levels; level++) {
      int64_t chunk[QLTY_MAX_NDIM] = {0};
      double voxel_size[3] = {0};
      qlty_array stored;
      const qlty_dtype dtype = level < 2 ? differences : QLTY_DTYPE_U16;
      OK(qlty_pyramids_level(told, index, level, &stored, &name, chunk, voxel_size, &error));
      CHECK(has_shape(&stored, dtype, depths[index], heights[level], widths[index][level]));
      CHECK(name[0] == (dtype == QLTY_DTYPE_U16 ? '0' + (char)level : 'd'));
      CHECK(chunk[0] == 2 && chunk[1] == (heights[level] < 16 ? heights[level] : 16) && chunk[3] == 0);
      CHECK(voxel_size[0] == 3 && voxel_size[2] == (double)(1 << level));
      sum += (dtype == QLTY_DTYPE_I32 ? 4u : 2u) * (uint64_t)(depths[index] * heights[level] * widths[index][level]);
    }
    CHECK(bytes == sum);
  }
  OK(qlty_pyramids_name(told, 0, NULL, NULL, NULL, &error));
  OK(qlty_pyramids_shape(told, 0, NULL, NULL, NULL, NULL, &error));
  OK(qlty_pyramids_level(told, 0, 0, NULL, NULL, NULL, NULL, &error));
}

static int32_t count_stacks(void *user, uint64_t done, uint64_t total) {
  CHECK(done <= total && (total == 2 || total == DEPTH || total == 0));
  ++*(int *)user;
  return 0;
}

static qlty_pyramid_options three_levels(void) {
  qlty_pyramid_options options = pyramid_options();
  options.chunk[0] = 2;
  options.chunk[1] = options.chunk[2] = 16;
  options.voxel_size[0] = 3;
  options.voxel_size[1] = options.voxel_size[2] = 1;
  return options;
}

static void check_stacks(const char *folder) {
  qlty_stacks *stacks = two_stacks(folder);
  qlty_pyramid_options options = three_levels();
  qlty_laplacian_options laplacian = laplacian_options();
  qlty_pyramids *told = NULL;
  qlty_image *image;
  owned pixels = MAKE(QLTY_DTYPE_U16, 2, HEIGHT, NARROW);
  char out[4000];
  int calls = 0;
  int64_t y, levels = 0;
  snprintf(out, sizeof out, "%s/new/out", folder);

  OK(qlty_stacks_plan(stacks, out, &options, NULL, &told, &error));
  check_told(told, out, "ome.zarr", QLTY_DTYPE_U16);
  qlty_pyramids_free(told);
  OK(qlty_stacks_plan(stacks, out, &options, &laplacian, &told, &error));
  check_told(told, out, "laplacian.zarr", QLTY_DTYPE_I32);
  qlty_pyramids_free(told);
  qlty_pyramids_free(NULL);
  CHECK(!exists(out));

  OK(qlty_stacks_to_ome_zarr(stacks, out, &options, &told, count_stacks, &calls, &error));
  CHECK(calls >= 1);
  check_told(told, out, "ome.zarr", QLTY_DTYPE_U16);
  image = open_image(path_in(out, "other.ome.zarr"));
  OK(qlty_image_read(image, 0, NULL, &pixels.array, NULL, NULL, &error));
  for (y = 0; y < HEIGHT; y++) CHECK(((uint16_t *)pixels.array.data)[(HEIGHT + y) * NARROW + 5] == pixel_at(8, y, 5));
  qlty_image_free(image);
  qlty_image_free(open_image(path_in(out, "sample.ome.zarr")));
  qlty_pyramids_free(told);
  /* Who does not want to know. */
  options.overwrite = 1;
  OK(qlty_stacks_to_ome_zarr(stacks, out, &options, NULL, NULL, NULL, &error));

  OK(qlty_stacks_to_laplacian(stacks, out, &options, &laplacian, &told, NULL, NULL, &error));
  check_told(told, out, "laplacian.zarr", QLTY_DTYPE_I32);
  image = open_image(path_in(out, "other.laplacian.zarr"));
  memset(pixels.array.data, 0, pixels.bytes);
  OK(qlty_image_read(image, 0, NULL, &pixels.array, NULL, NULL, &error));
  for (y = 0; y < HEIGHT; y++) CHECK(((uint16_t *)pixels.array.data)[(HEIGHT + y) * NARROW + 5] == pixel_at(8, y, 5));
  qlty_image_free(image);
  qlty_pyramids_free(told);

  /* Without the smallest level there are two arrays. */
  laplacian.store_base = 0;
  OK(qlty_stacks_plan(stacks, out, &options, &laplacian, &told, &error));
  OK(qlty_pyramids_shape(told, 0, NULL, &levels, NULL, NULL, &error));
  CHECK(levels == 2);
  qlty_pyramids_free(told);
  qlty_stacks_free(stacks);
  release(&pixels);
}

/* Plans of one stack and of an array of the host's, of which a plan reads nothing. */
static void check_plans(const char *folder) {
  qlty_stack *stack = open_slices(folder);
  qlty_pyramid_options options = three_levels();
  qlty_pyramids *told = NULL;
  qlty_array array = qlty_array_contiguous(NULL, QLTY_DTYPE_F32, 3, SHAPE(4, 600, 900)), pixels;
  const char *name = NULL, *path = NULL;
  float value = 0;
  int64_t levels = 0, files = -1;
  uint64_t bytes = 0;
  OK(qlty_stack_plan(stack, NULL, "somewhere.zarr", &options, NULL, &told, &error));
  OK(qlty_pyramids_name(told, 0, &name, &path, NULL, &error));
  CHECK(strcmp(name, "sample") == 0 && strcmp(path, "somewhere.zarr") == 0 && !exists(path));
  qlty_pyramids_free(told);

  OK(qlty_pyramid_options_init(&options, sizeof options, &error));
  array.data = &value;
  memset(array.strides, 0, sizeof array.strides);
  OK(qlty_stack_plan(NULL, &array, "somewhere.zarr", &options, NULL, &told, &error));
  OK(qlty_pyramids_name(told, 0, &name, NULL, NULL, &error));
  OK(qlty_pyramids_shape(told, 0, &pixels, &levels, &bytes, &files, &error));
  /* 600, 300 and 150 rows, of which the last are at most 256. */
  CHECK(name[0] == 0 && levels == 3 && files == 0 && pixels.shape[2] == 900);
  CHECK(bytes == 4 * 4 * (600 * 900 + 300 * 450 + 150 * 225));
  qlty_pyramids_free(told);
  options.levels = 1;
  OK(qlty_stack_plan(NULL, &array, "somewhere.zarr", &options, NULL, &told, &error));
  OK(qlty_pyramids_level(told, 0, 0, &pixels, &name, NULL, NULL, &error));
  CHECK(name[0] == 0 && pixels.shape[1] == 600);
  qlty_pyramids_free(told);
  qlty_stack_free(stack);
}

static const char *channel(const qlty_image *image, int64_t index) {
  const char *name = "none";
  OK(qlty_image_channel(image, index, &name, &error));
  return name;
}

static void check_channels(const char *ome, const char *folder) {
  static const char *const names[3] = {"one", "two", "drei \xc3\xa4"};
  qlty_stack *stack = NULL, *slices = open_slices(folder);
  qlty_pyramid_options options = pyramid_options();
  qlty_laplacian_options laplacian = laplacian_options();
  const char *name = "none", *path = path_in(folder, "channels.zarr");
  qlty_image *image;
  qlty_array shape;
  OK(qlty_stack_channel(slices, 0, &name, &error));
  CHECK(!name);
  qlty_stack_free(slices);
  OK(qlty_stack_open(ome, &stack, &error));
  OK(qlty_stack_shape(stack, &shape, &error));
  CHECK(shape.shape[1] == 3);
  OK(qlty_stack_channel(stack, 1, &name, &error));
  CHECK(strcmp(name, "GFP") == 0);

  options.levels = 2;
  OK(qlty_stack_to_ome_zarr(stack, NULL, path, &options, NULL, NULL, &error));
  image = open_image(path);
  CHECK(strcmp(channel(image, 0), "DAPI") == 0 && strcmp(channel(image, 2), "\xc2\xb5") == 0);
  qlty_image_free(image);

  options.channel_names = names;
  options.channel_count = 3;
  options.overwrite = 1;
  OK(qlty_stack_to_ome_zarr(stack, NULL, path, &options, NULL, NULL, &error));
  image = open_image(path);
  CHECK(strcmp(channel(image, 0), "one") == 0 && strcmp(channel(image, 2), names[2]) == 0);
  qlty_image_free(image);
  OK(qlty_stack_to_laplacian(stack, NULL, path, &options, &laplacian, NULL, NULL, &error));
  image = open_image(path);
  CHECK(strcmp(channel(image, 1), "two") == 0);
  qlty_image_free(image);
  qlty_stack_free(stack);

  /* An array without channels has one, whose name nobody has said. */
  {
    owned plane = MAKE(QLTY_DTYPE_U8, 6, 7);
    options = pyramid_options();
    options.levels = 1;
    options.overwrite = 1;
    OK(qlty_stack_to_ome_zarr(NULL, &plane.array, path, &options, NULL, NULL, &error));
    image = open_image(path);
    CHECK(!channel(image, 0));
    qlty_image_free(image);
    release(&plane);
  }
}

int main(int argc, char **argv) {
  CHECK(argc == 3);
  check_stacks(argv[2]);
  check_plans(argv[2]);
  check_channels(argv[1], argv[2]);
  return 0;
}
