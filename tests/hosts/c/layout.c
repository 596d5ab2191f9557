/* Prints the layout of the structs, for hosts that mirror them: struct, field, offset, size. */
#include <stddef.h>

#include "support.h"

#define STRUCT(type) printf("%s - 0 %zu\n", #type, sizeof(type))
#define FIELD(type, field) printf("%s %s %zu %zu\n", #type, #field, offsetof(type, field), sizeof(((type *)0)->field))

int main(void) {
  STRUCT(qlty_array);
  FIELD(qlty_array, data);
  FIELD(qlty_array, dtype);
  FIELD(qlty_array, ndim);
  FIELD(qlty_array, shape);
  FIELD(qlty_array, strides);
  STRUCT(qlty_quilt_options);
  FIELD(qlty_quilt_options, struct_size);
  FIELD(qlty_quilt_options, ndim);
  FIELD(qlty_quilt_options, size);
  FIELD(qlty_quilt_options, window);
  FIELD(qlty_quilt_options, step);
  FIELD(qlty_quilt_options, border);
  FIELD(qlty_quilt_options, border_weight);
  FIELD(qlty_quilt_options, profile);
  FIELD(qlty_quilt_options, profile_parameter);
  STRUCT(qlty_pair_options);
  FIELD(qlty_pair_options, struct_size);
  FIELD(qlty_pair_options, ndim);
  FIELD(qlty_pair_options, window);
  FIELD(qlty_pair_options, pairs_per_image);
  FIELD(qlty_pair_options, delta_low);
  FIELD(qlty_pair_options, delta_high);
  FIELD(qlty_pair_options, seed);
  FIELD(qlty_pair_options, rotations);
  FIELD(qlty_pair_options, rotation_count);
  STRUCT(qlty_store_options);
  FIELD(qlty_store_options, struct_size);
  FIELD(qlty_store_options, positions);
  FIELD(qlty_store_options, chunk);
  FIELD(qlty_store_options, codec);
  FIELD(qlty_store_options, overwrite);
  STRUCT(qlty_large_options);
  FIELD(qlty_large_options, struct_size);
  FIELD(qlty_large_options, dtype);
  FIELD(qlty_large_options, start);
  FIELD(qlty_large_options, std);
  FIELD(qlty_large_options, images);
  FIELD(qlty_large_options, channels);
  FIELD(qlty_large_options, memory_budget);
  FIELD(qlty_large_options, tile_shape);
  FIELD(qlty_large_options, chunk_shape);
  FIELD(qlty_large_options, shard_shape);
  FIELD(qlty_large_options, codec);
  FIELD(qlty_large_options, fill);
  FIELD(qlty_large_options, shard_index);
  FIELD(qlty_large_options, shard_count);
  FIELD(qlty_large_options, normalize);
  STRUCT(qlty_pyramid_options);
  FIELD(qlty_pyramid_options, struct_size);
  FIELD(qlty_pyramid_options, halving);
  FIELD(qlty_pyramid_options, levels);
  FIELD(qlty_pyramid_options, most_levels);
  FIELD(qlty_pyramid_options, factors);
  FIELD(qlty_pyramid_options, factor_count);
  FIELD(qlty_pyramid_options, method);
  FIELD(qlty_pyramid_options, axes);
  FIELD(qlty_pyramid_options, dtype);
  FIELD(qlty_pyramid_options, normalization);
  FIELD(qlty_pyramid_options, zarr_format);
  FIELD(qlty_pyramid_options, mean);
  FIELD(qlty_pyramid_options, deviation);
  FIELD(qlty_pyramid_options, chunk);
  FIELD(qlty_pyramid_options, shard);
  FIELD(qlty_pyramid_options, codec);
  FIELD(qlty_pyramid_options, voxel_size);
  FIELD(qlty_pyramid_options, unit);
  FIELD(qlty_pyramid_options, name);
  FIELD(qlty_pyramid_options, channel_names);
  FIELD(qlty_pyramid_options, channel_count);
  FIELD(qlty_pyramid_options, memory);
  FIELD(qlty_pyramid_options, overwrite);
  FIELD(qlty_pyramid_options, resume);
  STRUCT(qlty_laplacian_options);
  FIELD(qlty_laplacian_options, struct_size);
  FIELD(qlty_laplacian_options, store_base);
  FIELD(qlty_laplacian_options, interpolation);
  FIELD(qlty_laplacian_options, difference_codec);
  STRUCT(qlty_reconstruct_options);
  FIELD(qlty_reconstruct_options, struct_size);
  FIELD(qlty_reconstruct_options, overwrite);
  FIELD(qlty_reconstruct_options, level);
  FIELD(qlty_reconstruct_options, interpolation);
  FIELD(qlty_reconstruct_options, codec);
  return 0;
}
