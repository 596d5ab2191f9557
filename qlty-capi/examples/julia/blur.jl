# Splits a picture into overlapping patches, blurs them batch by batch, as a model would be run on them,
# and stitches them together. A blur does not know what lies beyond the rim of a patch; the border, of
# weight 0, keeps that out of the result, which is checked against blurring the picture at once.
#
# From the root of the repository:
#
#   cargo build --release -p qlty-capi
#   julia qlty-capi/examples/julia/blur.jl samples/cell.pgm target/blurred.pgm

push!(LOAD_PATH, joinpath(@__DIR__, "..", "..", "julia"))
using Qlty

include("pgm.jl")

const WINDOW, STEP, BORDER, BATCH = 64, 40, 8, 32

"The mean of each pixel and its neighbours, as far as there are any."
function blur(images)
    out = similar(images)
    width, height = size(images)
    for n in axes(images, 4), c in axes(images, 3), y in 1:height, x in 1:width
        sum = count = 0.0f0
        for v in max(y - 1, 1):min(y + 1, height), u in max(x - 1, 1):min(x + 1, width)
            sum += images[u, v, c, n]
            count += 1
        end
        out[x, y, c, n] = sum / count
    end
    out
end

function main(from, to)
    picture = read_pgm(from)
    width, height = size(picture)
    options = (border = BORDER, border_weight = 0)
    count, stitched = Quilt((width, height), (WINDOW, WINDOW), (STEP, STEP); options...) do quilt
        count = patch_count(quilt)
        count, stitcher(quilt, Float32, 1, 1) do stitcher
            for first in 1:BATCH:count
                patches = unstitch(quilt, picture, first:min(first + BATCH - 1, count))
                push!(stitcher, first, blur(patches))
            end
            finish!(stitcher).batch
        end
    end

    # On the rim of the picture there is nothing but borders.
    inside = (BORDER+1:width-BORDER, BORDER+1:height-BORDER, :, :)
    worst = maximum(abs.(stitched[inside...] .- blur(picture)[inside...]))
    write_pgm(to, stitched)
    println("$count patches of $WINDOW x $WINDOW pixels, blurred and stitched into $to, at most $worst off")
    worst < 1e-3 ? 0 : 1
end

length(ARGS) == 2 || error("usage: blur.jl FROM.pgm TO.pgm")
exit(main(ARGS...))
