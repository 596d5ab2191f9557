# Blurs a picture patch by patch, as a model would be run on an image that does not fit in memory, and
# stitches mean and standard deviation onto disk. It may be killed at any moment; started again,
# it resumes where it stopped. The "model" gives for each pixel the mean of its neighbours and, for a variance,
# the squared distance from it; the result is checked against doing that to the whole picture.
#
# From the root of the repository, the first time killed after five batches of patches:
#
#   cargo build --release -p qlty-capi
#   julia qlty-capi/examples/julia/blur_large.jl samples/cell.pgm target/cell target/blurred.pgm 5
#   julia qlty-capi/examples/julia/blur_large.jl samples/cell.pgm target/cell target/blurred.pgm

push!(LOAD_PATH, joinpath(@__DIR__, "..", "..", "julia"))
using Qlty

include("pgm.jl")

const WINDOW, STEP, BORDER, BATCH = 64, 40, 8, 8

"The mean of each pixel and its neighbours, and its squared distance from that."
function model(images)
    mean, variance = similar(images), similar(images)
    width, height = size(images)
    for n in axes(images, 4), c in axes(images, 3), y in 1:height, x in 1:width
        sum = count = 0.0f0
        for v in max(y - 1, 1):min(y + 1, height), u in max(x - 1, 1):min(x + 1, width)
            sum += images[u, v, c, n]
            count += 1
        end
        mean[x, y, c, n] = sum / count
        variance[x, y, c, n] = (images[x, y, c, n] - sum / count)^2
    end
    mean, variance
end

"Ends the program as if it were killed: nothing is closed."
die() = ccall(:_exit, Cvoid, (Cint,), 3)

function main(from, result, to, last_batch = 0)
    picture = read_pgm(from)
    width, height = size(picture)
    quilt = Quilt((width, height), (WINDOW, WINDOW), (STEP, STEP); border = BORDER, border_weight = 0)
    # Small tiles for a small picture.
    options = (mode = :create_or_open, std = :within, tile_shape = (64, 64))
    before, mean, deviation = LargeQuilt(quilt, result, 1; options...) do large
        before, batches = progress(large), 0
        while (next = unstitch_next(large, picture, BATCH)) !== nothing
            stitch!(large, next.indices, model(next.patches)...)
            batches += 1
            batches % 4 == 0 && checkpoint(large)
            if batches == last_batch
                println("killed after $batches batches")
                flush(stdout)
                die()
            end
        end
        stitched = finish!(large)
        before, read(stitched.mean), read(stitched.std)
    end

    # On the rim of the picture there is nothing but borders.
    inside = (BORDER+1:width-BORDER, BORDER+1:height-BORDER, :, :)
    expected_mean, expected_variance = model(picture)
    worst = max(maximum(abs.(mean[inside...] .- expected_mean[inside...])),
                maximum(abs.(deviation[inside...] .- sqrt.(expected_variance[inside...]))))
    write_pgm(to, mean)
    println("$(before.patches) patches, $(before.patches_done) of them by an earlier run, stitched into ",
            "$(result)_mean.zarr and $(result)_std.zarr, at most $worst off")
    worst < 1e-2 ? 0 : 1
end

length(ARGS) in (3, 4) || error("usage: blur_large.jl FROM.pgm RESULT TO.pgm [BATCHES]")
exit(main(ARGS[1:3]..., parse.(Int, ARGS[4:end])...))
