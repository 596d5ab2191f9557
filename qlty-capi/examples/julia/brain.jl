# Writes the stacks of slices in a folder as OME-Zarr with coarser levels, and reads a region of a level
# back: the middle half, along x and y, of the middle plane of level 1 (2 in the counting of Julia), which
# becomes a picture. What was read is checked against the means of blocks of 2 x 2 pixels of the slices.
#
# From the root of the repository:
#
#   cargo build --release -p qlty-capi
#   julia qlty-capi/examples/julia/brain.jl samples/brain target/stores target/brain.pgm

push!(LOAD_PATH, joinpath(@__DIR__, "..", "..", "julia"))
using Qlty

include("pgm.jl")

const SLICES = ("tif", raw"image_(\d+)\.tif$")

"What is or will be in the stores; shapes in the order of C, as in the store."
function print_pyramids(pyramids)
    for (name, pyramid) in pyramids
        println(name, ": ", pyramid.path, ", ", pyramid.axes, ", ", pyramid.bytes, " bytes before compression")
        for (number, level) in enumerate(pyramid.levels)
            println("  level ", number - 1, ": ", join(reverse(level.size), " x "))
        end
    end
end

"The mean of the block of 2 x 2 pixels that a pixel of level 1 was made of, fewer at the edges."
function block_mean(plane, x, y)
    block = plane[2x-1:min(2x, end), 2y-1:min(2y, end)]
    sum(Float32, block) / length(block)
end

function main(slices, stores, to)
    options = (levels = 3, overwrite = true)
    # What would be written, and then that.
    print_pyramids(write_pyramids(slices, SLICES..., stores; plan = true, options...))
    written = write_pyramids(slices, SLICES..., stores; options...)

    # A region of level 1 of the first of them.
    name, stack = first(find_stacks(slices, SLICES...))
    middle(size) = size÷4+1:size÷4+size÷2
    (xs, ys, z), region = ZarrPyramid(written[name].path) do image
        width, height, depth = size(image, 2)
        xs, ys, z = middle(width), middle(height), depth ÷ 2 + 1
        (xs, ys, z), read_level(image, 2, xs, ys, z:z)
    end
    write_pgm(to, region)

    # The same of the slice itself.
    plane = read_planes(stack, z:z)[:, :, 1, 1]
    worst = maximum(abs(region[i, j, 1] - block_mean(plane, x, y)) for (i, x) in enumerate(xs), (j, y) in enumerate(ys))
    println(length(ys), " x ", length(xs), " pixels of level 1 read back, at most ", worst, " off")
    worst <= 0.5 ? 0 : 1 # Means are rounded to whole numbers.
end

length(ARGS) == 3 || error("usage: brain.jl SLICES STORES TO.pgm")
exit(main(ARGS...))
