/* qlty: split images and volumes into overlapping patches and stitch them back together. */

#ifndef QLTY_H
#define QLTY_H

/* Generated from qlty-capi/src by cbindgen; change it there. */

#include <stdint.h>

/*
 The version of this interface. A library whose qlty_abi_version() differs from the QLTY_ABI_VERSION that a host was
 compiled with must not be called.

 Rules for all functions:

 A function that can fail returns a qlty_status, 0 for success, and its last parameter is a pointer to a qlty_error
 *, which may be NULL. If it fails and that pointer is not NULL, an error is stored there, which the caller frees
 with qlty_error_free; on success nothing is stored. Other outputs are written only on success. No function unwinds:
 a defect of the library is QLTY_STATUS_PANIC. A handle that was being changed by such a call refuses all further
 calls with that status, except its _free function.

 Handles are stored through a pointer by the functions that create them, and freed by the _free function of their
 type, which accepts NULL. Several threads may use a handle at once in functions that take it as a const pointer.
 Strings are UTF-8, end with NUL and are borrowed for the call; a path is not empty. Outputs are distinct: no two
 pointers of a call lead to the same memory, and all are aligned for their type.

 Calls run on threads of the library and on the calling one, which needs a stack of 64 KiB. A call for which threads
 cannot be started fails with QLTY_STATUS_OUT_OF_MEMORY.

 A process may fork while no call is in progress on any of its threads. The calls of the child then run on threads of
 its own, as many as in the parent. The child may read with the handles of the parent and free them, which removes
 none of the parent's files. What it does with a stitcher stays in its copy. It may not stitch with a qlty_large of
 the parent or read its qlty_batches, which fails with QLTY_STATUS_INVALID_ARGUMENT; it makes handles of its own.

 Arrays are passed as pointers to qlty_array, borrowed for the call. Inputs may have any strides. Outputs are
 allocated by the caller; no two of their values share memory, and they do not overlap with other arrays of the call.
 Both are judged by ranges of addresses: values that interleave without sharing memory are refused too. Sizes are in
 pixels, spatial axes in the order (y, x) or (z, y, x), in C order.
 */
#define QLTY_ABI_VERSION 1

/*
 The most axes that an array can have.
 */
#define QLTY_MAX_NDIM 6

/*
 The weight of pixels is 1 inside the border and border_weight on it.
 */
#define QLTY_PROFILE_BORDER 0

/*
 sin^2(pi t) per axis, at the centres t = (i + 0.5) / window of the pixels.
 */
#define QLTY_PROFILE_HANN 1

/*
 1 - |2 t - 1| per axis.
 */
#define QLTY_PROFILE_TRIANGULAR 2

/*
 exp(-(t - 0.5)^2 / (2 sigma^2)) per axis; sigma is the profile_parameter, 0.125 is usual.
 */
#define QLTY_PROFILE_GAUSSIAN 3

/*
 1 in the middle with cosine flanks; the profile_parameter is the tapered part, 0 to 1.
 */
#define QLTY_PROFILE_TUKEY 4

/*
 Positional coordinates count from the first pixel of the image ("absolute").
 */
#define QLTY_ORIGIN_IMAGE 0

/*
 Positional coordinates count from the first pixel of the window ("relative").
 */
#define QLTY_ORIGIN_WINDOW 1

/*
 Creates the result; there must be none.
 */
#define QLTY_START_CREATE 0

/*
 Resumes the result; there must be one.
 */
#define QLTY_START_OPEN 1

/*
 Resumes the result if there is one, otherwise creates it: for several workers that start at once.
 */
#define QLTY_START_CREATE_OR_OPEN 2

/*
 Resumes the result; there must be one. All its finished tiles are read first, and the patches of damaged ones are
 pending again.
 */
#define QLTY_START_REPAIR 3

/*
 No standard deviation: patches come without variances.
 */
#define QLTY_STD_NONE 0

/*
 sqrt(sum(w v) / sum(w)) over the variances v of the patches over a pixel, with the weights w of their windows.
 */
#define QLTY_STD_WITHIN 1

/*
 sqrt(sum(w (v + (x - m)^2)) / sum(w)): also with the spread of the patches' values x around their weighted mean m.
 */
#define QLTY_STD_TOTAL 2

/*
 The image of each pair, of type i64.
 */
#define QLTY_COLUMN_IMAGE 0

/*
 Where the first patch starts along z, of volumes, of type i64.
 */
#define QLTY_COLUMN_Z1 1

/*
 Where the first patch starts along y, of type i64.
 */
#define QLTY_COLUMN_Y1 2

/*
 Where the first patch starts along x, of type i64.
 */
#define QLTY_COLUMN_X1 3

/*
 Where the second patch starts along z, of volumes, of type i64.
 */
#define QLTY_COLUMN_Z2 4

/*
 Where the second patch starts along y, of type i64.
 */
#define QLTY_COLUMN_Y2 5

/*
 Where the second patch starts along x, of type i64.
 */
#define QLTY_COLUMN_X2 6

/*
 The displacement along x, of type i64.
 */
#define QLTY_COLUMN_DX 7

/*
 The displacement along y, of type i64.
 */
#define QLTY_COLUMN_DY 8

/*
 The displacement along z, of volumes, of type i64.
 */
#define QLTY_COLUMN_DZ 9

/*
 The quarter turns of the second patch, 0 to 3, of type i64.
 */
#define QLTY_COLUMN_ROTATION 10

/*
 The mean of the first patch over channels and pixels, of type f64.
 */
#define QLTY_COLUMN_MEAN1 11

/*
 The sample standard deviation (n - 1) of the first patch, of type f64; NaN of a single pixel.
 */
#define QLTY_COLUMN_SIGMA1 12

/*
 The mean of the second patch, of type f64.
 */
#define QLTY_COLUMN_MEAN2 13

/*
 The sample standard deviation of the second patch, of type f64.
 */
#define QLTY_COLUMN_SIGMA2 14

/*
 Bins of equal width, from the least value to the largest.
 */
#define QLTY_BINS_HISTOGRAM 0

/*
 Bins of equal population: their edges are quantiles, interpolated linearly.
 */
#define QLTY_BINS_QUANTILES 1

/*
 No positions.
 */
#define QLTY_POSITIONS_NONE 0

/*
 Rows (y, x) or (z, y, x).
 */
#define QLTY_POSITIONS_PIXELS 1

/*
 Rows (n, y, x) or (n, z, y, x), the image first.
 */
#define QLTY_POSITIONS_WITH_IMAGE 2

/*
 Each level halves Y and X.
 */
#define QLTY_HALVING_PLANE 0

/*
 Each level halves Z, Y and X.
 */
#define QLTY_HALVING_VOLUME 1

/*
 Each level halves the axes Z, Y and X along which the voxel size is less than the square root of 2 times the
 smallest, until all are about the same.
 */
#define QLTY_HALVING_ISOTROPIC 2

/*
 (T, C, Z, Y, X), where T and C are left out if there is one of them: the order of NGFF.
 */
#define QLTY_AXES_TCZYX 0

/*
 (Z, C, Y, X), for one time point. NGFF does not allow this order, so there is no NGFF metadata.
 */
#define QLTY_AXES_ZCYX 1

/*
 Pixels are left as they are.
 */
#define QLTY_NORMALIZATION_NONE 0

/*
 By mean and standard deviation of each plane, over its channels.
 */
#define QLTY_NORMALIZATION_PER_SLICE 1

/*
 By mean and standard deviation of the whole image, which is read twice.
 */
#define QLTY_NORMALIZATION_GLOBAL 2

/*
 By the mean and the deviation that are given.
 */
#define QLTY_NORMALIZATION_BY 3

/*
 The batches of an epoch, in order, read ahead by a background thread. Opaque; one thread at a time may use one. Free
 it with qlty_batches_free.
 */
typedef struct qlty_batches qlty_batches;

/*
 Files that are not as they were written, or are missing. Opaque. It never changes, so any number of threads may use
 one at once; free it with qlty_damages_free.
 */
typedef struct qlty_damages qlty_damages;

/*
 The pairs of a Zarr store, as qlty_pairs_write or the Python package wrote it. Opaque. Any number of threads may use
 one at once; free it with qlty_dataset_free.
 */
typedef struct qlty_dataset qlty_dataset;

/*
 Why a call failed. Opaque; the caller frees it with qlty_error_free.
 */
typedef struct qlty_error qlty_error;

/*
 An image on disk, in levels from fine to coarse: OME-Zarr, a Zarr array, or a Laplacian store. Up to 64 MiB of
 decoded chunks of the full size are cached, and of each coarser level a quarter of that; the store must not change.
 Opaque. Any number of threads may use one at once; free it with qlty_image_free.
 */
typedef struct qlty_image qlty_image;

/*
 The images of a Zarr array on disk, (N, C, Y, X) or (N, C, Z, Y, X). Opaque. Any number of threads may use one at
 once; free it with qlty_images_free.
 */
typedef struct qlty_images qlty_images;

/*
 Stitches the patches of a batch onto disk as they come, in any order and in bounded memory; work resumes after a
 killed process. Opaque. Any number of threads may use one at once, also to stitch; free it with qlty_large_free.

 With the path `folder/name`, the results are the Zarr v3 arrays `folder/name_mean.zarr` and, if asked for,
 `folder/name_std.zarr`. A tile is written once, when its last patch has been stitched. `folder/name_state` holds
 unfinished work. However a process ends, the finished tiles and the last qlty_large_checkpoint remain, and all other
 patches are pending again.
 */
typedef struct qlty_large qlty_large;

/*
 The overlaps of pairs: which pixels of the first patches and of the second show the same place. Opaque. It never
 changes, so any number of threads may use one at once; free it with qlty_overlap_free.
 */
typedef struct qlty_overlap qlty_overlap;

/*
 Pairs of patches: where they lie and how the second is turned, the size of a patch, and, once they were measured,
 the mean and standard deviation of each patch. Opaque. It never changes, so any number of threads may use one at
 once; free it with qlty_pairs_free.
 */
typedef struct qlty_pairs qlty_pairs;

/*
 Descriptions of pyramids that were, or would be, written, ordered by the names of their images. Opaque. It never
 changes, so any number of threads may use one at once; free it with qlty_pyramids_free.
 */
typedef struct qlty_pyramids qlty_pyramids;

/*
 A geometry with weights: how images are split into patches and stitched. Opaque. It never changes, so any number of
 threads may use one at once; free it with qlty_quilt_free.
 */
typedef struct qlty_quilt qlty_quilt;

/*
 A stack of images, (T, C, Z, Y, X), whose planes are pages of TIFF files, or PNG files: opened, with all headers
 read and checked. It keeps neither pixels nor open files; the files must not change. Opaque. Any number of threads
 may use one at once; free it with qlty_stack_free.
 */
typedef struct qlty_stack qlty_stack;

/*
 The stacks of slices that were found in a folder. Opaque. It never changes, so any number of threads may use one at
 once; free it with qlty_stacks_free.
 */
typedef struct qlty_stacks qlty_stacks;

/*
 An array of a result on disk: its mean or its standard deviation, (N, C, Y, X) or (N, C, Z, Y, X). Up to 256 MiB of
 decoded chunks are cached. Opaque. Any number of threads may use one at once; free it with qlty_stitched_free.
 */
typedef struct qlty_stitched qlty_stitched;

/*
 Takes the patches of a batch as they come and stitches them together. Opaque; one thread at a time may use one, and
 each call works on all threads. Free it with qlty_stitcher_free.
 */
typedef struct qlty_stitcher qlty_stitcher;

/*
 The result of a call.
 */
typedef int32_t qlty_status;

/*
 The geometry and weights of a quilt. Fill it with qlty_quilt_options_init, then set size, window and step.
 */
typedef struct qlty_quilt_options {
  /*
   sizeof(qlty_quilt_options) in the host, by which the library knows which fields it has.
   */
  uint32_t struct_size;
  /*
   The number of spatial axes, 2 or 3. Initially 2.
   */
  int32_t ndim;
  /*
   The size of an image in pixels, (y, x) or (z, y, x). Initially 0, which is not valid.
   */
  int64_t size[3];
  /*
   The size of a window in pixels. Initially 0, which is not valid.
   */
  int64_t window[3];
  /*
   The distance of neighbouring windows in pixels. Initially 0, which is not valid.
   */
  int64_t step[3];
  /*
   The border of a window in pixels. Initially 0, no border.
   */
  int64_t border[3];
  /*
   The weight of the border, 0 to 1. Initially NaN, which means 0.1.
   */
  double border_weight;
  /*
   The weights of the pixels of a window, a QLTY_PROFILE. Initially QLTY_PROFILE_BORDER.
   */
  int32_t profile;
  /*
   Not used. Hosts compiled for release 0.1 have padding here, with any value.
   */
  int32_t reserved;
  /*
   The parameter of the profile, if it has one. Initially 0.
   */
  double profile_parameter;
} qlty_quilt_options;

/*
 The type of an array's values.
 */
typedef int32_t qlty_dtype;

/*
 An array in memory of the host.

 Value (i, j, ...) is at `data`, as a pointer to values of `dtype`, plus `i * strides[0] + j * strides[1] + ...`:
 strides count values, not bytes. They may be negative; those of an input may be zero. Only the first `ndim` numbers
 of `shape` and `strides` are read. `data` is aligned for its type, and is ignored if the array has no values.
 */
typedef struct qlty_array {
  /*
   The value at (0, 0, ...).
   */
  void *data;
  /*
   The type of the values, a QLTY_DTYPE.
   */
  qlty_dtype dtype;
  /*
   The number of axes, 1 to 6.
   */
  int32_t ndim;
  /*
   The number of values along each axis.
   */
  int64_t shape[QLTY_MAX_NDIM];
  /*
   The distance of neighbours along each axis, in values.
   */
  int64_t strides[QLTY_MAX_NDIM];
} qlty_array;

/*
 Reports the progress of a long call: `done` of `total` units, which each call defines. It is called after a few
 milliseconds, then about twenty times a second, and once at the end, always on the thread that made the call. A
 nonzero result cancels the call unless it has ended; the function is not called again then. It must return normally,
 not by longjmp or an exception.
 */
typedef int32_t (*qlty_progress)(void *user,
                                 uint64_t done,
                                 uint64_t total);

/*
 How a batch is stitched onto disk. Fill it with qlty_large_options_init, then set images.
 */
typedef struct qlty_large_options {
  /*
   sizeof(qlty_large_options) in the host, by which the library knows which fields it has.
   */
  uint32_t struct_size;
  /*
   The type of the sums and the results, QLTY_DTYPE_F32 or QLTY_DTYPE_F64. Initially QLTY_DTYPE_F32.
   */
  qlty_dtype dtype;
  /*
   Whether a result may or must exist, a QLTY_START. Initially QLTY_START_CREATE.
   */
  int32_t start;
  /*
   Which standard deviation is written in addition to the mean, a QLTY_STD. Initially QLTY_STD_NONE.
   */
  int32_t std;
  /*
   The number of images of the batch. Initially 0, which is not valid.
   */
  int64_t images;
  /*
   The number of channels of the patches. Initially 0: that of an existing result, or of the first patch.
   */
  int64_t channels;
  /*
   The number of bytes of sums held in memory, at least a tile per thread; the rest is moved to a scratch folder.
   Initially 1 GiB.
   */
  int64_t memory_budget;
  /*
   The size in pixels of a tile, which is summed, finished and written as one, (y, x) or (z, y, x): a multiple of
   the chunk, or of the shard if there are shards. Initially all 0: that of an existing result, or about 1 MiB of
   results.
   */
  int64_t tile_shape[3];
  /*
   The size of a chunk in pixels; it has all channels of one image. Initially all 0: that of an existing result, or
   the tile.
   */
  int64_t chunk_shape[3];
  /*
   The size of a shard, a group of chunks in one file, in pixels, a multiple of the chunk. Initially all 0: that of
   an existing result, or no shards.
   */
  int64_t shard_shape[3];
  /*
   How chunks are compressed: "none", "gzip", "zstd", "blosc-lz4" or "blosc-zstd", the last two optionally followed
   by "-bitshuffle"; a level may follow after a colon, as in "zstd:9"; borrowed for the call. Initially NULL: as in
   an existing result, or "zstd:1".
   */
  const char *codec;
  /*
   The value of pixels that no patch has reached. Initially NaN.
   */
  double fill;
  /*
   The index of this worker among several, below shard_count: each has its own tiles, and needs only the patches
   that reach them. Initially 0.
   */
  int64_t shard_index;
  /*
   The number of workers. Initially 1.
   */
  int64_t shard_count;
  /*
   Whether the mean is divided by its sum over the channels, as probabilities are, and the standard deviation by
   the absolute value of that. Initially 0.
   */
  int32_t normalize;
  /*
   Not used. Hosts compiled for release 0.1 have padding here, with any value.
   */
  int32_t reserved;
} qlty_large_options;

/*
 The progress of a result. Set struct_size first.
 */
typedef struct qlty_large_status {
  /*
   sizeof(qlty_large_status) in the host, by which the library knows which fields it has.
   */
  uint32_t struct_size;
  /*
   Set to 0.
   */
  int32_t reserved;
  /*
   The patches of the shard that were stitched or skipped.
   */
  int64_t patches_done;
  /*
   The patches that reach tiles of the shard.
   */
  int64_t patches;
  /*
   The tiles of the shard that are on disk.
   */
  int64_t tiles_done;
  /*
   The tiles of the shard.
   */
  int64_t tiles;
} qlty_large_status;

/*
 How pairs are drawn from each image. Fill it with qlty_pair_options_init, then set window, pairs_per_image,
 delta_low and delta_high.
 */
typedef struct qlty_pair_options {
  /*
   sizeof(qlty_pair_options) in the host, by which the library knows which fields it has.
   */
  uint32_t struct_size;
  /*
   The number of spatial axes, 2 or 3. Initially 2.
   */
  int32_t ndim;
  /*
   The size of a patch in pixels, (y, x) or (z, y, x). Initially 0, which is not valid.
   */
  int64_t window[3];
  /*
   The number of pairs drawn from each image. Initially 0.
   */
  int64_t pairs_per_image;
  /*
   The least length of the displacement in pixels, at least a quarter of the longest side of the window, rounded
   down. Initially 0.
   */
  double delta_low;
  /*
   The largest length of the displacement in pixels, at most three quarters of the longest side of the window,
   rounded down. Initially 0.
   */
  double delta_high;
  /*
   Image n draws from the stream n of this seed. Initially 0.
   */
  uint64_t seed;
  /*
   The quarter turns of the second patch, counter-clockwise, taken modulo 4, from which each pair draws one;
   borrowed for the call. Odd ones need a square window; volumes are not turned. Initially NULL: no turn.
   */
  const int64_t *rotations;
  /*
   The number of rotations to choose from. Initially 0.
   */
  int64_t rotation_count;
} qlty_pair_options;

/*
 How pairs are chosen by qlty_sample_draw. Fill it with qlty_sample_options_init, then set bins and samples_per_bin.
 */
typedef struct qlty_sample_options {
  /*
   sizeof(qlty_sample_options) in the host, by which the library knows which fields it has.
   */
  uint32_t struct_size;
  /*
   How means and standard deviations are divided into bins, a QLTY_BINS. Initially QLTY_BINS_HISTOGRAM.
   */
  int32_t kind;
  /*
   The number of bins along means, and also along standard deviations. Initially 0, which is not valid.
   */
  int64_t bins;
  /*
   The largest number of pairs chosen from each bin. Initially 0, which is not valid.
   */
  int64_t samples_per_bin;
  /*
   What the choice within a bin is drawn from. Initially 0.
   */
  uint64_t seed;
} qlty_sample_options;

/*
 The arrays that pairs of patches are written to. Set all bytes to 0 first, then struct_size and the arrays.
 */
typedef struct qlty_pair_arrays {
  /*
   sizeof(qlty_pair_arrays) in the host, by which the library knows which fields it has.
   */
  uint32_t struct_size;
  /*
   Must be 0.
   */
  int32_t reserved;
  /*
   The first patches, (P, C, y, x) or (P, C, z, y, x).
   */
  const struct qlty_array *patches1;
  /*
   The second patches, displaced and turned, of the same type and shape.
   */
  const struct qlty_array *patches2;
  /*
   Where the second patch starts relative to the first: (P, 2) or (P, 3) of type f32, rows (dx, dy) or (dx, dy,
   dz).
   */
  const struct qlty_array *deltas;
  /*
   The quarter turns of the second patches, counter-clockwise, 0 to 3: (P) of type i64.
   */
  const struct qlty_array *rotations;
  /*
   Where the first patches start, of type i64: rows (y, x) or (z, y, x), or with one more column (n, y, x) or (n,
   z, y, x). NULL where this is not wanted.
   */
  const struct qlty_array *positions1;
  /*
   Where the second patches start, as positions1, or NULL.
   */
  const struct qlty_array *positions2;
} qlty_pair_arrays;

/*
 How pairs are stored. Fill it with qlty_store_options_init.
 */
typedef struct qlty_store_options {
  /*
   sizeof(qlty_store_options) in the host, by which the library knows which fields it has.
   */
  uint32_t struct_size;
  /*
   Which positions are stored, a QLTY_POSITIONS. Initially QLTY_POSITIONS_NONE.
   */
  int32_t positions;
  /*
   The shape of a chunk of the patch arrays, (pairs, C, y, x) or (pairs, C, z, y, x); limited to the arrays' shape.
   A chunk is read whole. Initially all 0: as many whole patches as fit in 4 MiB, or a slab of a larger patch.
   */
  int64_t chunk[5];
  /*
   How chunks are compressed: "none", "gzip", "zstd", "blosc-lz4" or "blosc-zstd", the last two optionally followed
   by "-bitshuffle"; a level may follow after a colon, as in "zstd:9"; borrowed for the call. Initially NULL:
   "blosc-zstd".
   */
  const char *codec;
  /*
   Whether an existing store is replaced, once the new one is complete. Initially 0.
   */
  int32_t overwrite;
  /*
   Not used. Hosts compiled for release 0.1 have padding here, with any value.
   */
  int32_t reserved;
} qlty_store_options;

/*
 How a pyramid is made and stored. Fill it with qlty_pyramid_options_init. Its pointers are borrowed for the call.
 */
typedef struct qlty_pyramid_options {
  /*
   sizeof(qlty_pyramid_options) in the host, by which the library knows which fields it has.
   */
  uint32_t struct_size;
  /*
   Which axes a level halves, a QLTY_HALVING; ignored if factors are given. Initially QLTY_HALVING_PLANE.
   */
  int32_t halving;
  /*
   The number of levels, including the full size; one level is a single Zarr array. Initially 0: until the smaller
   of Y and X is at most 256.
   */
  int64_t levels;
  /*
   The largest number of levels if it is not given. Initially 5.
   */
  int64_t most_levels;
  /*
   A row (z, y, x) for each level after the first, the factors by which it is smaller than the previous level.
   Initially NULL: levels are halved.
   */
  const int64_t *factors;
  /*
   The number of rows of factors. Initially 0.
   */
  int64_t factor_count;
  /*
   How a level is computed from the previous one: "mean", "gaussian", "nearest", "median", "mode", "max" or "min".
   Initially NULL: "mean".
   */
  const char *method;
  /*
   The order of the axes, a QLTY_AXES. Initially QLTY_AXES_TCZYX.
   */
  int32_t axes;
  /*
   The type of the pixels written, a QLTY_DTYPE, but not bf16 or bool. Values are rounded to nearest and clamped to
   the range of an integer type. Initially 0: that of the image, or QLTY_DTYPE_F32 if pixels are normalised.
   */
  qlty_dtype dtype;
  /*
   Whether and how pixels v are normalised to (v - mean) / deviation first, a QLTY_NORMALIZATION. Initially
   QLTY_NORMALIZATION_NONE.
   */
  int32_t normalization;
  /*
   The version of Zarr: 3, with NGFF 0.5, or 2, with NGFF 0.4. Initially 3.
   */
  int32_t zarr_format;
  /*
   The mean, for QLTY_NORMALIZATION_BY. Initially 0.
   */
  double mean;
  /*
   The deviation, for QLTY_NORMALIZATION_BY. Initially 1.
   */
  double deviation;
  /*
   The shape of a chunk along (z, y, x), limited to that of the level; along other axes it is 1. Initially all 0:
   (8, 256, 256), or less along z if planes are large.
   */
  int64_t chunk[3];
  /*
   The shape of a shard along (z, y, x), a group of chunks in one file, a multiple of the chunk; not with Zarr 2.
   Initially all 0: each chunk is a file.
   */
  int64_t shard[3];
  /*
   How chunks are compressed: "none", "gzip", "zstd", "blosc-lz4" or "blosc-zstd", the last two optionally followed
   by "-bitshuffle"; a level may follow after a colon, as in "zstd:9". Initially NULL: "blosc-zstd-bitshuffle:1".
   */
  const char *codec;
  /*
   The size of a voxel along (z, y, x). Initially all 0: that of the image, or 1 if it is unknown.
   */
  double voxel_size[3];
  /*
   The unit of voxel_size, such as "micrometer" or "nm"; if only this is given, the voxel size of the image is
   converted to it. Initially NULL: that of the image.
   */
  const char *unit;
  /*
   The name in the metadata. Initially NULL: that of the stack.
   */
  const char *name;
  /*
   The names of the channels, a string for each. Initially NULL: those of the image.
   */
  const char *const *channel_names;
  /*
   The number of channel_names. Initially 0.
   */
  int64_t channel_count;
  /*
   The number of bytes of pixels held at a time; more if a chunk of the requested depth needs it. Initially 256
   MiB.
   */
  int64_t memory;
  /*
   Whether an existing store is replaced, once the new one is complete. Initially 0.
   */
  int32_t overwrite;
  /*
   Whether to resume a run with the same options that was killed or failed, and to keep what was written if this
   one fails or is cancelled. Initially 0.
   */
  int32_t resume;
} qlty_pyramid_options;

/*
 Options of a Laplacian pyramid in addition to those of all pyramids. Fill it with qlty_laplacian_options_init.
 */
typedef struct qlty_laplacian_options {
  /*
   sizeof(qlty_laplacian_options) in the host, by which the library knows which fields it has.
   */
  uint32_t struct_size;
  /*
   Whether the smallest level is stored, which reconstruction needs. Initially 1.
   */
  int32_t store_base;
  /*
   How a level is predicted from the next: "bilinear" or "bicubic"; borrowed for the call. Initially NULL:
   "bilinear".
   */
  const char *interpolation;
  /*
   How the differences are compressed, in the form of the codec of qlty_pyramid_options, which is for the smallest
   level; borrowed for the call. Initially NULL: "blosc-zstd-bitshuffle:1".
   */
  const char *difference_codec;
} qlty_laplacian_options;

/*
 How a level is reconstructed. Fill it with qlty_reconstruct_options_init.
 */
typedef struct qlty_reconstruct_options {
  /*
   sizeof(qlty_reconstruct_options) in the host, by which the library knows which fields it has.
   */
  uint32_t struct_size;
  /*
   Whether an existing store is replaced, once the new one is complete. Initially 0.
   */
  int32_t overwrite;
  /*
   The level, 0 for the full size. Initially 0.
   */
  int64_t level;
  /*
   How a level is predicted from the next, "bilinear" or "bicubic", for stores that do not state it or state it
   wrongly; borrowed for the call. Initially NULL: what the store states, or "bilinear".
   */
  const char *interpolation;
  /*
   How chunks are compressed, as the codec of qlty_pyramid_options. Initially NULL: "blosc-zstd-bitshuffle:1".
   */
  const char *codec;
} qlty_reconstruct_options;

/*
 What is known of a pyramid. Set struct_size first.
 */
typedef struct qlty_pyramid_info {
  /*
   sizeof(qlty_pyramid_info) in the host, by which the library knows which fields it has.
   */
  uint32_t struct_size;
  /*
   Set to 0.
   */
  int32_t reserved;
  /*
   The array that holds the full size, with its type, its shape, and strides in C order; data is NULL.
   */
  struct qlty_array pixels;
  /*
   The number of stored arrays.
   */
  int64_t levels;
  /*
   The size of the stored arrays before compression, in bytes.
   */
  uint64_t bytes;
  /*
   The number of files that the image is read from.
   */
  int64_t files;
} qlty_pyramid_info;

/*
 The call succeeded.
 */
#define QLTY_STATUS_OK 0

/*
 An argument is invalid, or is NULL but must not be.
 */
#define QLTY_STATUS_INVALID_ARGUMENT 1

/*
 An array has the wrong shape.
 */
#define QLTY_STATUS_SHAPE 2

/*
 An array has the wrong type.
 */
#define QLTY_STATUS_DTYPE 3

/*
 A size is too large for the address space.
 */
#define QLTY_STATUS_OVERFLOW 4

/*
 There is not enough memory.
 */
#define QLTY_STATUS_OUT_OF_MEMORY 5

/*
 Patches are missing.
 */
#define QLTY_STATUS_INCOMPLETE 6

/*
 A patch was added twice.
 */
#define QLTY_STATUS_DUPLICATE 7

/*
 The progress function cancelled the call. The values in output arrays are then unspecified.
 */
#define QLTY_STATUS_CANCELLED 8

/*
 A defect of the library, or a call on a handle after one. Please report it with the message.
 */
#define QLTY_STATUS_PANIC 9

/*
 A file could not be read or written.
 */
#define QLTY_STATUS_IO 10

/*
 A store has unexpected contents.
 */
#define QLTY_STATUS_STORE 11

/*
 The destination exists and may not be replaced.
 */
#define QLTY_STATUS_EXISTS 12

/*
 The result on disk was created with a different geometry or different options.
 */
#define QLTY_STATUS_GEOMETRY 13

/*
 The file or folder at the path of a result was not made by this library, so it is left alone.
 */
#define QLTY_STATUS_FOREIGN 14

/*
 A chunk of a Zarr array, or a file of the library, is truncated, has the wrong checksum, or is missing from a result
 that was complete.
 */
#define QLTY_STATUS_DAMAGED 15

/*
 Another process or handle works on the same tiles, or writes to the same destination.
 */
#define QLTY_STATUS_BUSY 16

/*
 An image file is broken, in a format that is not supported, or does not match the rest of its stack.
 */
#define QLTY_STATUS_IMAGE 17

/*
 Unsigned 8-bit integer.
 */
#define QLTY_DTYPE_U8 1

/*
 Signed 8-bit integer.
 */
#define QLTY_DTYPE_I8 2

/*
 Unsigned 16-bit integer.
 */
#define QLTY_DTYPE_U16 3

/*
 Signed 16-bit integer.
 */
#define QLTY_DTYPE_I16 4

/*
 Unsigned 32-bit integer.
 */
#define QLTY_DTYPE_U32 5

/*
 Signed 32-bit integer.
 */
#define QLTY_DTYPE_I32 6

/*
 Unsigned 64-bit integer.
 */
#define QLTY_DTYPE_U64 7

/*
 Signed 64-bit integer.
 */
#define QLTY_DTYPE_I64 8

/*
 IEEE 754 binary16.
 */
#define QLTY_DTYPE_F16 9

/*
 bfloat16: the upper half of a binary32.
 */
#define QLTY_DTYPE_BF16 10

/*
 IEEE 754 binary32.
 */
#define QLTY_DTYPE_F32 11

/*
 IEEE 754 binary64.
 */
#define QLTY_DTYPE_F64 12

/*
 A truth value in a byte, 0 or 1; treated as QLTY_DTYPE_U8.
 */
#define QLTY_DTYPE_BOOL 13

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/*
 The QLTY_ABI_VERSION that the library was built with. Any thread.
 */
uint32_t qlty_abi_version(void);

/*
 The release of the library, such as "0.2.0", as a string that lives as long as the program. Any thread.
 */
const char *qlty_version(void);

/*
 The status that the failed call returned. Any thread. QLTY_STATUS_OK for NULL.
 */
qlty_status qlty_error_status(const struct qlty_error *error);

/*
 The message, in UTF-8: what was got and what was expected. The string lives as long as the error. Any thread. An
 empty string for NULL.
 */
const char *qlty_error_message(const struct qlty_error *error);

/*
 Frees an error. NULL is fine. Any thread.
 */
void qlty_error_free(struct qlty_error *error);

/*
 Sets the number of threads that later calls run on, in this process and in those that are forked from it; 0, the
 default, means one per processor. Results do not depend on it. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for a negative number or more than 1024, QLTY_STATUS_OUT_OF_MEMORY if the
 threads cannot be started.
 */
qlty_status qlty_threads_set(int64_t threads,
                             struct qlty_error **error);

/*
 Stores the number of threads that calls run on. Any thread.
 */
qlty_status qlty_threads_get(int64_t *threads,
                             struct qlty_error **error);

/*
 Fills options with initial values. `struct_size` is sizeof(qlty_quilt_options) in the host; fields that it does not
 have are not written. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT if `struct_size` is less than in the first version, or more than 4096.
 */
qlty_status qlty_quilt_options_init(struct qlty_quilt_options *options,
                                    uint32_t struct_size,
                                    struct qlty_error **error);

/*
 Creates a quilt and stores it in `*quilt`.

 Errors: QLTY_STATUS_INVALID_ARGUMENT if, along any axis, the window is empty or larger than the image, the step is
 zero, or twice the border is not less than the window; if the border weight is not within 0 to 1, or given with a
 profile that does not use it; if the profile is invalid or its parameter out of range; if a host newer than the
 library sets an option that the library does not know. QLTY_STATUS_OVERFLOW if an image has too many pixels.
 */
qlty_status qlty_quilt_new(const struct qlty_quilt_options *options,
                           struct qlty_quilt **quilt,
                           struct qlty_error **error);

/*
 Frees a quilt. NULL is fine.
 */
void qlty_quilt_free(struct qlty_quilt *quilt);

/*
 Stores the number of windows along each spatial axis: 2 or 3 numbers, (y, x) or (z, y, x). Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
 */
qlty_status qlty_quilt_counts(const struct qlty_quilt *quilt,
                              int64_t *counts,
                              struct qlty_error **error);

/*
 Stores the number of patches of a batch of `images`. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a negative number, QLTY_STATUS_OVERFLOW.
 */
qlty_status qlty_quilt_patch_count(const struct qlty_quilt *quilt,
                                   int64_t images,
                                   int64_t *count,
                                   struct qlty_error **error);

/*
 Fills `positions`, of type i64, with where patches lie, from patch index `first` on: (P, 2) or (P, 3) with the first
 pixel (y, x) or (z, y, x) of each, or with the image before them in one more column. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a negative index, QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.
 */
qlty_status qlty_quilt_positions(const struct qlty_quilt *quilt,
                                 int64_t first,
                                 const struct qlty_array *positions,
                                 struct qlty_error **error);

/*
 Fills `mask`, (y, x) or (z, y, x) of type u8 or bool and of the size of a window, with 1 for each pixel inside the
 border of the window, otherwise 0. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.
 */
qlty_status qlty_quilt_border_mask(const struct qlty_quilt *quilt,
                                   const struct qlty_array *mask,
                                   struct qlty_error **error);

/*
 Fills `weights`, (y, x) or (z, y, x) of type f32 or f64 and of the size of a window, with the weight of each pixel
 of a window. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.
 */
qlty_status qlty_quilt_window_weight(const struct qlty_quilt *quilt,
                                     const struct qlty_array *weights,
                                     struct qlty_error **error);

/*
 Fills `weights`, (Y, X) or (Z, Y, X) of type f32 or f64 and of the size of an image, with the sum of the window
 weights at each pixel, by which stitching divides. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.
 */
qlty_status qlty_quilt_weights(const struct qlty_quilt *quilt,
                               const struct qlty_array *weights,
                               struct qlty_error **error);

/*
 Describes the array that holds `count` patches of `batch`: its type, its shape (count, C, y, x) or (count, C, z, y,
 x), and its strides in C order; data is NULL. A negative `count` stands for all patches of the batch. Of `batch`
 only type and shape are read. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_SHAPE if the batch does not have the size of the quilt,
 QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW.
 */
qlty_status qlty_quilt_unstitch_shape(const struct qlty_quilt *quilt,
                                      const struct qlty_array *batch,
                                      int64_t count,
                                      struct qlty_array *patches,
                                      struct qlty_error **error);

/*
 Copies patches of `batch` into `patches`: as many as it has room for, from patch index `first` on.

 `batch` is (N, C, Y, X) or (N, C, Z, Y, X) of any type, `patches` (P, C, y, x) or (P, C, z, y, x) of the same type;
 values are copied unchanged. Patches are numbered in C order over (n, z, y, x). Progress counts patches. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, for indices beyond the batch, or if the arrays overlap;
 QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_CANCELLED.
 */
qlty_status qlty_quilt_unstitch(const struct qlty_quilt *quilt,
                                const struct qlty_array *batch,
                                int64_t first,
                                const struct qlty_array *patches,
                                qlty_progress progress,
                                void *user,
                                struct qlty_error **error);

/*
 Fills `channels`, (P, 2, y, x) or (P, 3, z, y, x) of type f16, bf16, f32 or f64, with the coordinates of the pixels
 of patches, from patch index `first` on: along y and x, or z, y and x.

 `origin` is a QLTY_ORIGIN. If `normalize` is not 0, coordinates are divided by the size of the image, or by the last
 coordinate of a window. To append them to the channels of a batch, pass two views of one array to
 qlty_quilt_unstitch and this function. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or an invalid origin, QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.
 */
qlty_status qlty_quilt_positional(const struct qlty_quilt *quilt,
                                  int64_t first,
                                  int32_t origin,
                                  int32_t normalize,
                                  const struct qlty_array *channels,
                                  struct qlty_error **error);

/*
 Describes the arrays that stitching `patches` gives: `*batch`, (N, C, Y, X) or (N, C, Z, Y, X), and, where `weights`
 is not NULL, `*weights`, (Y, X) or (Z, Y, X); both of type f32 or f64, with strides in C order and data NULL.
 Patches of u32, i32, u64, i64 and f64 give f64, others f32. Of `patches` only type and shape are read. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_SHAPE if the patches are not those of whole images,
 QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW.
 */
qlty_status qlty_quilt_stitch_shape(const struct qlty_quilt *quilt,
                                    const struct qlty_array *patches,
                                    struct qlty_array *batch,
                                    struct qlty_array *weights,
                                    struct qlty_error **error);

/*
 Stitches all patches of a batch: each pixel of `batch` becomes the mean of the patches that cover it, weighted by
 the windows' profile.

 `patches` is (P, C, y, x) or (P, C, z, y, x) of any type, in the order of the patch index. `batch` and `weights`
 have the type and the shape that qlty_quilt_stitch_shape describes; `weights`, the sum of the window weights per
 pixel, may be NULL. Sums are accumulated in the order of the patch index: the result is bit-identical for any number
 of threads. Progress counts rows. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, if the step leaves gaps between the windows, or if arrays overlap;
 QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_CANCELLED.
 */
qlty_status qlty_quilt_stitch(const struct qlty_quilt *quilt,
                              const struct qlty_array *patches,
                              const struct qlty_array *batch,
                              const struct qlty_array *weights,
                              qlty_progress progress,
                              void *user,
                              struct qlty_error **error);

/*
 Applies the adjoint of qlty_quilt_unstitch: each pixel of `batch` becomes the sum of the patch pixels that were
 copied from it. Shapes and types are those of qlty_quilt_stitch. Progress counts rows. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or if the arrays overlap; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE,
 QLTY_STATUS_CANCELLED.
 */
qlty_status qlty_quilt_unstitch_adjoint(const struct qlty_quilt *quilt,
                                        const struct qlty_array *patches,
                                        const struct qlty_array *batch,
                                        qlty_progress progress,
                                        void *user,
                                        struct qlty_error **error);

/*
 Applies the adjoint of qlty_quilt_stitch: each pixel of a patch becomes the pixel of `batch` that it was added to,
 times its normalised weight. `batch` and `patches` are both of type f32 or both f64; `patches` has all patches of
 the batch. Progress counts patches. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, if the step leaves gaps between the windows, or if the arrays
 overlap; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_CANCELLED.
 */
qlty_status qlty_quilt_stitch_adjoint(const struct qlty_quilt *quilt,
                                      const struct qlty_array *batch,
                                      const struct qlty_array *patches,
                                      qlty_progress progress,
                                      void *user,
                                      struct qlty_error **error);

/*
 Creates a stitcher for a batch of `images` with `channels`, whose patches are of type `dtype`, and stores it in
 `*stitcher`. The quilt may be freed before the stitcher. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a negative number, or if the step leaves gaps between the windows;
 QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY.
 */
qlty_status qlty_stitcher_new(const struct qlty_quilt *quilt,
                              qlty_dtype dtype,
                              int64_t images,
                              int64_t channels,
                              struct qlty_stitcher **stitcher,
                              struct qlty_error **error);

/*
 Frees a stitcher. NULL is fine.
 */
void qlty_stitcher_free(struct qlty_stitcher *stitcher);

/*
 Adds the patches `first`, `first` + 1, ...: (P, C, y, x) or (P, C, z, y, x) of the stitcher's type. If patches come
 in the order of their index, the result is bit-identical to that of qlty_quilt_stitch.

 Errors, after which nothing was added: QLTY_STATUS_INVALID_ARGUMENT for NULL or indices beyond the batch,
 QLTY_STATUS_DUPLICATE, QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OUT_OF_MEMORY.
 */
qlty_status qlty_stitcher_push(struct qlty_stitcher *stitcher,
                               int64_t first,
                               const struct qlty_array *patches,
                               struct qlty_error **error);

/*
 Adds patches in any order: patch i of `patches` has the patch index `indices[i]`. `indices` is (P) of type i64.

 Errors, after which nothing was added: those of qlty_stitcher_push, and QLTY_STATUS_INVALID_ARGUMENT if the numbers
 of indices and patches differ.
 */
qlty_status qlty_stitcher_push_at(struct qlty_stitcher *stitcher,
                                  const struct qlty_array *indices,
                                  const struct qlty_array *patches,
                                  struct qlty_error **error);

/*
 Stores the number of missing patches.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
 */
qlty_status qlty_stitcher_missing_count(const struct qlty_stitcher *stitcher,
                                        int64_t *count,
                                        struct qlty_error **error);

/*
 Fills `indices`, (K) of type i64, with the lowest indices of missing patches; K is at most their number, see
 qlty_stitcher_missing_count.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_SHAPE if K is larger, QLTY_STATUS_DTYPE.
 */
qlty_status qlty_stitcher_missing(const struct qlty_stitcher *stitcher,
                                  const struct qlty_array *indices,
                                  struct qlty_error **error);

/*
 Writes the stitched batch, (N, C, Y, X) or (N, C, Z, Y, X), and, where `weights` is not NULL, the sum of the window
 weights, (Y, X) or (Z, Y, X); types are those of qlty_quilt_stitch. The stitcher is empty afterwards and can be used
 again.

 Errors, after which the stitcher is as before: QLTY_STATUS_INCOMPLETE while patches are missing,
 QLTY_STATUS_INVALID_ARGUMENT for NULL or if the arrays overlap, QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE,
 QLTY_STATUS_OUT_OF_MEMORY.
 */
qlty_status qlty_stitcher_finish(struct qlty_stitcher *stitcher,
                                 const struct qlty_array *batch,
                                 const struct qlty_array *weights,
                                 struct qlty_error **error);

/*
 Like qlty_stitcher_finish, while patches are missing: pixels that no patch has reached become `fill`, and `weights`
 is (N, Y, X) or (N, Z, Y, X), the sums of the weights that arrived for each image.

 Errors, after which the stitcher is as before: QLTY_STATUS_INVALID_ARGUMENT for NULL or if the arrays overlap,
 QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OUT_OF_MEMORY.
 */
qlty_status qlty_stitcher_finish_incomplete(struct qlty_stitcher *stitcher,
                                            double fill,
                                            const struct qlty_array *batch,
                                            const struct qlty_array *weights,
                                            struct qlty_error **error);

/*
 Copies label patches into `patches`: as many as it has room for, from patch index `first` on.

 `labels` is (N, Y, X) or (N, C, Y, X), or with a Z, of any type, and `patches` the same with P for N and the window
 for the image. If `missing` is not NULL, it points to a value of the labels' type, aligned or not, and the labels on
 the border of each window are set to it, so that a model is not trained on pixels with too little context. Progress
 counts patches. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, for indices beyond the batch, or if the arrays overlap;
 QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_CANCELLED.
 */
qlty_status qlty_quilt_unstitch_labels(const struct qlty_quilt *quilt,
                                       const struct qlty_array *labels,
                                       const void *missing,
                                       int64_t first,
                                       const struct qlty_array *patches,
                                       qlty_progress progress,
                                       void *user,
                                       struct qlty_error **error);

/*
 Fills `labelled`, (P) of type u8 or bool, with 1 for each label patch that has a label other than `*missing` inside
 the border, otherwise 0.

 `patches` is (P, y, x) or (P, C, y, x), or with a z, and `missing` points to a value of its type; a NaN equals a
 NaN. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or if the arrays overlap, QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.
 */
qlty_status qlty_quilt_labelled(const struct qlty_quilt *quilt,
                                const struct qlty_array *patches,
                                const void *missing,
                                const struct qlty_array *labelled,
                                struct qlty_error **error);

/*
 Copies the patches for which `kept`, (P) of type u8 or bool, is not 0 to `out`, in their order.

 `patches` is any array whose first axis has P entries; `out` has the same type and the same other axes, and along
 the first axis the number of kept patches. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or if the arrays overlap, QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE,
 QLTY_STATUS_OUT_OF_MEMORY.
 */
qlty_status qlty_patches_keep(const struct qlty_array *patches,
                              const struct qlty_array *kept,
                              const struct qlty_array *out,
                              struct qlty_error **error);

/*
 Opens the Zarr v2 or v3 array in the folder `path`, in UTF-8, and stores it in `*images`. Up to `cache_bytes` of
 decoded chunks are cached, the most recently used, and at least one; a negative number means 256 MiB. The array must
 not change while it is open. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a path that is not UTF-8; QLTY_STATUS_IO if there is no such array;
 QLTY_STATUS_DTYPE if its values have no QLTY_DTYPE; QLTY_STATUS_STORE if it does not have 4 or 5 axes;
 QLTY_STATUS_OVERFLOW.
 */
qlty_status qlty_images_open(const char *path,
                             int64_t cache_bytes,
                             struct qlty_images **images,
                             struct qlty_error **error);

/*
 Frees images. NULL is fine.
 */
void qlty_images_free(struct qlty_images *images);

/*
 Describes the array that holds all the images: its type, its shape (N, C, Y, X) or (N, C, Z, Y, X), and its strides
 in C order; data is NULL. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_OVERFLOW.
 */
qlty_status qlty_images_shape(const struct qlty_images *images,
                              struct qlty_array *batch,
                              struct qlty_error **error);

/*
 Reads the files of all arrays of a Zarr v2 or v3 store, such as a pyramid, and stores the damaged ones, and the
 arrays that lack files, in `*damages`. `path`, in UTF-8, is the folder of an array, or one with arrays in its
 subfolders at any depth. At most `most` files, evenly spread, are read; a negative number means all. The caller
 frees the damages with qlty_damages_free. Progress counts files. Any thread.

 Changed bytes are always found where chunks have checksums, as in the stores of this library. Missing files are
 found if all files are read and the array tells how many it was written with, as those of this library do, except
 results of qlty_large_new, for which there is qlty_large_verify.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a path that is not UTF-8; QLTY_STATUS_IO if there is no such
 folder, or if a file cannot be read; QLTY_STATUS_STORE if there is no array in it; QLTY_STATUS_DTYPE if the values
 of an array have no QLTY_DTYPE; QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY, QLTY_STATUS_CANCELLED.
 */
qlty_status qlty_store_verify(const char *path,
                              int64_t most,
                              struct qlty_damages **damages,
                              qlty_progress progress,
                              void *user,
                              struct qlty_error **error);

/*
 Frees damages; the files stay as they are. NULL is fine.
 */
void qlty_damages_free(struct qlty_damages *damages);

/*
 Stores the number of damages, 0 if none was found. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
 */
qlty_status qlty_damages_count(const struct qlty_damages *damages,
                               int64_t *count,
                               struct qlty_error **error);

/*
 Describes a damage: `*tile` is set to the tile of a large result, from 0 in C order over (n, z, y, x), or to -1 if
 it is of something else; `*file` to the path of the file, or of the array that lacks files; `*what` to what is wrong
 with it, in words. The strings live as long as the damages. Each may be NULL. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or if there is no such damage.
 */
qlty_status qlty_damages_get(const struct qlty_damages *damages,
                             int64_t index,
                             int64_t *tile,
                             const char **file,
                             const char **what,
                             struct qlty_error **error);

/*
 Fills options with initial values, as qlty_quilt_options_init does; `struct_size` is sizeof(qlty_large_options).
 */
qlty_status qlty_large_options_init(struct qlty_large_options *options,
                                    uint32_t struct_size,
                                    struct qlty_error **error);

/*
 Creates the result at `path`, in UTF-8, such as `folder/name`, or resumes it, and stores a handle in `*large`. The
 quilt may be freed before it. Any thread.

 On resuming, the finished tiles and the last checkpoint are kept; what was damaged meanwhile, for example by a power
 failure, is pending again, and qlty_large_damaged lists it. With QLTY_START_REPAIR all finished tiles are read to
 find that out, otherwise those that are not known to be on disk. Quilt, images, type, std, normalize and fill must
 be those of the existing result, and so must the other options that are given, except the memory budget and the
 shard.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a path that is not UTF-8 or has no file name, an invalid option, or
 if the step leaves gaps between the windows; QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY.
 QLTY_STATUS_EXISTS if there is a result but must not be; QLTY_STATUS_IO if there is none but must be;
 QLTY_STATUS_GEOMETRY if it was created with a different geometry or different options; QLTY_STATUS_FOREIGN if the
 path is that of something else; QLTY_STATUS_DAMAGED if one of its metadata files has changed, or if it was complete
 and lacks files, which QLTY_START_REPAIR makes pending again; QLTY_STATUS_BUSY if another handle, of this or another
 process, works on some of the same tiles.
 */
qlty_status qlty_large_new(const struct qlty_quilt *quilt,
                           const char *path,
                           const struct qlty_large_options *options,
                           struct qlty_large **large,
                           struct qlty_error **error);

/*
 Frees the handle of a result, which need not be complete: patches stitched since the last checkpoint into unfinished
 tiles are pending again when it is resumed. NULL is fine.
 */
void qlty_large_free(struct qlty_large *large);

/*
 Describes the result: its type, its shape (N, C, Y, X) or (N, C, Z, Y, X), and strides in C order; data is NULL. C
 is 0 until the number of channels is known. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_OVERFLOW.
 */
qlty_status qlty_large_shape(const struct qlty_large *large,
                             struct qlty_array *batch,
                             struct qlty_error **error);

/*
 Stores the progress in `*status`, whose struct_size the host has set; fields that the host does not have are not
 written. Any thread, also while others stitch.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or if struct_size is less than in the first version, or more than
 4096.
 */
qlty_status qlty_large_get_status(const struct qlty_large *large,
                                  struct qlty_large_status *status,
                                  struct qlty_error **error);

/*
 Deprecated: qlty_large_get_status stores the same numbers in a struct. Each may be NULL.
 */
qlty_status qlty_large_progress(const struct qlty_large *large,
                                int64_t *patches_done,
                                int64_t *patches,
                                int64_t *tiles_done,
                                int64_t *tiles,
                                struct qlty_error **error);

/*
 Stores in `*count` how many patches of the shard have not been stitched, including those whose call failed, and
 fills `indices`, (K) of type i64, with the lowest of them, ascending; further entries stay as they are. `indices`
 may be NULL. Any thread, also while others stitch.

 Errors: QLTY_STATUS_INVALID_ARGUMENT if `large` or `count` is NULL; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.
 */
qlty_status qlty_large_pending(const struct qlty_large *large,
                               const struct qlty_array *indices,
                               int64_t *count,
                               struct qlty_error **error);

/*
 Assigns the next pending patches to the caller: fills `indices`, (K) of type i64, with up to K of them, ascending,
 and stores their number in `*count`, 0 at the end; the rest of `indices` stays as it is. Each thread gets different
 patches. Any thread.

 A patch that was assigned but not stitched, since the host or a call failed, is assigned again after
 qlty_large_rewind.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL; QLTY_STATUS_SHAPE, also if K is 0; QLTY_STATUS_DTYPE.
 */
qlty_status qlty_large_next(const struct qlty_large *large,
                            const struct qlty_array *indices,
                            int64_t *count,
                            struct qlty_error **error);

/*
 Makes qlty_large_next start again from the first pending patch. A patch that another thread is working on may then
 be assigned twice. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
 */
qlty_status qlty_large_rewind(const struct qlty_large *large,
                              struct qlty_error **error);

/*
 Describes the array that holds `count` patches of images: the type of the images, the shape (P, C, y, x) or (P, C,
 z, y, x), and strides in C order; data is NULL. The images are `batch`, of which only type and shape are read, or
 `images`; the other is NULL. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a negative number, or if both images or none are given;
 QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW.
 */
qlty_status qlty_large_unstitch_shape(const struct qlty_large *large,
                                      const struct qlty_array *batch,
                                      const struct qlty_images *images,
                                      int64_t count,
                                      struct qlty_array *patches,
                                      struct qlty_error **error);

/*
 Extracts the patches with these indices, (P) of type i64, from images, in their order.

 The images are `batch`, (N, C, Y, X) or (N, C, Z, Y, X) of any type, or `images`, of which only what the patches
 cover is read; the other is NULL. `patches` is (P, C, y, x) or (P, C, z, y, x) of the images' type. Progress counts
 patches. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, if both images or none are given, if there is no such patch, or if
 arrays overlap; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OUT_OF_MEMORY; QLTY_STATUS_CANCELLED, and
 QLTY_STATUS_IO or QLTY_STATUS_DAMAGED if images on disk cannot be read, after all of which the values in `patches`
 are unspecified.
 */
qlty_status qlty_large_unstitch(const struct qlty_large *large,
                                const struct qlty_array *batch,
                                const struct qlty_images *images,
                                const struct qlty_array *indices,
                                const struct qlty_array *patches,
                                qlty_progress progress,
                                void *user,
                                struct qlty_error **error);

/*
 Adds patches in any order: patch i of `patches` has the patch index `indices[i]`. Tiles that are complete then are
 written before the call returns.

 `indices` is (P) of type i64; `patches` is (P, C, y, x) or (P, C, z, y, x) of any type, of which C is the same in
 all calls. `variances`, of the same type and shape, are required if a standard deviation was asked for, otherwise
 NULL. If one thread adds patches in the order of their index, the result is bit-identical to that of
 qlty_quilt_stitch with the same type of sums; other orders differ only by rounding. Progress counts tiles. Any
 thread.

 Errors that leave the result unchanged: QLTY_STATUS_INVALID_ARGUMENT for NULL, an index outside the shard, a
 different number of indices than patches, or if variances are missing or were not asked for; QLTY_STATUS_DUPLICATE,
 QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE. After QLTY_STATUS_IO (such as a full disk), QLTY_STATUS_OUT_OF_MEMORY,
 QLTY_STATUS_DAMAGED and QLTY_STATUS_CANCELLED the patches stay pending, and the same call may be repeated: it adds
 what is missing.
 */
qlty_status qlty_large_stitch(const struct qlty_large *large,
                              const struct qlty_array *indices,
                              const struct qlty_array *patches,
                              const struct qlty_array *variances,
                              qlty_progress progress,
                              void *user,
                              struct qlty_error **error);

/*
 Skips the patches with these indices, (K) of type i64, such as those of background: they get no weight, and pixels
 that only they reach get the fill value. A skipped patch is no longer pending; after the end of the process this is
 remembered for finished tiles and for the last checkpoint. Any thread.

 Errors: those of qlty_large_stitch; QLTY_STATUS_INVALID_ARGUMENT if the number of channels is not known yet.
 */
qlty_status qlty_large_skip(const struct qlty_large *large,
                            const struct qlty_array *indices,
                            struct qlty_error **error);

/*
 Writes the sums of all unfinished tiles, so that work can resume from here if the process is killed. What was
 written when the call returns also survives a power failure. Other threads may stitch meanwhile. Progress counts
 tiles. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL; QLTY_STATUS_IO, QLTY_STATUS_OUT_OF_MEMORY, QLTY_STATUS_DAMAGED and
 QLTY_STATUS_CANCELLED, after which tiles without a new checkpoint keep the previous one.
 */
qlty_status qlty_large_checkpoint(const struct qlty_large *large,
                                  qlty_progress progress,
                                  void *user,
                                  struct qlty_error **error);

/*
 Checks that all patches of the shard have been stitched, makes the result survive a power failure, and stores its
 arrays, for reading, in `*mean` and `*std`; `*std` is set to NULL if no standard deviation was asked for. Either
 argument may be NULL. The caller frees them with qlty_stitched_free, before `large` or after it. Any thread.

 Errors, after which more patches may be stitched: QLTY_STATUS_INCOMPLETE while patches are pending, with their
 number and the first of them; QLTY_STATUS_INVALID_ARGUMENT if `large` is NULL or the number of channels is not
 known; QLTY_STATUS_DAMAGED if tiles are missing, which opening with QLTY_START_REPAIR makes pending again;
 QLTY_STATUS_IO.
 */
qlty_status qlty_large_finish(const struct qlty_large *large,
                              struct qlty_stitched **mean,
                              struct qlty_stitched **std,
                              struct qlty_error **error);

/*
 Like qlty_large_finish, while patches are pending: pixels that no patch has reached get the fill value. The sums are
 kept as a checkpoint, so that more patches can be stitched, by this handle or a later one; the result is then
 written again. Progress counts each tile twice. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT if `large` is NULL or the number of channels is not known; QLTY_STATUS_IO,
 QLTY_STATUS_OUT_OF_MEMORY, QLTY_STATUS_DAMAGED, QLTY_STATUS_CANCELLED.
 */
qlty_status qlty_large_finish_incomplete(const struct qlty_large *large,
                                         struct qlty_stitched **mean,
                                         struct qlty_stitched **std,
                                         qlty_progress progress,
                                         void *user,
                                         struct qlty_error **error);

/*
 Reads the finished tiles of the shard and stores those that are missing or do not agree with their checksums,
 ascending, in `*damages`: QLTY_START_REPAIR makes their patches pending again. At most `most` tiles, evenly spread,
 are read; a negative number means all. The caller frees the damages with qlty_damages_free. Nothing is written.
 Progress counts tiles. Any thread, also while others stitch.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL; QLTY_STATUS_IO if a file cannot be read; QLTY_STATUS_OUT_OF_MEMORY,
 QLTY_STATUS_CANCELLED.
 */
qlty_status qlty_large_verify(const struct qlty_large *large,
                              int64_t most,
                              struct qlty_damages **damages,
                              qlty_progress progress,
                              void *user,
                              struct qlty_error **error);

/*
 Stores the tiles of the shard that were damaged when the result was opened, whose patches were made pending again
 then, in `*damages`: finished ones, and the sums of a checkpoint. The caller frees them with qlty_damages_free. Any
 thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
 */
qlty_status qlty_large_damaged(const struct qlty_large *large,
                               struct qlty_damages **damages,
                               struct qlty_error **error);

/*
 Opens an array of a result in the folder `path`, such as "folder/name_mean.zarr", in UTF-8, and stores it in
 `*stitched`. Unfinished tiles read as the fill value; to see what is written later, open the array again. Any
 thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a path that is not UTF-8; QLTY_STATUS_IO if there is no array;
 QLTY_STATUS_FOREIGN if it was not made by this library; QLTY_STATUS_DAMAGED, QLTY_STATUS_DTYPE and QLTY_STATUS_STORE
 if it has changed since.
 */
qlty_status qlty_stitched_open(const char *path,
                               struct qlty_stitched **stitched,
                               struct qlty_error **error);

/*
 Frees an array of a result, which stays on disk. NULL is fine.
 */
void qlty_stitched_free(struct qlty_stitched *stitched);

/*
 Describes the array: its type, f32 or f64, its shape (N, C, Y, X) or (N, C, Z, Y, X), and strides in C order; data
 is NULL. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_OVERFLOW.
 */
qlty_status qlty_stitched_shape(const struct qlty_stitched *stitched,
                                struct qlty_array *batch,
                                struct qlty_error **error);

/*
 Reads a box of the array into `batch`, of the same type and number of axes. `start` is the first image, channel and
 pixel (y, x) or (z, y, x) of the box, 4 or 5 numbers; NULL means all 0. Progress counts rows. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a negative number; QLTY_STATUS_SHAPE if the box leaves the array;
 QLTY_STATUS_DTYPE; QLTY_STATUS_CANCELLED, and QLTY_STATUS_IO, QLTY_STATUS_DAMAGED and QLTY_STATUS_OUT_OF_MEMORY if a
 chunk cannot be read, is damaged or too large, after which the values in `batch` are unspecified.
 */
qlty_status qlty_stitched_read(const struct qlty_stitched *stitched,
                               const int64_t *start,
                               const struct qlty_array *batch,
                               qlty_progress progress,
                               void *user,
                               struct qlty_error **error);

/*
 Fills options with initial values, as qlty_quilt_options_init does; `struct_size` is sizeof(qlty_pair_options).
 */
qlty_status qlty_pair_options_init(struct qlty_pair_options *options,
                                   uint32_t struct_size,
                                   struct qlty_error **error);

/*
 Draws pairs from each image as `options` say, and stores them in `*pairs`, without statistics.

 The images are `batch`, (N, C, Y, X) or (N, C, Z, Y, X), of which only the shape is read, or `images`; the other is
 NULL. Displacements are drawn uniformly from all integer vectors in the range that fit in the image, then positions
 uniformly from all where both patches fit. Image n draws from a stream of its own: its pairs depend on nothing else.
 Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, if both images or none are given, if the window is empty or larger
 than the images, the range of lengths is not within a quarter and three quarters of the window or has no vector that
 fits, or a rotation is not possible with the window; QLTY_STATUS_SHAPE, QLTY_STATUS_OVERFLOW,
 QLTY_STATUS_OUT_OF_MEMORY.
 */
qlty_status qlty_pairs_draw(const struct qlty_pair_options *options,
                            const struct qlty_array *batch,
                            const struct qlty_images *images,
                            struct qlty_pairs **pairs,
                            struct qlty_error **error);

/*
 Makes pairs from given positions, and stores them in `*pairs`, without statistics.

 `positions1` and `positions2` are (P, 3) or (P, 4) of type i64: rows (n, y, x) or (n, z, y, x) with the image and
 the first pixel of each patch, where n is the same in both. `rotations`, (P) of type i64, are the quarter turns of
 the second patches, counter-clockwise, taken modulo 4; NULL means no turn. `window` points to 2 or 3 numbers, the
 size of a patch (y, x) or (z, y, x). Whether the patches lie within the images is checked when they are extracted.
 Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a negative number, or if the two patches of a pair lie in different
 images; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OUT_OF_MEMORY.
 */
qlty_status qlty_pairs_new(const int64_t *window,
                           const struct qlty_array *positions1,
                           const struct qlty_array *positions2,
                           const struct qlty_array *rotations,
                           struct qlty_pairs **pairs,
                           struct qlty_error **error);

/*
 Computes the statistics of the patches of pairs, whether they were drawn or given, and stores the pairs with them in
 `*measured`. `pairs` stays as it is.

 The images are `batch` or `images`, the other is NULL; values of any type. Progress counts patches. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, if both images or none are given, or if a pair leaves the images or
 has a rotation that is not possible with its window; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW,
 QLTY_STATUS_OUT_OF_MEMORY, QLTY_STATUS_IO, QLTY_STATUS_DAMAGED, QLTY_STATUS_CANCELLED.
 */
qlty_status qlty_pairs_measure(const struct qlty_pairs *pairs,
                               const struct qlty_array *batch,
                               const struct qlty_images *images,
                               struct qlty_pairs **measured,
                               qlty_progress progress,
                               void *user,
                               struct qlty_error **error);

/*
 Stores the pairs with these indices, in their order, as new pairs in `*selected`. `indices` is (K) of type i64 and
 may repeat. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or if there is no such pair; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE,
 QLTY_STATUS_OUT_OF_MEMORY.
 */
qlty_status qlty_pairs_select(const struct qlty_pairs *pairs,
                              const struct qlty_array *indices,
                              struct qlty_pairs **selected,
                              struct qlty_error **error);

/*
 Frees pairs. NULL is fine.
 */
void qlty_pairs_free(struct qlty_pairs *pairs);

/*
 Stores the number of pairs in `*count`, the number of spatial axes in `*ndim`, and the size of a patch, (y, x) or
 (z, y, x), in `window`; each may be NULL. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT if `pairs` is NULL.
 */
qlty_status qlty_pairs_size(const struct qlty_pairs *pairs,
                            int64_t *count,
                            int32_t *ndim,
                            int64_t *window,
                            struct qlty_error **error);

/*
 Fills `values`, (P) of type i64 or f64, with a value for each pair; `column` is a QLTY_COLUMN, which says the type.
 Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, if there is no such column, or if it is a column of statistics and
 the pairs were not measured; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.
 */
qlty_status qlty_pairs_column(const struct qlty_pairs *pairs,
                              int32_t column,
                              const struct qlty_array *values,
                              struct qlty_error **error);

/*
 Stores where the patches of pairs lie, as qlty_pairs_extract_into does along with the patches.

 `deltas` is (P, 2) or (P, 3) of type f32 and gets rows (dx, dy) or (dx, dy, dz): where the second patch starts
 relative to the first. `rotations` is (P) of type i64. `positions1` and `positions2` are of type i64 and get rows
 (y, x) or (z, y, x) or, with one more column, (n, y, x) or (n, z, y, x). Each may be NULL. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT if `pairs` is NULL or arrays overlap; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.
 */
qlty_status qlty_pairs_places(const struct qlty_pairs *pairs,
                              const struct qlty_array *deltas,
                              const struct qlty_array *rotations,
                              const struct qlty_array *positions1,
                              const struct qlty_array *positions2,
                              struct qlty_error **error);

/*
 Fills options with initial values, as qlty_quilt_options_init does; `struct_size` is sizeof(qlty_sample_options).
 */
qlty_status qlty_sample_options_init(struct qlty_sample_options *options,
                                     uint32_t struct_size,
                                     struct qlty_error **error);

/*
 Chooses up to `samples_per_bin` pairs from each bin of a grid over means and standard deviations, with `bins` bins
 along both.

 `means` and `sigmas` are (P) of type f64: two columns of qlty_pairs_column, or values computed from them. The
 indices chosen are written to the front of `indices`, (K) of type i64, and their number to `*count`; K = P is always
 enough. They are ordered by bin, with the standard deviation varying fastest, and depend only on the arguments. Each
 pair is in exactly one bin, also the one with the largest value. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, if an option is invalid, a value is NaN or infinite, the numbers of
 means and standard deviations differ, or the arrays overlap; QLTY_STATUS_SHAPE if more are chosen than `indices` has
 room for; QLTY_STATUS_DTYPE, QLTY_STATUS_OUT_OF_MEMORY.
 */
qlty_status qlty_sample_draw(const struct qlty_array *means,
                             const struct qlty_array *sigmas,
                             const struct qlty_sample_options *options,
                             const struct qlty_array *indices,
                             int64_t *count,
                             struct qlty_error **error);

/*
 Deprecated: qlty_sample_draw does the same with kind, bins, samples_per_bin and seed in a struct.
 */
qlty_status qlty_sample_stratified(const struct qlty_array *means,
                                   const struct qlty_array *sigmas,
                                   int32_t kind,
                                   int64_t bins,
                                   int64_t samples_per_bin,
                                   uint64_t seed,
                                   const struct qlty_array *indices,
                                   int64_t *count,
                                   struct qlty_error **error);

/*
 Describes the arrays that hold the first and the second patches of pairs: the type of the images, the shape (P, C,
 y, x) or (P, C, z, y, x), and strides in C order; data is NULL. The images are `batch`, of which only type and shape
 are read, or `images`; the other is NULL. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or if both images or none are given; QLTY_STATUS_SHAPE,
 QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW.
 */
qlty_status qlty_pairs_extract_shape(const struct qlty_pairs *pairs,
                                     const struct qlty_array *batch,
                                     const struct qlty_images *images,
                                     struct qlty_array *patches,
                                     struct qlty_error **error);

/*
 Extracts the patches of pairs from images, in their order; qlty_pairs_select chooses among them.

 The images are `batch`, (N, C, Y, X) or (N, C, Z, Y, X) of any type, or `images`; the other is NULL. The patches are
 of the images' type. Progress counts patches. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, if both images or none are given, if a pair leaves the images or has
 a rotation that is not possible with its window, or if arrays overlap; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE,
 QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY; QLTY_STATUS_CANCELLED, and QLTY_STATUS_IO or QLTY_STATUS_DAMAGED if
 images on disk cannot be read, after all of which the values in the arrays are unspecified.
 */
qlty_status qlty_pairs_extract_into(const struct qlty_pairs *pairs,
                                    const struct qlty_array *batch,
                                    const struct qlty_images *images,
                                    const struct qlty_pair_arrays *arrays,
                                    qlty_progress progress,
                                    void *user,
                                    struct qlty_error **error);

/*
 Deprecated: qlty_pairs_extract_into does the same with the arrays in a struct.
 */
qlty_status qlty_pairs_extract(const struct qlty_pairs *pairs,
                               const struct qlty_array *batch,
                               const struct qlty_images *images,
                               const struct qlty_array *patches1,
                               const struct qlty_array *patches2,
                               const struct qlty_array *deltas,
                               const struct qlty_array *rotations,
                               const struct qlty_array *positions1,
                               const struct qlty_array *positions2,
                               qlty_progress progress,
                               void *user,
                               struct qlty_error **error);

/*
 Finds the overlaps of patches with these deltas and rotations, and stores them in `*overlap`.

 `deltas` is (P, 2) or (P, 3) of type f32, rows (dx, dy) or (dx, dy, dz) of integers, and `rotations` (P) of type
 i64, the quarter turns of the second patches, taken modulo 4; NULL means no turn. `window` points to 2 or 3 numbers,
 the size of a patch (y, x) or (z, y, x), which may be smaller than that of the extracted patches, as after a
 convolution that trims all sides equally. The pixel (u, v) of a first patch is (u - dy, v - dx) of the second before
 it was turned. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a window that is empty, a delta that is not an integer, or a rotation
 that is not possible with the window; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW,
 QLTY_STATUS_OUT_OF_MEMORY.
 */
qlty_status qlty_overlap_new(const int64_t *window,
                             const struct qlty_array *deltas,
                             const struct qlty_array *rotations,
                             struct qlty_overlap **overlap,
                             struct qlty_error **error);

/*
 Frees overlaps. NULL is fine.
 */
void qlty_overlap_free(struct qlty_overlap *overlap);

/*
 Stores K, the number of overlapping pixels of all pairs. Pairs that do not overlap have none. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
 */
qlty_status qlty_overlap_count(const struct qlty_overlap *overlap,
                               int64_t *count,
                               struct qlty_error **error);

/*
 Gathers the overlapping pixels of patches (P, C, y, x) or (P, C, z, y, x) of any type into `pixels1` and `pixels2`,
 (K, C) of the same type: row k of both shows one place. They come in the order of the pairs, and within a pair row
 by row in the first patch. Progress counts rows. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or if arrays overlap; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE,
 QLTY_STATUS_OVERFLOW, QLTY_STATUS_CANCELLED.
 */
qlty_status qlty_overlap_extract(const struct qlty_overlap *overlap,
                                 const struct qlty_array *patches1,
                                 const struct qlty_array *patches2,
                                 const struct qlty_array *pixels1,
                                 const struct qlty_array *pixels2,
                                 qlty_progress progress,
                                 void *user,
                                 struct qlty_error **error);

/*
 The adjoint of qlty_overlap_extract, which is its backward pass: fills `patches1` and `patches2` with the pixels
 where they were gathered from, and zero elsewhere. Shapes and types are those of qlty_overlap_extract. Progress
 counts patches. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or if arrays overlap; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE,
 QLTY_STATUS_OVERFLOW, QLTY_STATUS_CANCELLED.
 */
qlty_status qlty_overlap_adjoint(const struct qlty_overlap *overlap,
                                 const struct qlty_array *pixels1,
                                 const struct qlty_array *pixels2,
                                 const struct qlty_array *patches1,
                                 const struct qlty_array *patches2,
                                 qlty_progress progress,
                                 void *user,
                                 struct qlty_error **error);

/*
 Stores where each overlapping pixel lies, for hosts that gather pixels themselves: fills `rows` of type i64, (K, 5)
 with (pair, u1, v1, u2, v2) for images, or (K, 7) with (pair, u1, v1, w1, u2, v2, w2) for volumes. u, v and w count
 along the axes of a patch, slowest first; those of the second patch are where the pixel lies after the patch was
 turned, that is, in the array. Progress counts rows of pixels. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_CANCELLED.
 */
qlty_status qlty_overlap_correspondence(const struct qlty_overlap *overlap,
                                        const struct qlty_array *rows,
                                        qlty_progress progress,
                                        void *user,
                                        struct qlty_error **error);

/*
 Fills options with initial values, as qlty_quilt_options_init does; `struct_size` is sizeof(qlty_store_options).
 */
qlty_status qlty_store_options_init(struct qlty_store_options *options,
                                    uint32_t struct_size,
                                    struct qlty_error **error);

/*
 Writes the patches of measured pairs to a Zarr v3 group in the folder `path`, in UTF-8; qlty_pairs_select chooses
 among them.

 The images are `batch` or `images`, the other is NULL. The group's arrays are `patches1` and `patches2` of the
 images' type, `deltas` (float32), `rotations` (int64) and, if asked for, `positions1` and `positions2` (int64); its
 attribute `metadata` has the columns of the pairs. With more than a thousand pairs, chunks are grouped in shards of
 about 64 MiB. The store appears at its path when it is complete; a failure leaves no new store, and an old one
 unchanged. A destination has one writer at a time. Memory is bounded by 256 MiB of patches, or two files of them.
 Progress counts files. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, if both images or none are given, if the pairs were not measured,
 leave the images or have a rotation that is not possible with their window, or if an option is invalid;
 QLTY_STATUS_EXISTS if the destination exists and may not be replaced; QLTY_STATUS_BUSY if another writer has it;
 QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY, QLTY_STATUS_IO,
 QLTY_STATUS_DAMAGED, QLTY_STATUS_CANCELLED.
 */
qlty_status qlty_pairs_write(const struct qlty_pairs *pairs,
                             const struct qlty_array *batch,
                             const struct qlty_images *images,
                             const char *path,
                             const struct qlty_store_options *options,
                             qlty_progress progress,
                             void *user,
                             struct qlty_error **error);

/*
 Opens the store in the folder `path`, in UTF-8, and stores it in `*dataset`. Up to `cache_bytes` of decoded chunks
 are cached, the most recently used, and at least one of each patch array; a negative number means 256 MiB. The store
 must not change while it is open. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a path that is not UTF-8; QLTY_STATUS_IO if there is no such store;
 QLTY_STATUS_DTYPE and QLTY_STATUS_STORE if its arrays are not those of pairs; QLTY_STATUS_OVERFLOW,
 QLTY_STATUS_OUT_OF_MEMORY.
 */
qlty_status qlty_dataset_open(const char *path,
                              int64_t cache_bytes,
                              struct qlty_dataset **dataset,
                              struct qlty_error **error);

/*
 Frees a dataset. NULL is fine.
 */
void qlty_dataset_free(struct qlty_dataset *dataset);

/*
 Describes the arrays that hold all first or all second patches: the type, the shape (P, C, y, x) or (P, C, z, y, x),
 and strides in C order; data is NULL. If `positions` is not NULL, it is set to the positions that are stored, a
 QLTY_POSITIONS. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_OVERFLOW.
 */
qlty_status qlty_dataset_shape(const struct qlty_dataset *dataset,
                               struct qlty_array *patches,
                               int32_t *positions,
                               struct qlty_error **error);

/*
 Stores the metadata of the pairs, pair i of the dataset as pair i, in `*pairs`; the caller frees it with
 qlty_pairs_free. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL; QLTY_STATUS_STORE if the store has no metadata, as stores of the
 Python package; QLTY_STATUS_IO.
 */
qlty_status qlty_dataset_metadata(const struct qlty_dataset *dataset,
                                  struct qlty_pairs **pairs,
                                  struct qlty_error **error);

/*
 Reads the pairs of these indices, (K) of type i64, in their order, which may repeat.

 The arrays are of the dataset's type, with K for P; positions have as many columns as those of the store, or are
 NULL. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, if there is no such pair, if positions are asked for and the store
 has none, or if arrays overlap; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW,
 QLTY_STATUS_OUT_OF_MEMORY, QLTY_STATUS_IO, QLTY_STATUS_DAMAGED.
 */
qlty_status qlty_dataset_read_into(const struct qlty_dataset *dataset,
                                   const struct qlty_array *indices,
                                   const struct qlty_pair_arrays *arrays,
                                   struct qlty_error **error);

/*
 Deprecated: qlty_dataset_read_into does the same with the arrays in a struct.
 */
qlty_status qlty_dataset_read(const struct qlty_dataset *dataset,
                              const struct qlty_array *indices,
                              const struct qlty_array *patches1,
                              const struct qlty_array *patches2,
                              const struct qlty_array *deltas,
                              const struct qlty_array *rotations,
                              const struct qlty_array *positions1,
                              const struct qlty_array *positions2,
                              struct qlty_error **error);

/*
 Fills `indices`, (P) of type i64, with the indices of all pairs in the random order of an epoch: each epoch of a
 seed has its own order, which depends on nothing else. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.
 */
qlty_status qlty_dataset_epoch(const struct qlty_dataset *dataset,
                               uint64_t seed,
                               uint64_t epoch,
                               const struct qlty_array *indices,
                               struct qlty_error **error);

/*
 Reads the files of all arrays of the store, past the cache, and stores the damaged ones, and the arrays that lack
 files, in `*damages`. At most `most` files, evenly spread, are read; a negative number means all. The caller frees
 the damages with qlty_damages_free. Progress counts files. Any thread.

 Missing files are found if all files are read and qlty_pairs_write wrote the store.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL; QLTY_STATUS_IO if a file cannot be read; QLTY_STATUS_OUT_OF_MEMORY,
 QLTY_STATUS_CANCELLED.
 */
qlty_status qlty_dataset_verify(const struct qlty_dataset *dataset,
                                int64_t most,
                                struct qlty_damages **damages,
                                qlty_progress progress,
                                void *user,
                                struct qlty_error **error);

/*
 Starts reading the pairs with the indices in `order`, (K) of type i64, in batches of `size`, the last of which may
 be smaller, and stores a handle in `*batches`. Up to `ahead` batches are read before they are requested. The dataset
 may be freed before. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a negative number, if there is no such pair, or if `size` is 0;
 QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OUT_OF_MEMORY; QLTY_STATUS_IO if no thread could be started.
 */
qlty_status qlty_batches_new(const struct qlty_dataset *dataset,
                             const struct qlty_array *order,
                             int64_t size,
                             int64_t ahead,
                             struct qlty_batches **batches,
                             struct qlty_error **error);

/*
 Frees batches, also before the last; waits until the batch that is being read is done. NULL is fine.
 */
void qlty_batches_free(struct qlty_batches *batches);

/*
 Stores the number of pairs of the next batch, 0 after the last. It does not wait.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
 */
qlty_status qlty_batches_next_count(const struct qlty_batches *batches,
                                    int64_t *count,
                                    struct qlty_error **error);

/*
 Writes the next batch, waiting for it if necessary; the arrays are those of qlty_dataset_read_into.

 Errors, after which the same batch is next: QLTY_STATUS_INVALID_ARGUMENT for NULL, after the last batch, if
 positions are asked for and the store has none, or if arrays overlap; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE. If the
 batch cannot be read (QLTY_STATUS_IO, QLTY_STATUS_DAMAGED or QLTY_STATUS_OUT_OF_MEMORY), it is skipped.
 */
qlty_status qlty_batches_next_into(struct qlty_batches *batches,
                                   const struct qlty_pair_arrays *arrays,
                                   struct qlty_error **error);

/*
 Deprecated: qlty_batches_next_into does the same with the arrays in a struct.
 */
qlty_status qlty_batches_next(struct qlty_batches *batches,
                              const struct qlty_array *patches1,
                              const struct qlty_array *patches2,
                              const struct qlty_array *deltas,
                              const struct qlty_array *rotations,
                              const struct qlty_array *positions1,
                              const struct qlty_array *positions2,
                              struct qlty_error **error);

/*
 Finds the stacks of slices in `folder`, in UTF-8, by file names, and stores them in `*stacks`, ordered by name; no
 file is opened.

 Slices are the files with `extension`, given with or without its dot and in any case, whose name matches `pattern`,
 a regular expression. It has two groups, the stack's name and the counter, or only the counter; then the name is the
 text before it, without a "_" or "-" at its end, so that "image_(\\d+)\\.tif$" finds the stack "image". Subfolders
 are ignored. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a string that is not UTF-8, or a pattern that is malformed or has
 other groups; QLTY_STATUS_IO if the folder cannot be read; QLTY_STATUS_IMAGE if no file matches, a counter is not a
 number of 64 bits, or two files of a stack have the same.
 */
qlty_status qlty_stacks_find(const char *folder,
                             const char *extension,
                             const char *pattern,
                             struct qlty_stacks **stacks,
                             struct qlty_error **error);

/*
 Frees found stacks; opened ones stay open. NULL is fine.
 */
void qlty_stacks_free(struct qlty_stacks *stacks);

/*
 Stores the number of stacks, 1 or more. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
 */
qlty_status qlty_stacks_count(const struct qlty_stacks *stacks,
                              int64_t *count,
                              struct qlty_error **error);

/*
 Stores the name of a stack, a string that lives as long as the stacks, and the number of its slices; `name` and
 `slices` may be NULL. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or if there is no such stack.
 */
qlty_status qlty_stacks_name(const struct qlty_stacks *stacks,
                             int64_t index,
                             const char **name,
                             int64_t *slices,
                             struct qlty_error **error);

/*
 Opens a stack, reads and checks all headers, and stores it in `*stack`. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or if there is no such stack; QLTY_STATUS_IO, and QLTY_STATUS_IMAGE
 if a slice is broken, in a format that is not supported, or has another shape or type than the first;
 QLTY_STATUS_OUT_OF_MEMORY.
 */
qlty_status qlty_stacks_open(const struct qlty_stacks *stacks,
                             int64_t index,
                             struct qlty_stack **stack,
                             struct qlty_error **error);

/*
 Opens the file `path`, in UTF-8, as a stack, and stores it in `*stack`: multi-page TIFF or BigTIFF, ImageJ
 hyperstacks, OME-TIFF, or PNG. The stack has the name of the file without its extension. Pages without metadata are
 planes along Z. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a path that is not UTF-8; QLTY_STATUS_IO, and QLTY_STATUS_IMAGE if
 the file is broken or in a format that is not supported, or a page has another shape or type than the first;
 QLTY_STATUS_OUT_OF_MEMORY.
 */
qlty_status qlty_stack_open(const char *path,
                            struct qlty_stack **stack,
                            struct qlty_error **error);

/*
 Frees a stack. NULL is fine.
 */
void qlty_stack_free(struct qlty_stack *stack);

/*
 Describes the array that holds all of a stack: its type, its shape (T, C, Z, Y, X), all of them above 0, and its
 strides in C order; data is NULL. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_OVERFLOW.
 */
qlty_status qlty_stack_shape(const struct qlty_stack *stack,
                             struct qlty_array *pixels,
                             struct qlty_error **error);

/*
 Stores the name of a stack and the number of its files: one per slice, in the order of Z, or a single one. The name
 is a string that lives as long as the stack; `name` and `files` may be NULL. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
 */
qlty_status qlty_stack_name(const struct qlty_stack *stack,
                            const char **name,
                            int64_t *files,
                            struct qlty_error **error);

/*
 Stores the path of a file of a stack, a string that lives as long as the stack. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or if there is no such file.
 */
qlty_status qlty_stack_file(const struct qlty_stack *stack,
                            int64_t index,
                            const char **path,
                            struct qlty_error **error);

/*
 Stores the size of a voxel along (z, y, x), and its unit, such as "micrometer", a string that lives as long as the
 stack. Values that the files do not state are NaN, and the unit is NULL if they state nothing. `unit` may be NULL.
 Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
 */
qlty_status qlty_stack_voxel_size(const struct qlty_stack *stack,
                                  double *voxel_size,
                                  const char **unit,
                                  struct qlty_error **error);

/*
 Stores the name of a channel, such as "DAPI", a string that lives as long as the stack, or NULL if the files do not
 state it. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or if there is no such channel.
 */
qlty_status qlty_stack_channel(const struct qlty_stack *stack,
                               int64_t channel,
                               const char **name,
                               struct qlty_error **error);

/*
 Stores the number of gaps in the counters of the slices: runs of counters between the first and the last that no
 file has. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
 */
qlty_status qlty_stack_missing_count(const struct qlty_stack *stack,
                                     int64_t *count,
                                     struct qlty_error **error);

/*
 Fills `counters`, (K, 2) of type u64, with the first and the last missing counter of each gap; K is that of
 qlty_stack_missing_count. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.
 */
qlty_status qlty_stack_missing(const struct qlty_stack *stack,
                               const struct qlty_array *counters,
                               struct qlty_error **error);

/*
 Reads planes of the time point `t` into `planes`, (C, Z, Y, X) of the stack's type: as many as it has room for, from
 plane `first` on. Planes are decoded in parallel, with memory for one more plane per thread. Progress counts planes.
 Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a negative number, or if there is no such time point or plane;
 QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE; QLTY_STATUS_CANCELLED, and QLTY_STATUS_IO, QLTY_STATUS_IMAGE and
 QLTY_STATUS_OUT_OF_MEMORY if a page cannot be decoded, after which the values in `planes` are unspecified.
 */
qlty_status qlty_stack_read(const struct qlty_stack *stack,
                            int64_t t,
                            int64_t first,
                            const struct qlty_array *planes,
                            qlty_progress progress,
                            void *user,
                            struct qlty_error **error);

/*
 Fills options with initial values, as qlty_quilt_options_init does; `struct_size` is sizeof(qlty_pyramid_options).
 */
qlty_status qlty_pyramid_options_init(struct qlty_pyramid_options *options,
                                      uint32_t struct_size,
                                      struct qlty_error **error);

/*
 Fills options with initial values, as qlty_quilt_options_init does; `struct_size` is sizeof(qlty_laplacian_options).
 */
qlty_status qlty_laplacian_options_init(struct qlty_laplacian_options *options,
                                        uint32_t struct_size,
                                        struct qlty_error **error);

/*
 Fills options with initial values, as qlty_quilt_options_init does; `struct_size` is sizeof(qlty_reconstruct_options).
 */
qlty_status qlty_reconstruct_options_init(struct qlty_reconstruct_options *options,
                                          uint32_t struct_size,
                                          struct qlty_error **error);

/*
 Frees the descriptions; the pyramids stay on disk. NULL is fine.
 */
void qlty_pyramids_free(struct qlty_pyramids *pyramids);

/*
 Stores the number of pyramids, 1 or more. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
 */
qlty_status qlty_pyramids_count(const struct qlty_pyramids *pyramids,
                                int64_t *count,
                                struct qlty_error **error);

/*
 Stores the name of the image of a pyramid, the path of its store, and the axes of its arrays, such as "CZYX":
 strings that live as long as the pyramids. Each may be NULL. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or if there is no such pyramid.
 */
qlty_status qlty_pyramids_name(const struct qlty_pyramids *pyramids,
                               int64_t index,
                               const char **name,
                               const char **path,
                               const char **axes,
                               struct qlty_error **error);

/*
 Describes a pyramid in `*info`, whose struct_size the host has set; fields that the host does not have are not
 written. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, if there is no such pyramid, or if struct_size is less than in the
 first version, or more than 4096; QLTY_STATUS_OVERFLOW.
 */
qlty_status qlty_pyramids_get_info(const struct qlty_pyramids *pyramids,
                                   int64_t index,
                                   struct qlty_pyramid_info *info,
                                   struct qlty_error **error);

/*
 Deprecated: qlty_pyramids_get_info stores the same in a struct. Each may be NULL.
 */
qlty_status qlty_pyramids_shape(const struct qlty_pyramids *pyramids,
                                int64_t index,
                                struct qlty_array *pixels,
                                int64_t *levels,
                                uint64_t *bytes,
                                int64_t *files,
                                struct qlty_error **error);

/*
 Stores the path of a file that the image of a pyramid is read from, a string that lives as long as the pyramids. Any
 thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or if there is no such pyramid or file.
 */
qlty_status qlty_pyramids_file(const struct qlty_pyramids *pyramids,
                               int64_t index,
                               int64_t file,
                               const char **path,
                               struct qlty_error **error);

/*
 Describes an array of a pyramid, 0 for the full size. `stored` is set to its type, which for differences is wider
 than that of the pixels, its shape, and strides in C order; data is NULL. `name` is set to its name in the store,
 empty if the store is the array, a string that lives as long as the pyramids. `chunk` is set to the size of a chunk
 along each axis, `voxel_size` to that of a voxel along (z, y, x). Each may be NULL. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or if there is no such pyramid or level; QLTY_STATUS_OVERFLOW.
 */
qlty_status qlty_pyramids_level(const struct qlty_pyramids *pyramids,
                                int64_t index,
                                int64_t level,
                                struct qlty_array *stored,
                                const char **name,
                                int64_t *chunk,
                                double *voxel_size,
                                struct qlty_error **error);

/*
 Writes an image and its coarser levels as OME-Zarr to the folder `path`, in UTF-8: NGFF 0.5 on Zarr v3, or 0.4 on
 Zarr v2.

 The image is `stack` or `array`, (Y, X), (Z, Y, X), (C, Z, Y, X) or (T, C, Z, Y, X); the other is NULL. The store is
 a group with an array for each level, named "0" for the full size, then "1" and so on, and metadata: axes, scales,
 translations and display settings of the channels. One level is a single array. Planes are read, shrunk, compressed
 and written at the same time; memory use does not grow with their number. The store appears at its path when it is
 complete, and is written at that path with ".partial" appended; a failure leaves no new store, and an old one
 unchanged. A destination has one writer at a time. To see what was written, use qlty_image_open. Progress counts
 planes. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, if both images or none are given, or if an option is invalid for this
 image; QLTY_STATUS_EXISTS if the destination exists and may not be replaced; QLTY_STATUS_BUSY if another writer has
 it; QLTY_STATUS_IMAGE if a slice cannot be read, with its name in the message; QLTY_STATUS_STORE if the run to
 resume had other options or another image; QLTY_STATUS_DTYPE, QLTY_STATUS_SHAPE, QLTY_STATUS_OVERFLOW,
 QLTY_STATUS_OUT_OF_MEMORY, QLTY_STATUS_IO, QLTY_STATUS_CANCELLED.
 */
qlty_status qlty_stack_to_ome_zarr(const struct qlty_stack *stack,
                                   const struct qlty_array *array,
                                   const char *path,
                                   const struct qlty_pyramid_options *options,
                                   qlty_progress progress,
                                   void *user,
                                   struct qlty_error **error);

/*
 Writes the Laplacian pyramid of an image as a Zarr group to the folder `path`, in UTF-8: the smallest level, named
 by its number, and as "diff_0" and so on the difference of each larger level from its prediction by the next, in a
 wide enough signed type. qlty_image_open reads levels back, exactly for integers. Levels do not halve Z. Otherwise
 as qlty_stack_to_ome_zarr.

 Errors: those of qlty_stack_to_ome_zarr, and QLTY_STATUS_INVALID_ARGUMENT if a level would halve Z or nothing would
 be stored.
 */
qlty_status qlty_stack_to_laplacian(const struct qlty_stack *stack,
                                    const struct qlty_array *array,
                                    const char *path,
                                    const struct qlty_pyramid_options *options,
                                    const struct qlty_laplacian_options *laplacian,
                                    qlty_progress progress,
                                    void *user,
                                    struct qlty_error **error);

/*
 Opens all stacks and writes each as qlty_stack_to_ome_zarr does, one after the other, each on all threads, to
 `folder`, in UTF-8, which is created if necessary: the stack "image" to "image.ome.zarr". Descriptions of what was
 written are stored in `*pyramids`, which may be NULL. Progress counts the planes of one stack and then those of the
 next. Any thread.

 Errors: those of qlty_stacks_open and of qlty_stack_to_ome_zarr. Errors that can be detected beforehand, such as
 invalid options or existing destinations, come before anything is written. If a stack fails later, the stores of
 those before it are complete.
 */
qlty_status qlty_stacks_to_ome_zarr(const struct qlty_stacks *stacks,
                                    const char *folder,
                                    const struct qlty_pyramid_options *options,
                                    struct qlty_pyramids **pyramids,
                                    qlty_progress progress,
                                    void *user,
                                    struct qlty_error **error);

/*
 Opens all stacks and writes each as qlty_stack_to_laplacian does: the stack "image" to "image.laplacian.zarr" in the
 folder. Otherwise as qlty_stacks_to_ome_zarr.

 Errors: those of qlty_stacks_to_ome_zarr and qlty_stack_to_laplacian.
 */
qlty_status qlty_stacks_to_laplacian(const struct qlty_stacks *stacks,
                                     const char *folder,
                                     const struct qlty_pyramid_options *options,
                                     const struct qlty_laplacian_options *laplacian,
                                     struct qlty_pyramids **pyramids,
                                     qlty_progress progress,
                                     void *user,
                                     struct qlty_error **error);

/*
 Stores in `*pyramids` what qlty_stack_to_ome_zarr would write to `path`, or qlty_stack_to_laplacian if `laplacian`
 is not NULL: one pyramid, with the name of the stack, or an empty name if the image is an array. No pixels are read,
 and the disk is not accessed. Any thread.

 Errors: those of the call that would write, as far as they follow from the image and the options.
 */
qlty_status qlty_stack_plan(const struct qlty_stack *stack,
                            const struct qlty_array *array,
                            const char *path,
                            const struct qlty_pyramid_options *options,
                            const struct qlty_laplacian_options *laplacian,
                            struct qlty_pyramids **pyramids,
                            struct qlty_error **error);

/*
 Opens all stacks and stores in `*pyramids` what qlty_stacks_to_ome_zarr would write of them to `folder`, or where
 `laplacian` is not NULL qlty_stacks_to_laplacian. Any thread.

 Errors: those of qlty_stacks_open and qlty_stack_plan.
 */
qlty_status qlty_stacks_plan(const struct qlty_stacks *stacks,
                             const char *folder,
                             const struct qlty_pyramid_options *options,
                             const struct qlty_laplacian_options *laplacian,
                             struct qlty_pyramids **pyramids,
                             struct qlty_error **error);

/*
 Writes a level of the Laplacian store in the folder `store` as a Zarr v3 array to the folder `path`, both in UTF-8,
 in chunks of the same shape as those of the differences. Memory use does not grow with the number of planes. The
 array appears at its path when it is complete; a failure leaves no new array, and an old one unchanged. To read a
 level, or a box of it, into memory, use qlty_image_read. Progress counts planes. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or if there is no such level or an option is invalid;
 QLTY_STATUS_STORE if it is not a Laplacian store, or has no smallest level; QLTY_STATUS_EXISTS if `path` exists and
 may not be replaced; QLTY_STATUS_BUSY if another writer has it; QLTY_STATUS_DTYPE, QLTY_STATUS_IO,
 QLTY_STATUS_DAMAGED, QLTY_STATUS_OUT_OF_MEMORY, QLTY_STATUS_CANCELLED.
 */
qlty_status qlty_laplacian_reconstruct(const char *store,
                                       const char *path,
                                       const struct qlty_reconstruct_options *options,
                                       qlty_progress progress,
                                       void *user,
                                       struct qlty_error **error);

/*
 Opens the image in the folder `path`, in UTF-8, and stores it in `*image`: the first image of an NGFF group, a group
 or an array of this library, any Zarr array, or a Laplacian store of this library or of the Python package.
 `interpolation`, "bilinear" or "bicubic", is for Laplacian stores that do not state it or state it wrongly; NULL
 means what the store states, or "bilinear". Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a path that is not UTF-8, or an interpolation that is invalid or for
 an image that is not Laplacian; QLTY_STATUS_IO if there is nothing; QLTY_STATUS_STORE and QLTY_STATUS_DTYPE if it is
 not an image, or its levels do not belong together; QLTY_STATUS_OVERFLOW.
 */
qlty_status qlty_image_open(const char *path,
                            const char *interpolation,
                            struct qlty_image **image,
                            struct qlty_error **error);

/*
 Frees an image, which stays on disk. NULL is fine.
 */
void qlty_image_free(struct qlty_image *image);

/*
 Stores the number of levels, 1 or more, and whether they are reconstructed from differences, 0 or 1; both may be
 NULL. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
 */
qlty_status qlty_image_levels(const struct qlty_image *image,
                              int64_t *count,
                              int32_t *laplacian,
                              struct qlty_error **error);

/*
 Stores the name of an axis, such as "z", and its unit, such as "micrometer", or NULL if the store does not state it:
 strings that live as long as the image. `name` and `unit` may be NULL. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or if there is no such axis.
 */
qlty_status qlty_image_axis(const struct qlty_image *image,
                            int64_t axis,
                            const char **name,
                            const char **unit,
                            struct qlty_error **error);

/*
 Stores the name of a channel, such as "DAPI", a string that lives as long as the image, or NULL if the store does
 not state it. Without an axis "c" there is one channel. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or if there is no such channel.
 */
qlty_status qlty_image_channel(const struct qlty_image *image,
                               int64_t channel,
                               const char **name,
                               struct qlty_error **error);

/*
 Describes a level, 0 for the full size: in `pixels` the array that holds all of it, with its type, its shape, and
 strides in C order; data is NULL. `scale` is set to the distance of neighbouring pixels along each axis and
 `translation` to the centre of the first pixel, both NaN if the store does not state them; both may be NULL. Any
 thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or if there is no such level; QLTY_STATUS_OVERFLOW.
 */
qlty_status qlty_image_level(const struct qlty_image *image,
                             int64_t level,
                             struct qlty_array *pixels,
                             double *scale,
                             double *translation,
                             struct qlty_error **error);

/*
 Reads a box of a level into `pixels`, of the image's type and number of axes. `start` is the first pixel of the box,
 a number per axis; NULL means all 0. From a Laplacian store the box is reconstructed with the chunks it needs,
 exactly for integers. Progress counts chunks, or for a Laplacian store planes that share chunks. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a negative number, or if there is no such level or the box leaves it;
 QLTY_STATUS_SHAPE if it has other axes; QLTY_STATUS_DTYPE; QLTY_STATUS_CANCELLED, and QLTY_STATUS_IO,
 QLTY_STATUS_DAMAGED, QLTY_STATUS_STORE and QLTY_STATUS_OUT_OF_MEMORY if a chunk cannot be read, is damaged or too
 large, after which the values in `pixels` are unspecified.
 */
qlty_status qlty_image_read(const struct qlty_image *image,
                            int64_t level,
                            const int64_t *start,
                            const struct qlty_array *pixels,
                            qlty_progress progress,
                            void *user,
                            struct qlty_error **error);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* QLTY_H */

#ifndef QLTY_ARRAY_CONTIGUOUS
#define QLTY_ARRAY_CONTIGUOUS
/*
 An array in C order: `shape` has `ndim` numbers, of which at most QLTY_MAX_NDIM are used.
 */
static inline qlty_array qlty_array_contiguous(void *data, qlty_dtype dtype, int32_t ndim,
                                               const int64_t *shape) {
  qlty_array array;
  uint64_t stride = 1; /* Wraps where a shape is too large, which the library then refuses. */
  int32_t axis;
  array.data = data;
  array.dtype = dtype;
  array.ndim = ndim;
  for (axis = 0; axis < QLTY_MAX_NDIM; axis++) {
    array.shape[axis] = axis < ndim ? shape[axis] : 0;
    array.strides[axis] = 0;
  }
  for (axis = (ndim < QLTY_MAX_NDIM ? ndim : QLTY_MAX_NDIM) - 1; axis >= 0; axis--) {
    array.strides[axis] = (int64_t)stride;
    stride *= array.shape[axis] > 1 ? (uint64_t)array.shape[axis] : 1;
  }
  return array;
}
#endif /* QLTY_ARRAY_CONTIGUOUS */

/* Where dlpack.h was included before this header. */
#if defined(DLPACK_DLPACK_H_) && !defined(QLTY_ARRAY_FROM_DLPACK)
#define QLTY_ARRAY_FROM_DLPACK
/*
 Makes an array of a DLPack tensor, sharing its memory. A tensor that is not in the memory of
 the CPU, has more than QLTY_MAX_NDIM axes, or has an unsupported type, gives
 QLTY_STATUS_INVALID_ARGUMENT or QLTY_STATUS_DTYPE, and `*array` is unchanged.
 */
static inline qlty_status qlty_array_from_dlpack(const DLTensor *tensor, qlty_array *array) {
  int32_t axis, log2_bytes = -1;
  qlty_dtype dtype = 0;
  if (!tensor || !array || tensor->device.device_type != kDLCPU || tensor->ndim < 1 ||
      tensor->ndim > QLTY_MAX_NDIM)
    return QLTY_STATUS_INVALID_ARGUMENT;
  switch (tensor->dtype.bits) {
    case 8: log2_bytes = 0; break;
    case 16: log2_bytes = 1; break;
    case 32: log2_bytes = 2; break;
    case 64: log2_bytes = 3; break;
    default: return QLTY_STATUS_DTYPE;
  }
  if (tensor->dtype.lanes != 1) return QLTY_STATUS_DTYPE;
  switch (tensor->dtype.code) {
    case 0: dtype = QLTY_DTYPE_I8 + 2 * log2_bytes; break; /* kDLInt */
    case 1: dtype = QLTY_DTYPE_U8 + 2 * log2_bytes; break; /* kDLUInt */
    case 2: /* kDLFloat */
      if (log2_bytes == 0) return QLTY_STATUS_DTYPE;
      dtype = log2_bytes == 1 ? QLTY_DTYPE_F16 : log2_bytes == 2 ? QLTY_DTYPE_F32 : QLTY_DTYPE_F64;
      break;
    case 4: /* kDLBfloat */
      if (log2_bytes != 1) return QLTY_STATUS_DTYPE;
      dtype = QLTY_DTYPE_BF16;
      break;
    case 6: /* kDLBool */
      if (log2_bytes != 0) return QLTY_STATUS_DTYPE;
      dtype = QLTY_DTYPE_BOOL;
      break;
    default: return QLTY_STATUS_DTYPE;
  }
  *array = qlty_array_contiguous(tensor->data ? (char *)tensor->data + tensor->byte_offset : 0, dtype,
                                 tensor->ndim, tensor->shape);
  for (axis = 0; tensor->strides && axis < tensor->ndim; axis++)
    array->strides[axis] = tensor->strides[axis];
  return QLTY_STATUS_OK;
}
#endif /* QLTY_ARRAY_FROM_DLPACK */
