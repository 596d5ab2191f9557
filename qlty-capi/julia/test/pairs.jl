# What Qlty.jl adds to the functions of patch pairs, and their golden cases.
using Test
using Qlty
using Qlty: LibQlty

include("npy.jl")
include("throws.jl")
include("flip.jl")

const FOLDER = mktempdir()

function check_golden(case, window, pairs, image, positions1)
    cut = extract_pairs(pairs, image; positions = :with_image)
    @test cut.patches1 == read_npy(case, "patches1") && cut.patches2 == read_npy(case, "patches2")
    @test cut.deltas == read_npy(case, "deltas") && cut.positions1 == positions1
    overlap = Overlap(window, cut.deltas; rotations = cut.rotations)
    pixels = extract_overlap(overlap, cut.patches1, cut.patches2)
    @test pixels.pixels1 == read_npy(case, "overlap1") && pixels.pixels2 == read_npy(case, "overlap2")
    @test length(overlap) == size(pixels.pixels1, 2)
end

@testset "golden images" begin
    columns = (names...) -> permutedims(hcat((read_npy("pairs2d", name) for name in names)...)) .+ 1
    image = read_npy("pairs2d", "image")
    positions1 = columns("patch1_x", "patch1_y", "image_idx")
    positions2 = columns("patch2_x", "patch2_y", "image_idx")
    rotations = read_npy("pairs2d", "rotations")
    Pairs((12, 12), positions1, positions2; rotations = rotations) do pairs
        check_golden("pairs2d", (12, 12), pairs, image, positions1)
        @test column(pairs, :x1) == positions1[1, :] && column(pairs, :image) == positions1[3, :]
        @test column(pairs, :dy) == positions2[2, :] - positions1[2, :] && column(pairs, :rotation) == rotations
        measured = measure(pairs, image)
        for name in (:mean1, :sigma1, :mean2, :sigma2)
            @test close_to(column(measured, name), read_npy("pairs2d", string(name)), 1e-5)
        end
        # Quarter turns are those of `rotr90`.
        cut = extract_pairs(pairs, image)
        for p in 1:length(pairs)
            x, y, n = positions2[:, p]
            @test cut.patches2[:, :, 1, p] == rotr90(image[x:x+11, y:y+11, 1, n], rotations[p])
        end
    end
end

@testset "golden volumes" begin
    # The places are not among the golden data: each patch is found in its volume.
    image = read_npy("pairs3d", "image")
    function places(patches)
        count, images = size(patches, 5), size(image, 5)
        hcat((begin
            n = (p - 1) ÷ (count ÷ images) + 1
            at = first(CartesianIndices(ntuple(d -> 1:size(image, d)-7, 3))[[
                image[x, y, z, 1, n] == patches[1, 1, 1, 1, p] &&
                image[x:x+7, y:y+7, z:z+7, :, n] == patches[:, :, :, :, p]
                for x in 1:size(image, 1)-7, y in 1:size(image, 2)-7, z in 1:size(image, 3)-7]])
            [at[1], at[2], at[3], n]
        end for p in 1:count)...)
    end
    positions1, positions2 = places(read_npy("pairs3d", "patches1")), places(read_npy("pairs3d", "patches2"))
    Pairs((8, 8, 8), positions1, positions2) do pairs
        check_golden("pairs3d", (8, 8, 8), pairs, image, positions1)
        @test column(pairs, :dz) == positions2[3, :] - positions1[3, :]
    end
end

const batch = reshape(collect(Float32, 1:24*20*2*3), 24, 20, 2, 3)
const pairs = draw_pairs(batch, (8, 8), 4, (2, 6); seed = 5, rotations = 0:3)
const cut = extract_pairs(pairs, batch; positions = :pixels)

@testset "drawing counts x first, from 1" begin
    @test length(pairs) == 12 && size(cut.patches1) == (8, 8, 2, 12) && sprint(show, pairs) == "12 Pairs(window (8, 8))"
    for (p, (x, y)) in enumerate(eachcol(cut.positions1))
        @test cut.patches1[:, :, :, p] == batch[x:x+7, y:y+7, :, (p-1)÷4+1]
    end
    @test cut.positions2 - cut.positions1 == cut.deltas && column(pairs, :dx) == cut.deltas[1, :]
    @test deltas(pairs) == cut.deltas
    @test extract_pairs(draw_pairs(batch, (8, 8), 4, (2, 6); seed = 5, rotations = 0:3), batch).patches2 == cut.patches2
    @test extract_pairs(draw_pairs(batch, (8, 8), 4, (2, 6); seed = 6), batch).positions1 === nothing
    @test extract_pairs(pairs[[12, 1]], batch).patches2 == cut.patches2[:, :, :, [12, 1]]
    narrow = draw_pairs(batch, (10, 4), 20, (3, 7)) # Of x and y.
    @test size(extract_pairs(narrow, view(batch, 24:-1:1, :, :, :)).patches1) == (10, 4, 2, 60)
end

@testset "overlap and its adjoint" begin
    Overlap((8, 8), cut.deltas; rotations = cut.rotations) do overlap
        pixels1, pixels2 = extract_overlap(overlap, cut.patches1, cut.patches2)
        @test pixels1 == pixels2 && size(pixels1) == (2, length(overlap))
        where_ = correspondence(overlap)
        for k in 1:length(overlap)
            (x, y), (u, v), p = where_.pixels1[:, k], where_.pixels2[:, k], where_.pairs[k]
            @test cut.patches1[x, y, 2, p] == cut.patches2[u, v, 2, p] == pixels1[2, k]
        end
        y1, y2 = rand(Float32, size(pixels1)), rand(Float32, size(pixels2))
        back1, back2 = overlap_adjoint(overlap, y1, y2)
        @test sum(Float64, pixels1 .* y1 .+ pixels2 .* y2) ≈ sum(Float64, cut.patches1 .* back1 .+ cut.patches2 .* back2)
        @test occursin("$(length(overlap)) pixels of 12 pairs", sprint(show, overlap))
    end
end

@testset "statistics and choice" begin
    measured = measure(pairs, batch)
    means, sigmas = column(measured, :mean1), column(measured, :sigma1)
    @test means[3] ≈ sum(cut.patches1[:, :, :, 3]) / 128
    @test sigmas[3] ≈ sqrt(sum(abs2, cut.patches1[:, :, :, 3] .- means[3]) / 127)
    for kind in (:histogram, :quantiles)
        @test sort(sample_stratified(means, sigmas; bins = 3, samples_per_bin = 12, kind = kind)) == 1:12
        chosen = sample_stratified(means, sigmas; bins = 2, samples_per_bin = 1, kind = kind, seed = 1)
        @test column(measured[chosen], :mean1) == means[chosen]
    end
end

@testset "stores" begin
    path, measured = joinpath(FOLDER, "julia.zarr"), measure(pairs, batch)
    write_pairs(measured, batch, path; positions = :pixels, chunk = (8, 8, 2, 5), codec = "zstd:2")
    @test throws(() -> write_pairs(measured, batch, path), LibQlty.QLTY_STATUS_EXISTS, "julia.zarr")
    write_pairs(measured, batch, path; positions = :pixels, chunk = (8, 8, 2, 5), overwrite = true)
    left, order = PairDataset(path) do dataset
        @test length(dataset) == 12 && eltype(dataset) == Float32 && column(metadata(dataset), :x2) == column(pairs, :x2)
        some = read_pairs(dataset, [12, 1, 1])
        @test some.patches2 == cut.patches2[:, :, :, [12, 1, 1]] && some.positions2 == cut.positions2[:, [12, 1, 1]]
        @test dataset[5].patch1 == cut.patches1[:, :, :, 5] && dataset[end].rotation == cut.rotations[12]
        @test dataset[2].delta == cut.deltas[:, 2] && dataset[2].position1 == cut.positions1[:, 2]
        order = epoch(dataset, 1, 0)
        @test sort(order) == 1:12 && order != epoch(dataset, 1, 1) && order == epoch(dataset, 1, 0)
        @test throws(() -> read_pairs(dataset, [0]), ARGUMENT, "got -1")
        @test throws(() -> dataset[13], ARGUMENT, "less than 12")
        batches(dataset, order, 5) do other
            @test size(first(other).patches1, 4) == 5 # And the rest is dropped.
        end
        batches(dataset, order, 5; ahead = 1), order
    end
    seen = reduce((a, b) -> cat(a, b; dims = 4), [batch.patches2 for batch in left])
    @test seen == cut.patches2[:, :, :, order]
    @test iterate(left) === nothing
    close(left)
    @test throws(() -> iterate(left), ARGUMENT, "closed")

    ZarrImages(joinpath(path, "patches1"); cache = 0) do images
        @test size(images) == (8, 8, 2, 12) && eltype(images) == Float32
        inner = draw_pairs(images, (4, 4), 2, (1, 3))
        @test extract_pairs(inner, images).patches2 == extract_pairs(inner, cut.patches1).patches2
        @test column(measure(inner, images), :sigma2) == column(measure(inner, cut.patches1), :sigma2)
        write_pairs(measure(inner, images), images, joinpath(FOLDER, "inner.zarr"))
    end
    # Truth values, of which Julia's arrays are not those of the others.
    truths = batch .% 3 .== 0
    bool_batch = Array(truths)
    write_pairs(measure(pairs, bool_batch), bool_batch, joinpath(FOLDER, "bool.zarr"))
    PairDataset(joinpath(FOLDER, "bool.zarr")) do dataset
        @test eltype(dataset) == Bool && read_pairs(dataset, 1:12).patches1 == extract_pairs(pairs, bool_batch).patches1
        @test read_pairs(dataset, 1:2).positions1 === nothing
    end
end

@testset "exceptions" begin
    @test throws(() -> draw_pairs(batch, (8, 8), 1, (2, 7)), ARGUMENT, "2 <= low <= high <= 6")
    @test throws(() -> draw_pairs(batch, (8,), 1, (2, 6)), ARGUMENT, "window: got 1 axes")
    @test throws(() -> draw_pairs(batch, (8, 8, 8), 1, (2, 6)), LibQlty.QLTY_STATUS_SHAPE, "got 4 axes")
    @test throws(() -> Pairs((8, 8), ones(Int, 2, 1), ones(Int, 2, 1)), ARGUMENT, "got 2 rows, expected 3")
    @test throws(() -> column(pairs, :mean1), ARGUMENT, "without mean1")
    @test throws(() -> column(pairs, :y3), ARGUMENT, "column: got :y3")
    @test throws(() -> pairs[[13]], ARGUMENT, "less than 12")
    @test throws(() -> extract_pairs(pairs, batch; positions = :all), ARGUMENT, "positions: got :all")
    @test throws(() -> extract_pairs(pairs, view(batch, :, :, :, 1:2)), ARGUMENT, "pair 8")
    @test throws(() -> sample_stratified([1.0], [NaN]; bins = 1, samples_per_bin = 1), ARGUMENT, "got NaN")
    @test throws(() -> sample_stratified([1.0], [1.0]; bins = 1, samples_per_bin = 1, kind = :all), ARGUMENT, "kind")
    @test throws(() -> Overlap((8, 8, 8), cut.deltas), ARGUMENT, "deltas: got 2 rows")
    @test throws(() -> write_pairs(pairs, batch, joinpath(FOLDER, "x.zarr")), ARGUMENT, "number of statistics")
    @test throws(() -> write_pairs(pairs, batch, joinpath(FOLDER, "x.zarr"); codec = "lz5"), ARGUMENT, "lz5")
    @test throws(() -> write_pairs(pairs, batch, "x.zarr"; chunk = (8, 8)), ARGUMENT, "chunk: got 2 axes, expected 4")
    @test throws(() -> PairDataset(joinpath(FOLDER, "nowhere")), LibQlty.QLTY_STATUS_IO, "nowhere")
    @test throws(() -> ZarrImages(joinpath(FOLDER, "nowhere")), LibQlty.QLTY_STATUS_IO, "nowhere")
    @test_throws ErrorException("stop") measure(pairs, batch; progress = (_, _) -> error("stop"))
end

@testset "handles close once, and by themselves" begin
    shut = draw_pairs(batch, (8, 8), 4, (2, 6))
    close(shut)
    close(shut)
    @test !isopen(shut) && throws(() -> column(shut, :dx), ARGUMENT, "closed") && occursin("closed", sprint(show, shut))
    left = Ref{Any}()
    draw_pairs(made -> left[] = made, batch, (8, 8), 4, (2, 6))
    @test !isopen(left[])
    # Handles and arrays that only a call holds live as long as it, whatever the collector does.
    path = joinpath(FOLDER, "julia.zarr")
    for round in 1:20
        made = extract_pairs(draw_pairs(copy(batch), (8, 8), 4, (2, 6); seed = 5, rotations = [0, 1, 2, 3]), copy(batch);
                             progress = (_, _) -> GC.gc())
        @test made.patches2 == cut.patches2
        some = iterate(batches(PairDataset(path), 1:12, 4))[1]
        round % 2 == 0 && GC.gc()
        @test some.patches1 == cut.patches1[:, :, :, 1:4]
    end
    GC.gc()
end

@testset "tasks and threads share pairs and datasets" begin
    results = Vector{Any}(undef, 24)
    PairDataset(joinpath(FOLDER, "julia.zarr"); cache = 0) do dataset
        Threads.@threads for i in 1:24
            results[i] = extract_pairs(pairs, batch).patches2 == cut.patches2 &&
                         read_pairs(dataset, 1:12).patches1 == cut.patches1
        end
    end
    @test all(results)
end

@testset "damaged files of stores" begin
    path, file = joinpath(FOLDER, "damages.zarr"), joinpath("patches2", "c", "1", "0", "0", "0")
    write_pairs(measure(pairs, batch), batch, path; positions = :pixels, chunk = (8, 8, 2, 5))
    calls = Tuple{Int,Int}[]
    @test isempty(verify_store(path; progress = (done, total) -> push!(calls, (done, total)))) && last(calls) == (10, 10)
    PairDataset(path) do dataset
        @test isempty(verify(dataset))
        flip(joinpath(path, file))
        for found in (verify(dataset), verify_store(path), verify_store(joinpath(path, "patches2")))
            @test length(found) == 1 && endswith(found[1].file, file) && occursin("checksum", found[1].what)
            @test keys(found[1]) == (:file, :what)
        end
        @test isempty(verify(dataset; most = 1))
        rm(joinpath(path, file))
        found = verify(dataset)
        @test length(found) == 1 && found[1].what == "has 2 chunk files, but 3 were written"
    end
    @test throws(() -> verify_store(joinpath(FOLDER, "nowhere")), LibQlty.QLTY_STATUS_IO, "nowhere")
    @test throws(() -> verify_store(joinpath(path, "patches1", "c")), LibQlty.QLTY_STATUS_STORE, "Zarr arrays")
end
