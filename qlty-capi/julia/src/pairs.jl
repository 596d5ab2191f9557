# Pairs of displaced, rotated patches: drawing, extraction, statistics, storage.

"""
    Pairs(window, positions1, positions2; rotations = nothing)
    Pairs(function, window, ...)

Pairs of patches of size `window`, `(x, y)` or `(x, y, z)`, at positions of the caller's: columns with
the first pixel `(x, y)` or `(x, y, z)` of each patch and the image below, all counted from 1.
`rotations` are the quarter turns of the second patches. See [`draw_pairs`](@ref) for pairs drawn at
random.

`length(pairs)` is their number, and `pairs[indices]` the pairs of some indices, in their order. Pairs
free themselves; with a function, which gets the pairs, they are closed when it returns.
"""
mutable struct Pairs{D}
    handle::Ptr{LibQlty.qlty_pairs}
    count::Int
    window::NTuple{D,Int}
end

@handle Pairs pairs

"Pairs that own a handle."
function own_pairs(handle)
    count, ndim, window = Ref{Int64}(0), Ref{Int32}(0), zeros(Int64, 3)
    check(LibQlty.qlty_pairs_size, handle[], count, ndim, window)
    finalizer(close, Pairs(handle[], Int(count[]), to_julia(window, Int(ndim[]))))
end

pairs_slot() = Ref{Ptr{LibQlty.qlty_pairs}}(C_NULL)

function Pairs(window::NTuple{D,Integer}, positions1::AbstractMatrix{<:Integer},
               positions2::AbstractMatrix{<:Integer}; rotations = nothing) where {D}
    size(positions1, 1) == D + 1 || refuse("positions1: got $(size(positions1, 1)) rows, expected $(D + 1)")
    # C's columns run (n, z, y, x) from 0.
    starts = (Int64.(positions[end:-1:1, :] .- 1) for positions in (positions1, positions2))
    turns = rotations === nothing ? nothing : collect(Int64, rotations)
    handle = pairs_slot()
    check(LibQlty.qlty_pairs_new, collect(Int64, reverse(window)), starts..., turns, handle)
    own_pairs(handle)
end

Pairs(run::Function, arguments...; options...) = closing(run, Pairs(arguments...; options...))

"""
    draw_pairs(images, window, pairs_per_image, (low, high); seed = 0, rotations = ())
    draw_pairs(function, images, window, ...)

[`Pairs`](@ref) of patches of size `window`, `(x, y)` or `(x, y, z)`, from each image of a batch or of
[`ZarrImages`](@ref), of which only the size is read. The second patch is displaced by a vector of
whole numbers whose length is from `low` to `high`, which lie within a quarter and three quarters of the
window's longest side; all that fit are equally likely, and so are all places. `rotations` are the
quarter turns of the second patch, of which each pair draws one; odd ones need a square window, and
volumes are not turned. Image n draws from a stream of its own of `seed`.
"""
function draw_pairs(images::Source, window::NTuple{D,Integer}, pairs_per_image::Integer, (low, high);
                    seed::Integer = 0, rotations = ()) where {D}
    D in (2, 3) || refuse("window: got $D axes, expected 2 or 3")
    initial = Ref{qlty_pair_options}()
    check(LibQlty.qlty_pair_options_init, initial, sizeof(qlty_pair_options))
    turns, handle = collect(Int64, rotations), pairs_slot()
    GC.@preserve turns begin
        options = Ref(qlty_pair_options(initial[].struct_size, D, to_c(window, 3), pairs_per_image, low, high, seed,
                                        pointer(turns), length(turns)))
        check(LibQlty.qlty_pairs_draw, options, from_c(images)..., handle)
    end
    own_pairs(handle)
end

draw_pairs(run::Function, arguments...; options...) = closing(run, draw_pairs(arguments...; options...))

Base.length(pairs::Pairs) = pairs.count
Base.show(io::IO, pairs::Pairs) =
    print(io, pairs.count, " Pairs(window ", pairs.window, isopen(pairs) ? ")" : ", closed)")

function Base.getindex(pairs::Pairs, indices::AbstractVector{<:Integer})
    handle = pairs_slot()
    check(LibQlty.qlty_pairs_select, pairs, from_zero(indices), handle)
    own_pairs(handle)
end

"""
    measure(pairs, images; progress = nothing)

The same [`Pairs`](@ref) with the mean and standard deviation of each patch, which [`column`](@ref)
gives. Progress counts patches.
"""
function measure(pairs::Pairs, images::Source; progress = nothing)
    handle = pairs_slot()
    try
        check_long(progress, LibQlty.qlty_pairs_measure, pairs, from_c(images)..., handle)
    catch
        # Where the progress function throws, the call may have ended well all the same.
        LibQlty.qlty_pairs_free(handle[])
        rethrow()
    end
    own_pairs(handle)
end

const COLUMNS = (
    image = LibQlty.QLTY_COLUMN_IMAGE,
    x1 = LibQlty.QLTY_COLUMN_X1, y1 = LibQlty.QLTY_COLUMN_Y1, z1 = LibQlty.QLTY_COLUMN_Z1,
    x2 = LibQlty.QLTY_COLUMN_X2, y2 = LibQlty.QLTY_COLUMN_Y2, z2 = LibQlty.QLTY_COLUMN_Z2,
    dx = LibQlty.QLTY_COLUMN_DX, dy = LibQlty.QLTY_COLUMN_DY, dz = LibQlty.QLTY_COLUMN_DZ,
    rotation = LibQlty.QLTY_COLUMN_ROTATION,
    mean1 = LibQlty.QLTY_COLUMN_MEAN1, sigma1 = LibQlty.QLTY_COLUMN_SIGMA1,
    mean2 = LibQlty.QLTY_COLUMN_MEAN2, sigma2 = LibQlty.QLTY_COLUMN_SIGMA2,
)

"""
    column(pairs, name)

A value for each pair: `:image`, the first pixel `:x1`, `:y1`, `:z1` of the first patch and `:x2`, `:y2`,
`:z2` of the second, all from 1; the displacement `:dx`, `:dy`, `:dz`; the quarter turns `:rotation`;
and, once the pairs were measured, `:mean1`, `:sigma1`, `:mean2` and `:sigma2` over channels and pixels,
the standard deviations with n - 1. `:z1`, `:z2` and `:dz` are of volumes only.
"""
function column(pairs::Pairs, name::Symbol)
    haskey(COLUMNS, name) || refuse("column: got $(repr(name)), expected one of $(keys(COLUMNS))")
    values = zeros(name in (:mean1, :sigma1, :mean2, :sigma2) ? Float64 : Int64, length(pairs))
    check(LibQlty.qlty_pairs_column, pairs, COLUMNS[name], values)
    name in (:image, :x1, :y1, :z1, :x2, :y2, :z2) ? values .+= 1 : values
end

"""
    deltas(pairs)

Where the second patches start relative to the first, as [`Overlap`](@ref) takes it: columns `(dx, dy)` or
`(dx, dy, dz)`.
"""
function deltas(pairs::Pairs{D}) where {D}
    numbers = zeros(Float32, D, length(pairs))
    check(LibQlty.qlty_pairs_places, pairs, numbers, nothing, nothing, nothing)
    numbers
end

"""
    sample_stratified(means, sigmas; bins, samples_per_bin, kind = :histogram, seed = 0)

The indices of up to `samples_per_bin` pairs from each bin of a grid over means and standard
deviations, with `bins` bins along both: of equal width, or with `kind = :quantiles` of equal population.
They come bin by bin; each pair is in exactly one.
"""
function sample_stratified(means::AbstractVector, sigmas::AbstractVector; bins::Integer, samples_per_bin::Integer,
                           kind::Symbol = :histogram, seed::Integer = 0)
    kind in (:histogram, :quantiles) || refuse("kind: got $(repr(kind)), expected :histogram or :quantiles")
    number = kind === :histogram ? LibQlty.QLTY_BINS_HISTOGRAM : LibQlty.QLTY_BINS_QUANTILES
    initial, indices, count = Ref{LibQlty.qlty_sample_options}(), zeros(Int64, length(means)), Ref{Int64}(0)
    check(LibQlty.qlty_sample_options_init, initial, sizeof(LibQlty.qlty_sample_options))
    options = Ref(LibQlty.qlty_sample_options(initial[].struct_size, number, bins, samples_per_bin, seed))
    check(LibQlty.qlty_sample_draw, collect(Float64, means), collect(Float64, sigmas), options, indices, count)
    resize!(indices, count[]) .+= 1
end

const POSITIONS = (none = LibQlty.QLTY_POSITIONS_NONE, pixels = LibQlty.QLTY_POSITIONS_PIXELS,
                   with_image = LibQlty.QLTY_POSITIONS_WITH_IMAGE)

function positions_number(positions)
    haskey(POSITIONS, positions) || refuse("positions: got $(repr(positions)), expected one of $(keys(POSITIONS))")
    POSITIONS[positions]
end

"""
Arrays for `count` pairs of patches of this type and of the shape of one, filled by `fill`, which gets
what the functions of C take.
"""
function filled_pairs(fill, ::Type{T}, patch, count, positions) where {T}
    ndim, number = length(patch) - 1, positions_number(positions)
    patches1, patches2 = Array{T}(undef, patch..., count), Array{T}(undef, patch..., count)
    deltas, rotations = zeros(Float32, ndim, count), zeros(Int64, count)
    starts = ntuple(_ -> number == POSITIONS.none ? nothing : zeros(Int64, ndim + number - 1, count), 2)
    # C's columns run (n, z, y, x) from 0: counted backwards they are ours.
    backwards = map(start -> start === nothing ? nothing : view(start, size(start, 1):-1:1, :), starts)
    fill(BorrowedPairs(patches1, patches2, deltas, rotations, backwards...))
    foreach(start -> start === nothing || (start .+= 1), starts)
    (patches1 = patches1, patches2 = patches2, deltas = deltas, rotations = rotations, positions1 = starts[1],
     positions2 = starts[2])
end

"""
    extract_pairs(pairs, images; positions = :none, progress = nothing)

Extracts the patches of pairs from a batch of images or from [`ZarrImages`](@ref): a named tuple of
`patches1` and `patches2`, `(x, y, C, P)` or `(x, y, z, C, P)`, of which the second is displaced and
turned; `deltas`, columns `(dx, dy)` or `(dx, dy, dz)`; `rotations`; and, with `positions = :pixels` or
`:with_image`, `positions1` and `positions2`, columns like those of [`Pairs`](@ref), without the image or
with it. Progress counts patches.
"""
function extract_pairs(pairs::Pairs, images::Source; positions::Symbol = :none, progress = nothing)
    raw = description()
    check(LibQlty.qlty_pairs_extract_shape, pairs, from_c(images)..., raw)
    shape = shape_of(raw)
    filled_pairs(eltype(images), shape[1:end-1], shape[end], positions) do arrays
        check_long(progress, LibQlty.qlty_pairs_extract_into, pairs, from_c(images)..., arrays)
    end
end

"""
    write_pairs(pairs, images, path; positions = :none, chunk = nothing, codec = nothing, overwrite = false,
                progress = nothing)

Writes pairs that were measured, and their patches, to a Zarr store that [`PairDataset`](@ref) reads.
`chunk` is the shape of a chunk of the patch arrays, `(x, y, C, pairs)` or `(x, y, z, C, pairs)`, by
default of about 4 MiB; `codec` is `"none"`, `"gzip"`, `"zstd"`, `"blosc-lz4"` or `"blosc-zstd"`, with a
level as in `"zstd:9"`. The store appears when it is complete. Progress counts files.
"""
function write_pairs(pairs::Pairs{D}, images::Source, path::AbstractString; positions::Symbol = :none, chunk = nothing,
                     codec = nothing, overwrite::Bool = false, progress = nothing) where {D}
    chunk === nothing || length(chunk) == D + 2 || refuse("chunk: got $(length(chunk)) axes, expected $(D + 2)")
    initial = Ref{qlty_store_options}()
    check(LibQlty.qlty_store_options_init, initial, sizeof(qlty_store_options))
    sizes = chunk === nothing ? initial[].chunk : to_c(chunk, 5)
    name = codec === nothing ? nothing : Base.cconvert(Cstring, String(codec))
    GC.@preserve name begin
        text = name === nothing ? Ptr{UInt8}(C_NULL) : Ptr{UInt8}(Base.unsafe_convert(Cstring, name))
        options = Ref(qlty_store_options(initial[].struct_size, positions_number(positions), sizes, text, overwrite,
                                         0))
        check_long(progress, LibQlty.qlty_pairs_write, pairs, from_c(images)..., path, options)
    end
end
