# Unstitching and stitching whole batches, and labels.

function patches_shape(quilt, batch, count)
    raw = description()
    check(LibQlty.qlty_quilt_unstitch_shape, quilt, batch, count, raw)
    shape_of(raw)
end

check_range(range) = first(range) >= 1 || refuse("patch indices: got $range, expected them to count from 1")

"""
    unstitch(quilt, batch; progress = nothing)
    unstitch(quilt, batch, range; progress = nothing)

All patches of a batch, or those of a range of patch indices, as `(x, y, C, P)` or `(x, y, z, C, P)`,
of the batch's element type. Progress counts patches.
"""
function unstitch(quilt::Quilt, batch::AbstractArray{T}; progress = nothing) where {T}
    unstitch!(Array{T}(undef, patches_shape(quilt, batch, -1)), quilt, batch; progress = progress)
end

function unstitch(quilt::Quilt, batch::AbstractArray{T}, range::AbstractUnitRange; progress = nothing) where {T}
    check_range(range)
    patches = Array{T}(undef, patches_shape(quilt, batch, length(range)))
    unstitch!(patches, quilt, batch; first = first(range), progress = progress)
end

"""
    unstitch_one(quilt, batch, index)

One patch, `(x, y, C)` or `(x, y, z, C)`.
"""
unstitch_one(quilt::Quilt, batch::AbstractArray, index::Integer) =
    dropdims(unstitch(quilt, batch, index:index); dims = ndims(batch))

"""
    unstitch!(patches, quilt, batch; first = 1, progress = nothing)

Copies as many patches as `patches` has room for, from index `first` on. Returns `patches`.
"""
function unstitch!(patches::AbstractArray, quilt::Quilt, batch::AbstractArray; first::Integer = 1, progress = nothing)
    check_long(progress, LibQlty.qlty_quilt_unstitch, quilt, batch, first - 1, patches)
    patches
end

"""
    positional(quilt, range, Float32; origin = :image, normalize = false)

Coordinates of the pixels of patches, `(x, y, 2, P)` or `(x, y, z, 3, P)`, of a floating-point type:
along y and x, or z, y and x, counted from 0 at the first pixel of the image or, with
`origin = :window`, of the window; where `normalize`, divided by the size of the image, or by the
last coordinate of a window.
"""
function positional(quilt::Quilt{D}, range::AbstractUnitRange, ::Type{T} = Float32; options...) where {D,T}
    check_range(range)
    positional!(zeros(T, quilt.window..., D, length(range)), quilt; first = first(range), options...)
end

"""
    positional!(channels, quilt; first = 1, origin = :image, normalize = false)

[`positional`](@ref) of as many patches as `channels` has room for. Returns `channels`.
"""
function positional!(channels::AbstractArray, quilt::Quilt; first::Integer = 1, origin = :image, normalize = false)
    origin in (:image, :window) || refuse("origin: got $(repr(origin)), expected :image or :window")
    from = origin === :image ? LibQlty.QLTY_ORIGIN_IMAGE : LibQlty.QLTY_ORIGIN_WINDOW
    check(LibQlty.qlty_quilt_positional, quilt, first - 1, from, normalize, channels)
    channels
end

"""
    unstitch_positional(quilt, batch, range; origin = :image, normalize = false)

The patches of a range with their [`positional`](@ref) coordinates behind the channels of the batch.
"""
function unstitch_positional(quilt::Quilt{D}, batch::AbstractArray{T}, range::AbstractUnitRange; options...) where {D,T}
    check_range(range)
    shape = patches_shape(quilt, batch, length(range))
    channels = shape[D+1]
    all = Array{T}(undef, shape[1:D]..., channels + D, shape[end])
    unstitch!(selectdim(all, D + 1, 1:channels), quilt, batch; first = first(range))
    positional!(selectdim(all, D + 1, channels+1:channels+D), quilt; first = first(range), options...)
    all
end

"""
    stitch(quilt, patches; progress = nothing)

Puts all patches of a batch back together, in the order of their index: a named tuple of `batch`,
`(X, Y, C, N)` or `(X, Y, Z, C, N)`, each pixel the weighted mean of the patches over it, and
`weights`, the sum of the window weights per pixel. Both are `Float32`, or `Float64` for patches of
that type and of integers of 32 and 64 bits. Progress counts rows.
"""
function stitch(quilt::Quilt, patches::AbstractArray{T}; progress = nothing) where {T}
    batch, sums = description(), description()
    check(LibQlty.qlty_quilt_stitch_shape, quilt, patches, batch, sums)
    S = sum_type(T)
    stitch!(Array{S}(undef, shape_of(batch)), Array{S}(undef, shape_of(sums)), quilt, patches; progress = progress)
end

"""
    stitch!(batch, weights, quilt, patches; progress = nothing)

[`stitch`](@ref) into arrays of the caller's; `weights` may be `nothing`.
"""
function stitch!(batch::AbstractArray, weights::Union{AbstractArray,Nothing}, quilt::Quilt, patches::AbstractArray;
                 progress = nothing)
    check_long(progress, LibQlty.qlty_quilt_stitch, quilt, patches, batch, weights)
    (batch = batch, weights = weights)
end

"""
    unstitch_adjoint(quilt, patches; progress = nothing)

The adjoint of [`unstitch`](@ref): each pixel is the sum of the patch pixels that were copied from it.
"""
function unstitch_adjoint(quilt::Quilt, patches::AbstractArray{T}; progress = nothing) where {T}
    raw = description()
    check(LibQlty.qlty_quilt_stitch_shape, quilt, patches, raw, nothing)
    unstitch_adjoint!(Array{sum_type(T)}(undef, shape_of(raw)), quilt, patches; progress = progress)
end

"[`unstitch_adjoint`](@ref) into an array of the caller's, which it returns."
function unstitch_adjoint!(batch::AbstractArray, quilt::Quilt, patches::AbstractArray; progress = nothing)
    check_long(progress, LibQlty.qlty_quilt_unstitch_adjoint, quilt, patches, batch)
    batch
end

"""
    stitch_adjoint(quilt, batch; progress = nothing)

The adjoint of [`stitch`](@ref), of `Float32` or `Float64`: each pixel of a patch is the pixel of the
batch that it was added to, times its share in it.
"""
function stitch_adjoint(quilt::Quilt, batch::AbstractArray{T}; progress = nothing) where {T}
    stitch_adjoint!(Array{T}(undef, patches_shape(quilt, batch, -1)), quilt, batch; progress = progress)
end

"[`stitch_adjoint`](@ref) into an array of the caller's, which it returns."
function stitch_adjoint!(patches::AbstractArray, quilt::Quilt, batch::AbstractArray; progress = nothing)
    check_long(progress, LibQlty.qlty_quilt_stitch_adjoint, quilt, batch, patches)
    patches
end

"A label for C: a place with a value of the labels' type, or none."
label(::Type{T}, value) where {T} = Ref(convert(T, value))
label(::Type, ::Nothing) = C_NULL

"""
    unstitch_labels(quilt, labels; missing_label = nothing, progress = nothing)

The patches of labels, `(X, Y, N)` or `(X, Y, C, N)`, or with a Z. Where `missing_label` is given,
labels on the border of a window are set to it, so that a model is not trained on pixels of which it
sees too little.
"""
function unstitch_labels(quilt::Quilt{D}, labels::AbstractArray{T,N}; options...) where {D,T,N}
    N > D || refuse("labels: got $N axes, expected $(D + 1) or $(D + 2)")
    patches = Array{T}(undef, quilt.window..., size(labels)[D+1:end-1]..., patch_count(quilt, size(labels, N)))
    unstitch_labels!(patches, quilt, labels; options...)
end

"[`unstitch_labels`](@ref) of as many patches as `patches` has room for, from index `first` on."
function unstitch_labels!(patches::AbstractArray, quilt::Quilt, labels::AbstractArray{T}; first::Integer = 1,
                          missing_label = nothing, progress = nothing) where {T}
    value = label(T, missing_label)
    check_long(progress, LibQlty.qlty_quilt_unstitch_labels, quilt, labels, value, first - 1, patches)
    patches
end

"""
    unstitch_pair(quilt, images, labels; missing_label = nothing)

The patches of images and of their labels, a model's input and its target: a named tuple of `images`
and `labels`.
"""
function unstitch_pair(quilt::Quilt, images::AbstractArray, labels::AbstractArray; missing_label = nothing)
    got, expected = size(labels)[end], size(images)[end]
    got == expected || refuse("labels: got $got images, expected $expected")
    (images = unstitch(quilt, images), labels = unstitch_labels(quilt, labels; missing_label = missing_label))
end

"""
    labelled(quilt, patches, missing_label)

Which label patches carry a label other than `missing_label` inside the border.
"""
function labelled(quilt::Quilt, patches::AbstractArray{T,N}, missing_label) where {T,N}
    found = zeros(Bool, size(patches, N))
    check(LibQlty.qlty_quilt_labelled, quilt, patches, label(T, missing_label), found)
    found
end

"""
    keep(patches, kept)

The patches for which `kept`, a vector of a `Bool` per patch, is true, in their order.
"""
function keep(patches::AbstractArray{T,N}, kept::AbstractVector{Bool}) where {T,N}
    mask = kept isa BitVector ? Array(kept) : kept
    out = Array{T}(undef, size(patches)[1:N-1]..., count(mask))
    check(LibQlty.qlty_patches_keep, patches, mask, out)
    out
end

"""
    weed_sparse(quilt, images, labels, missing_label)

Keeps the image and label patches that carry a label (see [`labelled`](@ref)): a named tuple of
`images`, `labels` and, for each patch given, whether it was `removed`.
"""
function weed_sparse(quilt::Quilt, images::AbstractArray, labels::AbstractArray, missing_label)
    kept = labelled(quilt, labels, missing_label)
    (images = keep(images, kept), labels = keep(labels, kept), removed = .!kept)
end
