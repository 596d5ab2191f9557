# Stitching patch by patch, as a model gives them.

"""
    Stitcher(quilt, T, images, channels)
    stitcher(function, quilt, T, images, channels)

Takes the patches of a batch, of element type `T`, as they come and stitches them together. One task
at a time may use it; the quilt may be closed before it.

A stitcher frees itself, but Julia does not know how much memory it holds: close it, or use the form
with a function, which gets the stitcher and closes it at its end.
"""
mutable struct Stitcher{T,D}
    handle::Ptr{LibQlty.qlty_stitcher}
    size::NTuple{D,Int}
    channels::Int
    images::Int

    function Stitcher(quilt::Quilt{D}, ::Type{T}, images::Integer, channels::Integer) where {D,T}
        handle = Ref{Ptr{LibQlty.qlty_stitcher}}(C_NULL)
        check(LibQlty.qlty_stitcher_new, quilt, dtype(T), images, channels, handle)
        finalizer(close, new{T,D}(handle[], quilt.size, channels, images))
    end
end

@doc (@doc Stitcher)
stitcher(run::Function, arguments...) = closing(run, Stitcher(arguments...))

@handle Stitcher stitcher

Base.show(io::IO, stitcher::Stitcher{T}) where {T} =
    print(io, "Stitcher(", T, ", ", stitcher.size, isopen(stitcher) ? ")" : ", closed)")

"""
    push!(stitcher, first, patches)

Adds the patches of indices `first`, `first + 1`, ...; where it throws, none is added.
"""
function Base.push!(stitcher::Stitcher, first::Integer, patches::AbstractArray)
    check(LibQlty.qlty_stitcher_push, stitcher, first - 1, patches)
    stitcher
end

"""
    push_at!(stitcher, indices, patches)

Adds patches in any order: the one in place `i` has the patch index `indices[i]`.
"""
function push_at!(stitcher::Stitcher, indices::AbstractVector{<:Integer}, patches::AbstractArray)
    check(LibQlty.qlty_stitcher_push_at, stitcher, Int64[index - 1 for index in indices], patches)
    stitcher
end

"""
    missing_count(stitcher)

The number of patches that have not arrived.
"""
function missing_count(stitcher::Stitcher)
    count = Ref{Int64}(0)
    check(LibQlty.qlty_stitcher_missing_count, stitcher, count)
    Int(count[])
end

"""
    missing_patches(stitcher)

The indices of the patches that have not arrived, ascending.
"""
function missing_patches(stitcher::Stitcher)
    indices = zeros(Int64, missing_count(stitcher))
    check(LibQlty.qlty_stitcher_missing, stitcher, indices)
    indices .+= 1
end

results(stitcher::Stitcher{T}, images...) where {T} =
    zeros(sum_type(T), stitcher.size..., stitcher.channels, stitcher.images),
    zeros(sum_type(T), stitcher.size..., images...)

"""
    finish!(stitcher)
    finish!(batch, weights, stitcher)

What [`stitch`](@ref) gives, into new arrays or those of the caller, where `weights` may be `nothing`.
The stitcher is empty then and can be used again. Throws while patches are missing.
"""
finish!(stitcher::Stitcher) = finish!(results(stitcher)..., stitcher)

function finish!(batch::AbstractArray, weights::Union{AbstractArray,Nothing}, stitcher::Stitcher)
    check(LibQlty.qlty_stitcher_finish, stitcher, batch, weights)
    (batch = batch, weights = weights)
end

"""
    finish_incomplete!(stitcher, fill = NaN)

What can be had while patches are missing: pixels that none has reached are `fill`, and `weights`,
with the images as its last axis, are those that arrived. The stitcher is empty then and can be used again.
"""
function finish_incomplete!(stitcher::Stitcher, fill::Real = NaN)
    batch, weights = results(stitcher, stitcher.images)
    check(LibQlty.qlty_stitcher_finish_incomplete, stitcher, fill, batch, weights)
    (batch = batch, weights = weights)
end
