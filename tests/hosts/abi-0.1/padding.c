/* A host that was compiled against the header of release 0.1, whose structs of options have the sizes of that release
   and padding of any value. usage: padding FOLDER */
#include <stddef.h>

#include "../c/pairs.h"

/* The sizes of 0.1, by which the library knows such a host. */
typedef char quilt_size[sizeof(qlty_quilt_options) == 128 ? 1 : -1];
typedef char pair_size[sizeof(qlty_pair_options) == 80 ? 1 : -1];
typedef char large_size[sizeof(qlty_large_options) == 152 ? 1 : -1];
typedef char store_size[sizeof(qlty_store_options) == 64 ? 1 : -1];
typedef char pyramid_size[sizeof(qlty_pyramid_options) == 208 ? 1 : -1];
typedef char laplacian_size[sizeof(qlty_laplacian_options) == 24 ? 1 : -1];
typedef char reconstruct_size[sizeof(qlty_reconstruct_options) == 32 ? 1 : -1];

/* What is behind a field of 4 bytes becomes what a host in C or Julia may leave there when it copies the struct. */
#define SPOIL(options, field) memset((char *)&(options).field + sizeof(options).field, SENTINEL, 4)

int main(int argc, char **argv) {
  qlty_quilt_options quilt_options = options_2d(20, 8, 4, 1);
  qlty_large_options large_options;
  qlty_store_options options;
  qlty_quilt *quilt = NULL;
  qlty_large *large = NULL;
  qlty_stitched *mean = NULL;
  qlty_dataset *dataset = NULL;
  qlty_pairs *pairs, *measured;
  owned batch = MAKE(QLTY_DTYPE_F32, 1, 2, 20, 20), patches = MAKE(QLTY_DTYPE_F32, 16, 2, 8, 8);
  owned indices = MAKE(QLTY_DTYPE_I64, 16), stitched = MAKE(QLTY_DTYPE_F32, 1, 2, 20, 20);
  int64_t i, done = 0, all = 0, tiles_done = 0, tiles = 0;
  qlty_array described;
  int32_t positions = -1;
  CHECK(argc == 2 && qlty_abi_version() == QLTY_ABI_VERSION);
  fill_f32(&batch, 1);
  SPOIL(quilt_options, profile);
  OK(qlty_quilt_new(&quilt_options, &quilt, &error));
  OK(qlty_quilt_unstitch(quilt, &batch.array, 0, &patches.array, NULL, NULL, &error));

  OK(qlty_large_options_init(&large_options, sizeof large_options, &error));
  large_options.images = 1;
  SPOIL(large_options, normalize);
  OK(qlty_large_new(quilt, path_in(argv[1], "large"), &large_options, &large, &error));
  for (i = 0; i < 16; i++) ((int64_t *)indices.array.data)[i] = i;
  OK(qlty_large_stitch(large, &indices.array, &patches.array, NULL, NULL, NULL, &error));
  OK(qlty_large_progress(large, &done, &all, &tiles_done, &tiles, &error));
  CHECK(done == 16 && all == 16 && tiles_done == tiles && tiles > 0);
  OK(qlty_large_finish(large, &mean, NULL, &error));
  OK(qlty_stitched_read(mean, NULL, &stitched.array, NULL, NULL, &error));
  for (i = 0; i < 800; i++) CHECK(fabsf(((float *)stitched.array.data)[i] - ((float *)batch.array.data)[i]) < 1e-6f);

  pairs = draw(pair_options(), &batch.array);
  measured = measure(pairs, &batch.array);
  OK(qlty_store_options_init(&options, sizeof options, &error));
  options.positions = QLTY_POSITIONS_PIXELS;
  SPOIL(options, overwrite);
  OK(qlty_pairs_write(measured, &batch.array, NULL, path_in(argv[1], "pairs.zarr"), &options, NULL, NULL, &error));
  OK(qlty_dataset_open(path_in(argv[1], "pairs.zarr"), -1, &dataset, &error));
  OK(qlty_dataset_shape(dataset, &described, &positions, &error));
  CHECK(described.shape[0] == 4 && positions == QLTY_POSITIONS_PIXELS);

  qlty_dataset_free(dataset);
  qlty_pairs_free(pairs);
  qlty_pairs_free(measured);
  qlty_stitched_free(mean);
  qlty_large_free(large);
  qlty_quilt_free(quilt);
  release(&batch);
  release(&patches);
  release(&indices);
  release(&stitched);
  return 0;
}
