/* Every mistake with plans, several stacks and the names of channels has its status and a message that names
   what was got, and leaves outputs alone. usage: pyramids_arguments OME.tif FOLDER */
#include "pyramid.h"

#define ARGUMENT QLTY_STATUS_INVALID_ARGUMENT
#define IS_NULL(name, call) FAILS(ARGUMENT, name ": got NULL", "expected a pointer", call)

static qlty_stacks *stacks;
static qlty_stack *stack;
static qlty_image *image;
static qlty_pyramids *told;
static char out[4000];

/* What no call may store. */
static qlty_pyramids *none = (qlty_pyramids *)out;
static qlty_array described;
static const char *text = out;
static int64_t number = 77, chunk[QLTY_MAX_NDIM] = {77};
static uint64_t bytes = 77;
static double sizes[3] = {77};

static void make_all(const char *ome, const char *folder) {
  qlty_pyramid_options options = pyramid_options();
  char path[4096];
  options.levels = 2;
  write_slices(folder);
  snprintf(out, sizeof out, "%s/out", folder);
  snprintf(path, sizeof path, "%s/image.zarr", folder);
  OK(qlty_stacks_find(folder, "tif", "sample_(\\d+)\\.tif$", &stacks, &error));
  OK(qlty_stack_open(ome, &stack, &error));
  OK(qlty_stack_to_ome_zarr(stack, NULL, path, &options, NULL, NULL, &error));
  image = open_image(path);
  OK(qlty_stacks_plan(stacks, out, &options, NULL, &told, &error));
  memset(&described, SENTINEL, sizeof described);
}

static void release_all(void) {
  CHECK(none == (qlty_pyramids *)out && text == out && number == 77 && bytes == 77 && sizes[0] == 77 && chunk[0] == 77);
  CHECK(is_sentinel((unsigned char *)&described, sizeof described) && !exists(out));
  qlty_pyramids_free(told);
  qlty_image_free(image);
  qlty_stack_free(stack);
  qlty_stacks_free(stacks);
}

static void check_null(void) {
  qlty_pyramid_options options = pyramid_options();
  qlty_laplacian_options laplacian = laplacian_options();
  IS_NULL("stack", qlty_stack_channel(NULL, 0, &text, &error));
  IS_NULL("name", qlty_stack_channel(stack, 0, NULL, &error));
  IS_NULL("image", qlty_image_channel(NULL, 0, &text, &error));
  IS_NULL("name", qlty_image_channel(image, 0, NULL, &error));
  FAILS(ARGUMENT, "stack and array: got NULL for both", "one of them", qlty_stack_plan(NULL, NULL, out, &options, NULL, &none, &error));
  IS_NULL("path", qlty_stack_plan(stack, NULL, NULL, &options, NULL, &none, &error));
  IS_NULL("options", qlty_stack_plan(stack, NULL, out, NULL, NULL, &none, &error));
  IS_NULL("pyramids", qlty_stack_plan(stack, NULL, out, &options, NULL, NULL, &error));
  IS_NULL("stacks", qlty_stacks_plan(NULL, out, &options, NULL, &none, &error));
  IS_NULL("folder", qlty_stacks_plan(stacks, NULL, &options, NULL, &none, &error));
  IS_NULL("options", qlty_stacks_plan(stacks, out, NULL, &laplacian, &none, &error));
  IS_NULL("pyramids", qlty_stacks_plan(stacks, out, &options, &laplacian, NULL, &error));
  IS_NULL("stacks", qlty_stacks_to_ome_zarr(NULL, out, &options, &none, NULL, NULL, &error));
  IS_NULL("folder", qlty_stacks_to_ome_zarr(stacks, NULL, &options, &none, NULL, NULL, &error));
  FAILS(ARGUMENT, "folder: got \"\"", "a path", qlty_stacks_to_ome_zarr(stacks, "", &options, &none, NULL, NULL, &error));
  IS_NULL("options", qlty_stacks_to_ome_zarr(stacks, out, NULL, &none, NULL, NULL, &error));
  IS_NULL("stacks", qlty_stacks_to_laplacian(NULL, out, &options, &laplacian, &none, NULL, NULL, &error));
  IS_NULL("folder", qlty_stacks_to_laplacian(stacks, NULL, &options, &laplacian, &none, NULL, NULL, &error));
  IS_NULL("options", qlty_stacks_to_laplacian(stacks, out, NULL, &laplacian, &none, NULL, NULL, &error));
  IS_NULL("laplacian", qlty_stacks_to_laplacian(stacks, out, &options, NULL, &none, NULL, NULL, &error));
  IS_NULL("pyramids", qlty_pyramids_count(NULL, &number, &error));
  IS_NULL("count", qlty_pyramids_count(told, NULL, &error));
  IS_NULL("pyramids", qlty_pyramids_name(NULL, 0, &text, &text, &text, &error));
  IS_NULL("pyramids", qlty_pyramids_shape(NULL, 0, &described, &number, &bytes, &number, &error));
  IS_NULL("pyramids", qlty_pyramids_file(NULL, 0, 0, &text, &error));
  IS_NULL("path", qlty_pyramids_file(told, 0, 0, NULL, &error));
  IS_NULL("pyramids", qlty_pyramids_level(NULL, 0, 0, &described, &text, chunk, sizes, &error));
}

static void check_values(void) {
  FAILS(ARGUMENT, "channel: got 3", "less than 3", qlty_stack_channel(stack, 3, &text, &error));
  FAILS(ARGUMENT, "channel: got -1", "less than 3", qlty_stack_channel(stack, -1, &text, &error));
  FAILS(ARGUMENT, "channel: got 3", "less than 3", qlty_image_channel(image, 3, &text, &error));
  FAILS(ARGUMENT, "channel: got -1", "0 or more", qlty_image_channel(image, -1, &text, &error));
  FAILS(ARGUMENT, "index: got 1", "less than 1", qlty_pyramids_name(told, 1, &text, &text, &text, &error));
  FAILS(ARGUMENT, "index: got -1", "less than 1", qlty_pyramids_shape(told, -1, &described, &number, &bytes, &number, &error));
  FAILS(ARGUMENT, "index: got 1", "less than 1", qlty_pyramids_file(told, 1, 0, &text, &error));
  FAILS(ARGUMENT, "file: got 5", "less than 5", qlty_pyramids_file(told, 0, 5, &text, &error));
  FAILS(ARGUMENT, "index: got 1", "less than 1", qlty_pyramids_level(told, 1, 0, &described, &text, chunk, sizes, &error));
  FAILS(ARGUMENT, "level: got 2", "less than 2", qlty_pyramids_level(told, 0, 2, &described, &text, chunk, sizes, &error));
}

static void check_options(const char *folder) {
  static const char *const names[2] = {"one", "two"}, *const hole[3] = {"one", NULL, "three"}, *const bad[3] = {"\xff", "", ""};
  qlty_pyramid_options options = pyramid_options();
  qlty_laplacian_options laplacian = laplacian_options();
  options.levels = 2;
#define REFUSED(first, second, list, count)          \
  options.channel_names = list;                      \
  options.channel_count = count;                     \
  FAILS(ARGUMENT, first, second, qlty_stack_plan(stack, NULL, out, &options, NULL, &none, &error))
  REFUSED("channel names: got [\"one\", \"two\"]", "3, one for each channel", names, 2);
  REFUSED("channel_names: got NULL", "2 strings", NULL, 2);
  REFUSED("channel_names: got NULL", "expected a pointer", hole, 3);
  REFUSED("channel_names: got", "UTF-8", bad, 3);
  REFUSED("channel_count: got -1", "0 or more", names, -1);
  options = pyramid_options();
  options.levels = 99;
  FAILS(ARGUMENT, "levels: got 99", "at most", qlty_stacks_plan(stacks, out, &options, NULL, &none, &error));
  FAILS(ARGUMENT, "levels: got 99", "at most", qlty_stacks_to_ome_zarr(stacks, out, &options, &none, NULL, NULL, &error));
  options.levels = 2;
  options.halving = QLTY_HALVING_VOLUME;
  FAILS(ARGUMENT, "factor", "along Z", qlty_stacks_plan(stacks, out, &options, &laplacian, &none, &error));
  FAILS(ARGUMENT, "factor", "along Z", qlty_stacks_to_laplacian(stacks, out, &options, &laplacian, &none, NULL, NULL, &error));
  laplacian.struct_size = 1;
  FAILS(ARGUMENT, "laplacian: got struct_size 1", "qlty_laplacian_options_init", qlty_stacks_plan(stacks, out, &options, &laplacian, &none, &error));
  laplacian = laplacian_options();
  laplacian.difference_codec = "lz5";
  FAILS(ARGUMENT, "difference_codec: got \"lz5\"", "zstd", qlty_stacks_plan(stacks, out, &options, &laplacian, &none, &error));

  /* A slice of another size: none of the stacks is begun. */
  write_slice(path_in(folder, "sample_6.tif"), 2, WIDTH - 1);
  options = pyramid_options();
  FAILS(QLTY_STATUS_IMAGE, "sample_6.tif", "", qlty_stacks_plan(stacks, out, &options, NULL, &none, &error));
  FAILS(QLTY_STATUS_IMAGE, "sample_6.tif", "", qlty_stacks_to_ome_zarr(stacks, out, &options, &none, NULL, NULL, &error));
}

int main(int argc, char **argv) {
  CHECK(argc == 3);
  make_all(argv[1], argv[2]);
  check_null();
  check_values();
  check_options(argv[2]);
  release_all();
  return 0;
}
