# The pixels that both patches of a pair show.

"""
    Overlap(window, deltas; rotations = nothing)
    Overlap(function, window, deltas; ...)

Which pixels of the first patches and of the second show the same place. `window` is the size of a
patch, `(x, y)` or `(x, y, z)`, which may be smaller than that of the extracted patches, as after a
convolution that takes as much off all sides; `deltas` has columns `(dx, dy)` or `(dx, dy, dz)` of
`Float32`, and `rotations` are the quarter turns of the second patches. `length(overlap)` is the
number of overlapping pixels.

It frees itself; with a function, which gets it, it is closed when that returns.
"""
mutable struct Overlap{D}
    handle::Ptr{LibQlty.qlty_overlap}
    window::NTuple{D,Int}
    pairs::Int
    count::Int

    function Overlap(window::NTuple{D,Integer}, deltas::AbstractMatrix{Float32}; rotations = nothing) where {D}
        size(deltas, 1) == D || refuse("deltas: got $(size(deltas, 1)) rows, expected $D")
        turns = rotations === nothing ? nothing : collect(Int64, rotations)
        handle, count = Ref{Ptr{LibQlty.qlty_overlap}}(C_NULL), Ref{Int64}(0)
        check(LibQlty.qlty_overlap_new, collect(Int64, reverse(window)), deltas, turns, handle)
        made = finalizer(close, new{D}(handle[], window, size(deltas, 2), 0))
        check(LibQlty.qlty_overlap_count, made, count)
        made.count = count[]
        made
    end
end

Overlap(run::Function, arguments...; options...) = closing(run, Overlap(arguments...; options...))

@handle Overlap overlap

Base.length(overlap::Overlap) = overlap.count
Base.show(io::IO, overlap::Overlap) =
    print(io, "Overlap(", overlap.count, " pixels of ", overlap.pairs, " pairs", isopen(overlap) ? ")" : ", closed)")

"""
    extract_overlap(overlap, patches1, patches2; progress = nothing)

The overlapping pixels of patches `(x, y, C, P)` or `(x, y, z, C, P)`: a named tuple of `pixels1` and
`pixels2`, `(C, K)`, of which column k of both shows one place. They come in the order of the pairs, and
within a pair row by row in the first patch. Progress counts rows.
"""
function extract_overlap(overlap::Overlap{D}, patches1::AbstractArray{T}, patches2::AbstractArray; progress = nothing) where {D,T}
    pixels1, pixels2 = (Array{T}(undef, size(patches1, D + 1), length(overlap)) for _ in 1:2)
    extract_overlap!(pixels1, pixels2, overlap, patches1, patches2; progress = progress)
end

"[`extract_overlap`](@ref) into arrays of the caller's."
function extract_overlap!(pixels1::AbstractArray, pixels2::AbstractArray, overlap::Overlap, patches1::AbstractArray,
                          patches2::AbstractArray; progress = nothing)
    check_long(progress, LibQlty.qlty_overlap_extract, overlap, patches1, patches2, pixels1, pixels2)
    (pixels1 = pixels1, pixels2 = pixels2)
end

"""
    overlap_adjoint(overlap, pixels1, pixels2; progress = nothing)

The adjoint of [`extract_overlap`](@ref), with which a gradient goes back: a named tuple of `patches1`
and `patches2` with the pixels `(C, K)` where they were gathered from, and zero elsewhere. Progress
counts patches.
"""
function overlap_adjoint(overlap::Overlap, pixels1::AbstractArray{T}, pixels2::AbstractArray; progress = nothing) where {T}
    patches1, patches2 = (Array{T}(undef, overlap.window..., size(pixels1, 1), overlap.pairs) for _ in 1:2)
    overlap_adjoint!(patches1, patches2, overlap, pixels1, pixels2; progress = progress)
end

"[`overlap_adjoint`](@ref) into arrays of the caller's."
function overlap_adjoint!(patches1::AbstractArray, patches2::AbstractArray, overlap::Overlap, pixels1::AbstractArray,
                          pixels2::AbstractArray; progress = nothing)
    check_long(progress, LibQlty.qlty_overlap_adjoint, overlap, pixels1, pixels2, patches1, patches2)
    (patches1 = patches1, patches2 = patches2)
end

"""
    correspondence(overlap; progress = nothing)

Where overlapping pixels lie, for programs that gather by themselves: a named tuple of `pairs`, the pair
of each pixel, and `pixels1` and `pixels2`, columns `(x, y)` or `(x, y, z)` of where it lies in the arrays
of the first and of the second patches. All count from 1.
"""
function correspondence(overlap::Overlap{D}; progress = nothing) where {D}
    rows = zeros(Int64, 2D + 1, length(overlap))
    check_long(progress, LibQlty.qlty_overlap_correspondence, overlap, rows)
    rows .+= 1
    # C has the pair, and then both pixels slowest axis first.
    (pairs = rows[1, :], pixels1 = rows[D+1:-1:2, :], pixels2 = rows[2D+1:-1:D+2, :])
end
