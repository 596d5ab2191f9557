# Quilts and what is known of them.

"""
    Quilt(size, window, step; border = 0, border_weight = nothing, profile = :border, sigma = 0.125, alpha = 0.5)
    Quilt(function, size, window, step; ...)

A geometry with weights: how images are split into patches and stitched. `size` of an image, `window` and `step` are in pixels,
`(x, y)` or `(x, y, z)`; `border` is such a tuple or one number for all axes.

`profile` says how much the pixels of a window count: `:border` (1 inside the border and
`border_weight`, 0.1 unless given, on it), `:hann`, `:triangular`, `:gaussian` (with `sigma`, in
windows) or `:tukey` (with `alpha`, the tapered part).

A quilt frees itself; with a function, which gets the quilt, it is closed when the function returns.
"""
mutable struct Quilt{D}
    handle::Ptr{LibQlty.qlty_quilt}
    size::NTuple{D,Int}
    window::NTuple{D,Int}

    function Quilt(size::NTuple{D,Integer}, window::NTuple{D,Integer}, step::NTuple{D,Integer};
                   border = 0, border_weight = nothing, profile = :border, sigma = 0.125, alpha = 0.5) where {D}
        D in (2, 3) || refuse("size: got $D axes, expected 2 or 3")
        rim = border isa Integer ? ntuple(_ -> border, D) : border
        length(rim) == D || refuse("border: got $(length(rim)) axes, expected $D")
        kind, parameter = profile_numbers(profile, sigma, alpha)
        border_weight !== nothing && isnan(border_weight) && refuse("border weight: got NaN, expected 0 to 1")
        initial = Ref{qlty_quilt_options}()
        check(LibQlty.qlty_quilt_options_init, initial, sizeof(qlty_quilt_options))
        weight = border_weight === nothing ? initial[].border_weight : Float64(border_weight)
        options = Ref(qlty_quilt_options(initial[].struct_size, D, to_c(size, 3), to_c(window, 3), to_c(step, 3),
                                         to_c(rim, 3), weight, kind, 0, parameter))
        handle = Ref{Ptr{LibQlty.qlty_quilt}}(C_NULL)
        check(LibQlty.qlty_quilt_new, options, handle)
        finalizer(close, new{D}(handle[], size, window))
    end
end

Quilt(size, window, step; options...) =
    refuse("a quilt: got size $size, window $window and step $step, expected tuples of as many integers each")

Quilt(run::Function, arguments...; options...) = closing(run, Quilt(arguments...; options...))

function profile_numbers(profile, sigma, alpha)
    profile === :border && return LibQlty.QLTY_PROFILE_BORDER, 0.0
    profile === :hann && return LibQlty.QLTY_PROFILE_HANN, 0.0
    profile === :triangular && return LibQlty.QLTY_PROFILE_TRIANGULAR, 0.0
    profile === :gaussian && return LibQlty.QLTY_PROFILE_GAUSSIAN, Float64(sigma)
    profile === :tukey && return LibQlty.QLTY_PROFILE_TUKEY, Float64(alpha)
    refuse("profile: got $(repr(profile)), expected :border, :hann, :triangular, :gaussian or :tukey")
end

@handle Quilt quilt

Base.show(io::IO, quilt::Quilt) =
    print(io, "Quilt(", quilt.size, ", window ", quilt.window, isopen(quilt) ? ")" : ", closed)")

"""
    counts(quilt)

The number of windows along each axis, `(x, y)` or `(x, y, z)`.
"""
function counts(quilt::Quilt{D}) where {D}
    numbers = zeros(Int64, D)
    check(LibQlty.qlty_quilt_counts, quilt, numbers)
    to_julia(numbers, D)
end

"""
    patch_count(quilt, images = 1)

The number of patches of a batch of `images`.
"""
function patch_count(quilt::Quilt, images::Integer = 1)
    count = Ref{Int64}(0)
    check(LibQlty.qlty_quilt_patch_count, quilt, images, count)
    Int(count[])
end

"""
    positions(quilt, images = 1; image = false)

Where patches lie: a column per patch with the first pixel `(x, y)` or `(x, y, z)` of its window and,
with `image = true`, the image below them. All count from 1.
"""
function positions(quilt::Quilt{D}, images::Integer = 1; image::Bool = false) where {D}
    numbers = zeros(Int64, D + image, patch_count(quilt, images))
    # C's columns run (n, z, y, x): counted backwards they are ours.
    check(LibQlty.qlty_quilt_positions, quilt, 0, view(numbers, D+image:-1:1, :))
    numbers .+= 1
end

"""
    border_mask(quilt)

Which pixels of a window lie inside its border, `(x, y)` or `(x, y, z)`.
"""
function border_mask(quilt::Quilt)
    mask = zeros(Bool, quilt.window)
    check(LibQlty.qlty_quilt_border_mask, quilt, mask)
    mask
end

"""
    window_weight(quilt, Float32)

The weight of each pixel of a window, as `Float32` or `Float64`.
"""
function window_weight(quilt::Quilt, ::Type{T} = Float32) where {T}
    numbers = zeros(T, quilt.window)
    check(LibQlty.qlty_quilt_window_weight, quilt, numbers)
    numbers
end

"""
    weights(quilt, Float32)

The sum of the window weights that reach each pixel of an image, as `Float32` or `Float64`.
"""
function weights(quilt::Quilt, ::Type{T} = Float32) where {T}
    numbers = zeros(T, quilt.size)
    check(LibQlty.qlty_quilt_weights, quilt, numbers)
    numbers
end
