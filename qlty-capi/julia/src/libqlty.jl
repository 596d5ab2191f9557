"""
    LibQlty

The functions of `qlty.h` under their C names, with the types of C. Their comments there say what
they do. Arguments of type `Ptr{qlty_array}` take Julia arrays, handles take [`Quilt`](@ref) and
[`Stitcher`](@ref): `cconvert` keeps both alive during the call.
"""
module LibQlty

using Libdl

const QLTY_ABI_VERSION = 1
const QLTY_MAX_NDIM = 6

const QLTY_PROFILE_BORDER, QLTY_PROFILE_HANN, QLTY_PROFILE_TRIANGULAR = Int32(0), Int32(1), Int32(2)
const QLTY_PROFILE_GAUSSIAN, QLTY_PROFILE_TUKEY = Int32(3), Int32(4)
const QLTY_ORIGIN_IMAGE, QLTY_ORIGIN_WINDOW = Int32(0), Int32(1)

const QLTY_POSITIONS_NONE, QLTY_POSITIONS_PIXELS, QLTY_POSITIONS_WITH_IMAGE = Int32(0), Int32(1), Int32(2)
const QLTY_START_CREATE, QLTY_START_OPEN, QLTY_START_CREATE_OR_OPEN = Int32(0), Int32(1), Int32(2)
const QLTY_STD_NONE, QLTY_STD_WITHIN, QLTY_STD_TOTAL = Int32(0), Int32(1), Int32(2)
const QLTY_BINS_HISTOGRAM, QLTY_BINS_QUANTILES = Int32(0), Int32(1)
const QLTY_COLUMN_IMAGE, QLTY_COLUMN_Z1, QLTY_COLUMN_Y1, QLTY_COLUMN_X1 = Int32(0), Int32(1), Int32(2), Int32(3)
const QLTY_COLUMN_Z2, QLTY_COLUMN_Y2, QLTY_COLUMN_X2 = Int32(4), Int32(5), Int32(6)
const QLTY_COLUMN_DX, QLTY_COLUMN_DY, QLTY_COLUMN_DZ = Int32(7), Int32(8), Int32(9)
const QLTY_COLUMN_ROTATION, QLTY_COLUMN_MEAN1, QLTY_COLUMN_SIGMA1 = Int32(10), Int32(11), Int32(12)
const QLTY_COLUMN_MEAN2, QLTY_COLUMN_SIGMA2 = Int32(13), Int32(14)

const QLTY_STATUS_OK, QLTY_STATUS_INVALID_ARGUMENT, QLTY_STATUS_SHAPE = Int32(0), Int32(1), Int32(2)
const QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY = Int32(3), Int32(4), Int32(5)
const QLTY_STATUS_INCOMPLETE, QLTY_STATUS_DUPLICATE = Int32(6), Int32(7)
const QLTY_STATUS_CANCELLED, QLTY_STATUS_PANIC = Int32(8), Int32(9)
const QLTY_STATUS_IO, QLTY_STATUS_STORE, QLTY_STATUS_EXISTS = Int32(10), Int32(11), Int32(12)
const QLTY_STATUS_GEOMETRY, QLTY_STATUS_FOREIGN = Int32(13), Int32(14)
const QLTY_STATUS_DAMAGED, QLTY_STATUS_BUSY = Int32(15), Int32(16)

const QLTY_DTYPE_U8, QLTY_DTYPE_I8, QLTY_DTYPE_U16, QLTY_DTYPE_I16 = Int32(1), Int32(2), Int32(3), Int32(4)
const QLTY_DTYPE_U32, QLTY_DTYPE_I32, QLTY_DTYPE_U64, QLTY_DTYPE_I64 = Int32(5), Int32(6), Int32(7), Int32(8)
const QLTY_DTYPE_F16, QLTY_DTYPE_BF16, QLTY_DTYPE_F32 = Int32(9), Int32(10), Int32(11)
const QLTY_DTYPE_F64, QLTY_DTYPE_BOOL = Int32(12), Int32(13)

"An opaque type of C."
abstract type qlty_error end
abstract type qlty_quilt end
abstract type qlty_stitcher end
abstract type qlty_images end
abstract type qlty_large end
abstract type qlty_stitched end
abstract type qlty_pairs end
abstract type qlty_overlap end
abstract type qlty_dataset end
abstract type qlty_batches end

"An array in memory, as C sees it: axes in C order, strides in values."
struct qlty_array
    data::Ptr{Cvoid}
    dtype::Int32
    ndim::Int32
    shape::NTuple{QLTY_MAX_NDIM,Int64}
    strides::NTuple{QLTY_MAX_NDIM,Int64}
end

"What a quilt is made of, as C sees it: axes in C order."
struct qlty_quilt_options
    struct_size::UInt32
    ndim::Int32
    size::NTuple{3,Int64}
    window::NTuple{3,Int64}
    step::NTuple{3,Int64}
    border::NTuple{3,Int64}
    border_weight::Float64
    profile::Int32
    profile_parameter::Float64
end

"How a batch is stitched onto disk, as C sees it: axes in C order."
struct qlty_large_options
    struct_size::UInt32
    dtype::Int32
    start::Int32
    std::Int32
    images::Int64
    channels::Int64
    memory_budget::Int64
    tile_shape::NTuple{3,Int64}
    chunk_shape::NTuple{3,Int64}
    shard_shape::NTuple{3,Int64}
    codec::Ptr{UInt8}
    fill::Float64
    shard_index::Int64
    shard_count::Int64
    normalize::Int32
end

"What pairs are drawn, as C sees it: axes in C order."
struct qlty_pair_options
    struct_size::UInt32
    ndim::Int32
    window::NTuple{3,Int64}
    pairs_per_image::Int64
    delta_low::Float64
    delta_high::Float64
    seed::UInt64
    rotations::Ptr{Int64}
    rotation_count::Int64
end

"How pairs are stored, as C sees it: axes in C order."
struct qlty_store_options
    struct_size::UInt32
    positions::Int32
    chunk::NTuple{5,Int64}
    codec::Ptr{UInt8}
    overwrite::Int32
end

include("library.jl")

"Defines a function over the C function of that name: `@c name(argument::Type, ...)::Result`."
macro c(signature)
    call, result = signature.args
    name, arguments = call.args[1], call.args[2:end]
    names, types = [argument.args[1] for argument in arguments], [argument.args[2] for argument in arguments]
    symbol = QuoteNode(name)
    # The path is known at run time only, so the function is called by its address.
    esc(quote
        $name($(names...)) = ccall(Libdl.dlsym(library(), $symbol), $result, ($(types...),), $(names...))
    end)
end

const Options = Ptr{qlty_quilt_options}
const Failure = Ptr{Ptr{qlty_error}}
const Array_ = Ptr{qlty_array}
const Quilt_ = Ptr{qlty_quilt}
const Stitcher_ = Ptr{qlty_stitcher}
const Images_, Pairs_, Overlap_ = Ptr{qlty_images}, Ptr{qlty_pairs}, Ptr{qlty_overlap}
const Large_, Stitched_ = Ptr{qlty_large}, Ptr{qlty_stitched}
const Dataset_, Batches_ = Ptr{qlty_dataset}, Ptr{qlty_batches}

@c qlty_abi_version()::UInt32
@c qlty_version()::Cstring
@c qlty_error_status(error::Ptr{qlty_error})::Int32
@c qlty_error_message(error::Ptr{qlty_error})::Cstring
@c qlty_error_free(error::Ptr{qlty_error})::Cvoid
@c qlty_threads_set(threads::Int64, error::Failure)::Int32
@c qlty_threads_get(threads::Ptr{Int64}, error::Failure)::Int32
@c qlty_quilt_options_init(options::Options, struct_size::UInt32, error::Failure)::Int32
@c qlty_quilt_new(options::Options, quilt::Ptr{Quilt_}, error::Failure)::Int32
@c qlty_quilt_free(quilt::Quilt_)::Cvoid
@c qlty_quilt_counts(quilt::Quilt_, counts::Ptr{Int64}, error::Failure)::Int32
@c qlty_quilt_patch_count(quilt::Quilt_, images::Int64, count::Ptr{Int64}, error::Failure)::Int32
@c qlty_quilt_positions(quilt::Quilt_, first::Int64, positions::Array_, error::Failure)::Int32
@c qlty_quilt_border_mask(quilt::Quilt_, mask::Array_, error::Failure)::Int32
@c qlty_quilt_window_weight(quilt::Quilt_, weights::Array_, error::Failure)::Int32
@c qlty_quilt_weights(quilt::Quilt_, weights::Array_, error::Failure)::Int32
@c qlty_quilt_unstitch_shape(quilt::Quilt_, batch::Array_, count::Int64, patches::Array_, error::Failure)::Int32
@c qlty_quilt_unstitch(quilt::Quilt_, batch::Array_, first::Int64, patches::Array_, progress::Ptr{Cvoid},
                       user::Any, error::Failure)::Int32
@c qlty_quilt_positional(quilt::Quilt_, first::Int64, origin::Int32, normalize::Int32, channels::Array_,
                         error::Failure)::Int32
@c qlty_quilt_stitch_shape(quilt::Quilt_, patches::Array_, batch::Array_, weights::Array_, error::Failure)::Int32
@c qlty_quilt_stitch(quilt::Quilt_, patches::Array_, batch::Array_, weights::Array_, progress::Ptr{Cvoid},
                     user::Any, error::Failure)::Int32
@c qlty_quilt_unstitch_adjoint(quilt::Quilt_, patches::Array_, batch::Array_, progress::Ptr{Cvoid}, user::Any,
                               error::Failure)::Int32
@c qlty_quilt_stitch_adjoint(quilt::Quilt_, batch::Array_, patches::Array_, progress::Ptr{Cvoid}, user::Any,
                             error::Failure)::Int32
@c qlty_stitcher_new(quilt::Quilt_, dtype::Int32, images::Int64, channels::Int64, stitcher::Ptr{Stitcher_},
                     error::Failure)::Int32
@c qlty_stitcher_free(stitcher::Stitcher_)::Cvoid
@c qlty_stitcher_push(stitcher::Stitcher_, first::Int64, patches::Array_, error::Failure)::Int32
@c qlty_stitcher_push_at(stitcher::Stitcher_, indices::Array_, patches::Array_, error::Failure)::Int32
@c qlty_stitcher_missing_count(stitcher::Stitcher_, count::Ptr{Int64}, error::Failure)::Int32
@c qlty_stitcher_missing(stitcher::Stitcher_, indices::Array_, error::Failure)::Int32
@c qlty_stitcher_finish(stitcher::Stitcher_, batch::Array_, weights::Array_, error::Failure)::Int32
@c qlty_stitcher_finish_incomplete(stitcher::Stitcher_, fill::Float64, batch::Array_, weights::Array_,
                                   error::Failure)::Int32
@c qlty_quilt_unstitch_labels(quilt::Quilt_, labels::Array_, missing::Ptr{Cvoid}, first::Int64, patches::Array_,
                              progress::Ptr{Cvoid}, user::Any, error::Failure)::Int32
@c qlty_quilt_labelled(quilt::Quilt_, patches::Array_, missing::Ptr{Cvoid}, labelled::Array_, error::Failure)::Int32
@c qlty_patches_keep(patches::Array_, kept::Array_, out::Array_, error::Failure)::Int32
@c qlty_images_open(path::Cstring, cache_bytes::Int64, images::Ptr{Images_}, error::Failure)::Int32
@c qlty_images_free(images::Images_)::Cvoid
@c qlty_images_shape(images::Images_, batch::Array_, error::Failure)::Int32
@c qlty_large_options_init(options::Ptr{qlty_large_options}, struct_size::UInt32, error::Failure)::Int32
@c qlty_large_new(quilt::Quilt_, path::Cstring, options::Ptr{qlty_large_options}, large::Ptr{Large_},
                  error::Failure)::Int32
@c qlty_large_free(large::Large_)::Cvoid
@c qlty_large_shape(large::Large_, batch::Array_, error::Failure)::Int32
@c qlty_large_progress(large::Large_, patches_done::Ptr{Int64}, patches::Ptr{Int64}, tiles_done::Ptr{Int64},
                       tiles::Ptr{Int64}, error::Failure)::Int32
@c qlty_large_pending(large::Large_, indices::Array_, count::Ptr{Int64}, error::Failure)::Int32
@c qlty_large_next(large::Large_, indices::Array_, count::Ptr{Int64}, error::Failure)::Int32
@c qlty_large_rewind(large::Large_, error::Failure)::Int32
@c qlty_large_unstitch_shape(large::Large_, batch::Array_, images::Images_, count::Int64, patches::Array_,
                             error::Failure)::Int32
@c qlty_large_unstitch(large::Large_, batch::Array_, images::Images_, indices::Array_, patches::Array_,
                       progress::Ptr{Cvoid}, user::Any, error::Failure)::Int32
@c qlty_large_stitch(large::Large_, indices::Array_, patches::Array_, variances::Array_, progress::Ptr{Cvoid},
                     user::Any, error::Failure)::Int32
@c qlty_large_skip(large::Large_, indices::Array_, error::Failure)::Int32
@c qlty_large_checkpoint(large::Large_, progress::Ptr{Cvoid}, user::Any, error::Failure)::Int32
@c qlty_large_finish(large::Large_, mean::Ptr{Stitched_}, std::Ptr{Stitched_}, error::Failure)::Int32
@c qlty_large_finish_incomplete(large::Large_, mean::Ptr{Stitched_}, std::Ptr{Stitched_}, progress::Ptr{Cvoid},
                                user::Any, error::Failure)::Int32
@c qlty_stitched_open(path::Cstring, stitched::Ptr{Stitched_}, error::Failure)::Int32
@c qlty_stitched_free(stitched::Stitched_)::Cvoid
@c qlty_stitched_shape(stitched::Stitched_, batch::Array_, error::Failure)::Int32
@c qlty_stitched_read(stitched::Stitched_, start::Ptr{Int64}, batch::Array_, progress::Ptr{Cvoid}, user::Any,
                      error::Failure)::Int32
@c qlty_pair_options_init(options::Ptr{qlty_pair_options}, struct_size::UInt32, error::Failure)::Int32
@c qlty_pairs_draw(options::Ptr{qlty_pair_options}, batch::Array_, images::Images_, pairs::Ptr{Pairs_},
                   error::Failure)::Int32
@c qlty_pairs_new(window::Ptr{Int64}, positions1::Array_, positions2::Array_, rotations::Array_, pairs::Ptr{Pairs_},
                  error::Failure)::Int32
@c qlty_pairs_measure(pairs::Pairs_, batch::Array_, images::Images_, measured::Ptr{Pairs_}, progress::Ptr{Cvoid},
                      user::Any, error::Failure)::Int32
@c qlty_pairs_select(pairs::Pairs_, indices::Array_, selected::Ptr{Pairs_}, error::Failure)::Int32
@c qlty_pairs_free(pairs::Pairs_)::Cvoid
@c qlty_pairs_size(pairs::Pairs_, count::Ptr{Int64}, ndim::Ptr{Int32}, window::Ptr{Int64}, error::Failure)::Int32
@c qlty_pairs_column(pairs::Pairs_, column::Int32, values::Array_, error::Failure)::Int32
@c qlty_pairs_places(pairs::Pairs_, deltas::Array_, rotations::Array_, positions1::Array_, positions2::Array_,
                     error::Failure)::Int32
@c qlty_sample_stratified(means::Array_, sigmas::Array_, kind::Int32, bins::Int64, samples_per_bin::Int64, seed::UInt64,
                          indices::Array_, count::Ptr{Int64}, error::Failure)::Int32
@c qlty_pairs_extract_shape(pairs::Pairs_, batch::Array_, images::Images_, patches::Array_, error::Failure)::Int32
@c qlty_pairs_extract(pairs::Pairs_, batch::Array_, images::Images_, patches1::Array_, patches2::Array_,
                      deltas::Array_, rotations::Array_, positions1::Array_, positions2::Array_,
                      progress::Ptr{Cvoid}, user::Any, error::Failure)::Int32
@c qlty_overlap_new(window::Ptr{Int64}, deltas::Array_, rotations::Array_, overlap::Ptr{Overlap_},
                    error::Failure)::Int32
@c qlty_overlap_free(overlap::Overlap_)::Cvoid
@c qlty_overlap_count(overlap::Overlap_, count::Ptr{Int64}, error::Failure)::Int32
@c qlty_overlap_extract(overlap::Overlap_, patches1::Array_, patches2::Array_, pixels1::Array_, pixels2::Array_,
                        progress::Ptr{Cvoid}, user::Any, error::Failure)::Int32
@c qlty_overlap_adjoint(overlap::Overlap_, pixels1::Array_, pixels2::Array_, patches1::Array_, patches2::Array_,
                        progress::Ptr{Cvoid}, user::Any, error::Failure)::Int32
@c qlty_overlap_correspondence(overlap::Overlap_, rows::Array_, progress::Ptr{Cvoid}, user::Any, error::Failure)::Int32
@c qlty_store_options_init(options::Ptr{qlty_store_options}, struct_size::UInt32, error::Failure)::Int32
@c qlty_pairs_write(pairs::Pairs_, batch::Array_, images::Images_, path::Cstring, options::Ptr{qlty_store_options},
                    progress::Ptr{Cvoid}, user::Any, error::Failure)::Int32
@c qlty_dataset_open(path::Cstring, cache_bytes::Int64, dataset::Ptr{Dataset_}, error::Failure)::Int32
@c qlty_dataset_free(dataset::Dataset_)::Cvoid
@c qlty_dataset_shape(dataset::Dataset_, patches::Array_, positions::Ptr{Int32}, error::Failure)::Int32
@c qlty_dataset_metadata(dataset::Dataset_, pairs::Ptr{Pairs_}, error::Failure)::Int32
@c qlty_dataset_read(dataset::Dataset_, indices::Array_, patches1::Array_, patches2::Array_, deltas::Array_,
                     rotations::Array_, positions1::Array_, positions2::Array_, error::Failure)::Int32
@c qlty_dataset_epoch(dataset::Dataset_, seed::UInt64, epoch::UInt64, indices::Array_, error::Failure)::Int32
@c qlty_batches_new(dataset::Dataset_, order::Array_, size::Int64, ahead::Int64, batches::Ptr{Batches_},
                    error::Failure)::Int32
@c qlty_batches_free(batches::Batches_)::Cvoid
@c qlty_batches_next_count(batches::Batches_, count::Ptr{Int64}, error::Failure)::Int32
@c qlty_batches_next(batches::Batches_, patches1::Array_, patches2::Array_, deltas::Array_, rotations::Array_,
                     positions1::Array_, positions2::Array_, error::Failure)::Int32

end
