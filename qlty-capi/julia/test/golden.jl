# Every golden case of the in-memory quilt.
using Test
using Qlty

include("npy.jl")

"The numbers of a parameter in a case.json, which has numbers, lists of them and nulls; empty where it is null or not there."
function numbers(text, name)
    found = match(Regex("\"$name\":\\s*(\\[[^]]*\\]|[^,}]*)"), text)
    found === nothing && return Float64[]
    [parse(Float64, number.match) for number in eachmatch(r"-?[0-9][0-9.eE+-]*", found[1])]
end

struct Case
    name::String
    size::Tuple
    window::Tuple
    step::Tuple
    border::Tuple
    times::Tuple
    border_weight::Float64
    missing_label::Float32
end

function Case(name)
    text = read(joinpath(GOLDEN, name, "case.json"), String)
    ndim = occursin("3d", name) ? 3 : 2
    # The order of Julia; one number is for all axes, and none for 0.
    axes(values) = Tuple(Int.(reverse(length(values) == ndim ? values : fill(get(values, 1, 0), ndim))))
    size = reduce(vcat, numbers(text, axis) for axis in ("Z", "Y", "X")[4-ndim:3])
    rest = [axes(numbers(text, what)) for what in ("window", "step", "border", "times")]
    Case(name, axes(size), rest..., numbers(text, "border_weight")[1], get(numbers(text, "missing_label"), 1, 0))
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

const CASES = Case.(filter(name -> occursin(r"^(quilt[23]d_|sparse)", name), readdir(GOLDEN)))
@test length(CASES) == 9

for case in CASES
    @testset "$(case.name)" begin
        options = (border = case.border, border_weight = case.border_weight)
        Quilt(case.size, case.window, case.step; options...) do quilt
            all(iszero, case.times) || @test counts(quilt) == case.times
            if startswith(case.name, "sparse")
                check_sparse(case.name, quilt, length(case.size), case.missing_label)
            else
                check_quilt(case.name, quilt, length(case.size))
            end
        end
    end
end
