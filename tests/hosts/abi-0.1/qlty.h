/* qlty: cut images and volumes into overlapping patches and sew them back together. */

#ifndef QLTY_H
#define QLTY_H

/* Generated from qlty-capi/src by cbindgen; change it there. */

#include <stdint.h>

/*
 The version of this interface. A library whose qlty_abi_version() differs from the
 QLTY_ABI_VERSION that a host was compiled with must not be called.

 What holds for all functions:

 A function that can fail returns a qlty_status, 0 for success, and takes last a pointer to a
 qlty_error *, which may be NULL. Where it fails and that pointer is not NULL, an error is stored
 there that the caller frees with qlty_error_free; on success nothing is stored. Other outputs
 are written on success only. No function unwinds: a defect of the library is
 QLTY_STATUS_PANIC.

 Handles are created by functions that store one through a pointer, and freed by the _free function
 of their type, which takes NULL. A handle that is only read, as a const pointer, may be used by
 several threads at once. Strings are UTF-8, end with NUL and are borrowed for the call;
 a path is not empty.

 Arrays cross as qlty_array, by pointer, borrowed for the call. Inputs may have any strides;
 outputs are allocated by the caller, have strides under which no two values share memory, and do
 not overlap with other arrays of the call. Both go by the reach of the strides and of the arrays:
 values that interleave without sharing memory are refused too. Sizes are in pixels, spatial
 axes in the order (y, x) or (z, y, x), of which the last is the fastest in C order.
 */
#define QLTY_ABI_VERSION 1

/*
 The most axes that an array can have.
 */
#define QLTY_MAX_NDIM 6

/*
 How much the pixels of a window count: 1 inside the border and border_weight on it.
 */
#define QLTY_PROFILE_BORDER 0

/*
 sin^2(pi t) per axis, at the middles t = (i + 0.5) / window of the pixels.
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
 Nothing may be there: the result is begun.
 */
#define QLTY_START_CREATE 0

/*
 A result must be there, with which the work goes on.
 */
#define QLTY_START_OPEN 1

/*
 The work goes on with a result if there is one, and begins it otherwise: for several workers that
 start at once.
 */
#define QLTY_START_CREATE_OR_OPEN 2

/*
 No standard deviation: patches come without variances.
 */
#define QLTY_STD_NONE 0

/*
 sqrt(sum(w v) / sum(w)) over the variances v of the patches over a pixel, with the weights w of
 their windows.
 */
#define QLTY_STD_WITHIN 1

/*
 sqrt(sum(w (v + (x - m)^2)) / sum(w)): that, and how far the values x of the patches are from
 their weighted mean m.
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
 Each level halves those of Z, Y and X whose voxel is less than the square root of 2 times the
 smallest, until all are about the same.
 */
#define QLTY_HALVING_ISOTROPIC 2

/*
 (T, C, Z, Y, X), where T and C are left out if there is one of them: the order of NGFF.
 */
#define QLTY_AXES_TCZYX 0

/*
 (Z, C, Y, X), for one time point. NGFF does not allow it, so there is no metadata of NGFF.
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
 By mean and standard deviation of the whole image, for which it is read twice.
 */
#define QLTY_NORMALIZATION_GLOBAL 2

/*
 By the mean and the deviation that are given.
 */
#define QLTY_NORMALIZATION_BY 3

/*
 The batches of an epoch, in order, read ahead by a thread of their own. Opaque; one thread at a
 time may use one. Free it with qlty_batches_free.
 */
typedef struct qlty_batches qlty_batches;

/*
 The pairs of a Zarr store, as qlty_pairs_write or the Python package wrote it. Opaque. Any number
 of threads may use one at once; free it with qlty_dataset_free.
 */
typedef struct qlty_dataset qlty_dataset;

/*
 Why a call failed. Opaque; belongs to the caller, who frees it with qlty_error_free.
 */
typedef struct qlty_error qlty_error;

/*
 An image on disk, in levels from fine to coarse: OME-Zarr, a Zarr array, or a Laplacian store. Of what
 is read, up to 64 MiB of decoded chunks of the full size are kept, and of each coarser level a quarter
 of that; the store must not change. Opaque. Any number of threads may use one at once; free it with
 qlty_image_free.
 */
typedef struct qlty_image qlty_image;

/*
 The images of a Zarr array on disk, (N, C, Y, X) or (N, C, Z, Y, X). Opaque. Any number of
 threads may use one at once; free it with qlty_images_free.
 */
typedef struct qlty_images qlty_images;

/*
 Stitches the patches of a batch onto disk as they come, in any order and in bounded memory; a
 process that is killed goes on where it was. Opaque. Any number of threads may use one at once,
 also to stitch; free it with qlty_large_free.

 Of the path `folder/name` the results are the Zarr v3 arrays `folder/name_mean.zarr` and, if asked
 for, `folder/name_std.zarr`, in which a tile is written once, when its last patch has come.
 `folder/name_state` has what is not finished. After the end of a process, by which way ever,
 the finished tiles and what the last qlty_large_checkpoint wrote are there, and the patches that
 have to come again are pending.
 */
typedef struct qlty_large qlty_large;

/*
 The overlaps of pairs: which pixels of the first patches and of the second show the same place.
 Opaque. It never changes, so any number of threads may use one at once; free it with
 qlty_overlap_free.
 */
typedef struct qlty_overlap qlty_overlap;

/*
 Pairs of patches: where they lie and how the second is turned, the size of a patch, and, once they
 were measured, the mean and standard deviation of each patch. Opaque. It never changes, so any
 number of threads may use one at once; free it with qlty_pairs_free.
 */
typedef struct qlty_pairs qlty_pairs;

/*
 Pyramids that were written, or would be, by the names of their images. Opaque. It never changes, so any
 number of threads may use one at once; free it with qlty_pyramids_free.
 */
typedef struct qlty_pyramids qlty_pyramids;

/*
 A geometry with weights: what cuts and sews. Opaque. It never changes, so any number of threads
 may use one at once; free it with qlty_quilt_free.
 */
typedef struct qlty_quilt qlty_quilt;

/*
 A stack of images, (T, C, Z, Y, X), whose planes are pages of TIFF files, or PNG files: opened, with
 all headers read and checked. It holds no pixels and no open file; the files must not change.
 Opaque. Any number of threads may use one at once; free it with qlty_stack_free.
 */
typedef struct qlty_stack qlty_stack;

/*
 The stacks of slices that were found in a folder. Opaque. It never changes, so any number of
 threads may use one at once; free it with qlty_stacks_free.
 */
typedef struct qlty_stacks qlty_stacks;

/*
 An array of a result on disk: its mean or its standard deviation, (N, C, Y, X) or (N, C, Z, Y, X). Of
 what is read, up to 256 MiB of decoded chunks are kept. Opaque. Any number of threads may use one
 at once; free it with qlty_stitched_free.
 */
typedef struct qlty_stitched qlty_stitched;

/*
 Takes the patches of a batch as they come and stitches them together. Opaque; one thread at a
 time may use one, which works on all of them. Free it with qlty_stitcher_free.
 */
typedef struct qlty_stitcher qlty_stitcher;

/*
 What came of a call.
 */
typedef int32_t qlty_status;

/*
 What a quilt is made of. Fill it with qlty_quilt_options_init, then set size, window and step.
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
   The rim of a window in pixels. Initially 0, no border.
   */
  int64_t border[3];
  /*
   The weight of the border, 0 to 1. Initially NaN, which means 0.1.
   */
  double border_weight;
  /*
   How much the pixels of a window count, a QLTY_PROFILE. Initially QLTY_PROFILE_BORDER.
   */
  int32_t profile;
  /*
   The parameter of a profile that has one, else not used. Initially 0.
   */
  double profile_parameter;
} qlty_quilt_options;

/*
 The type of an array's values.
 */
typedef int32_t qlty_dtype;

/*
 An array in the host's memory.

 Value (i, j, ...) lies at `data`, taken as a pointer to values of `dtype`, plus
 `i * strides[0] + j * strides[1] + ...`: strides count values, not bytes, and may be negative
 or, in an input, zero. Of `shape` and `strides` the first `ndim` numbers count. `data` is aligned
 for its type, and is not looked at where the array has no values.
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
 Told how far a long call has come: `done` of `total` units of the call's own. Called after a few
 milliseconds, then some twenty times a second, and once at the end of the call, always on the
 thread that made it. A result that is not zero cancels the call, where it has not ended yet,
 and is the last that is asked for. It must return by itself, not by longjmp or an exception.
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
   The type of the sums and the results, QLTY_DTYPE_F32 or QLTY_DTYPE_F64. Initially
   QLTY_DTYPE_F32.
   */
  qlty_dtype dtype;
  /*
   What may be on disk already, a QLTY_START. Initially QLTY_START_CREATE.
   */
  int32_t start;
  /*
   Which standard deviation is written beside the mean, a QLTY_STD. Initially QLTY_STD_NONE.
   */
  int32_t std;
  /*
   The number of images of the batch. Initially 0, which is not valid.
   */
  int64_t images;
  /*
   The number of channels of the patches. Initially 0, which means that of a result that is there,
   or of the first patch.
   */
  int64_t channels;
  /*
   How many bytes of sums are held in memory, and a tile for each thread at least; what is more goes
   to a scratch folder. Initially 1 GiB.
   */
  int64_t memory_budget;
  /*
   The size in pixels of what is summed, finished and written as one, (y, x) or (z, y, x): a
   multiple of the chunk, or of the shard if there are shards. Initially all 0, which means
   that of a result that is there, or about 1 MiB of results.
   */
  int64_t tile_shape[3];
  /*
   The size of a chunk in pixels; it has all channels of one image. Initially all 0, which means
   that of a result that is there, or the tile.
   */
  int64_t chunk_shape[3];
  /*
   The size of a shard in pixels, a multiple of the chunk: chunks that share a file. Initially all
   0, which means that of a result that is there, or no shards.
   */
  int64_t shard_shape[3];
  /*
   How chunks are compressed: "none", "gzip", "zstd", "blosc-lz4" or "blosc-zstd", these two with
   "-bitshuffle" behind it or without, and with a level behind a colon where the default is not
   wanted, as in "zstd:9"; borrowed for the call.
   Initially NULL, which means as in a result that is there, or "zstd:1".
   */
  const char *codec;
  /*
   What a pixel is that no patch has reached. Initially NaN.
   */
  double fill;
  /*
   Which of several workers this is, below their number: each has tiles of its own, and needs only
   the patches that reach them. Initially 0.
   */
  int64_t shard_index;
  /*
   How many workers there are. Initially 1.
   */
  int64_t shard_count;
  /*
   Whether the mean is divided by its sum over the channels, as probabilities are, and the standard
   deviation by the absolute value of that. Initially 0.
   */
  int32_t normalize;
} qlty_large_options;

/*
 What pairs are drawn from each image. Fill it with qlty_pair_options_init, then set window,
 pairs_per_image, delta_low and delta_high.
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
   How many pairs are drawn from each image. Initially 0.
   */
  int64_t pairs_per_image;
  /*
   The least length of the displacement in pixels, at least a quarter of the longest side of the
   window, rounded down. Initially 0.
   */
  double delta_low;
  /*
   The largest length of the displacement in pixels, at most three quarters of the longest side of
   the window, rounded down. Initially 0.
   */
  double delta_high;
  /*
   Image n draws from the stream n of this seed. Initially 0.
   */
  uint64_t seed;
  /*
   The quarter turns of the second patch, counter-clockwise, taken modulo 4, of which each pair
   draws one; borrowed for the call. Odd ones need a square window; volumes are not turned.
   Initially NULL, which means no turn.
   */
  const int64_t *rotations;
  /*
   How many rotations there are to choose from. Initially 0.
   */
  int64_t rotation_count;
} qlty_pair_options;

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
   The shape of a chunk of the patch arrays, (pairs, C, y, x) or (pairs, C, z, y, x); cut down to
   the arrays' shape. A chunk is read whole. Initially all 0, which means as many whole patches as
   fit in 4 MiB, or a slab of a larger one.
   */
  int64_t chunk[5];
  /*
   How chunks are compressed: "none", "gzip", "zstd", "blosc-lz4" or "blosc-zstd", these two with
   "-bitshuffle" behind it or without, and with a level behind a colon where the default is not
   wanted, as in "zstd:9"; borrowed for the call.
   Initially NULL, which means "blosc-zstd".
   */
  const char *codec;
  /*
   Whether a store of the same name is replaced, once the new one is complete. Initially 0.
   */
  int32_t overwrite;
} qlty_store_options;

/*
 How a pyramid is made and stored. Fill it with qlty_pyramid_options_init. What it points to is borrowed
 for the call.
 */
typedef struct qlty_pyramid_options {
  /*
   sizeof(qlty_pyramid_options) in the host, by which the library knows which fields it has.
   */
  uint32_t struct_size;
  /*
   Which axes a level halves, a QLTY_HALVING; not looked at where factors are given. Initially
   QLTY_HALVING_PLANE.
   */
  int32_t halving;
  /*
   The number of levels, full size included; one makes no pyramid but a single Zarr array.
   Initially 0, which means until the smaller of Y and X is at most 256.
   */
  int64_t levels;
  /*
   The most levels where their number is not given. Initially 5.
   */
  int64_t most_levels;
  /*
   A row (z, y, x) for each level after the first: by how much it is smaller than the level
   before. Initially NULL, which means that levels are halved.
   */
  const int64_t *factors;
  /*
   The number of rows of factors. Initially 0.
   */
  int64_t factor_count;
  /*
   How a level is made of the level before: "mean", "gaussian", "nearest", "median", "mode", "max" or
   "min". Initially NULL, which means "mean".
   */
  const char *method;
  /*
   The order of the axes, a QLTY_AXES. Initially QLTY_AXES_TCZYX.
   */
  int32_t axes;
  /*
   The type of the pixels written, a QLTY_DTYPE, but not bf16 or bool. Values are rounded to nearest
   and held to the range of an integer type. Initially 0, which means that of the image, or
   QLTY_DTYPE_F32 where pixels are normalised.
   */
  qlty_dtype dtype;
  /*
   Whether a pixel v becomes (v - mean) / deviation first, a QLTY_NORMALIZATION. Initially
   QLTY_NORMALIZATION_NONE.
   */
  int32_t normalization;
  /*
   The version of Zarr: 3, with NGFF 0.5, or 2, with NGFF 0.4. Initially 3.
   */
  int32_t zarr_format;
  /*
   What becomes 0, with QLTY_NORMALIZATION_BY. Initially 0.
   */
  double mean;
  /*
   What becomes a difference of 1, with QLTY_NORMALIZATION_BY. Initially 1.
   */
  double deviation;
  /*
   The shape of a chunk along (z, y, x), cut down to that of the level; along other axes it is 1.
   Initially all 0, which means (8, 256, 256), less along z where planes are large.
   */
  int64_t chunk[3];
  /*
   The shape along (z, y, x) of what makes one file, a multiple of the chunk's; not with Zarr 2.
   Initially all 0, which means that each chunk is a file.
   */
  int64_t shard[3];
  /*
   How chunks are compressed: "none", "gzip", "zstd", "blosc-lz4" or "blosc-zstd", these two with
   "-bitshuffle" behind it or without, and with a level behind a colon where the default is not
   wanted, as in "zstd:9". Initially NULL, which means "blosc-zstd-bitshuffle:1".
   */
  const char *codec;
  /*
   The size of a voxel along (z, y, x). Initially all 0, which means that of the image, or 1 where
   that says nothing.
   */
  double voxel_size[3];
  /*
   The unit of voxel_size, such as "micrometer" or "nm"; where only this is given, the size of the
   image is converted to it. Initially NULL, which means that of the image.
   */
  const char *unit;
  /*
   The name in the metadata. Initially NULL, which means that of the stack.
   */
  const char *name;
  /*
   The names of the channels, a string for each. Initially NULL, which means what the image says of
   them.
   */
  const char *const *channel_names;
  /*
   The number of channel_names. Initially 0.
   */
  int64_t channel_count;
  /*
   How many bytes of pixels are held at a time, unless a chunk as deep as asked for takes more.
   Initially 256 MiB.
   */
  int64_t memory;
  /*
   Whether a store of the same name is replaced, once the new one is complete. Initially 0.
   */
  int32_t overwrite;
  /*
   Whether to go on where a run with the same options was killed or failed, and to keep what is
   there when this one fails or is cancelled. Initially 0.
   */
  int32_t resume;
} qlty_pyramid_options;

/*
 What a Laplacian pyramid has beside the options of all pyramids. Fill it with
 qlty_laplacian_options_init.
 */
typedef struct qlty_laplacian_options {
  /*
   sizeof(qlty_laplacian_options) in the host, by which the library knows which fields it has.
   */
  uint32_t struct_size;
  /*
   Whether the smallest level is stored, without which nothing can be reconstructed from the store
   alone. Initially 1.
   */
  int32_t store_base;
  /*
   How a level is predicted from the next: "bilinear" or "bicubic"; borrowed for the call. Initially
   NULL, which means "bilinear".
   */
  const char *interpolation;
  /*
   How the differences are compressed, as the codec of qlty_pyramid_options, which is that of the
   smallest level; borrowed for the call. Initially NULL, which means "blosc-zstd-bitshuffle:1".
   */
  const char *difference_codec;
} qlty_laplacian_options;

/*
 What is made of a Laplacian store. Fill it with qlty_reconstruct_options_init.
 */
typedef struct qlty_reconstruct_options {
  /*
   sizeof(qlty_reconstruct_options) in the host, by which the library knows which fields it has.
   */
  uint32_t struct_size;
  /*
   Whether a store of the same name is replaced, once the new one is complete. Initially 0.
   */
  int32_t overwrite;
  /*
   The level, 0 for the full size. Initially 0.
   */
  int64_t level;
  /*
   How a level is predicted from the next, "bilinear" or "bicubic", for stores that do not say it or
   say it wrong; borrowed for the call. Initially NULL, which means as the store says, or "bilinear".
   */
  const char *interpolation;
  /*
   How chunks are compressed, as the codec of qlty_pyramid_options. Initially NULL, which means
   "blosc-zstd-bitshuffle:1".
   */
  const char *codec;
} qlty_reconstruct_options;

/*
 The call succeeded.
 */
#define QLTY_STATUS_OK 0

/*
 An argument has a value that the call cannot take, or is NULL where it must not be.
 */
#define QLTY_STATUS_INVALID_ARGUMENT 1

/*
 An array has another shape than the call asks for.
 */
#define QLTY_STATUS_SHAPE 2

/*
 An array has another type of values than the call asks for.
 */
#define QLTY_STATUS_DTYPE 3

/*
 A product of sizes does not fit the address space.
 */
#define QLTY_STATUS_OVERFLOW 4

/*
 The system did not give the memory that the call needs.
 */
#define QLTY_STATUS_OUT_OF_MEMORY 5

/*
 Patches are missing.
 */
#define QLTY_STATUS_INCOMPLETE 6

/*
 A patch was given twice.
 */
#define QLTY_STATUS_DUPLICATE 7

/*
 The progress function asked to stop. The values in an output array are then unspecified.
 */
#define QLTY_STATUS_CANCELLED 8

/*
 A defect of the library; please report it with the message.
 */
#define QLTY_STATUS_PANIC 9

/*
 The system, or Zarr underneath, refused to read or write a file.
 */
#define QLTY_STATUS_IO 10

/*
 A store does not hold what it should.
 */
#define QLTY_STATUS_STORE 11

/*
 There is something where a store is to be written, and it may not be replaced.
 */
#define QLTY_STATUS_EXISTS 12

/*
 A result on disk was begun with another geometry, or other options, than are given now.
 */
#define QLTY_STATUS_GEOMETRY 13

/*
 What is under the name of a result was not made by this library, so it is left alone.
 */
#define QLTY_STATUS_FOREIGN 14

/*
 A chunk of a Zarr array, or a file of the library's own, is cut short or does not hold what was written.
 */
#define QLTY_STATUS_DAMAGED 15

/*
 Another process, or another handle, is at the same work.
 */
#define QLTY_STATUS_BUSY 16

/*
 An image file is broken, of a kind that is not read, or does not go with the others of its stack.
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
 A truth value in a byte, 0 or 1; its bytes are treated as QLTY_DTYPE_U8.
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
 The release of the library, such as "0.1.0", as a string that lives as long as the program. Any
 thread.
 */
const char *qlty_version(void);

/*
 The status that the failed call returned. Any thread. QLTY_STATUS_OK for NULL.

 The caller promises that `error` is NULL or an error that has not been freed.
 */
qlty_status qlty_error_status(const struct qlty_error *error);

/*
 What went wrong, in UTF-8: what was got and what was expected. The string lives as long as the
 error. Any thread. An empty string for NULL.

 The caller promises that `error` is NULL or an error that has not been freed.
 */
const char *qlty_error_message(const struct qlty_error *error);

/*
 Frees an error. NULL is fine. Any thread.

 The caller promises that `error` is NULL or an error that has not been freed, and is not used after.
 */
void qlty_error_free(struct qlty_error *error);

/*
 Sets the number of threads that calls work on, from the next call on; 0 means as many as there
 are processors, which is the default. Results do not depend on it. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for a negative number or more than 1024,
 QLTY_STATUS_OUT_OF_MEMORY where the system does not give the threads.

 The caller promises that `error` is NULL or may be written.
 */
qlty_status qlty_threads_set(int64_t threads,
                             struct qlty_error **error);

/*
 Stores the number of threads that calls work on. Any thread.

 The caller promises that `threads` and `error` are NULL or may be written.
 */
qlty_status qlty_threads_get(int64_t *threads,
                             struct qlty_error **error);

/*
 Fills options with initial values. `struct_size` is sizeof(qlty_quilt_options): of a later
 library only the fields that the host knows are written. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT where `struct_size` is less than that of the first version,
 or more than 4096.

 The caller promises that `options` is NULL or points to `struct_size` bytes that may be written; `error` is NULL or may
 be written.
 */
qlty_status qlty_quilt_options_init(struct qlty_quilt_options *options,
                                    uint32_t struct_size,
                                    struct qlty_error **error);

/*
 Creates a quilt and stores it in `*quilt`.

 Errors: QLTY_STATUS_INVALID_ARGUMENT where, on any axis, the window is empty or larger than the
 image, the step is zero, or twice the border is not less than the window; where the border
 weight is not within 0 to 1, or given with a profile that has no use for it; where the profile
 is none or its parameter out of range; where a host that is newer than the library sets an option
 that the library does not know. QLTY_STATUS_OVERFLOW where an image has too many pixels.

 The caller promises that `options` is NULL or was filled by qlty_quilt_options_init; `quilt` and `error` are NULL or may
 be written.
 */
qlty_status qlty_quilt_new(const struct qlty_quilt_options *options,
                           struct qlty_quilt **quilt,
                           struct qlty_error **error);

/*
 Frees a quilt. NULL is fine.

 The caller promises that `quilt` is NULL or a quilt that has not been freed, and is not used after.
 */
void qlty_quilt_free(struct qlty_quilt *quilt);

/*
 Stores the number of windows along each spatial axis: 2 or 3 numbers, (y, x) or (z, y, x). Any
 thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.

 The caller promises that `quilt` is NULL or a quilt; `counts` is NULL or has room for as many numbers as the quilt has
 spatial axes; `error` is NULL or may be written.
 */
qlty_status qlty_quilt_counts(const struct qlty_quilt *quilt,
                              int64_t *counts,
                              struct qlty_error **error);

/*
 Stores the number of patches of a batch of `images`. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a negative number, QLTY_STATUS_OVERFLOW.

 The caller promises that `quilt` is NULL or a quilt; `count` and `error` are NULL or may be written.
 */
qlty_status qlty_quilt_patch_count(const struct qlty_quilt *quilt,
                                   int64_t images,
                                   int64_t *count,
                                   struct qlty_error **error);

/*
 Fills `positions`, of type i64, with where patches lie, from patch index `first` on: (P, 2) or
 (P, 3) with the first pixel (y, x) or (z, y, x) of each, or one column more with the image
 before them. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a negative index, QLTY_STATUS_SHAPE,
 QLTY_STATUS_DTYPE.

 The caller promises that `quilt` is NULL or a quilt; `positions` is NULL or an array whose values may be written; `error`
 is NULL or may be written.
 */
qlty_status qlty_quilt_positions(const struct qlty_quilt *quilt,
                                 int64_t first,
                                 const struct qlty_array *positions,
                                 struct qlty_error **error);

/*
 Fills `mask`, (y, x) or (z, y, x) of type u8 or bool and of the size of a window, with 1 where a
 pixel lies inside the border of the window, else 0. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.

 The caller promises that `quilt` is NULL or a quilt; `mask` is NULL or an array whose values may be written; `error` is
 NULL or may be written.
 */
qlty_status qlty_quilt_border_mask(const struct qlty_quilt *quilt,
                                   const struct qlty_array *mask,
                                   struct qlty_error **error);

/*
 Fills `weights`, (y, x) or (z, y, x) of type f32 or f64 and of the size of a window, with the
 weight of each pixel of a window. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.

 The caller promises that `quilt` is NULL or a quilt; `weights` is NULL or an array whose values may be written; `error`
 is NULL or may be written.
 */
qlty_status qlty_quilt_window_weight(const struct qlty_quilt *quilt,
                                     const struct qlty_array *weights,
                                     struct qlty_error **error);

/*
 Fills `weights`, (Y, X) or (Z, Y, X) of type f32 or f64 and of the size of an image, with the
 sum of the window weights that reach each pixel: what stitching divides by. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.

 The caller promises that `quilt` is NULL or a quilt; `weights` is NULL or an array whose values may be written; `error`
 is NULL or may be written.
 */
qlty_status qlty_quilt_weights(const struct qlty_quilt *quilt,
                               const struct qlty_array *weights,
                               struct qlty_error **error);

/*
 Describes the array that holds `count` patches of `batch`: its type, its shape (count, C, y, x)
 or (count, C, z, y, x), and its strides in C order; data is NULL. A negative `count` stands for
 all patches of the batch. Of `batch` the type and the shape are read, not the data. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_SHAPE where the batch does not have
 the size of the quilt, QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW.

 The caller promises that `quilt` is NULL or a quilt; `batch` is NULL or an array; `patches` and `error` are NULL or may
 be written.
 */
qlty_status qlty_quilt_unstitch_shape(const struct qlty_quilt *quilt,
                                      const struct qlty_array *batch,
                                      int64_t count,
                                      struct qlty_array *patches,
                                      struct qlty_error **error);

/*
 Cuts as many patches as `patches` has room for out of `batch`, from patch index `first` on.

 `batch` is (N, C, Y, X) or (N, C, Z, Y, X) of any type, `patches` (P, C, y, x) or (P, C, z, y, x)
 of the same type; values are copied bit by bit. Patches count in C order over (n, z, y, x).
 Progress counts patches. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, for indices beyond the batch, or where the arrays
 overlap; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_CANCELLED.

 The caller promises that `quilt` is NULL or a quilt; `batch` and `patches` are NULL or arrays, of which the first is not
 written and the second not used by others during the call; `error` is NULL or may be written.
 */
qlty_status qlty_quilt_unstitch(const struct qlty_quilt *quilt,
                                const struct qlty_array *batch,
                                int64_t first,
                                const struct qlty_array *patches,
                                qlty_progress progress,
                                void *user,
                                struct qlty_error **error);

/*
 Fills `channels`, (P, 2, y, x) or (P, 3, z, y, x) of type f16, bf16, f32 or f64, with the
 coordinates of the pixels of patches, from patch index `first` on: along y and x, or z, y and x.

 `origin` is a QLTY_ORIGIN. Where `normalize` is not 0, coordinates are divided by the size of
 the image, or by the last coordinate of a window. To have them behind the channels of a batch,
 give qlty_quilt_unstitch and this function two views of one array. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or an origin that is none, QLTY_STATUS_SHAPE,
 QLTY_STATUS_DTYPE.

 The caller promises that `quilt` is NULL or a quilt; `channels` is NULL or an array whose values may be written; `error`
 is NULL or may be written.
 */
qlty_status qlty_quilt_positional(const struct qlty_quilt *quilt,
                                  int64_t first,
                                  int32_t origin,
                                  int32_t normalize,
                                  const struct qlty_array *channels,
                                  struct qlty_error **error);

/*
 Describes the arrays that stitching `patches` gives: `*batch`, (N, C, Y, X) or (N, C, Z, Y, X),
 and, where `weights` is not NULL, `*weights`, (Y, X) or (Z, Y, X); both of type f32 or f64, with
 strides in C order and data NULL. Patches of u32, i32, u64, i64 and f64 give f64, others f32. Of
 `patches` the type and the shape are read, not the data. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_SHAPE where the patches are not those
 of whole images, QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW.

 The caller promises that `quilt` is NULL or a quilt; `patches` is NULL or an array; `batch`, `weights` and `error` are
 NULL or may be written.
 */
qlty_status qlty_quilt_stitch_shape(const struct qlty_quilt *quilt,
                                    const struct qlty_array *patches,
                                    struct qlty_array *batch,
                                    struct qlty_array *weights,
                                    struct qlty_error **error);

/*
 Puts all patches of a batch back together: each pixel of `batch` is the mean of the patches over
 it, weighted with the windows' profile.

 `patches` is (P, C, y, x) or (P, C, z, y, x) of any type, in the order of the patch index.
 `batch` and `weights` have the type and the shape that qlty_quilt_stitch_shape says; `weights`
 may be NULL, and gets the sum of the window weights per pixel. Sums run in the order of the
 patch index: the result is the same to the bit for any number of threads. Progress counts rows.
 Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, where the step leaves gaps between the windows, or
 where arrays overlap; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_CANCELLED.

 The caller promises that `quilt` is NULL or a quilt; `patches`, `batch` and `weights` are NULL or arrays, of which the
 first is not written and the others not used by others during the call; `error` is NULL or may
 be written.
 */
qlty_status qlty_quilt_stitch(const struct qlty_quilt *quilt,
                              const struct qlty_array *patches,
                              const struct qlty_array *batch,
                              const struct qlty_array *weights,
                              qlty_progress progress,
                              void *user,
                              struct qlty_error **error);

/*
 Applies the adjoint of qlty_quilt_unstitch: each pixel of `batch` becomes the sum of the patch
 pixels that were copied from it. Shapes and types are those of qlty_quilt_stitch. Progress
 counts rows. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or where the arrays overlap; QLTY_STATUS_SHAPE,
 QLTY_STATUS_DTYPE, QLTY_STATUS_CANCELLED.

 The caller promises that `quilt` is NULL or a quilt; `patches` and `batch` are NULL or arrays, of which the first is not
 written and the second not used by others during the call; `error` is NULL or may be written.
 */
qlty_status qlty_quilt_unstitch_adjoint(const struct qlty_quilt *quilt,
                                        const struct qlty_array *patches,
                                        const struct qlty_array *batch,
                                        qlty_progress progress,
                                        void *user,
                                        struct qlty_error **error);

/*
 Applies the adjoint of qlty_quilt_stitch: each pixel of a patch becomes the pixel of `batch` that
 it was added to, times its share in it. `batch` and `patches` are both of type f32 or both f64;
 `patches` has all patches of the batch. Progress counts patches. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, where the step leaves gaps between the windows, or
 where the arrays overlap; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_CANCELLED.

 The caller promises that `quilt` is NULL or a quilt; `batch` and `patches` are NULL or arrays, of which the first is not
 written and the second not used by others during the call; `error` is NULL or may be written.
 */
qlty_status qlty_quilt_stitch_adjoint(const struct qlty_quilt *quilt,
                                      const struct qlty_array *batch,
                                      const struct qlty_array *patches,
                                      qlty_progress progress,
                                      void *user,
                                      struct qlty_error **error);

/*
 Creates a stitcher for a batch of `images` with `channels`, whose patches are of type `dtype`, and
 stores it in `*stitcher`. The quilt may be freed before the stitcher. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a negative number, or where the step leaves gaps
 between the windows; QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY.

 The caller promises that `quilt` is NULL or a quilt; `stitcher` and `error` are NULL or may be written.
 */
qlty_status qlty_stitcher_new(const struct qlty_quilt *quilt,
                              qlty_dtype dtype,
                              int64_t images,
                              int64_t channels,
                              struct qlty_stitcher **stitcher,
                              struct qlty_error **error);

/*
 Frees a stitcher. NULL is fine.

 The caller promises that `stitcher` is NULL or a stitcher that has not been freed, and is not used after.
 */
void qlty_stitcher_free(struct qlty_stitcher *stitcher);

/*
 Adds the patches `first`, `first` + 1, ...: (P, C, y, x) or (P, C, z, y, x) of the stitcher's type.
 Patches that come in the order of their index give the result of qlty_quilt_stitch to the bit.

 Errors, of which none adds anything: QLTY_STATUS_INVALID_ARGUMENT for NULL or indices beyond the
 batch, QLTY_STATUS_DUPLICATE, QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OUT_OF_MEMORY.

 The caller promises that `stitcher` is NULL or a stitcher that no other thread uses; `patches` is NULL or an array that is
 not written during the call; `error` is NULL or may be written.
 */
qlty_status qlty_stitcher_push(struct qlty_stitcher *stitcher,
                               int64_t first,
                               const struct qlty_array *patches,
                               struct qlty_error **error);

/*
 Adds patches in any order: patch i of `patches` has the patch index `indices[i]`. `indices` is (P)
 of type i64.

 Errors, of which none adds anything: those of qlty_stitcher_push, and
 QLTY_STATUS_INVALID_ARGUMENT where there are not as many indices as patches.

 The caller promises that `stitcher` is NULL or a stitcher that no other thread uses; `indices` and `patches` are NULL or
 arrays that are not written during the call; `error` is NULL or may be written.
 */
qlty_status qlty_stitcher_push_at(struct qlty_stitcher *stitcher,
                                  const struct qlty_array *indices,
                                  const struct qlty_array *patches,
                                  struct qlty_error **error);

/*
 Stores the number of patches that have not arrived.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.

 The caller promises that `stitcher` is NULL or a stitcher that no other thread changes; `count` and `error` are NULL or may
 be written.
 */
qlty_status qlty_stitcher_missing_count(const struct qlty_stitcher *stitcher,
                                        int64_t *count,
                                        struct qlty_error **error);

/*
 Fills `indices`, (K) of type i64, with the lowest indices of patches that have not arrived; K is at
 most their number, which qlty_stitcher_missing_count says.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_SHAPE where K is larger,
 QLTY_STATUS_DTYPE.

 The caller promises that `stitcher` is NULL or a stitcher that no other thread changes; `indices` is NULL or an array whose
 values may be written; `error` is NULL or may be written.
 */
qlty_status qlty_stitcher_missing(const struct qlty_stitcher *stitcher,
                                  const struct qlty_array *indices,
                                  struct qlty_error **error);

/*
 Writes the stitched batch, (N, C, Y, X) or (N, C, Z, Y, X), and, where `weights` is not NULL, the
 sum of the window weights, (Y, X) or (Z, Y, X); types are those of qlty_quilt_stitch. The
 stitcher is empty then, and begins anew.

 Errors, after which the stitcher is as before: QLTY_STATUS_INCOMPLETE while patches are missing,
 QLTY_STATUS_INVALID_ARGUMENT for NULL or where the arrays overlap, QLTY_STATUS_SHAPE,
 QLTY_STATUS_DTYPE, QLTY_STATUS_OUT_OF_MEMORY.

 The caller promises that `stitcher` is NULL or a stitcher that no other thread uses; `batch` and `weights` are NULL or
 arrays that are not used by others during the call; `error` is NULL or may be written.
 */
qlty_status qlty_stitcher_finish(struct qlty_stitcher *stitcher,
                                 const struct qlty_array *batch,
                                 const struct qlty_array *weights,
                                 struct qlty_error **error);

/*
 As qlty_stitcher_finish while patches are missing: pixels that no patch has reached are `fill`, and
 `weights` is (N, Y, X) or (N, Z, Y, X), the sums of the weights that arrived for each image.

 Errors, after which the stitcher is as before: QLTY_STATUS_INVALID_ARGUMENT for NULL or where the
 arrays overlap, QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OUT_OF_MEMORY.

 The caller promises that `stitcher` is NULL or a stitcher that no other thread uses; `batch` and `weights` are NULL or
 arrays that are not used by others during the call; `error` is NULL or may be written.
 */
qlty_status qlty_stitcher_finish_incomplete(struct qlty_stitcher *stitcher,
                                            double fill,
                                            const struct qlty_array *batch,
                                            const struct qlty_array *weights,
                                            struct qlty_error **error);

/*
 Cuts as many label patches as `patches` has room for, from patch index `first` on.

 `labels` is (N, Y, X) or (N, C, Y, X), or with a Z, of any type, and `patches` the same with P
 for N and the window for the image. Where `missing` is not NULL, it points to a value of the
 labels' type, aligned or not, and the labels on the border of each window are set to it, so that a model is not
 trained on pixels of which it sees too little. Progress counts patches. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, for indices beyond the batch, or where the arrays
 overlap; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_CANCELLED.

 The caller promises that `quilt` is NULL or a quilt; `labels` and `patches` are NULL or arrays, of which the first is not
 written and the second not used by others during the call; `missing` is NULL or points to a
 value; `error` is NULL or may be written.
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
 Fills `labelled`, (P) of type u8 or bool, with 1 for each label patch that carries a label other
 than `*missing` inside the border, else 0.

 `patches` is (P, y, x) or (P, C, y, x), or with a z, and `missing` points to a value of its type;
 a NaN equals a missing label that is NaN. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or where the arrays overlap, QLTY_STATUS_SHAPE,
 QLTY_STATUS_DTYPE.

 The caller promises that `quilt` is NULL or a quilt; `patches` and `labelled` are NULL or arrays, of which the first is
 not written and the second not used by others during the call; `missing` is NULL or points to a
 value; `error` is NULL or may be written.
 */
qlty_status qlty_quilt_labelled(const struct qlty_quilt *quilt,
                                const struct qlty_array *patches,
                                const void *missing,
                                const struct qlty_array *labelled,
                                struct qlty_error **error);

/*
 Copies the patches for which `kept`, (P) of type u8 or bool, is not 0 into `out`, in their order.

 `patches` has P along its first axis and is else any array; `out` has the same type and axes, and
 along the first axis as many as are kept. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or where the arrays overlap, QLTY_STATUS_SHAPE,
 QLTY_STATUS_DTYPE, QLTY_STATUS_OUT_OF_MEMORY.

 The caller promises that `patches`, `kept` and `out` are NULL or arrays, of which the first two are not written and the
 third not used by others during the call; `error` is NULL or may be written.
 */
qlty_status qlty_patches_keep(const struct qlty_array *patches,
                              const struct qlty_array *kept,
                              const struct qlty_array *out,
                              struct qlty_error **error);

/*
 Opens the Zarr v2 or v3 array in the folder `path`, in UTF-8, and stores it in `*images`. Decoded
 chunks are kept, the most recently used of them, up to `cache_bytes`, and one at least; a negative
 number means 256 MiB. The array must not change while it is open. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a path that is not UTF-8; QLTY_STATUS_IO where
 there is no such array; QLTY_STATUS_DTYPE where its values are of no QLTY_DTYPE;
 QLTY_STATUS_STORE where it has not 4 or 5 axes; QLTY_STATUS_OVERFLOW.

 The caller promises that `path` is NULL or a string; `images` and `error` are NULL or may be written.
 */
qlty_status qlty_images_open(const char *path,
                             int64_t cache_bytes,
                             struct qlty_images **images,
                             struct qlty_error **error);

/*
 Frees images. NULL is fine.

 The caller promises that `images` is NULL or images that have not been freed, and is not used after.
 */
void qlty_images_free(struct qlty_images *images);

/*
 Describes the array that holds all the images: its type, its shape (N, C, Y, X) or
 (N, C, Z, Y, X), and its strides in C order; data is NULL. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_OVERFLOW.

 The caller promises that `images` is NULL or images; `batch` and `error` are NULL or may be written.
 */
qlty_status qlty_images_shape(const struct qlty_images *images,
                              struct qlty_array *batch,
                              struct qlty_error **error);

/*
 Fills options with initial values. `struct_size` is sizeof(qlty_large_options): of a later
 library only the fields that the host knows are written. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT where `struct_size` is less than that of the first version,
 or more than 4096.

 The caller promises that `options` is NULL or points to `struct_size` bytes that may be written; `error` is NULL or may
 be written.
 */
qlty_status qlty_large_options_init(struct qlty_large_options *options,
                                    uint32_t struct_size,
                                    struct qlty_error **error);

/*
 Begins the result `folder/name` that `path` says, in UTF-8, or goes on with it, and stores what
 stitches it in `*large`. The quilt may be freed before. Any thread.

 Where it goes on, the finished tiles and the last checkpoint count, and quilt, images, type, std,
 normalize and fill must be those with which the result was begun, and so must the other options
 as far as they are given, but for the memory budget and the shard.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a path that is not UTF-8 or has no name, where an
 option is none, or where the step leaves gaps between the windows; QLTY_STATUS_DTYPE,
 QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY. QLTY_STATUS_EXISTS where there is a result that must
 not be there; QLTY_STATUS_IO where there is none that must be; QLTY_STATUS_GEOMETRY where it was
 begun with another geometry or other options; QLTY_STATUS_FOREIGN where something else has its
 name; QLTY_STATUS_DAMAGED where one of its files has changed; QLTY_STATUS_BUSY where some of the
 same tiles are in the hands of another process, or of this one.

 The caller promises that `quilt` is NULL or a quilt; `path` is NULL or a string; `options` is NULL or was filled by
 qlty_large_options_init, and its codec is NULL or a string; `large` and `error` are NULL or may be
 written.
 */
qlty_status qlty_large_new(const struct qlty_quilt *quilt,
                           const char *path,
                           const struct qlty_large_options *options,
                           struct qlty_large **large,
                           struct qlty_error **error);

/*
 Ends the work on a result, which need not be complete: the patches stitched since the last
 checkpoint into tiles that are not finished are then pending for the next. NULL is fine.

 The caller promises that `large` is NULL or has not been freed, is in use by no thread, and is not used after.
 */
void qlty_large_free(struct qlty_large *large);

/*
 Describes the result: its type, its shape (N, C, Y, X) or (N, C, Z, Y, X), and strides in C order;
 data is NULL. C is 0 as long as the number of channels is not known. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_OVERFLOW.

 The caller promises that `large` is NULL or a result in work; `batch` and `error` are NULL or may be written.
 */
qlty_status qlty_large_shape(const struct qlty_large *large,
                             struct qlty_array *batch,
                             struct qlty_error **error);

/*
 Stores how far the work has come, of what the shard has to do: the patches that were stitched or
 skipped in `*patches_done`, of those in `*patches` that reach its tiles, and the tiles on disk in
 `*tiles_done`, of those in `*tiles`. Each may be NULL. Any thread, also while others stitch.

 Errors: QLTY_STATUS_INVALID_ARGUMENT where `large` is NULL.

 The caller promises that `large` is NULL or a result in work; the other pointers are NULL or may be written.
 */
qlty_status qlty_large_progress(const struct qlty_large *large,
                                int64_t *patches_done,
                                int64_t *patches,
                                int64_t *tiles_done,
                                int64_t *tiles,
                                struct qlty_error **error);

/*
 Stores in `*count` how many patches of the shard have not been stitched, and fills `indices`, (K) of
 type i64, with the lowest of them, ascending; what it has room for beyond them stays as it is.
 `indices` may be NULL. Among them are patches whose call failed. Any thread, also while others
 stitch.

 Errors: QLTY_STATUS_INVALID_ARGUMENT where `large` or `count` is NULL; QLTY_STATUS_SHAPE,
 QLTY_STATUS_DTYPE.

 The caller promises that `large` is NULL or a result in work; `indices` is NULL or an array whose values may be written;
 `count` and `error` are NULL or may be written.
 */
qlty_status qlty_large_pending(const struct qlty_large *large,
                               const struct qlty_array *indices,
                               int64_t *count,
                               struct qlty_error **error);

/*
 Hands out the next pending patches: fills `indices`, (K) of type i64, with up to K of them, ascending,
 and stores their number in `*count`, 0 at the end; the rest of `indices` stays as it is. Threads
 that ask get different ones. Any thread.

 A patch that was handed out and not stitched, since the host or a call failed, is handed out
 again after qlty_large_rewind.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL; QLTY_STATUS_SHAPE, also where K is 0;
 QLTY_STATUS_DTYPE.

 The caller promises that `large` is NULL or a result in work; `indices` is NULL or an array whose values may be written;
 `count` and `error` are NULL or may be written.
 */
qlty_status qlty_large_next(const struct qlty_large *large,
                            const struct qlty_array *indices,
                            int64_t *count,
                            struct qlty_error **error);

/*
 Has qlty_large_next hand out from the first pending patch on again. A patch that another thread has
 at that moment may then be handed out twice. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.

 The caller promises that `large` is NULL or a result in work; `error` is NULL or may be written.
 */
qlty_status qlty_large_rewind(const struct qlty_large *large,
                              struct qlty_error **error);

/*
 Describes the array that holds `count` patches of images: the type of the images, the shape
 (P, C, y, x) or (P, C, z, y, x), and strides in C order; data is NULL. The images are `batch`, of
 which the type and the shape are read and not the data, or `images`; the other is NULL. Any
 thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a negative number, or where both images or none are
 given; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW.

 The caller promises that `large` is NULL or a result in work; `batch` is NULL or an array; `images` is NULL or images;
 `patches` and `error` are NULL or may be written.
 */
qlty_status qlty_large_unstitch_shape(const struct qlty_large *large,
                                      const struct qlty_array *batch,
                                      const struct qlty_images *images,
                                      int64_t count,
                                      struct qlty_array *patches,
                                      struct qlty_error **error);

/*
 Cuts the patches of these indices, (P) of type i64, out of images, in their order.

 The images are `batch`, (N, C, Y, X) or (N, C, Z, Y, X) of any type, or `images`, of which only
 what the patches cover is read; the other is NULL. `patches` is (P, C, y, x) or (P, C, z, y, x) of
 the images' type. Progress counts patches. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, where both images or none are given, where there is no
 such patch, or where arrays overlap; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE,
 QLTY_STATUS_OUT_OF_MEMORY; QLTY_STATUS_CANCELLED, and QLTY_STATUS_IO or QLTY_STATUS_DAMAGED where
 images on disk cannot be read, after all of which the values in `patches` are unspecified.

 The caller promises that `large` is NULL or a result in work; `images` is NULL or images; the arrays are NULL or arrays,
 of which `patches` is not used by others and the rest not written during the call; `error` is
 NULL or may be written.
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
 Adds patches in any order: patch i of `patches` has the patch index `indices[i]`. Tiles that are
 then complete are written before the call returns.

 `indices` is (P) of type i64; `patches` is (P, C, y, x) or (P, C, z, y, x) of any type, of which C is
 the same in all calls. `variances`, of the same type and shape, come with them where a standard
 deviation was asked for, and are NULL else. Patches that one thread adds in the order of their
 index give the result of qlty_quilt_stitch to the bit, where the type of the sums is the same;
 other orders give it to the rounding of the sums. Progress counts tiles. Any thread.

 Errors, of which these add nothing: QLTY_STATUS_INVALID_ARGUMENT for NULL, where an index is no patch
 of the shard, where there are not as many indices as patches, or where variances are missing or not
 asked for; QLTY_STATUS_DUPLICATE, QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE. After QLTY_STATUS_IO, as on
 a full disk, QLTY_STATUS_OUT_OF_MEMORY, QLTY_STATUS_DAMAGED and QLTY_STATUS_CANCELLED the patches
 stay pending, and the same call may be made again: it adds what is missing.

 The caller promises that `large` is NULL or a result in work; the arrays are NULL or arrays that are not written during
 the call; `error` is NULL or may be written.
 */
qlty_status qlty_large_stitch(const struct qlty_large *large,
                              const struct qlty_array *indices,
                              const struct qlty_array *patches,
                              const struct qlty_array *variances,
                              qlty_progress progress,
                              void *user,
                              struct qlty_error **error);

/*
 Says that the patches of these indices, (K) of type i64, will not come, as of background: their
 weights then count nowhere, and pixels that only they reach hold the fill value. A skipped patch is
 not pending; after the end of the process that is known of those in finished tiles and in the last
 checkpoint. Any thread.

 Errors: those of qlty_large_stitch; QLTY_STATUS_INVALID_ARGUMENT as long as the number of channels is
 not known.

 The caller promises that `large` is NULL or a result in work; `indices` is NULL or an array that is not written during the
 call; `error` is NULL or may be written.
 */
qlty_status qlty_large_skip(const struct qlty_large *large,
                            const struct qlty_array *indices,
                            struct qlty_error **error);

/*
 Writes the sums of all tiles that are not finished: a process that is killed later goes on from
 here. What was written by the end of the call survives a power failure as well. Other threads may
 stitch meanwhile. Progress counts tiles. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL; QLTY_STATUS_IO, QLTY_STATUS_OUT_OF_MEMORY,
 QLTY_STATUS_DAMAGED and QLTY_STATUS_CANCELLED, after which the checkpoint before is still there for
 the tiles that have no new one.

 The caller promises that `large` is NULL or a result in work; `error` is NULL or may be written.
 */
qlty_status qlty_large_checkpoint(const struct qlty_large *large,
                                  qlty_progress progress,
                                  void *user,
                                  struct qlty_error **error);

/*
 Makes sure that all patches of the shard have come and that the result survives a power failure,
 and stores its arrays, to be read, in `*mean` and `*std`; `*std` gets NULL where no standard
 deviation was asked for. Either may be NULL. The caller frees them with qlty_stitched_free, before
 `large` or after it. Any thread.

 Errors, after which more patches may come: QLTY_STATUS_INCOMPLETE while patches are pending, with
 their number and the first of them; QLTY_STATUS_INVALID_ARGUMENT where `large` is NULL or the number
 of channels is not known; QLTY_STATUS_IO.

 The caller promises that `large` is NULL or a result in work; the other pointers are NULL or may be written.
 */
qlty_status qlty_large_finish(const struct qlty_large *large,
                              struct qlty_stitched **mean,
                              struct qlty_stitched **std,
                              struct qlty_error **error);

/*
 As qlty_large_finish while patches are pending: pixels that no patch has reached hold the fill
 value. The sums are kept as a checkpoint, so that more may come, by this handle or a later one;
 the result is then written anew. Progress counts each tile twice. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT where `large` is NULL or the number of channels is not known;
 QLTY_STATUS_IO, QLTY_STATUS_OUT_OF_MEMORY, QLTY_STATUS_DAMAGED, QLTY_STATUS_CANCELLED.

 The caller promises that `large` is NULL or a result in work; the other pointers are NULL or may be written.
 */
qlty_status qlty_large_finish_incomplete(const struct qlty_large *large,
                                         struct qlty_stitched **mean,
                                         struct qlty_stitched **std,
                                         qlty_progress progress,
                                         void *user,
                                         struct qlty_error **error);

/*
 Opens an array of a result in the folder `path`, such as "folder/name_mean.zarr", in UTF-8, and
 stores it in `*stitched`. Tiles that are not finished read as the fill value; to see what is written
 later, open it anew. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a path that is not UTF-8; QLTY_STATUS_IO where
 there is no array; QLTY_STATUS_FOREIGN where it was not made by this library; QLTY_STATUS_DAMAGED,
 QLTY_STATUS_DTYPE and QLTY_STATUS_STORE where it has changed since.

 The caller promises that `path` is NULL or a string; `stitched` and `error` are NULL or may be written.
 */
qlty_status qlty_stitched_open(const char *path,
                               struct qlty_stitched **stitched,
                               struct qlty_error **error);

/*
 Frees an array of a result, which stays on disk. NULL is fine.

 The caller promises that `stitched` is NULL or has not been freed, is in use by no thread, and is not used after.
 */
void qlty_stitched_free(struct qlty_stitched *stitched);

/*
 Describes the array: its type, f32 or f64, its shape (N, C, Y, X) or (N, C, Z, Y, X), and strides in
 C order; data is NULL. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_OVERFLOW.

 The caller promises that `stitched` is NULL or an array of a result; `batch` and `error` are NULL or may be written.
 */
qlty_status qlty_stitched_shape(const struct qlty_stitched *stitched,
                                struct qlty_array *batch,
                                struct qlty_error **error);

/*
 Reads the box that has the shape of `batch`, of the array's type, and begins at `start`: 4 or 5
 numbers, the image, the channel and the first pixel (y, x) or (z, y, x). NULL means all 0, so that
 a `batch` of the array's shape gets all of it. Progress counts rows. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a negative number; QLTY_STATUS_SHAPE where the box
 leaves the array; QLTY_STATUS_DTYPE; QLTY_STATUS_CANCELLED, and QLTY_STATUS_IO,
 QLTY_STATUS_DAMAGED and QLTY_STATUS_OUT_OF_MEMORY where a chunk is not read, damaged or too large, after
 which the values in `batch` are unspecified.

 The caller promises that `stitched` is NULL or an array of a result; `start` is NULL or points to as many numbers as the
 array has axes; `batch` is NULL or an array that is not used by others during the call; `error`
 is NULL or may be written.
 */
qlty_status qlty_stitched_read(const struct qlty_stitched *stitched,
                               const int64_t *start,
                               const struct qlty_array *batch,
                               qlty_progress progress,
                               void *user,
                               struct qlty_error **error);

/*
 Fills options with initial values. `struct_size` is sizeof(qlty_pair_options): of a later
 library only the fields that the host knows are written. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT where `struct_size` is less than that of the first version,
 or more than 4096.

 The caller promises that `options` is NULL or points to `struct_size` bytes that may be written; `error` is NULL or may
 be written.
 */
qlty_status qlty_pair_options_init(struct qlty_pair_options *options,
                                   uint32_t struct_size,
                                   struct qlty_error **error);

/*
 Draws the pairs that `options` say from each image, and stores them in `*pairs`, without
 statistics.

 The images are `batch`, (N, C, Y, X) or (N, C, Z, Y, X), of which only the shape is read, or
 `images`; the other is NULL. Displacements are drawn uniformly from all whole-numbered vectors of
 the range that fit in the image, then positions from all at which both patches fit. Image n
 draws from a stream of its own: its pairs depend on nothing else. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, where both images or none are given, where the
 window is empty or larger than the images, the range of lengths is not within a quarter and
 three quarters of the window or has no vector that fits, or a rotation does not go with the
 window; QLTY_STATUS_SHAPE, QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY.

 The caller promises that `options` is NULL or was filled by qlty_pair_options_init, and its rotations are as many numbers
 as it says; `batch` is NULL or an array; `images` is NULL or images; `pairs` and `error` are NULL
 or may be written.
 */
qlty_status qlty_pairs_draw(const struct qlty_pair_options *options,
                            const struct qlty_array *batch,
                            const struct qlty_images *images,
                            struct qlty_pairs **pairs,
                            struct qlty_error **error);

/*
 Makes pairs of the host's own positions, and stores them in `*pairs`, without statistics.

 `positions1` and `positions2` are (P, 3) or (P, 4) of type i64: rows (n, y, x) or (n, z, y, x) with
 the image and the first pixel of each patch, where n is the same in both. `rotations`, (P) of type
 i64, are the quarter turns of the second patches, counter-clockwise, taken modulo 4; NULL means no
 turn. `window` points to 2 or 3 numbers, the size of a patch (y, x) or (z, y, x). Whether the
 patches lie within the images is checked where they are cut. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a negative number, or where the two patches of a
 pair lie in different images; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OUT_OF_MEMORY.

 The caller promises that `window` is NULL or points to a number per spatial axis; `positions1`, `positions2` and `rotations`
 are NULL or arrays that are not written during the call; `pairs` and `error` are NULL or may be
 written.
 */
qlty_status qlty_pairs_new(const int64_t *window,
                           const struct qlty_array *positions1,
                           const struct qlty_array *positions2,
                           const struct qlty_array *rotations,
                           struct qlty_pairs **pairs,
                           struct qlty_error **error);

/*
 Computes the statistics of the patches of pairs, whether they were drawn or given, and stores the
 pairs with them in `*measured`. `pairs` stays as it is.

 The images are `batch` or `images`, the other is NULL; all types of values. Progress counts
 patches. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, where both images or none are given, or where a
 pair leaves the images or is turned as its window cannot be; QLTY_STATUS_SHAPE,
 QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY, QLTY_STATUS_IO,
 QLTY_STATUS_DAMAGED, QLTY_STATUS_CANCELLED.

 The caller promises that `pairs` is NULL or pairs; `batch` is NULL or an array that is not written during the call;
 `images` is NULL or images; `measured` and `error` are NULL or may be written.
 */
qlty_status qlty_pairs_measure(const struct qlty_pairs *pairs,
                               const struct qlty_array *batch,
                               const struct qlty_images *images,
                               struct qlty_pairs **measured,
                               qlty_progress progress,
                               void *user,
                               struct qlty_error **error);

/*
 Stores the pairs of these indices, in their order, as pairs of their own in `*selected`.
 `indices` is (K) of type i64 and may repeat. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or where there is no such pair; QLTY_STATUS_SHAPE,
 QLTY_STATUS_DTYPE, QLTY_STATUS_OUT_OF_MEMORY.

 The caller promises that `pairs` is NULL or pairs; `indices` is NULL or an array that is not written during the call;
 `selected` and `error` are NULL or may be written.
 */
qlty_status qlty_pairs_select(const struct qlty_pairs *pairs,
                              const struct qlty_array *indices,
                              struct qlty_pairs **selected,
                              struct qlty_error **error);

/*
 Frees pairs. NULL is fine.

 The caller promises that `pairs` is NULL or pairs that have not been freed, and is not used after.
 */
void qlty_pairs_free(struct qlty_pairs *pairs);

/*
 Stores the number of pairs in `*count`, that of spatial axes in `*ndim`, and the size of a patch,
 (y, x) or (z, y, x), in `window`; each may be NULL. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT where `pairs` is NULL.

 The caller promises that `pairs` is NULL or pairs; `count` and `ndim` are NULL or may be written; `window` is NULL or has
 room for 3 numbers; `error` is NULL or may be written.
 */
qlty_status qlty_pairs_size(const struct qlty_pairs *pairs,
                            int64_t *count,
                            int32_t *ndim,
                            int64_t *window,
                            struct qlty_error **error);

/*
 Fills `values`, (P) of type i64 or f64, with a value for each pair; `column` is a QLTY_COLUMN, which
 says the type. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, where there is no such column, or where it is one of
 statistics and the pairs were not measured; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.

 The caller promises that `pairs` is NULL or pairs; `values` is NULL or an array whose values may be written; `error` is NULL
 or may be written.
 */
qlty_status qlty_pairs_column(const struct qlty_pairs *pairs,
                              int32_t column,
                              const struct qlty_array *values,
                              struct qlty_error **error);

/*
 Tells where the patches of pairs lie, as qlty_pairs_extract does beside the patches.

 `deltas` is (P, 2) or (P, 3) of type f32 and gets rows (dx, dy) or (dx, dy, dz): where the second
 patch starts relative to the first. `rotations` is (P) of type i64. `positions1` and `positions2` are
 of type i64 and get rows (y, x) or (z, y, x) or, with a column more, (n, y, x) or (n, z, y, x). Each
 may be NULL. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT where `pairs` is NULL or arrays overlap; QLTY_STATUS_SHAPE,
 QLTY_STATUS_DTYPE.

 The caller promises that `pairs` is NULL or pairs; the arrays are NULL or not used by others during the call; `error` is
 NULL or may be written.
 */
qlty_status qlty_pairs_places(const struct qlty_pairs *pairs,
                              const struct qlty_array *deltas,
                              const struct qlty_array *rotations,
                              const struct qlty_array *positions1,
                              const struct qlty_array *positions2,
                              struct qlty_error **error);

/*
 Chooses up to `samples_per_bin` pairs from each bin of a grid over means and standard deviations,
 with `bins` bins along both.

 `means` and `sigmas` are (P) of type f64: two columns of qlty_pairs_column, or what the host makes
 of them. `kind` is a QLTY_BINS. The indices chosen are written to the front of `indices`, (K) of
 type i64, and their number to `*count`; K = P is always enough. They come bin by bin, the standard
 deviation faster, and depend on nothing but the arguments. Each pair is in exactly one bin, the
 one of the largest value too. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, where `bins` or `samples_per_bin` is not at least 1,
 `kind` is none, a value is NaN or infinite, there are not as many means as standard deviations,
 or the arrays overlap; QLTY_STATUS_SHAPE where more are chosen than `indices` has room for;
 QLTY_STATUS_DTYPE, QLTY_STATUS_OUT_OF_MEMORY.

 The caller promises that `means`, `sigmas` and `indices` are NULL or arrays, of which the first two are not written and the
 third not used by others during the call; `count` and `error` are NULL or may be written.
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
 Describes the arrays that hold the first and the second patches of pairs: the type of the images,
 the shape (P, C, y, x) or (P, C, z, y, x), and strides in C order; data is NULL. The images are
 `batch`, of which the type and the shape are read and not the data, or `images`; the other is
 NULL. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or where both images or none are given;
 QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW.

 The caller promises that `pairs` is NULL or pairs; `batch` is NULL or an array; `images` is NULL or images; `patches` and
 `error` are NULL or may be written.
 */
qlty_status qlty_pairs_extract_shape(const struct qlty_pairs *pairs,
                                     const struct qlty_array *batch,
                                     const struct qlty_images *images,
                                     struct qlty_array *patches,
                                     struct qlty_error **error);

/*
 Cuts the patches of pairs out of images, in their order; qlty_pairs_select chooses among them.

 The images are `batch`, (N, C, Y, X) or (N, C, Z, Y, X) of any type, or `images`; the other is
 NULL. `patches1` and `patches2` are (P, C, y, x) or (P, C, z, y, x) of the images' type, the second
 patches turned. `deltas`, `rotations`, `positions1` and `positions2` are those of qlty_pairs_places;
 the positions may be NULL. Progress counts patches. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, where both images or none are given, where a pair
 leaves the images or is turned as its window cannot be, or where arrays overlap;
 QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY;
 QLTY_STATUS_CANCELLED, and QLTY_STATUS_IO or QLTY_STATUS_DAMAGED where images on disk cannot be read,
 after all of which the values in the arrays are unspecified.

 The caller promises that `pairs` is NULL or pairs; `images` is NULL or images; the arrays are NULL or arrays, of which
 `batch` is not written and the others not used by others during the call; `error` is NULL or may
 be written.
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

 `deltas` is (P, 2) or (P, 3) of type f32, rows (dx, dy) or (dx, dy, dz) of whole numbers, and
 `rotations` (P) of type i64, the quarter turns of the second patches, taken modulo 4; NULL means no
 turn. `window` points to 2 or 3 numbers, the size of a patch (y, x) or (z, y, x), which may be
 smaller than that of the patches that were cut, as after a convolution that takes as much off all
 sides. The pixel (u, v) of a first patch is (u - dy, v - dx) of the second before it was turned.
 Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a window that is empty, a delta that is no whole
 number, or a rotation that does not go with the window; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE,
 QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY.

 The caller promises that `window` is NULL or points to a number per spatial axis; `deltas` and `rotations` are NULL or arrays
 that are not written during the call; `overlap` and `error` are NULL or may be written.
 */
qlty_status qlty_overlap_new(const int64_t *window,
                             const struct qlty_array *deltas,
                             const struct qlty_array *rotations,
                             struct qlty_overlap **overlap,
                             struct qlty_error **error);

/*
 Frees overlaps. NULL is fine.

 The caller promises that `overlap` is NULL or overlaps that have not been freed, and is not used after.
 */
void qlty_overlap_free(struct qlty_overlap *overlap);

/*
 Stores K, the number of overlapping pixels of all pairs. Pairs that do not overlap have none. Any
 thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.

 The caller promises that `overlap` is NULL or overlaps; `count` and `error` are NULL or may be written.
 */
qlty_status qlty_overlap_count(const struct qlty_overlap *overlap,
                               int64_t *count,
                               struct qlty_error **error);

/*
 Gathers the overlapping pixels of patches (P, C, y, x) or (P, C, z, y, x) of any type into `pixels1`
 and `pixels2`, (K, C) of the same type: row k of both shows one place. They come in the order of
 the pairs, and within a pair row by row in the first patch. Progress counts rows. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or where arrays overlap; QLTY_STATUS_SHAPE,
 QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW, QLTY_STATUS_CANCELLED.

 The caller promises that `overlap` is NULL or overlaps; the arrays are NULL or arrays, of which the patches are not written
 and the pixels not used by others during the call; `error` is NULL or may be written.
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
 The adjoint of qlty_overlap_extract, with which a host registers its gradient: fills `patches1` and
 `patches2` with the pixels where they were gathered from, and zero elsewhere. Shapes and types are
 those of qlty_overlap_extract. Progress counts patches. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or where arrays overlap; QLTY_STATUS_SHAPE,
 QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW, QLTY_STATUS_CANCELLED.

 The caller promises that `overlap` is NULL or overlaps; the arrays are NULL or arrays, of which the pixels are not written
 and the patches not used by others during the call; `error` is NULL or may be written.
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
 Tells where each overlapping pixel lies, for hosts that gather by themselves: fills `rows` of type
 i64, (K, 5) with (pair, u1, v1, u2, v2) for images, or (K, 7) with (pair, u1, v1, w1, u2, v2, w2) for
 volumes. u, v and w count along the axes of a patch, slowest first; those of the second patch are
 where the pixel lies after the patch was turned, that is, in the array. Progress counts rows of
 pixels. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE,
 QLTY_STATUS_CANCELLED.

 The caller promises that `overlap` is NULL or overlaps; `rows` is NULL or an array that is not used by others during the
 call; `error` is NULL or may be written.
 */
qlty_status qlty_overlap_correspondence(const struct qlty_overlap *overlap,
                                        const struct qlty_array *rows,
                                        qlty_progress progress,
                                        void *user,
                                        struct qlty_error **error);

/*
 Fills options with initial values. `struct_size` is sizeof(qlty_store_options): of a later
 library only the fields that the host knows are written. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT where `struct_size` is less than that of the first version,
 or more than 4096.

 The caller promises that `options` is NULL or points to `struct_size` bytes that may be written; `error` is NULL or may
 be written.
 */
qlty_status qlty_store_options_init(struct qlty_store_options *options,
                                    uint32_t struct_size,
                                    struct qlty_error **error);

/*
 Writes the patches of pairs, which were measured, to a Zarr v3 group in the folder `path`, in UTF-8;
 qlty_pairs_select chooses among them.

 The images are `batch` or `images`, the other is NULL. The group's arrays are `patches1` and
 `patches2` of the images' type, `deltas` (float32), `rotations` (int64) and, if asked for,
 `positions1` and `positions2` (int64); its attribute `metadata` has the columns of the pairs.
 Above a thousand pairs, chunks are gathered in shards of about 64 MiB. The store appears under
 its name when it is complete; a failure leaves no new store, and an old one as it was. Two writers of
 one destination must exclude each other. Memory is bounded by 256 MiB of patches, or two files of
 them. Progress counts files. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, where both images or none are given, where the
 pairs were not measured, leave the images or are turned as their window cannot be, or where an
 option is none; QLTY_STATUS_EXISTS where there is something under that name that may not be
 replaced; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY,
 QLTY_STATUS_IO, QLTY_STATUS_DAMAGED, QLTY_STATUS_CANCELLED.

 The caller promises that `pairs` is NULL or pairs; `batch` is NULL or an array that is not written during the call;
 `images` is NULL or images; `path` is NULL or a string; `options` is NULL or was filled by
 qlty_store_options_init, and its codec is NULL or a string; `error` is NULL or may be written.
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
 Opens the store in the folder `path`, in UTF-8, and stores it in `*dataset`. Decoded chunks are kept,
 the most recently used of them, up to `cache_bytes`, and one of each patch array at least; a
 negative number means 256 MiB. The store must not change while it is open. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a path that is not UTF-8; QLTY_STATUS_IO where
 there is no such store; QLTY_STATUS_DTYPE and QLTY_STATUS_STORE where its arrays are not those of
 pairs; QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY.

 The caller promises that `path` is NULL or a string; `dataset` and `error` are NULL or may be written.
 */
qlty_status qlty_dataset_open(const char *path,
                              int64_t cache_bytes,
                              struct qlty_dataset **dataset,
                              struct qlty_error **error);

/*
 Frees a dataset. NULL is fine.

 The caller promises that `dataset` is NULL or a dataset that has not been freed, and is not used after.
 */
void qlty_dataset_free(struct qlty_dataset *dataset);

/*
 Describes the arrays that hold all first or all second patches: the type, the shape (P, C, y, x) or
 (P, C, z, y, x), and strides in C order; data is NULL. Where `positions` is not NULL, it gets which
 positions there are, a QLTY_POSITIONS. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_OVERFLOW.

 The caller promises that `dataset` is NULL or a dataset; `patches`, `positions` and `error` are NULL or may be written.
 */
qlty_status qlty_dataset_shape(const struct qlty_dataset *dataset,
                               struct qlty_array *patches,
                               int32_t *positions,
                               struct qlty_error **error);

/*
 Stores the metadata of the pairs, pair i of the dataset as pair i, in `*pairs`; the caller frees it
 with qlty_pairs_free. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL; QLTY_STATUS_STORE where the store has no such
 metadata, like those that the Python package writes; QLTY_STATUS_IO.

 The caller promises that `dataset` is NULL or a dataset; `pairs` and `error` are NULL or may be written.
 */
qlty_status qlty_dataset_metadata(const struct qlty_dataset *dataset,
                                  struct qlty_pairs **pairs,
                                  struct qlty_error **error);

/*
 Reads the pairs of these indices, (K) of type i64, in their order, which may repeat.

 The arrays are those of qlty_pairs_extract, with K for P, of the dataset's type; positions have as
 many columns as those of the store, or are NULL. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, where there is no such pair, where positions are
 asked for and the store has none, or where arrays overlap; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE,
 QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY, QLTY_STATUS_IO, QLTY_STATUS_DAMAGED.

 The caller promises that `dataset` is NULL or a dataset; the arrays are NULL or arrays, of which `indices` is not written
 and the others not used by others during the call; `error` is NULL or may be written.
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
 Fills `indices`, (P) of type i64, with the indices of all pairs in the random order of an epoch: each
 epoch of a seed has its own, which depends on nothing else. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.

 The caller promises that `dataset` is NULL or a dataset; `indices` is NULL or an array whose values may be written; `error`
 is NULL or may be written.
 */
qlty_status qlty_dataset_epoch(const struct qlty_dataset *dataset,
                               uint64_t seed,
                               uint64_t epoch,
                               const struct qlty_array *indices,
                               struct qlty_error **error);

/*
 Begins to read the pairs of `order`, (K) of type i64, in batches of `size`, the last of which may be
 smaller, and stores what gives them in `*batches`. Up to `ahead` batches are read before they are
 asked for. The dataset may be freed before. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a negative number, where there is no such pair, or
 where `size` is 0; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OUT_OF_MEMORY;
 QLTY_STATUS_IO where no thread could be started.

 The caller promises that `dataset` is NULL or a dataset; `order` is NULL or an array that is not written during the call;
 `batches` and `error` are NULL or may be written.
 */
qlty_status qlty_batches_new(const struct qlty_dataset *dataset,
                             const struct qlty_array *order,
                             int64_t size,
                             int64_t ahead,
                             struct qlty_batches **batches,
                             struct qlty_error **error);

/*
 Frees batches, also before the last; waits for the batch that is being read. NULL is fine.

 The caller promises that `batches` is NULL or batches that have not been freed and that no other thread uses, and is not
 used after.
 */
void qlty_batches_free(struct qlty_batches *batches);

/*
 Stores the number of pairs of the next batch, 0 after the last. It does not wait.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.

 The caller promises that `batches` is NULL or batches that no other thread changes; `count` and `error` are NULL or may be
 written.
 */
qlty_status qlty_batches_next_count(const struct qlty_batches *batches,
                                    int64_t *count,
                                    struct qlty_error **error);

/*
 Writes the next batch, for which it waits if need be; the arrays are those of qlty_dataset_read.

 Errors, after which the batch is still the next: QLTY_STATUS_INVALID_ARGUMENT for NULL, after the
 last batch, where positions are asked for and the store has none, or where arrays overlap;
 QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE. Where the batch cannot be read, QLTY_STATUS_IO,
 QLTY_STATUS_DAMAGED or QLTY_STATUS_OUT_OF_MEMORY, it is passed over.

 The caller promises that `batches` is NULL or batches that no other thread uses; the arrays are NULL or arrays that are not
 used by others during the call; `error` is NULL or may be written.
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
 Finds the stacks of slices in `folder`, in UTF-8, by the names of the files, and stores them in
 `*stacks`, by name; no file is opened.

 Slices are the files with `extension`, with its dot or without and in any case, in whose name
 `pattern`, a regular expression, is found. It has two groups, the stack's name and the counter, or
 one, the counter: then the text before it, less a "_" or "-" at its end, is the name, so that
 "image_(\\d+)\\.tif$" finds the stack "image". Folders inside are passed over. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a string that is not UTF-8, or a pattern that is
 malformed or has other groups; QLTY_STATUS_IO where the folder cannot be read; QLTY_STATUS_IMAGE
 where no file matches, a counter is no number of 64 bits, or two files of a stack have the same.

 The caller promises that `folder`, `extension` and `pattern` are NULL or strings; `stacks` and `error` are NULL or may be
 written.
 */
qlty_status qlty_stacks_find(const char *folder,
                             const char *extension,
                             const char *pattern,
                             struct qlty_stacks **stacks,
                             struct qlty_error **error);

/*
 Frees found stacks; those that were opened live on. NULL is fine.

 The caller promises that `stacks` is NULL or stacks that have not been freed, and is not used after.
 */
void qlty_stacks_free(struct qlty_stacks *stacks);

/*
 Stores the number of stacks, 1 or more. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.

 The caller promises that `stacks` is NULL or stacks; `count` and `error` are NULL or may be written.
 */
qlty_status qlty_stacks_count(const struct qlty_stacks *stacks,
                              int64_t *count,
                              struct qlty_error **error);

/*
 Tells the name of a stack, a string that lives as long as the stacks, and the number of its slices;
 `name` and `slices` may be NULL. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or where there is no such stack.

 The caller promises that `stacks` is NULL or stacks; `name`, `slices` and `error` are NULL or may be written.
 */
qlty_status qlty_stacks_name(const struct qlty_stacks *stacks,
                             int64_t index,
                             const char **name,
                             int64_t *slices,
                             struct qlty_error **error);

/*
 Opens a stack, of which all headers are read and checked, and stores it in `*stack`. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or where there is no such stack; QLTY_STATUS_IO,
 and QLTY_STATUS_IMAGE where a slice is broken, of a kind that is not read, or of another shape or
 type than the first; QLTY_STATUS_OUT_OF_MEMORY.

 The caller promises that `stacks` is NULL or stacks; `stack` and `error` are NULL or may be written.
 */
qlty_status qlty_stacks_open(const struct qlty_stacks *stacks,
                             int64_t index,
                             struct qlty_stack **stack,
                             struct qlty_error **error);

/*
 Opens the file `path`, in UTF-8, as a stack, and stores it in `*stack`: TIFF or BigTIFF of several
 pages, a hyperstack of ImageJ or an OME-TIFF, whose name is the stack's, without its extension; or
 PNG. Pages of which the file says nothing are planes along Z. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a path that is not UTF-8; QLTY_STATUS_IO, and
 QLTY_STATUS_IMAGE where the file is broken or of a kind that is not read, or a page is of another
 shape or type than the first; QLTY_STATUS_OUT_OF_MEMORY.

 The caller promises that `path` is NULL or a string; `stack` and `error` are NULL or may be written.
 */
qlty_status qlty_stack_open(const char *path,
                            struct qlty_stack **stack,
                            struct qlty_error **error);

/*
 Frees a stack. NULL is fine.

 The caller promises that `stack` is NULL or a stack that has not been freed, and is not used after.
 */
void qlty_stack_free(struct qlty_stack *stack);

/*
 Describes the array that holds all of a stack: its type, its shape (T, C, Z, Y, X), of which none is
 0, and its strides in C order; data is NULL. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_OVERFLOW.

 The caller promises that `stack` is NULL or a stack; `pixels` and `error` are NULL or may be written.
 */
qlty_status qlty_stack_shape(const struct qlty_stack *stack,
                             struct qlty_array *pixels,
                             struct qlty_error **error);

/*
 Tells the name of a stack and the number of its files: one for each slice, in the order of Z, or
 the one of all pages. The name is a string that lives as long as the stack; `name` and `files` may
 be NULL. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.

 The caller promises that `stack` is NULL or a stack; `name`, `files` and `error` are NULL or may be written.
 */
qlty_status qlty_stack_name(const struct qlty_stack *stack,
                            const char **name,
                            int64_t *files,
                            struct qlty_error **error);

/*
 Tells the path of a file of a stack, a string that lives as long as the stack. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or where there is no such file.

 The caller promises that `stack` is NULL or a stack; `path` and `error` are NULL or may be written.
 */
qlty_status qlty_stack_file(const struct qlty_stack *stack,
                            int64_t index,
                            const char **path,
                            struct qlty_error **error);

/*
 Tells the size of a voxel along (z, y, x), and its unit, such as "micrometer", a string that lives as
 long as the stack. What the files do not say is NaN, and the unit is NULL where they say nothing.
 `unit` may be NULL. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.

 The caller promises that `stack` is NULL or a stack; `voxel_size` is NULL or points to three numbers that may be written;
 `unit` and `error` are NULL or may be written.
 */
qlty_status qlty_stack_voxel_size(const struct qlty_stack *stack,
                                  double *voxel_size,
                                  const char **unit,
                                  struct qlty_error **error);

/*
 Tells the name of a channel, such as "DAPI", a string that lives as long as the stack, or NULL where the
 files do not say it. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or where there is no such channel.

 The caller promises that `stack` is NULL or a stack; `name` and `error` are NULL or may be written.
 */
qlty_status qlty_stack_channel(const struct qlty_stack *stack,
                               int64_t channel,
                               const char **name,
                               struct qlty_error **error);

/*
 Stores the number of runs of slices that are missing: counters between the first and the last that no
 file has. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.

 The caller promises that `stack` is NULL or a stack; `count` and `error` are NULL or may be written.
 */
qlty_status qlty_stack_missing_count(const struct qlty_stack *stack,
                                     int64_t *count,
                                     struct qlty_error **error);

/*
 Fills `counters`, (K, 2) of type u64, with the first and the last counter of each run of slices that are
 missing; K is that of qlty_stack_missing_count. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.

 The caller promises that `stack` is NULL or a stack; `counters` is NULL or an array whose values may be written; `error` is
 NULL or may be written.
 */
qlty_status qlty_stack_missing(const struct qlty_stack *stack,
                               const struct qlty_array *counters,
                               struct qlty_error **error);

/*
 Reads planes of the time point `t` from plane `first` on into `planes`, (C, Z, Y, X) of the stack's type,
 of which Z is how many. Planes are decoded in parallel, and besides `planes` a plane for each thread
 is in memory. Progress counts planes. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a negative number, or where there is no such time point
 or plane; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE; QLTY_STATUS_CANCELLED, and QLTY_STATUS_IO,
 QLTY_STATUS_IMAGE and QLTY_STATUS_OUT_OF_MEMORY where a page is not decoded, after which the values in
 `planes` are unspecified.

 The caller promises that `stack` is NULL or a stack; `planes` is NULL or an array that is not used by others during the
 call; `error` is NULL or may be written.
 */
qlty_status qlty_stack_read(const struct qlty_stack *stack,
                            int64_t t,
                            int64_t first,
                            const struct qlty_array *planes,
                            qlty_progress progress,
                            void *user,
                            struct qlty_error **error);

/*
 Fills options with initial values. `struct_size` is sizeof(qlty_pyramid_options): of a later
 library only the fields that the host knows are written. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT where `struct_size` is less than that of the first version,
 or more than 4096.

 The caller promises that `options` is NULL or points to `struct_size` bytes that may be written; `error` is NULL or may
 be written.
 */
qlty_status qlty_pyramid_options_init(struct qlty_pyramid_options *options,
                                      uint32_t struct_size,
                                      struct qlty_error **error);

/*
 Fills options with initial values. `struct_size` is sizeof(qlty_laplacian_options): of a later
 library only the fields that the host knows are written. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT where `struct_size` is less than that of the first version,
 or more than 4096.

 The caller promises that `options` is NULL or points to `struct_size` bytes that may be written; `error` is NULL or may
 be written.
 */
qlty_status qlty_laplacian_options_init(struct qlty_laplacian_options *options,
                                        uint32_t struct_size,
                                        struct qlty_error **error);

/*
 Fills options with initial values. `struct_size` is sizeof(qlty_reconstruct_options): of a later
 library only the fields that the host knows are written. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT where `struct_size` is less than that of the first version,
 or more than 4096.

 The caller promises that `options` is NULL or points to `struct_size` bytes that may be written; `error` is NULL or may
 be written.
 */
qlty_status qlty_reconstruct_options_init(struct qlty_reconstruct_options *options,
                                          uint32_t struct_size,
                                          struct qlty_error **error);

/*
 Frees what was told of pyramids; they stay on disk. NULL is fine.

 The caller promises that `pyramids` is NULL or pyramids that have not been freed, and is not used after.
 */
void qlty_pyramids_free(struct qlty_pyramids *pyramids);

/*
 Stores the number of pyramids, 1 or more. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.

 The caller promises that `pyramids` is NULL or pyramids; `count` and `error` are NULL or may be written.
 */
qlty_status qlty_pyramids_count(const struct qlty_pyramids *pyramids,
                                int64_t *count,
                                struct qlty_error **error);

/*
 Tells the name of the image of a pyramid, the path of its store, and the axes of its arrays, such as "CZYX":
 strings that live as long as the pyramids. Each may be NULL. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or where there is no such pyramid.

 The caller promises that `pyramids` is NULL or pyramids; `name`, `path`, `axes` and `error` are NULL or may be written.
 */
qlty_status qlty_pyramids_name(const struct qlty_pyramids *pyramids,
                               int64_t index,
                               const char **name,
                               const char **path,
                               const char **axes,
                               struct qlty_error **error);

/*
 Describes a pyramid: in `pixels` the array that holds all of the full size, with its type, its shape, and
 strides in C order; data is NULL. `levels` gets the number of arrays stored, `bytes` how many bytes they
 have before compression, and `files` the number of files that the image is read from. Each may be NULL.
 Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or where there is no such pyramid; QLTY_STATUS_OVERFLOW.

 The caller promises that `pyramids` is NULL or pyramids; `pixels`, `levels`, `bytes`, `files` and `error` are NULL or may be
 written.
 */
qlty_status qlty_pyramids_shape(const struct qlty_pyramids *pyramids,
                                int64_t index,
                                struct qlty_array *pixels,
                                int64_t *levels,
                                uint64_t *bytes,
                                int64_t *files,
                                struct qlty_error **error);

/*
 Tells the path of a file that the image of a pyramid is read from, a string that lives as long as the
 pyramids. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or where there is no such pyramid or file.

 The caller promises that `pyramids` is NULL or pyramids; `path` and `error` are NULL or may be written.
 */
qlty_status qlty_pyramids_file(const struct qlty_pyramids *pyramids,
                               int64_t index,
                               int64_t file,
                               const char **path,
                               struct qlty_error **error);

/*
 Describes an array of a pyramid, 0 for the full size: in `stored` its type, which for differences is wider
 than that of the pixels, its shape, and strides in C order; data is NULL. `name` gets its name in the store,
 which is empty where the store is the array, a string that lives as long as the pyramids. `chunk` gets the
 size of a chunk along each axis, `voxel_size` that of a voxel along (z, y, x). Each may be NULL. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or where there is no such pyramid or level;
 QLTY_STATUS_OVERFLOW.

 The caller promises that `pyramids` is NULL or pyramids; `chunk` is NULL or points to QLTY_MAX_NDIM numbers that may be written, or
 as many as there are axes; `voxel_size` is NULL or points to three; `stored`, `name` and `error` are NULL or
 may be written.
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
 Writes an image and its coarser levels as OME-Zarr to the folder `path`, in UTF-8: NGFF 0.5 on Zarr v3,
 or 0.4 on Zarr v2.

 The image is `stack` or `array`, (Y, X), (Z, Y, X), (C, Z, Y, X) or (T, C, Z, Y, X); the other is NULL. The
 store is a group with an array for each level, named "0" for the full size, then "1" and so on, and
 metadata: axes, scales, translations and what a viewer shows the channels with. One level is a
 single array. Planes are read, shrunk, compressed and written at the same time, in memory that does not
 grow with their number. The store appears under its name when it is complete, and before under that
 name with ".partial" behind it; a failure leaves no new store, and an old one as it was. Two writers
 of one destination must exclude each other. qlty_image_open tells what was written. Progress counts
 planes. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, where both images or none are given, or where an
 option is none for this image; QLTY_STATUS_EXISTS where there is something under that name that may
 not be replaced; QLTY_STATUS_IMAGE where a slice is not read, which the message names;
 QLTY_STATUS_STORE where the run to resume was another one; QLTY_STATUS_DTYPE, QLTY_STATUS_SHAPE,
 QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY, QLTY_STATUS_IO, QLTY_STATUS_CANCELLED.

 The caller promises that `stack` is NULL or a stack; `array` is NULL or an array that is not written during the call; `path` is
 NULL or a string; `options` is NULL or was filled by qlty_pyramid_options_init, and what it points to
 is as it says; `error` is NULL or may be written.
 */
qlty_status qlty_stack_to_ome_zarr(const struct qlty_stack *stack,
                                   const struct qlty_array *array,
                                   const char *path,
                                   const struct qlty_pyramid_options *options,
                                   qlty_progress progress,
                                   void *user,
                                   struct qlty_error **error);

/*
 Writes the Laplacian pyramid of an image as a Zarr group to the folder `path`, in UTF-8: the smallest
 level under its number, and as "diff_0" and so on what each larger level has more than is predicted of
 it from the next, in a signed type wide enough. qlty_image_open reads levels back, those of integers to
 the bit. Levels do not halve Z. All else is as for qlty_stack_to_ome_zarr.

 Errors: those of qlty_stack_to_ome_zarr, and QLTY_STATUS_INVALID_ARGUMENT where a level would halve Z
 or nothing would be stored.

 The caller promises that all is as for qlty_stack_to_ome_zarr; `laplacian` is NULL or was filled by qlty_laplacian_options_init, and its
 strings are NULL or strings.
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
 Opens all stacks and writes each as qlty_stack_to_ome_zarr does, one after the other, each on all threads,
 to the folder `folder`, in UTF-8, which is made if need be: the stack "image" to "image.ome.zarr". What was
 written is stored in `*pyramids`, by name, which may be NULL. Progress counts the planes of one stack and
 then those of the next. Any thread.

 Errors: those of qlty_stacks_open and of qlty_stack_to_ome_zarr. What can be told of the stacks beforehand,
 before anything is written: options that are none for one of them, stores that are there already. At a stack
 that fails later, the stores of those before it are complete.

 The caller promises that `stacks` is NULL or stacks; `folder` is NULL or a string; `options` is NULL or was filled by
 qlty_pyramid_options_init, and what it points to is as it says; `pyramids` and `error` are NULL or may be
 written.
 */
qlty_status qlty_stacks_to_ome_zarr(const struct qlty_stacks *stacks,
                                    const char *folder,
                                    const struct qlty_pyramid_options *options,
                                    struct qlty_pyramids **pyramids,
                                    qlty_progress progress,
                                    void *user,
                                    struct qlty_error **error);

/*
 Opens all stacks and writes each as qlty_stack_to_laplacian does: the stack "image" to
 "image.laplacian.zarr" in the folder. All else is as for qlty_stacks_to_ome_zarr.

 Errors: those of qlty_stacks_to_ome_zarr and qlty_stack_to_laplacian.

 The caller promises that all is as for qlty_stacks_to_ome_zarr; `laplacian` is NULL or was filled by qlty_laplacian_options_init, and its
 strings are NULL or strings.
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
 Stores in `*pyramids` what qlty_stack_to_ome_zarr would write of an image to `path`, or where `laplacian` is
 not NULL qlty_stack_to_laplacian: one pyramid, of the stack's name, or of none where the image is an array.
 No pixel is read, and the disk is not looked at. Any thread.

 Errors: those of the call that would write, as far as they follow from the image and the options.

 The caller promises that all is as for qlty_stack_to_laplacian; `pyramids` is NULL or may be written.
 */
qlty_status qlty_stack_plan(const struct qlty_stack *stack,
                            const struct qlty_array *array,
                            const char *path,
                            const struct qlty_pyramid_options *options,
                            const struct qlty_laplacian_options *laplacian,
                            struct qlty_pyramids **pyramids,
                            struct qlty_error **error);

/*
 Opens all stacks, and stores in `*pyramids` what qlty_stacks_to_ome_zarr would write of them to `folder`, or
 where `laplacian` is not NULL qlty_stacks_to_laplacian. Any thread.

 Errors: those of qlty_stacks_open and qlty_stack_plan.

 The caller promises that all is as for qlty_stacks_to_laplacian; `pyramids` is NULL or may be written.
 */
qlty_status qlty_stacks_plan(const struct qlty_stacks *stacks,
                             const char *folder,
                             const struct qlty_pyramid_options *options,
                             const struct qlty_laplacian_options *laplacian,
                             struct qlty_pyramids **pyramids,
                             struct qlty_error **error);

/*
 Writes a level of the Laplacian store in the folder `store` as a Zarr v3 array to the folder `path`, both
 in UTF-8, in chunks of the shape of the differences'. Memory does not grow with the number of planes. The
 array appears under its name when it is complete; a failure leaves no new one, and an old one as it
 was. qlty_image_read gives a region of a level, or all, in memory. Progress counts planes. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or where there is no such level or an option is none;
 QLTY_STATUS_STORE where it is no Laplacian store, or one without its smallest level;
 QLTY_STATUS_EXISTS where there is something under `path` that may not be replaced; QLTY_STATUS_DTYPE,
 QLTY_STATUS_IO, QLTY_STATUS_DAMAGED, QLTY_STATUS_OUT_OF_MEMORY, QLTY_STATUS_CANCELLED.

 The caller promises that `store` and `path` are NULL or strings; `options` is NULL or was filled by
 qlty_reconstruct_options_init, and its strings are NULL or strings; `error` is NULL or may be written.
 */
qlty_status qlty_laplacian_reconstruct(const char *store,
                                       const char *path,
                                       const struct qlty_reconstruct_options *options,
                                       qlty_progress progress,
                                       void *user,
                                       struct qlty_error **error);

/*
 Opens the image in the folder `path`, in UTF-8, and stores it in `*image`: the first image of an NGFF
 group, a group or an array of this library, any Zarr array, or a Laplacian store of this library or
 of the Python package. `interpolation` is that of a Laplacian store which does not say it or says it
 wrong, "bilinear" or "bicubic"; NULL means as the store says, or "bilinear". Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a path that is not UTF-8, or an interpolation that is
 none or for an image that is not Laplacian; QLTY_STATUS_IO where there is nothing; QLTY_STATUS_STORE
 and QLTY_STATUS_DTYPE where it is no image, or one whose levels do not belong together;
 QLTY_STATUS_OVERFLOW.

 The caller promises that `path` and `interpolation` are NULL or strings; `image` and `error` are NULL or may be written.
 */
qlty_status qlty_image_open(const char *path,
                            const char *interpolation,
                            struct qlty_image **image,
                            struct qlty_error **error);

/*
 Frees an image, which stays on disk. NULL is fine.

 The caller promises that `image` is NULL or an image that has not been freed, and is not used after.
 */
void qlty_image_free(struct qlty_image *image);

/*
 Stores the number of levels, 1 or more, and whether they are reconstructed from differences, 0 or 1;
 both may be NULL. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.

 The caller promises that `image` is NULL or an image; `count`, `laplacian` and `error` are NULL or may be written.
 */
qlty_status qlty_image_levels(const struct qlty_image *image,
                              int64_t *count,
                              int32_t *laplacian,
                              struct qlty_error **error);

/*
 Tells the name of an axis, such as "z", and its unit, such as "micrometer", or NULL where the store
 says none: strings that live as long as the image. `name` and `unit` may be NULL. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or where there is no such axis.

 The caller promises that `image` is NULL or an image; `name`, `unit` and `error` are NULL or may be written.
 */
qlty_status qlty_image_axis(const struct qlty_image *image,
                            int64_t axis,
                            const char **name,
                            const char **unit,
                            struct qlty_error **error);

/*
 Tells the name of a channel, such as "DAPI", a string that lives as long as the image, or NULL where the
 store does not say it. Without an axis "c" there is one channel. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or where there is no such channel.

 The caller promises that `image` is NULL or an image; `name` and `error` are NULL or may be written.
 */
qlty_status qlty_image_channel(const struct qlty_image *image,
                               int64_t channel,
                               const char **name,
                               struct qlty_error **error);

/*
 Describes a level, 0 for the full size: in `pixels` the array that holds all of it, with its type, its
 shape, and strides in C order; data is NULL. `scale` gets the distance of neighbouring pixels along each
 axis and `translation` where the centre of the first pixel lies, both NaN where the store does not
 say; both may be NULL. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or where there is no such level; QLTY_STATUS_OVERFLOW.

 The caller promises that `image` is NULL or an image; `scale` and `translation` are NULL or point to QLTY_MAX_NDIM numbers that
 may be written, or as many as the image has axes; `pixels` and `error` are NULL or may be written.
 */
qlty_status qlty_image_level(const struct qlty_image *image,
                             int64_t level,
                             struct qlty_array *pixels,
                             double *scale,
                             double *translation,
                             struct qlty_error **error);

/*
 Reads the box of a level that has the shape of `pixels`, of the image's type, and begins at `start`: a
 number for each axis. NULL means all 0, so that `pixels` of the level's shape get all of it. Of a
 Laplacian store the box is reconstructed, from the chunks that it needs; of integers to the bit. Progress
 counts chunks, or of a Laplacian store planes that share chunks. Any thread.

 Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a negative number, or where there is no such level or
 the box leaves it; QLTY_STATUS_SHAPE where it has other axes; QLTY_STATUS_DTYPE;
 QLTY_STATUS_CANCELLED, and QLTY_STATUS_IO, QLTY_STATUS_DAMAGED, QLTY_STATUS_STORE and
 QLTY_STATUS_OUT_OF_MEMORY where a chunk is not read, is damaged or too large, after which the values in
 `pixels` are unspecified.

 The caller promises that `image` is NULL or an image; `start` is NULL or points to as many numbers as the image has axes;
 `pixels` is NULL or an array that is not used by others during the call; `error` is NULL or may be
 written.
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
 An array in C order: `shape` has `ndim` numbers, of which at most QLTY_MAX_NDIM are taken.
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
 Makes an array of a DLPack tensor, whose memory it shares. A tensor that is not in the memory of
 the processor, has more than QLTY_MAX_NDIM axes or another type than these gives
 QLTY_STATUS_INVALID_ARGUMENT or QLTY_STATUS_DTYPE, and `*array` stays as it is.
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
