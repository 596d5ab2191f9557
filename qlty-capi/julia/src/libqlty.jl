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
const QLTY_START_CREATE, QLTY_START_OPEN = Int32(0), Int32(1)
const QLTY_START_CREATE_OR_OPEN, QLTY_START_REPAIR = Int32(2), Int32(3)
const QLTY_STD_NONE, QLTY_STD_WITHIN, QLTY_STD_TOTAL = Int32(0), Int32(1), Int32(2)
const QLTY_BINS_HISTOGRAM, QLTY_BINS_QUANTILES = Int32(0), Int32(1)
const QLTY_COLUMN_IMAGE, QLTY_COLUMN_Z1, QLTY_COLUMN_Y1, QLTY_COLUMN_X1 = Int32(0), Int32(1), Int32(2), Int32(3)
const QLTY_COLUMN_Z2, QLTY_COLUMN_Y2, QLTY_COLUMN_X2 = Int32(4), Int32(5), Int32(6)
const QLTY_COLUMN_DX, QLTY_COLUMN_DY, QLTY_COLUMN_DZ = Int32(7), Int32(8), Int32(9)
const QLTY_COLUMN_ROTATION, QLTY_COLUMN_MEAN1, QLTY_COLUMN_SIGMA1 = Int32(10), Int32(11), Int32(12)
const QLTY_COLUMN_MEAN2, QLTY_COLUMN_SIGMA2 = Int32(13), Int32(14)

const QLTY_HALVING_PLANE, QLTY_HALVING_VOLUME, QLTY_HALVING_ISOTROPIC = Int32(0), Int32(1), Int32(2)
const QLTY_AXES_TCZYX, QLTY_AXES_ZCYX = Int32(0), Int32(1)
const QLTY_NORMALIZATION_NONE, QLTY_NORMALIZATION_PER_SLICE = Int32(0), Int32(1)
const QLTY_NORMALIZATION_GLOBAL, QLTY_NORMALIZATION_BY = Int32(2), Int32(3)

const QLTY_STATUS_OK, QLTY_STATUS_INVALID_ARGUMENT, QLTY_STATUS_SHAPE = Int32(0), Int32(1), Int32(2)
const QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY = Int32(3), Int32(4), Int32(5)
const QLTY_STATUS_INCOMPLETE, QLTY_STATUS_DUPLICATE = Int32(6), Int32(7)
const QLTY_STATUS_CANCELLED, QLTY_STATUS_PANIC = Int32(8), Int32(9)
const QLTY_STATUS_IO, QLTY_STATUS_STORE, QLTY_STATUS_EXISTS = Int32(10), Int32(11), Int32(12)
const QLTY_STATUS_GEOMETRY, QLTY_STATUS_FOREIGN = Int32(13), Int32(14)
const QLTY_STATUS_DAMAGED, QLTY_STATUS_BUSY = Int32(15), Int32(16)
const QLTY_STATUS_IMAGE = Int32(17)

const QLTY_DTYPE_U8, QLTY_DTYPE_I8, QLTY_DTYPE_U16, QLTY_DTYPE_I16 = Int32(1), Int32(2), Int32(3), Int32(4)
const QLTY_DTYPE_U32, QLTY_DTYPE_I32, QLTY_DTYPE_U64, QLTY_DTYPE_I64 = Int32(5), Int32(6), Int32(7), Int32(8)
const QLTY_DTYPE_F16, QLTY_DTYPE_BF16, QLTY_DTYPE_F32 = Int32(9), Int32(10), Int32(11)
const QLTY_DTYPE_F64, QLTY_DTYPE_BOOL = Int32(12), Int32(13)

"An opaque type of C."
abstract type qlty_error end
abstract type qlty_quilt end
abstract type qlty_stitcher end
abstract type qlty_images end
abstract type qlty_damages end
abstract type qlty_large end
abstract type qlty_stitched end
abstract type qlty_pairs end
abstract type qlty_overlap end
abstract type qlty_dataset end
abstract type qlty_batches end
abstract type qlty_stacks end
abstract type qlty_stack end
abstract type qlty_pyramids end
abstract type qlty_image end

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
    reserved::Int32
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
    reserved::Int32
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
    reserved::Int32
end

"The arrays that pairs are written to, as C sees them."
struct qlty_pair_arrays
    struct_size::UInt32
    reserved::Int32
    patches1::Ptr{qlty_array}
    patches2::Ptr{qlty_array}
    deltas::Ptr{qlty_array}
    rotations::Ptr{qlty_array}
    positions1::Ptr{qlty_array}
    positions2::Ptr{qlty_array}
end

"How pairs are chosen by their statistics, as C sees it."
struct qlty_sample_options
    struct_size::UInt32
    kind::Int32
    bins::Int64
    samples_per_bin::Int64
    seed::UInt64
end

"The progress of a result on disk, as C sees it."
struct qlty_large_status
    struct_size::UInt32
    reserved::Int32
    patches_done::Int64
    patches::Int64
    tiles_done::Int64
    tiles::Int64
end

"How a pyramid is made, as C sees it: axes in C order."
struct qlty_pyramid_options
    struct_size::UInt32
    halving::Int32
    levels::Int64
    most_levels::Int64
    factors::Ptr{Int64}
    factor_count::Int64
    method::Ptr{UInt8}
    axes::Int32
    dtype::Int32
    normalization::Int32
    zarr_format::Int32
    mean::Float64
    deviation::Float64
    chunk::NTuple{3,Int64}
    shard::NTuple{3,Int64}
    codec::Ptr{UInt8}
    voxel_size::NTuple{3,Float64}
    unit::Ptr{UInt8}
    name::Ptr{UInt8}
    channel_names::Ptr{Ptr{UInt8}}
    channel_count::Int64
    memory::Int64
    overwrite::Int32
    resume::Int32
end

"What a Laplacian pyramid has besides, as C sees it."
struct qlty_laplacian_options
    struct_size::UInt32
    store_base::Int32
    interpolation::Ptr{UInt8}
    difference_codec::Ptr{UInt8}
end

"What is made of a Laplacian store, as C sees it."
struct qlty_reconstruct_options
    struct_size::UInt32
    overwrite::Int32
    level::Int64
    interpolation::Ptr{UInt8}
    codec::Ptr{UInt8}
end

"What is known of a pyramid, as C sees it."
struct qlty_pyramid_info
    struct_size::UInt32
    reserved::Int32
    pixels::qlty_array
    levels::Int64
    bytes::UInt64
    files::Int64
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
const Damages_, Large_, Stitched_ = Ptr{qlty_damages}, Ptr{qlty_large}, Ptr{qlty_stitched}
const Dataset_, Batches_ = Ptr{qlty_dataset}, Ptr{qlty_batches}
const Stacks_, Stack_, Image_ = Ptr{qlty_stacks}, Ptr{qlty_stack}, Ptr{qlty_image}
const Pyramids_, Text = Ptr{qlty_pyramids}, Ptr{UInt8}

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
@c qlty_store_verify(path::Cstring, most::Int64, damages::Ptr{Damages_}, progress::Ptr{Cvoid}, user::Any,
                     error::Failure)::Int32
@c qlty_damages_free(damages::Damages_)::Cvoid
@c qlty_damages_count(damages::Damages_, count::Ptr{Int64}, error::Failure)::Int32
@c qlty_damages_get(damages::Damages_, index::Int64, tile::Ptr{Int64}, file::Ptr{Text}, what::Ptr{Text},
                    error::Failure)::Int32
@c qlty_large_options_init(options::Ptr{qlty_large_options}, struct_size::UInt32, error::Failure)::Int32
@c qlty_large_new(quilt::Quilt_, path::Cstring, options::Ptr{qlty_large_options}, large::Ptr{Large_},
                  error::Failure)::Int32
@c qlty_large_free(large::Large_)::Cvoid
@c qlty_large_shape(large::Large_, batch::Array_, error::Failure)::Int32
@c qlty_large_progress(large::Large_, patches_done::Ptr{Int64}, patches::Ptr{Int64}, tiles_done::Ptr{Int64},
                       tiles::Ptr{Int64}, error::Failure)::Int32
@c qlty_large_get_status(large::Large_, status::Ptr{qlty_large_status}, error::Failure)::Int32
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
@c qlty_large_verify(large::Large_, most::Int64, damages::Ptr{Damages_}, progress::Ptr{Cvoid}, user::Any,
                     error::Failure)::Int32
@c qlty_large_damaged(large::Large_, damages::Ptr{Damages_}, error::Failure)::Int32
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
@c qlty_sample_options_init(options::Ptr{qlty_sample_options}, struct_size::UInt32, error::Failure)::Int32
@c qlty_sample_draw(means::Array_, sigmas::Array_, options::Ptr{qlty_sample_options}, indices::Array_,
                    count::Ptr{Int64}, error::Failure)::Int32
@c qlty_sample_stratified(means::Array_, sigmas::Array_, kind::Int32, bins::Int64, samples_per_bin::Int64, seed::UInt64,
                          indices::Array_, count::Ptr{Int64}, error::Failure)::Int32
@c qlty_pairs_extract_shape(pairs::Pairs_, batch::Array_, images::Images_, patches::Array_, error::Failure)::Int32
@c qlty_pairs_extract(pairs::Pairs_, batch::Array_, images::Images_, patches1::Array_, patches2::Array_,
                      deltas::Array_, rotations::Array_, positions1::Array_, positions2::Array_,
                      progress::Ptr{Cvoid}, user::Any, error::Failure)::Int32
@c qlty_pairs_extract_into(pairs::Pairs_, batch::Array_, images::Images_, arrays::Ptr{qlty_pair_arrays},
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
@c qlty_dataset_read_into(dataset::Dataset_, indices::Array_, arrays::Ptr{qlty_pair_arrays},
                          error::Failure)::Int32
@c qlty_dataset_epoch(dataset::Dataset_, seed::UInt64, epoch::UInt64, indices::Array_, error::Failure)::Int32
@c qlty_dataset_verify(dataset::Dataset_, most::Int64, damages::Ptr{Damages_}, progress::Ptr{Cvoid}, user::Any,
                       error::Failure)::Int32
@c qlty_batches_new(dataset::Dataset_, order::Array_, size::Int64, ahead::Int64, batches::Ptr{Batches_},
                    error::Failure)::Int32
@c qlty_batches_free(batches::Batches_)::Cvoid
@c qlty_batches_next_count(batches::Batches_, count::Ptr{Int64}, error::Failure)::Int32
@c qlty_batches_next_into(batches::Batches_, arrays::Ptr{qlty_pair_arrays}, error::Failure)::Int32
@c qlty_batches_next(batches::Batches_, patches1::Array_, patches2::Array_, deltas::Array_, rotations::Array_,
                     positions1::Array_, positions2::Array_, error::Failure)::Int32

@c qlty_stacks_find(folder::Cstring, extension::Cstring, pattern::Cstring, stacks::Ptr{Stacks_}, error::Failure)::Int32
@c qlty_stacks_free(stacks::Stacks_)::Cvoid
@c qlty_stacks_count(stacks::Stacks_, count::Ptr{Int64}, error::Failure)::Int32
@c qlty_stacks_name(stacks::Stacks_, index::Int64, name::Ptr{Text}, slices::Ptr{Int64}, error::Failure)::Int32
@c qlty_stacks_open(stacks::Stacks_, index::Int64, stack::Ptr{Stack_}, error::Failure)::Int32
@c qlty_stack_open(path::Cstring, stack::Ptr{Stack_}, error::Failure)::Int32
@c qlty_stack_free(stack::Stack_)::Cvoid
@c qlty_stack_shape(stack::Stack_, pixels::Array_, error::Failure)::Int32
@c qlty_stack_name(stack::Stack_, name::Ptr{Text}, files::Ptr{Int64}, error::Failure)::Int32
@c qlty_stack_file(stack::Stack_, index::Int64, path::Ptr{Text}, error::Failure)::Int32
@c qlty_stack_voxel_size(stack::Stack_, voxel_size::Ptr{Float64}, unit::Ptr{Text}, error::Failure)::Int32
@c qlty_stack_channel(stack::Stack_, channel::Int64, name::Ptr{Text}, error::Failure)::Int32
@c qlty_stack_missing_count(stack::Stack_, count::Ptr{Int64}, error::Failure)::Int32
@c qlty_stack_missing(stack::Stack_, counters::Array_, error::Failure)::Int32
@c qlty_stack_read(stack::Stack_, t::Int64, first::Int64, planes::Array_, progress::Ptr{Cvoid}, user::Any,
                   error::Failure)::Int32
@c qlty_pyramid_options_init(options::Ptr{qlty_pyramid_options}, struct_size::UInt32, error::Failure)::Int32
@c qlty_laplacian_options_init(options::Ptr{qlty_laplacian_options}, struct_size::UInt32, error::Failure)::Int32
@c qlty_reconstruct_options_init(options::Ptr{qlty_reconstruct_options}, struct_size::UInt32, error::Failure)::Int32
@c qlty_pyramids_free(pyramids::Pyramids_)::Cvoid
@c qlty_pyramids_count(pyramids::Pyramids_, count::Ptr{Int64}, error::Failure)::Int32
@c qlty_pyramids_name(pyramids::Pyramids_, index::Int64, name::Ptr{Text}, path::Ptr{Text}, axes::Ptr{Text},
                      error::Failure)::Int32
@c qlty_pyramids_get_info(pyramids::Pyramids_, index::Int64, info::Ptr{qlty_pyramid_info}, error::Failure)::Int32
@c qlty_pyramids_shape(pyramids::Pyramids_, index::Int64, pixels::Array_, levels::Ptr{Int64}, bytes::Ptr{UInt64},
                       files::Ptr{Int64}, error::Failure)::Int32
@c qlty_pyramids_file(pyramids::Pyramids_, index::Int64, file::Int64, path::Ptr{Text}, error::Failure)::Int32
@c qlty_pyramids_level(pyramids::Pyramids_, index::Int64, level::Int64, stored::Array_, name::Ptr{Text},
                       chunk::Ptr{Int64}, voxel_size::Ptr{Float64}, error::Failure)::Int32
@c qlty_stack_to_ome_zarr(stack::Stack_, array::Array_, path::Cstring, options::Ptr{qlty_pyramid_options},
                          progress::Ptr{Cvoid}, user::Any, error::Failure)::Int32
@c qlty_stack_to_laplacian(stack::Stack_, array::Array_, path::Cstring, options::Ptr{qlty_pyramid_options},
                           laplacian::Ptr{qlty_laplacian_options}, progress::Ptr{Cvoid}, user::Any,
                           error::Failure)::Int32
@c qlty_stacks_to_ome_zarr(stacks::Stacks_, folder::Cstring, options::Ptr{qlty_pyramid_options},
                           pyramids::Ptr{Pyramids_}, progress::Ptr{Cvoid}, user::Any, error::Failure)::Int32
@c qlty_stacks_to_laplacian(stacks::Stacks_, folder::Cstring, options::Ptr{qlty_pyramid_options},
                            laplacian::Ptr{qlty_laplacian_options}, pyramids::Ptr{Pyramids_}, progress::Ptr{Cvoid},
                            user::Any, error::Failure)::Int32
@c qlty_stack_plan(stack::Stack_, array::Array_, path::Cstring, options::Ptr{qlty_pyramid_options},
                   laplacian::Ptr{qlty_laplacian_options}, pyramids::Ptr{Pyramids_}, error::Failure)::Int32
@c qlty_stacks_plan(stacks::Stacks_, folder::Cstring, options::Ptr{qlty_pyramid_options},
                    laplacian::Ptr{qlty_laplacian_options}, pyramids::Ptr{Pyramids_}, error::Failure)::Int32
@c qlty_laplacian_reconstruct(store::Cstring, path::Cstring, options::Ptr{qlty_reconstruct_options},
                              progress::Ptr{Cvoid}, user::Any, error::Failure)::Int32
@c qlty_image_open(path::Cstring, interpolation::Text, image::Ptr{Image_}, error::Failure)::Int32
@c qlty_image_free(image::Image_)::Cvoid
@c qlty_image_levels(image::Image_, count::Ptr{Int64}, laplacian::Ptr{Int32}, error::Failure)::Int32
@c qlty_image_axis(image::Image_, axis::Int64, name::Ptr{Text}, unit::Ptr{Text}, error::Failure)::Int32
@c qlty_image_channel(image::Image_, channel::Int64, name::Ptr{Text}, error::Failure)::Int32
@c qlty_image_level(image::Image_, level::Int64, pixels::Array_, scale::Ptr{Float64}, translation::Ptr{Float64},
                    error::Failure)::Int32
@c qlty_image_read(image::Image_, level::Int64, start::Ptr{Int64}, pixels::Array_, progress::Ptr{Cvoid}, user::Any,
                   error::Failure)::Int32

end
