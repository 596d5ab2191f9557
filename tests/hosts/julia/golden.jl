# Every golden case of the in-memory quilt. usage: golden.jl FOLDER CASES
using Test
push!(LOAD_PATH, joinpath(@__DIR__, "..", "..", "..", "qlty-capi", "julia"))
using Qlty

include("npy.jl")

struct Case
    name::String
    sizes::Vector{Any} # size, window, step, border, times: in the order of Julia
    border_weight::Float64
    missing_label::Float32
end

function Case(line)
    words = split(line)
    ndim = parse(Int, words[2])
    sizes = [Tuple(reverse(parse.(Int, words[2+ndim*i+1:2+ndim*(i+1)]))) for i in 0:4]
    Case(words[1], sizes, parse(Float64, words[end-1]), parse(Float32, words[end]))
end

function check_quilt(case, quilt, ndim)
    image, patches, processed = read_npy(case, "image"), read_npy(case, "patches"), read_npy(case, "processed")
    images, channels, count = size(image, ndim + 2), size(image, ndim + 1), size(patches, ndim + 2)
    @test patch_count(quilt, images) == count
    @test unstitch(quilt, image) == patches
    half = count ÷ 2 + 1
    @test unstitch(quilt, image, half:count) == selectdim(patches, ndim + 2, half:count)
    @test unstitch_one(quilt, image, half) == selectdim(patches, ndim + 2, half)

    result = stitch(quilt, processed)
    expected = read_npy(case, "weights")
    @test close_to(result.batch, read_npy(case, "stitched"), 1e-5)
    @test close_to(result.weights, expected, 1e-5) && close_to(weights(quilt), expected, 1e-5)
    again = stitcher(quilt, Float32, images, size(processed, ndim + 1)) do stitcher
        for first in 1:4:count
            push!(stitcher, first, selectdim(processed, ndim + 2, first:min(first + 3, count)))
        end
        finish!(stitcher)
    end
    @test again.batch == result.batch

    @test border_mask(quilt) == (read_npy(case, "border_mask") .== 1)
    @test close_to(window_weight(quilt), read_npy(case, "window_weight"), 1e-7)

    ndim == 3 && return # qlty gives positions and positional channels in 2-D.
    golden = read_npy(case, "positions") # Rows n, y, x, counted from 0.
    @test positions(quilt, images; image = true) == golden[end:-1:1, :] .+ 1
    @test positions(quilt, images) == golden[end:-1:2, :] .+ 1
    relative = read_npy(case, "positional_relative")
    both = unstitch_positional(quilt, image, 1:count; origin = :window, normalize = true)
    @test both[:, :, 1:channels, :] == patches && close_to(both[:, :, channels+1:end, :], relative, 1e-6)
    @test positional(quilt, 1:count; origin = :window, normalize = true) == both[:, :, channels+1:end, :]
end

function check_sparse(case, quilt, ndim, missing_label)
    # qlty 1.5.0 marks no border in 3-D, though its filter leaves it out.
    marked = ndim == 2 ? missing_label : nothing
    pair = unstitch_pair(quilt, read_npy(case, "image"), read_npy(case, "labels"); missing_label = marked)
    @test pair.images == read_npy(case, "image_patches") && pair.labels == read_npy(case, "label_patches")
    kept = weed_sparse(quilt, pair.images, pair.labels, missing_label)
    @test kept.images == read_npy(case, "kept_images") && kept.labels == read_npy(case, "kept_labels")
    @test kept.removed == read_npy(case, "removed")
end

const CASES = Case.(readlines(ARGS[2]))
@test length(CASES) == 9

for case in CASES
    @testset "$(case.name)" begin
        size, window, step, border, times = case.sizes
        Quilt(size, window, step; border = border, border_weight = case.border_weight) do quilt
            all(iszero, times) || @test counts(quilt) == times
            if startswith(case.name, "sparse")
                check_sparse(case.name, quilt, length(size), case.missing_label)
            else
                check_quilt(case.name, quilt, length(size))
            end
        end
    end
end
