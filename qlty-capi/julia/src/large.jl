# Stitching onto disk, in bounded memory, with mean and standard deviation.

"""
    LargeQuilt(quilt, path, images, Float32; mode = :create, channels = nothing, std = :none, ...)
    LargeQuilt(function, quilt, path, images, Float32; ...)

Stitches the patches of a batch of `images` onto disk as they come, with sums of `Float32` or `Float64`;
a process that is killed can be resumed. Of the path `"folder/name"` the results are the Zarr
arrays `folder/name_mean.zarr` and, if asked for, `folder/name_std.zarr`.

```julia
LargeQuilt(quilt, "folder/name", 1; mode = :create_or_open, std = :within) do large
    while (next = unstitch_next(large, images, 32)) !== nothing
        mean, variance = model(next.patches)
        stitch!(large, next.indices, mean, variance)
    end
    read(finish!(large).mean)
end
```

`mode` says what may be there already: `:create`, nothing; `:open`, the result to go on with;
`:create_or_open`, either; `:repair`, the result, of which all finished tiles are read first, so that the patches of
[`damaged`](@ref) ones are pending again. Other options, of which those not given are those of a result that is there:

- `channels`: of the patches; by default those of the first patch.
- `std`: `:within`, the root of the weighted mean of the variances; `:total`, also how far patches are
  from their mean; `:none`.
- `memory_budget`: how many bytes of sums are held in memory, 1 GiB by default.
- `tile_shape`, `chunk_shape`, `shard_shape`: sizes in pixels, `(x, y)` or `(x, y, z)`; a tile is what is
  finished and written as one.
- `codec`: `"none"`, `"gzip"`, `"zstd"`, `"blosc-lz4"` or `"blosc-zstd"`, with a level as in `"zstd:9"`.
- `normalize`: whether the mean is divided by its sum over the channels.
- `fill`: what a pixel is that no patch has reached, NaN by default.
- `shard = (i, n)`: that this is worker `i` of `n`, from 1, which has tiles of its own.

Any number of tasks and threads may use one at once, also to stitch. It frees itself; with a function,
which gets it, it is closed when the function returns. Nothing of what it holds has to be finished.
"""
mutable struct LargeQuilt{T,D}
    handle::Ptr{LibQlty.qlty_large}

    function LargeQuilt(quilt::Quilt{D}, path::AbstractString, images::Integer, ::Type{T} = Float32; mode = :create,
                        channels = nothing, std = :none, memory_budget = nothing, tile_shape = nothing,
                        chunk_shape = nothing, shard_shape = nothing, codec = nothing, normalize::Bool = false,
                        fill::Real = NaN, shard = (1, 1)) where {D,T}
        shapes = map((tile_shape = tile_shape, chunk_shape = chunk_shape, shard_shape = shard_shape)) do shape
            shape === nothing || length(shape) == D || refuse("tile, chunk or shard shape: got $shape, expected $D axes")
            shape === nothing ? (0, 0, 0) : to_c(shape, 3)
        end
        initial = Ref{qlty_large_options}()
        check(LibQlty.qlty_large_options_init, initial, sizeof(qlty_large_options))
        name = codec === nothing ? nothing : Base.cconvert(Cstring, String(codec))
        handle = Ref{Ptr{LibQlty.qlty_large}}(C_NULL)
        GC.@preserve name begin
            text = name === nothing ? Ptr{UInt8}(C_NULL) : Ptr{UInt8}(Base.unsafe_convert(Cstring, name))
            options = Ref(qlty_large_options(
                initial[].struct_size, dtype(T), choice("mode", STARTS, mode), choice("std", STDS, std), images,
                something(channels, 0), something(memory_budget, initial[].memory_budget), shapes..., text, fill,
                shard[1] - 1, shard[2], normalize, 0))
            check(LibQlty.qlty_large_new, quilt, path, options, handle)
        end
        finalizer(close, new{T,D}(handle[]))
    end
end

LargeQuilt(run::Function, arguments...; options...) = closing(run, LargeQuilt(arguments...; options...))

@handle LargeQuilt large "large quilt"

const STARTS = (create = LibQlty.QLTY_START_CREATE, open = LibQlty.QLTY_START_OPEN,
                create_or_open = LibQlty.QLTY_START_CREATE_OR_OPEN, repair = LibQlty.QLTY_START_REPAIR)
const STDS = (none = LibQlty.QLTY_STD_NONE, within = LibQlty.QLTY_STD_WITHIN, total = LibQlty.QLTY_STD_TOTAL)

function described(large::LargeQuilt)
    raw = description()
    check(LibQlty.qlty_large_shape, large, raw)
    raw
end

"The size of the result, `(X, Y, C, N)` or `(X, Y, Z, C, N)`, where C is 0 as long as it is not known."
Base.size(large::LargeQuilt) = shape_of(described(large))
Base.eltype(::LargeQuilt{T}) where {T} = T
Base.show(io::IO, large::LargeQuilt{T}) where {T} =
    print(io, "LargeQuilt(", T, isopen(large) ? ", $(size(large)))" : ", closed)")

"""
    progress(large)

How far the work has come, of what the shard has to do: a named tuple of `patches_done`, stitched or
skipped, `patches`, `tiles_done`, on disk, and `tiles`.
"""
function progress(large::LargeQuilt)
    status = Ref(LibQlty.qlty_large_status(sizeof(LibQlty.qlty_large_status), 0, 0, 0, 0, 0))
    check(LibQlty.qlty_large_get_status, large, status)
    names = (:patches_done, :patches, :tiles_done, :tiles)
    NamedTuple{names}(map(name -> Int(getfield(status[], name)), names))
end

"""
    pending(large)

The indices of the patches that have not been stitched, ascending, among them those whose call failed.
"""
function pending(large::LargeQuilt)
    count, now = Ref{Int64}(0), Ref{Int64}(0)
    check(LibQlty.qlty_large_pending, large, nothing, count)
    indices = zeros(Int64, count[])
    check(LibQlty.qlty_large_pending, large, indices, now)
    # Other threads may have stitched some meanwhile.
    resize!(indices, min(count[], now[])) .+= 1
end

"""
    next_indices(large, most)

The indices of the next pending patches, at most `most`; none at the end. Tasks get
different ones.
"""
function next_indices(large::LargeQuilt, most::Integer)
    indices, count = zeros(Int64, most), Ref{Int64}(0)
    check(LibQlty.qlty_large_next, large, indices, count)
    resize!(indices, count[]) .+= 1
end

"""
    rewind(large)

Makes [`next_indices`](@ref) and [`unstitch_next`](@ref) start again from the first pending patch:
for patches that were assigned and not stitched.
"""
rewind(large::LargeQuilt) = check(LibQlty.qlty_large_rewind, large)

"""
    unstitch(large, images, indices; progress = nothing)

Extracts the patches with these indices from a batch of images or from [`ZarrImages`](@ref), of which only what
they cover is read: `(x, y, C, P)` or `(x, y, z, C, P)`. Progress counts patches.
"""
function unstitch(large::LargeQuilt, images::Source, indices; progress = nothing)
    raw = description()
    check(LibQlty.qlty_large_unstitch_shape, large, from_c(images)..., length(indices), raw)
    unstitch!(Array{eltype(images)}(undef, shape_of(raw)), large, images, indices; progress = progress)
end

"[`unstitch`](@ref) into an array of the caller's, which it returns."
function unstitch!(patches::AbstractArray, large::LargeQuilt, images::Source, indices; progress = nothing)
    check_long(progress, LibQlty.qlty_large_unstitch, large, from_c(images)..., from_zero(indices), patches)
    patches
end

"""
    unstitch_next(large, images, most)

The next pending patches, at most `most`: a named tuple of `indices` and `patches`; `nothing` at the end.
"""
function unstitch_next(large::LargeQuilt, images::Source, most::Integer)
    indices = next_indices(large, most)
    isempty(indices) ? nothing : (indices = indices, patches = unstitch(large, images, indices))
end

"""
    stitch!(large, indices, patches, variances = nothing; progress = nothing)

Adds patches in any order: the one in place `i` has the patch index `indices[i]`. Variances, of the same
type and size, come with them where a standard deviation was asked for. Where it throws, the patches
are pending still. Progress counts tiles.
"""
function stitch!(large::LargeQuilt, indices, patches::AbstractArray, variances::Union{AbstractArray,Nothing} = nothing;
                 progress = nothing)
    check_long(progress, LibQlty.qlty_large_stitch, large, from_zero(indices), patches, variances)
    large
end

"""
    skip!(large, indices)

Says that patches will not come, as of background: pixels that only they reach hold the fill value.
"""
function skip!(large::LargeQuilt, indices)
    check(LibQlty.qlty_large_skip, large, from_zero(indices))
    large
end

"""
    checkpoint(large; progress = nothing)

Writes the unfinished sums: a process that is killed later resumes from here. Progress counts
tiles.
"""
checkpoint(large::LargeQuilt; progress = nothing) = check_long(progress, LibQlty.qlty_large_checkpoint, large)

"""
    finish!(large)

The result, a named tuple of `mean`, a [`StitchedArray`](@ref), and `std`, another or `nothing`. Throws while
patches are pending, after which more may come.
"""
finish!(large::LargeQuilt) = results(places -> check(LibQlty.qlty_large_finish, large, places...))

"""
    finish_incomplete!(large; progress = nothing)

What can be had while patches are pending, like [`finish!`](@ref): pixels that none has reached are the fill
value. More patches may be stitched then, after which the result is written again.
"""
finish_incomplete!(large::LargeQuilt; progress = nothing) =
    results(places -> check_long(progress, LibQlty.qlty_large_finish_incomplete, large, places...))

function results(call)
    mean, std = stitched_slot(), stitched_slot()
    call((mean, std))
    (mean = own_stitched(mean), std = std[] == C_NULL ? nothing : own_stitched(std))
end

"""
    StitchedArray(path)
    StitchedArray(function, path)

An array of a result on disk, such as `"folder/name_mean.zarr"`: `(X, Y, C, N)` or `(X, Y, Z, C, N)`, of
`Float32` or `Float64`. `read(array)` reads all of it, and `array[ranges...]` a box, where a range is one
of unit steps, a number or `:`. Tasks and threads may share it. It frees itself; with a function, which
gets the array, it is closed when that returns.
"""
mutable struct StitchedArray{T,N}
    handle::Ptr{LibQlty.qlty_stitched}
    size::NTuple{N,Int}
end

@handle StitchedArray stitched "stitched array"

stitched_slot() = Ref{Ptr{LibQlty.qlty_stitched}}(C_NULL)

"An array that owns a handle."
function own_stitched(handle)
    raw = description()
    check(LibQlty.qlty_stitched_shape, handle[], raw)
    shape = shape_of(raw)
    finalizer(close, StitchedArray{eltype_of(raw[].dtype),length(shape)}(handle[], shape))
end

function StitchedArray(path::AbstractString)
    handle = stitched_slot()
    check(LibQlty.qlty_stitched_open, path, handle)
    own_stitched(handle)
end

StitchedArray(run::Function, path) = closing(run, StitchedArray(path))

Base.size(array::StitchedArray) = array.size
Base.size(array::StitchedArray, axis) = array.size[axis]
Base.eltype(::StitchedArray{T}) where {T} = T
Base.ndims(::StitchedArray{T,N}) where {T,N} = N
Base.show(io::IO, array::StitchedArray{T}) where {T} =
    print(io, "StitchedArray(", T, ", ", array.size, isopen(array) ? ")" : ", closed)")

"""
    read(array; progress = nothing)

All of a [`StitchedArray`](@ref). Progress counts rows.
"""
Base.read(array::StitchedArray{T}; progress = nothing) where {T} =
    read!(array, Array{T}(undef, array.size); progress = progress)

"""
    read!(array, out; start = (1, 1, ...), progress = nothing)

Reads the box of a [`StitchedArray`](@ref) that begins at `start` and has the size of `out`, which it returns.
"""
function Base.read!(array::StitchedArray{T,N}, out::AbstractArray; start = ntuple(_ -> 1, N), progress = nothing) where {T,N}
    length(start) == N || refuse("start: got $start, expected $N numbers")
    from = collect(Int64, to_c(start .- 1, N))
    check_long(progress, LibQlty.qlty_stitched_read, array, from, out)
    out
end

Base.lastindex(array::StitchedArray, axis) = array.size[axis]

function Base.getindex(array::StitchedArray{T,N}, ranges::Union{Integer,AbstractUnitRange,Colon}...) where {T,N}
    length(ranges) == N || refuse("a box: got $(length(ranges)) ranges, expected $N")
    boxes = ntuple(axis -> ranges[axis] isa Colon ? (1:array.size[axis]) : ranges[axis], N)
    start, lengths = map(box -> Int(first(box)), boxes), map(length, boxes)
    out = read!(array, Array{T}(undef, lengths); start = start)
    box = dropdims(out; dims = Tuple(axis for axis in 1:N if boxes[axis] isa Integer))
    ndims(box) == 0 ? box[] : box
end
