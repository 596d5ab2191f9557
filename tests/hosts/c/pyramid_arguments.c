/* Every mistake with stacks and pyramids has its status and a message that names what was got, and leaves
   outputs alone. usage: pyramid_arguments BRAIN FOLDER */
#include "pyramid.h"

#define ARGUMENT QLTY_STATUS_INVALID_ARGUMENT
#define IS_NULL(name, call) FAILS(ARGUMENT, name ": got NULL", "expected a pointer", call)

static qlty_stacks *stacks;
static qlty_stack *stack;
static qlty_image *image;
static owned planes, box, missing;
static char path[4000], store[4000], differences[4000];

/* What no call may store. */
static qlty_stacks *no_stacks = (qlty_stacks *)&planes;
static qlty_stack *no_stack = (qlty_stack *)&planes;
static qlty_image *no_image = (qlty_image *)&planes;
static qlty_array described;
static const char *no_text = path;
static int64_t number = 77;
static double sizes[QLTY_MAX_NDIM] = {77};

static void make_all(const char *folder) {
  qlty_pyramid_options options = pyramid_options();
  qlty_laplacian_options laplacian = laplacian_options();
  write_slices(folder);
  snprintf(path, sizeof path, "%s/new.zarr", folder);
  snprintf(store, sizeof store, "%s/store.zarr", folder);
  snprintf(differences, sizeof differences, "%s/differences.zarr", folder);
  OK(qlty_stacks_find(folder, "tif", "sample_(\\d+)\\.tif$", &stacks, &error));
  OK(qlty_stacks_open(stacks, 0, &stack, &error));
  OK(qlty_stack_to_ome_zarr(stack, NULL, store, &options, NULL, NULL, &error));
  OK(qlty_stack_to_laplacian(stack, NULL, differences, &options, &laplacian, NULL, NULL, &error));
  image = open_image(store);
  planes = MAKE(QLTY_DTYPE_U16, 1, DEPTH, HEIGHT, WIDTH);
  box = MAKE(QLTY_DTYPE_U16, DEPTH, HEIGHT, WIDTH);
  missing = MAKE(QLTY_DTYPE_U64, 1, 2);
  memset(&described, SENTINEL, sizeof described);
}

static void release_all(void) {
  CHECK(is_untouched(&planes) && is_untouched(&box) && is_untouched(&missing));
  CHECK(no_stacks == (qlty_stacks *)&planes && no_stack == (qlty_stack *)&planes && no_image == (qlty_image *)&planes);
  CHECK(no_text == path && number == 77 && sizes[0] == 77 && is_sentinel((unsigned char *)&described, sizeof described));
  CHECK(!exists(path_in(path, "zarr.json")));
  release(&planes);
  release(&box);
  release(&missing);
  qlty_image_free(image);
  qlty_stack_free(stack);
  qlty_stacks_free(stacks);
}

static void check_null(const char *folder) {
  qlty_pyramid_options options = pyramid_options();
  qlty_laplacian_options laplacian = laplacian_options();
  qlty_reconstruct_options again = reconstruct_options();
  IS_NULL("options", qlty_pyramid_options_init(NULL, sizeof options, &error));
  IS_NULL("options", qlty_laplacian_options_init(NULL, sizeof laplacian, &error));
  IS_NULL("options", qlty_reconstruct_options_init(NULL, sizeof again, &error));
  IS_NULL("folder", qlty_stacks_find(NULL, "tif", "(1)", &no_stacks, &error));
  IS_NULL("extension", qlty_stacks_find(folder, NULL, "(1)", &no_stacks, &error));
  IS_NULL("pattern", qlty_stacks_find(folder, "tif", NULL, &no_stacks, &error));
  IS_NULL("stacks", qlty_stacks_find(folder, "tif", "(1)", NULL, &error));
  IS_NULL("stacks", qlty_stacks_count(NULL, &number, &error));
  IS_NULL("count", qlty_stacks_count(stacks, NULL, &error));
  IS_NULL("stacks", qlty_stacks_name(NULL, 0, &no_text, &number, &error));
  IS_NULL("stacks", qlty_stacks_open(NULL, 0, &no_stack, &error));
  IS_NULL("stack", qlty_stacks_open(stacks, 0, NULL, &error));
  IS_NULL("path", qlty_stack_open(NULL, &no_stack, &error));
  IS_NULL("stack", qlty_stack_open(store, NULL, &error));
  IS_NULL("stack", qlty_stack_shape(NULL, &described, &error));
  IS_NULL("pixels", qlty_stack_shape(stack, NULL, &error));
  IS_NULL("stack", qlty_stack_name(NULL, &no_text, &number, &error));
  IS_NULL("stack", qlty_stack_file(NULL, 0, &no_text, &error));
  IS_NULL("path", qlty_stack_file(stack, 0, NULL, &error));
  IS_NULL("stack", qlty_stack_voxel_size(NULL, sizes, &no_text, &error));
  IS_NULL("voxel_size", qlty_stack_voxel_size(stack, NULL, &no_text, &error));
  IS_NULL("stack", qlty_stack_missing_count(NULL, &number, &error));
  IS_NULL("count", qlty_stack_missing_count(stack, NULL, &error));
  IS_NULL("stack", qlty_stack_missing(NULL, &missing.array, &error));
  IS_NULL("counters", qlty_stack_missing(stack, NULL, &error));
  IS_NULL("stack", qlty_stack_read(NULL, 0, 0, &planes.array, NULL, NULL, &error));
  IS_NULL("planes", qlty_stack_read(stack, 0, 0, NULL, NULL, NULL, &error));
  IS_NULL("path", qlty_stack_to_ome_zarr(stack, NULL, NULL, &options, NULL, NULL, &error));
  IS_NULL("options", qlty_stack_to_ome_zarr(stack, NULL, path, NULL, NULL, NULL, &error));
  IS_NULL("path", qlty_stack_to_laplacian(stack, NULL, NULL, &options, &laplacian, NULL, NULL, &error));
  IS_NULL("options", qlty_stack_to_laplacian(stack, NULL, path, NULL, &laplacian, NULL, NULL, &error));
  IS_NULL("laplacian", qlty_stack_to_laplacian(stack, NULL, path, &options, NULL, NULL, NULL, &error));
  IS_NULL("store", qlty_laplacian_reconstruct(NULL, path, &again, NULL, NULL, &error));
  IS_NULL("path", qlty_laplacian_reconstruct(differences, NULL, &again, NULL, NULL, &error));
  IS_NULL("options", qlty_laplacian_reconstruct(differences, path, NULL, NULL, NULL, &error));
  IS_NULL("path", qlty_image_open(NULL, NULL, &no_image, &error));
  IS_NULL("image", qlty_image_open(store, NULL, NULL, &error));
  IS_NULL("image", qlty_image_levels(NULL, &number, NULL, &error));
  IS_NULL("image", qlty_image_axis(NULL, 0, &no_text, NULL, &error));
  IS_NULL("image", qlty_image_level(NULL, 0, &described, sizes, NULL, &error));
  IS_NULL("pixels", qlty_image_level(image, 0, NULL, sizes, NULL, &error));
  IS_NULL("image", qlty_image_read(NULL, 0, NULL, &box.array, NULL, NULL, &error));
  IS_NULL("pixels", qlty_image_read(image, 0, NULL, NULL, NULL, NULL, &error));
}

static void check_stacks(const char *folder) {
  qlty_array wrong;
  FAILS(ARGUMENT, "regular expression", "one group", qlty_stacks_find(folder, "tif", "tif", &no_stacks, &error));
  FAILS(ARGUMENT, "regular expression", "(", qlty_stacks_find(folder, "tif", "(", &no_stacks, &error));
  FAILS(ARGUMENT, "folder: got", "UTF-8", qlty_stacks_find("\xff", "tif", "(1)", &no_stacks, &error));
  FAILS(QLTY_STATUS_IMAGE, "no file with the extension", "png", qlty_stacks_find(folder, "png", "(1)", &no_stacks, &error));
  FAILS(QLTY_STATUS_IO, "nowhere", "", qlty_stacks_find(path_in(folder, "nowhere"), "tif", "(1)", &no_stacks, &error));
  FAILS(ARGUMENT, "index: got 1", "less than 1", qlty_stacks_name(stacks, 1, &no_text, &number, &error));
  FAILS(ARGUMENT, "index: got -1", "less than 1", qlty_stacks_open(stacks, -1, &no_stack, &error));
  FAILS(QLTY_STATUS_IO, "nowhere", "", qlty_stack_open(path_in(folder, "nowhere.tif"), &no_stack, &error));
  FAILS(QLTY_STATUS_IMAGE, "zarr.json", "", qlty_stack_open(path_in(store, "zarr.json"), &no_stack, &error));
  FAILS(ARGUMENT, "index: got 5", "less than 5", qlty_stack_file(stack, 5, &no_text, &error));
  FAILS(QLTY_STATUS_DTYPE, "counters: got dtype u16", "u64", qlty_stack_missing(stack, &planes.array, &error));
  FAILS(QLTY_STATUS_SHAPE, "counters: got shape [0, 2]", "[1, 2]", (wrong = missing.array, wrong.shape[0] = 0, qlty_stack_missing(stack, &wrong, &error)));
  FAILS(ARGUMENT, "t: got 1", "less than 1", qlty_stack_read(stack, 1, 0, &planes.array, NULL, NULL, &error));
  FAILS(ARGUMENT, "first: got -1", "0 or more", qlty_stack_read(stack, 0, -1, &planes.array, NULL, NULL, &error));
  FAILS(QLTY_STATUS_SHAPE, "planes: got 5 from 1 on", "within 5", qlty_stack_read(stack, 0, 1, &planes.array, NULL, NULL, &error));
  FAILS(QLTY_STATUS_SHAPE, "planes: got 5 from 9223372036854775807 on", "", qlty_stack_read(stack, 0, INT64_MAX, &planes.array, NULL, NULL, &error));
  FAILS(QLTY_STATUS_SHAPE, "planes: got 3 axes", "", qlty_stack_read(stack, 0, 0, &box.array, NULL, NULL, &error));
  FAILS(QLTY_STATUS_SHAPE, "planes: got shape [1, 5, 37, 49]", "[1, 5, 37, 50]", (wrong = planes.array, wrong.shape[3] = 49, qlty_stack_read(stack, 0, 0, &wrong, NULL, NULL, &error)));
  FAILS(QLTY_STATUS_DTYPE, "planes: got dtype i16", "u16", (wrong = planes.array, wrong.dtype = QLTY_DTYPE_I16, qlty_stack_read(stack, 0, 0, &wrong, NULL, NULL, &error)));
  FAILS(QLTY_STATUS_DTYPE, "planes: got dtype bf16", "", (wrong = planes.array, wrong.dtype = QLTY_DTYPE_BF16, qlty_stack_read(stack, 0, 0, &wrong, NULL, NULL, &error)));
}

#define REFUSED(first, second, change)                                                             \
  FAILS(ARGUMENT, first, second,                                                                   \
        (options = pyramid_options(), (change), qlty_stack_to_ome_zarr(stack, NULL, path, &options, NULL, NULL, &error)))

static void check_options(void) {
  static const int64_t zero[3] = {1, 0, 1}, negative[3] = {1, -2, 2};
  qlty_pyramid_options options = pyramid_options();
  qlty_laplacian_options laplacian = laplacian_options();
  FAILS(ARGUMENT, "struct_size: got 3", "at least", qlty_pyramid_options_init(&options, 3, &error));
  FAILS(ARGUMENT, "struct_size: got 3", "at least", qlty_laplacian_options_init(&laplacian, 3, &error));
  REFUSED("options: got struct_size 0", "qlty_pyramid_options_init", options.struct_size = 0);
  REFUSED("halving: got 3", "QLTY_HALVING", options.halving = 3);
  REFUSED("axes: got -1", "QLTY_AXES", options.axes = -1);
  REFUSED("normalization: got 4", "QLTY_NORMALIZATION", options.normalization = 4);
  REFUSED("zarr_format: got 4", "2 or 3", options.zarr_format = 4);
  REFUSED("levels: got -1", "0 or more", options.levels = -1);
  REFUSED("levels: got 9223372036854775807", "at most 1024", options.levels = INT64_MAX);
  REFUSED("levels: got 99", "at most", options.levels = 99);
  REFUSED("factors: got NULL", "2 rows", options.factor_count = 2);
  REFUSED("factor_count: got -1", "0 or more", (options.factors = zero, options.factor_count = -1));
  REFUSED("factor", "", (options.levels = 0, options.factors = zero, options.factor_count = 1));
  REFUSED("factors: got -2", "0 or more", (options.levels = 0, options.factors = negative, options.factor_count = 1));
  REFUSED("levels: got 3", "0 or 2", (options.factors = zero, options.factor_count = 1));
  REFUSED("method: got \"average\"", "median", options.method = "average");
  REFUSED("codec: got \"lz5\"", "zstd", options.codec = "lz5");
  REFUSED("unit: got \"parsec\"", "unit of length", options.unit = "parsec");
  REFUSED("name: got", "UTF-8", options.name = "\xff");
  REFUSED("chunk: got -1", "0 or more", options.chunk[1] = -1);
  REFUSED("chunk: got", "above 0", options.chunk[1] = 1);
  REFUSED("shard: got", "multiples of the chunk", (options.shard[0] = options.shard[1] = options.shard[2] = 3));
  REFUSED("voxel size: got", "above 0", options.voxel_size[1] = NAN);
  REFUSED("memory: got -1", "0 or more", options.memory = -1);
  REFUSED("normalization", "deviation above 0", (options.normalization = QLTY_NORMALIZATION_BY, options.deviation = 0));
  options = pyramid_options();
  options.dtype = QLTY_DTYPE_BF16;
  FAILS(QLTY_STATUS_DTYPE, "dtype: got dtype bf16", "f16", qlty_stack_to_ome_zarr(stack, NULL, path, &options, NULL, NULL, &error));
}

static void check_writing(const char *folder) {
  qlty_pyramid_options options = pyramid_options();
  qlty_laplacian_options laplacian = laplacian_options();
  qlty_array wrong;
  char broken[4000];
  FAILS(ARGUMENT, "stack and array: got NULL for both", "one of them", qlty_stack_to_ome_zarr(NULL, NULL, path, &options, NULL, NULL, &error));
  FAILS(ARGUMENT, "stack and array: got both", "NULL for one", qlty_stack_to_laplacian(stack, &box.array, path, &options, &laplacian, NULL, NULL, &error));
  FAILS(QLTY_STATUS_DTYPE, "array: got dtype bf16", "", (wrong = box.array, wrong.dtype = QLTY_DTYPE_BF16, qlty_stack_to_ome_zarr(NULL, &wrong, path, &options, NULL, NULL, &error)));
  FAILS(ARGUMENT, "shape of the image", "above 0", (wrong = box.array, wrong.shape[0] = 0, qlty_stack_to_ome_zarr(NULL, &wrong, path, &options, NULL, NULL, &error)));
  FAILS(ARGUMENT, "shape of the image", "2 to 5 axes", (wrong = box.array, wrong.ndim = 1, qlty_stack_to_ome_zarr(NULL, &wrong, path, &options, NULL, NULL, &error)));
  FAILS(QLTY_STATUS_EXISTS, "store.zarr", "", qlty_stack_to_ome_zarr(stack, NULL, store, &options, NULL, NULL, &error));
  FAILS(QLTY_STATUS_IO, "sample_3.tif", "", qlty_stack_to_ome_zarr(stack, NULL, path_in(folder, "sample_3.tif/b.zarr"), &options, NULL, NULL, &error));
  FAILS(ARGUMENT, "interpolation: got", "bicubic", (laplacian.interpolation = "cubic", qlty_stack_to_laplacian(stack, NULL, path, &options, &laplacian, NULL, NULL, &error)));
  laplacian = laplacian_options();
  FAILS(ARGUMENT, "difference_codec: got \"lz5\"", "zstd", (laplacian.difference_codec = "lz5", qlty_stack_to_laplacian(stack, NULL, path, &options, &laplacian, NULL, NULL, &error)));
  laplacian = laplacian_options();
  FAILS(ARGUMENT, "factor", "along Z", (options.halving = QLTY_HALVING_VOLUME, qlty_stack_to_laplacian(stack, NULL, path, &options, &laplacian, NULL, NULL, &error)));

  /* A slice that has changed since: its name, and no store. */
  snprintf(broken, sizeof broken, "%s/sample_6.tif", folder);
  write_slice(broken, 2, WIDTH - 1);
  options = pyramid_options();
  FAILS(QLTY_STATUS_IMAGE, "sample_6.tif", "", qlty_stack_to_ome_zarr(stack, NULL, path, &options, NULL, NULL, &error));
  FAILS(QLTY_STATUS_IMAGE, "sample_6.tif", "", qlty_stacks_open(stacks, 0, &no_stack, &error));
  {
    owned damaged = MAKE(QLTY_DTYPE_U16, 1, DEPTH, HEIGHT, WIDTH);
    FAILS(QLTY_STATUS_IMAGE, "sample_6.tif", "", qlty_stack_read(stack, 0, 0, &damaged.array, NULL, NULL, &error));
    release(&damaged);
  }
  CHECK(!exists(path_in(folder, "new.zarr.partial/0/zarr.json")));
}

static void check_images(const char *folder) {
  qlty_reconstruct_options again = reconstruct_options();
  const int64_t far_away[3] = {0, 1, 0}, huge[3] = {INT64_MAX, 0, 0}, negative[3] = {0, 0, -1};
  qlty_array wrong;
  FILE *file;
  FAILS(QLTY_STATUS_IO, "nowhere", "", qlty_image_open(path_in(folder, "nowhere"), NULL, &no_image, &error));
  FAILS(QLTY_STATUS_IO, "sample_3.tif", "", qlty_image_open(path_in(folder, "sample_3.tif"), NULL, &no_image, &error));
  FAILS(ARGUMENT, "interpolation: got bilinear", "no Laplacian store", qlty_image_open(store, "bilinear", &no_image, &error));
  FAILS(ARGUMENT, "interpolation: got", "bicubic", qlty_image_open(differences, "cubic", &no_image, &error));
  FAILS(ARGUMENT, "level: got 3", "less than 3", qlty_image_level(image, 3, &described, sizes, sizes, &error));
  FAILS(ARGUMENT, "level: got -1", "less than 3", qlty_image_read(image, -1, NULL, &box.array, NULL, NULL, &error));
  FAILS(ARGUMENT, "axis: got 3", "less than 3", qlty_image_axis(image, 3, &no_text, &no_text, &error));
  FAILS(QLTY_STATUS_SHAPE, "pixels: got 4 axes", "3", qlty_image_read(image, 0, NULL, &planes.array, NULL, NULL, &error));
  FAILS(ARGUMENT, "box", "[5, 37, 50]", qlty_image_read(image, 0, far_away, &box.array, NULL, NULL, &error));
  FAILS(ARGUMENT, "box", "[5, 37, 50]", qlty_image_read(image, 0, huge, &box.array, NULL, NULL, &error));
  FAILS(ARGUMENT, "box", "[5, 19, 25]", qlty_image_read(image, 1, NULL, &box.array, NULL, NULL, &error));
  FAILS(ARGUMENT, "start: got -1", "0 or more", qlty_image_read(image, 0, negative, &box.array, NULL, NULL, &error));
  FAILS(QLTY_STATUS_DTYPE, "pixels: got dtype f16", "u16", (wrong = box.array, wrong.dtype = QLTY_DTYPE_F16, qlty_image_read(image, 0, NULL, &wrong, NULL, NULL, &error)));
  FAILS(ARGUMENT, "pixels: got strides", "no two values", (wrong = box.array, wrong.strides[0] = 0, qlty_image_read(image, 0, NULL, &wrong, NULL, NULL, &error)));
  FAILS(ARGUMENT, "level: got", "", (again.level = 3, qlty_laplacian_reconstruct(differences, path, &again, NULL, NULL, &error)));
  FAILS(ARGUMENT, "level: got -1", "0 or more", (again.level = -1, qlty_laplacian_reconstruct(differences, path, &again, NULL, NULL, &error)));
  again.level = 0;
  FAILS(QLTY_STATUS_EXISTS, "store.zarr", "", qlty_laplacian_reconstruct(differences, store, &again, NULL, NULL, &error));
  FAILS(QLTY_STATUS_STORE, "attributes: got", "Laplacian pyramid", qlty_laplacian_reconstruct(store, path, &again, NULL, NULL, &error));
  FAILS(ARGUMENT, "struct_size: got 1", "at least", qlty_reconstruct_options_init(&again, 1, &error));

  /* A store whose metadata leads out of it. */
  file = fopen(path_in(store, "zarr.json"), "w");
  CHECK(file && fputs("{\"zarr_format\": 3, \"node_type\": \"group\", \"attributes\": {\"ome\": {\"version\": \"0.5\", \"multiscales\":"
                      " [{\"axes\": [{\"name\": \"y\"}, {\"name\": \"x\"}], \"datasets\": [{\"path\": \"../differences.zarr/2\","
                      " \"coordinateTransformations\": []}]}]}}}", file) >= 0 && fclose(file) == 0);
  FAILS(QLTY_STATUS_STORE, "multiscales", "axes and datasets", qlty_image_open(store, NULL, &no_image, &error));
}

int main(int argc, char **argv) {
  CHECK(argc == 3);
  make_all(argv[2]);
  check_null(argv[2]);
  check_stacks(argv[2]);
  check_options();
  check_writing(argv[2]);
  check_images(argv[2]);
  release_all();
  return 0;
}
