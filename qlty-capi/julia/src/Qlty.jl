"""
    Qlty

Split images and volumes into overlapping patches and stitch them back together, with the native library
of that name. Works on Julia 1.5 and later. [`Qlty.library_path`](@ref) says where that library is looked for,
[`Qlty.set_library!`](@ref) where it is.

```julia
using Qlty # After `] dev qlty-capi/julia`, or `push!(LOAD_PATH, "qlty-capi/julia")`.

batch = rand(Float32, 512, 512, 3, 8)                     # (X, Y, C, N)
result = Quilt((512, 512), (64, 64), (32, 32); border = 8) do quilt
    patches = unstitch(quilt, batch)                      # (x, y, C, P)
    stitch(quilt, model(patches)).batch
end
```

[`LargeQuilt`](@ref) stitches onto disk what does not fit in memory, and resumes where a killed process stopped.
[`draw_pairs`](@ref) begins with patch pairs for self-supervised training, whose second patch is
displaced and perhaps turned; [`Overlap`](@ref) tells which of their pixels show the same place.

# The order of axes, for everything here

- Arrays have the axes of Julia, the reverse of those of C, over the same memory: a batch is
  `(X, Y, C, N)` or `(X, Y, Z, C, N)`, patches are `(x, y, C, P)` or `(x, y, z, C, P)`.
- Sizes, windows, steps, borders, [`counts`](@ref) and [`positions`](@ref) follow that order:
  `(x, y)` or `(x, y, z)`.
- Indices of patches, images and pixels count from 1, with x the fastest, then y, z and the image.
- Channels stay where they are, those of [`positional`](@ref) coordinates too: along y and x, or z,
  y and x, counted from 0, as a model has them that was trained in another language.
- Rotations are quarter turns, counter-clockwise where y points down: once `rotr90` of each plane.

# Memory and threads

Arrays are borrowed for the call and never copied: any array with `strides` and a `pointer` will do,
also a view, whose strides may be negative. Functions with `!` write into arrays of the caller's,
which come first.

What is only read, such as a [`Quilt`](@ref), may be used by any number of tasks and threads at once, a
[`Stitcher`](@ref) or [`Batches`](@ref) by one at a time. Calls work on threads of the library's own, [`set_threads`](@ref), which run no Julia
code. While a call is at work, its Julia thread does not reach a safepoint, so another thread that
wants to collect garbage waits for it.

Long calls take `progress`, a function of the units done and their total, which is called on the
thread that made the call. Where it returns `false`, the call is cancelled; where it throws, the call
is cancelled and throws that.
"""
module Qlty

export Quilt, Stitcher, QltyError, BF16, stitcher, counts, patch_count, positions, border_mask, window_weight,
    weights, unstitch, unstitch!, unstitch_one, positional, positional!, unstitch_positional, stitch, stitch!,
    unstitch_adjoint, unstitch_adjoint!, stitch_adjoint, stitch_adjoint!, unstitch_labels, unstitch_labels!,
    unstitch_pair, labelled, keep, weed_sparse, push_at!, missing_count, missing_patches, finish!,
    finish_incomplete!, set_threads, threads, ZarrImages, Pairs, Overlap, PairDataset, Batches, draw_pairs, measure,
    column, deltas, sample_stratified, extract_pairs, extract_overlap, extract_overlap!, overlap_adjoint, overlap_adjoint!,
    correspondence, write_pairs, metadata, read_pairs, epoch, batches, LargeQuilt, StitchedArray, progress, pending,
    next_indices, rewind, unstitch_next, skip!, checkpoint, verify, damaged, verify_store

export Stack, ZarrPyramid, find_stacks, stack_name, stack_files, voxel_size, missing_slices, channel_names, read_planes,
    write_pyramid, write_laplacian, plan_pyramid, plan_laplacian, write_pyramids, write_laplacians,
    reconstruct_laplacian, is_laplacian, level_place, image_axes, read_level, read_level!

include("libqlty.jl")
using .LibQlty
import .LibQlty: qlty_array, qlty_quilt_options, qlty_large_options, qlty_pair_options, qlty_store_options,
    qlty_pair_arrays

include("finding.jl")
include("calls.jl")
include("quilt.jl")
include("stitching.jl")
include("stitcher.jl")
include("images.jl")
include("large.jl")
include("pairs.jl")
include("overlap.jl")
include("dataset.jl")
include("damages.jl")
include("stack.jl")
include("pyramid.jl")
include("image.jl")

end
