# Stored pairs: reading, shuffling, batches that are read ahead.

"""
    PairDataset(path; cache = nothing)
    PairDataset(function, path; ...)

The pairs of a Zarr store, as [`write_pairs`](@ref) or the Python package wrote it, of which up to
`cache` bytes of decoded chunks are kept, 256 MiB unless given. `length(dataset)` is the number of
pairs, `eltype(dataset)` the type of the pixels, and `dataset[i]` one pair.

A dataset frees itself; with a function, which gets the dataset, it is closed when that returns.
"""
mutable struct PairDataset{T}
    handle::Ptr{LibQlty.qlty_dataset}
    patch::Tuple{Vararg{Int}} # (x, y, C) or (x, y, z, C)
    count::Int
    positions::Symbol

    function PairDataset(path::AbstractString; cache = nothing)
        handle = Ref{Ptr{LibQlty.qlty_dataset}}(C_NULL)
        check(LibQlty.qlty_dataset_open, path, something(cache, -1), handle)
        raw, positions = description(), Ref{Int32}(0)
        check(LibQlty.qlty_dataset_shape, handle[], raw, positions)
        shape = shape_of(raw)
        name = keys(POSITIONS)[positions[]+1]
        finalizer(close, new{eltype_of(raw[].dtype)}(handle[], shape[1:end-1], shape[end], name))
    end
end

PairDataset(run::Function, path; options...) = closing(run, PairDataset(path; options...))

@handle PairDataset dataset

Base.length(dataset::PairDataset) = dataset.count
Base.eltype(::PairDataset{T}) where {T} = T
Base.firstindex(::PairDataset) = 1
Base.lastindex(dataset::PairDataset) = dataset.count
Base.show(io::IO, dataset::PairDataset{T}) where {T} =
    print(io, "PairDataset(", dataset.count, " pairs of ", T, " ", dataset.patch, isopen(dataset) ? ")" : ", closed)")

"""
    metadata(dataset)

The [`Pairs`](@ref) that were stored, with the statistics of their patches.
"""
function metadata(dataset::PairDataset)
    handle = pairs_slot()
    check(LibQlty.qlty_dataset_metadata, dataset, handle)
    own_pairs(handle)
end

"""
    read_pairs(dataset, indices)

The pairs of these indices, in their order, as [`extract_pairs`](@ref) gives them, with the positions
that are stored.
"""
function read_pairs(dataset::PairDataset{T}, indices) where {T}
    wanted = from_zero(indices)
    filled_pairs(T, dataset.patch, length(wanted), dataset.positions) do arrays
        check(LibQlty.qlty_dataset_read_into, dataset, wanted, arrays)
    end
end

function Base.getindex(dataset::PairDataset, index::Integer)
    pair = read_pairs(dataset, index:index)
    only_one(values) = values === nothing ? nothing : dropdims(values; dims = ndims(values))
    (patch1 = only_one(pair.patches1), patch2 = only_one(pair.patches2), delta = only_one(pair.deltas),
     rotation = pair.rotations[1], position1 = only_one(pair.positions1), position2 = only_one(pair.positions2))
end

"""
    epoch(dataset, seed, number)

All indices in the random order of an epoch, whose number is 0 or more: each epoch of a seed has its own.
"""
function epoch(dataset::PairDataset, seed::Integer, number::Integer)
    indices = zeros(Int64, length(dataset))
    check(LibQlty.qlty_dataset_epoch, dataset, seed, number, indices)
    indices .+= 1
end

"""
    Batches

What [`batches`](@ref) gives: iterate it once, from one task at a time. It frees itself; close it to
stop reading ahead at once.
"""
mutable struct Batches{T}
    handle::Ptr{LibQlty.qlty_batches}
    patch::Tuple{Vararg{Int}}
    positions::Symbol
end

@handle Batches batches

"""
    batches(dataset, order, size; ahead = 2)
    batches(function, dataset, order, size; ahead = 2)

The pairs of the indices in `order`, such as an [`epoch`](@ref), in [`Batches`](@ref) of `size`, the last
of which may be smaller; each is what [`read_pairs`](@ref) gives. Up to `ahead` of them are read before
they are asked for. The dataset may be closed before. A batch that cannot be read throws, and the
next iteration continues after it.

```julia
for batch in batches(dataset, epoch(dataset, 0, 3), 32)
    train!(model, batch.patches1, batch.patches2, batch.deltas, batch.rotations)
end
```
"""
function batches(dataset::PairDataset{T}, order, size::Integer; ahead::Integer = 2) where {T}
    handle = Ref{Ptr{LibQlty.qlty_batches}}(C_NULL)
    check(LibQlty.qlty_batches_new, dataset, from_zero(order), size, ahead, handle)
    finalizer(close, Batches{T}(handle[], dataset.patch, dataset.positions))
end

batches(run::Function, arguments...; options...) = closing(run, batches(arguments...; options...))

Base.IteratorSize(::Type{<:Batches}) = Base.SizeUnknown()
Base.IteratorEltype(::Type{<:Batches}) = Base.EltypeUnknown()

function Base.iterate(batches::Batches{T}, state = nothing) where {T}
    count = Ref{Int64}(0)
    check(LibQlty.qlty_batches_next_count, batches, count)
    count[] == 0 && return nothing
    batch = filled_pairs(T, batches.patch, Int(count[]), batches.positions) do arrays
        check(LibQlty.qlty_batches_next_into, batches, arrays)
    end
    batch, nothing
end
