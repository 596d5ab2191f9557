# Images on disk, in levels.

"""
    ZarrPyramid(path; interpolation = nothing)
    ZarrPyramid(function, path; ...)

An image on disk, in levels from fine to coarse: OME-Zarr, a Zarr array, or a Laplacian store, whose levels
are reconstructed as they are read; `interpolation` is for such stores that do not say it. `length` is the
number of levels, `size(image, level)` and `eltype` tell what one is, [`level_place`](@ref) and
[`image_axes`](@ref) where it lies, and [`read_level`](@ref) reads it. Levels count from 1. It frees itself.
"""
mutable struct ZarrPyramid{T}
    handle::Ptr{LibQlty.qlty_image}
    count::Int
    ndim::Int

    function ZarrPyramid(path::AbstractString; interpolation = nothing)
        handle, kept = Ref{Ptr{LibQlty.qlty_image}}(C_NULL), Any[]
        GC.@preserve kept check(LibQlty.qlty_image_open, path, text!(kept, interpolation), handle)
        count, raw = Ref{Int64}(0), description()
        check(LibQlty.qlty_image_levels, handle[], count, C_NULL)
        check(LibQlty.qlty_image_level, handle[], 0, raw, C_NULL, C_NULL)
        finalizer(close, new{eltype_of(raw[].dtype)}(handle[], count[], raw[].ndim))
    end
end

ZarrPyramid(run::Function, path; options...) = closing(run, ZarrPyramid(path; options...))

@handle ZarrPyramid image

Base.length(image::ZarrPyramid) = image.count
Base.eltype(::ZarrPyramid{T}) where {T} = T
function Base.size(image::ZarrPyramid, level::Integer = 1)
    raw = description()
    check(LibQlty.qlty_image_level, image, level - 1, raw, C_NULL, C_NULL)
    shape_of(raw)
end
Base.show(io::IO, image::ZarrPyramid{T}) where {T} =
    print(io, "ZarrPyramid(", image.count, " levels of ", T, isopen(image) ? ")" : ", closed)")

"""
    is_laplacian(image)

Whether the levels of a [`ZarrPyramid`](@ref) are reconstructed from differences.
"""
function is_laplacian(image::ZarrPyramid)
    laplacian = Ref{Int32}(0)
    check(LibQlty.qlty_image_levels, image, C_NULL, laplacian)
    laplacian[] != 0
end

"""
    level_place(image, level)

A named tuple of the `scale` of a level, the distance of neighbouring pixels along each axis, and its
`translation`, where the centre of the first pixel lies; NaN where the store does not say.
"""
function level_place(image::ZarrPyramid, level::Integer)
    scale, translation = zeros(LibQlty.QLTY_MAX_NDIM), zeros(LibQlty.QLTY_MAX_NDIM)
    check(LibQlty.qlty_image_level, image, level - 1, description(), scale, translation)
    backwards = image.ndim:-1:1
    (scale = Tuple(scale[backwards]), translation = Tuple(translation[backwards]))
end

"""
    image_axes(image)

The axes of a [`ZarrPyramid`](@ref) in the order of Julia: pairs of name and unit, such as
`"x" => "micrometer"`; `nothing` where the store says no unit.
"""
function image_axes(image::ZarrPyramid)
    name, unit = Ref{Ptr{UInt8}}(C_NULL), Ref{Ptr{UInt8}}(C_NULL)
    GC.@preserve image map(image.ndim-1:-1:0) do axis
        check(LibQlty.qlty_image_axis, image, axis, name, unit)
        text_of(name) => text_of(unit)
    end
end

function channel_names(image::ZarrPyramid)
    axis = findfirst(axis -> first(axis) == "c", image_axes(image))
    channel_names(LibQlty.qlty_image_channel, image, axis === nothing ? 1 : size(image)[axis])
end

"""
    read_level(image, level = 1, ranges...; progress = nothing)

The part of a level that lies within these ranges, one for each axis; without any, all of it.
"""
function read_level(image::ZarrPyramid{T}, level::Integer = 1, ranges::AbstractUnitRange...; progress = nothing) where {T}
    within = isempty(ranges) ? map(Base.OneTo, size(image, level)) : ranges
    length(within) == image.ndim || refuse("ranges: got $(length(within)), expected $(image.ndim)")
    out = Array{T}(undef, map(length, within)...)
    read_level!(out, image, level, map(first, within); progress = progress)
end

"""
    read_level!(out, image, level, first; progress = nothing)

Reads the part of a level that begins at the pixel `first`, counted from 1, into an array of the caller's.
"""
function read_level!(out, image::ZarrPyramid, level::Integer, first = ntuple(_ -> 1, image.ndim); progress = nothing)
    length(first) == image.ndim || refuse("first: got $(length(first)) numbers, expected $(image.ndim)")
    check_long(progress, LibQlty.qlty_image_read, image, level - 1, Int64[number - 1 for number in reverse(Tuple(first))], out)
    out
end
