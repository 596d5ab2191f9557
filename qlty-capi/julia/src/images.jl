# Where images come from: arrays of the host's, or a Zarr array on disk.

"""
    ZarrImages(path; cache = nothing)
    ZarrImages(function, path; ...)

The images of a Zarr array on disk, `(X, Y, C, N)` or `(X, Y, Z, C, N)` in the order of Julia, of which
up to `cache` bytes of decoded chunks are kept, 256 MiB unless given. What takes a batch of images to
make pairs of, or to stitch onto disk, takes these too; `size` and `eltype` tell what they are.
"""
mutable struct ZarrImages
    handle::Ptr{LibQlty.qlty_images}

    function ZarrImages(path::AbstractString; cache = nothing)
        handle = Ref{Ptr{LibQlty.qlty_images}}(C_NULL)
        check(LibQlty.qlty_images_open, path, something(cache, -1), handle)
        finalizer(close, new(handle[]))
    end
end

ZarrImages(run::Function, path; options...) = closing(run, ZarrImages(path; options...))

@handle ZarrImages images

function described(images::ZarrImages)
    raw = description()
    check(LibQlty.qlty_images_shape, images, raw)
    raw
end

Base.size(images::ZarrImages) = shape_of(described(images))
Base.eltype(images::ZarrImages) = eltype_of(described(images)[].dtype)

const Source = Union{AbstractArray,ZarrImages}

# C takes an array or images on disk, and NULL for the other.
from_c(batch::AbstractArray) = (batch, nothing)
from_c(images::ZarrImages) = (nothing, images)
Base.cconvert(::Type{Ptr{LibQlty.qlty_images}}, ::Nothing) = Ptr{LibQlty.qlty_images}(C_NULL)

"Indices for C, which counts from 0."
from_zero(indices) = Int64[index - 1 for index in indices]
