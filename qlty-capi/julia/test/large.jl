# What Qlty.jl adds to the functions of stitching onto disk, and their golden cases.
using Test
using Qlty
using Qlty: LibQlty

include("npy.jl")
include("throws.jl")
include("flip.jl")

const FOLDER = mktempdir()
place(name) = joinpath(FOLDER, name)

function check_golden(case, step, border, weight, T)
    processed, variance = read_npy(case, "processed"), read_npy(case, "variance")
    mean, std = read_npy(case, "mean"), read_npy(case, "std")
    D = ndims(mean) - 2
    options = (border = border, border_weight = weight)
    Quilt(size(mean)[1:D], size(processed)[1:D], step; options...) do quilt
        LargeQuilt(quilt, place("$case$T"), size(mean, D + 2), T; std = :within) do large
            for p in 1:size(processed, D + 2)
                stitch!(large, p:p, selectdim(processed, D + 2, p:p), selectdim(variance, D + 2, p:p))
            end
            result = finish!(large)
            @test eltype(result.mean) == T && size(result.std) == size(std)
            @test close_to(read(result.mean), mean, 1e-5) && close_to(read(result.std), std, 1e-5)
        end
    end
end

@testset "golden $case $T" for T in (Float32, Float64), (case, step, border, weight) in
    (("large2d", (6, 5), (1, 2), 0.1), ("large3d", (4, 3, 3), (1, 1, 1), 0.2))
    check_golden(case, step, border, weight, T)
end

const quilt = Quilt((24, 20), (8, 8), (5, 5); border = 1)
const batch = rand(Float32, 24, 20, 3, 2)
const small = (tile_shape = (8, 8),)

@testset "create, next, stitch, checkpoint, resume, read" begin
    path = place("loop")
    large = LargeQuilt(quilt, path, 2; small..., memory_budget = 1, codec = "gzip:1", chunk_shape = (4, 8))
    @test size(large) == (24, 20, 0, 2) && pending(large) == 1:40 && progress(large).tiles == 18
    next = unstitch_next(large, batch, 12)
    @test next.indices == 1:12 && next.patches == unstitch(quilt, batch, 1:12)
    stitch!(large, next.indices, next.patches)
    @test progress(large).patches_done == 12 && size(large) == size(batch)
    checkpoint(large)
    stitch!(large, 13:13, unstitch(quilt, batch, 13:13)) # Without a checkpoint: to come again.
    @test throws(() -> LargeQuilt(quilt, path, 2; mode = :open), LibQlty.QLTY_STATUS_BUSY, "another process")
    close(large)
    close(large)
    @test !isopen(large) && throws(() -> pending(large), ARGUMENT, "closed") && occursin("closed", sprint(show, large))

    result = LargeQuilt(quilt, path, 2; mode = :open) do large
        @test pending(large) == 13:40
        @test next_indices(large, 3) == 13:15 && next_indices(large, 2) == 16:17
        rewind(large)
        calls = Tuple{Int,Int}[]
        while (next = unstitch_next(large, batch, 9)) !== nothing
            stitch!(large, next.indices, next.patches; progress = (done, total) -> push!(calls, (done, total)))
        end
        @test !isempty(calls) && last(calls)[1] == last(calls)[2] && isempty(next_indices(large, 1))
        finish!(large)
    end
    @test result.std === nothing
    expected = stitch(quilt, unstitch(quilt, batch)).batch
    @test read(result.mean) == expected # Also after the large quilt was closed.
    StitchedArray(path * "_mean.zarr") do mean
        @test size(mean) == size(batch) && eltype(mean) == Float32 && ndims(mean) == 4
        @test mean[3:7, 20, :, 2:2] == expected[3:7, 20, :, 2:2] && mean[1, 2, 3, 1] == expected[1, 2, 3, 1]
        @test mean[end-1:end, :, 1, end] == expected[end-1:end, :, 1, end]
        wide = zeros(Float32, 5, 2, 1, 2)
        read!(mean, view(wide, 5:-2:1, :, :, 1:1); start = (10, 4, 2, 1))
        @test wide[5:-2:1, :, :, 1] == expected[10:12, 4:5, 2:2, 1] && wide[2:2:4, :, :, :] == zeros(2, 2, 1, 2)
        @test throws(() -> mean[23:25, 1, 1, 1], SHAPE, "box that begins at [0, 0, 0, 22]")
        @test throws(() -> mean[0:2, 1, 1, 1], ARGUMENT, "start: got -1")
        @test throws(() -> mean[1], ARGUMENT, "got 1 ranges")
        @test throws(() -> read!(mean, zeros(24, 20, 3, 2)), LibQlty.QLTY_STATUS_DTYPE, "got dtype f64")
    end
    # Images on disk are a source as well.
    LargeQuilt(quilt, place("from_disk"), 2, Float64; small...) do large
        ZarrImages(path * "_mean.zarr") do images
            @test unstitch(large, images, [40, 2]) == unstitch(quilt, expected)[:, :, :, [40, 2]]
        end
    end
end

@testset "incomplete, skipped, variances" begin
    LargeQuilt(quilt, place("incomplete"), 2; small..., std = :total, fill = -1, channels = 1) do large
        skip!(large, 1:39)
        @test throws(() -> finish!(large), LibQlty.QLTY_STATUS_INCOMPLETE, "1 of 40")
        @test all(==(-1), read(finish_incomplete!(large).mean))
        stitch!(large, [40], fill(9.0f0, 8, 8, 1, 1), fill(4.0f0, 8, 8, 1, 1))
        result = finish!(large)
        @test result.mean[24, 20, 1, 2] == 9 && result.std[24, 20, 1, 2] == 2 && result.mean[1, 1, 1, 2] == -1
    end
end

@testset "damaged tiles are found and made again" begin
    path, expected = place("damages"), stitch(quilt, unstitch(quilt, batch)).batch
    chunk = joinpath("damages_mean.zarr", "c", "1", "0", "1", "1")
    LargeQuilt(quilt, path, 2; small...) do large
        stitch!(large, 1:40, unstitch(quilt, batch))
        finish!(large)
        @test isempty(verify(large)) && isempty(damaged(large))
        flip(joinpath(FOLDER, chunk))
        calls = Tuple{Int,Int}[]
        found = verify(large; progress = (done, total) -> push!(calls, (done, total)))
        @test last(calls) == (18, 18) && length(found) == 1 && found[1].tile == 14
        @test endswith(found[1].file, chunk) && occursin("checksum", found[1].what)
        @test isempty(verify(large; most = 1)) && isempty(verify(large; most = 0))
        @test throws(() -> verify(large; most = -1), ARGUMENT, "most: got -1")
        @test_throws ErrorException("stop") verify(large; progress = (_, _) -> error("stop"))
    end
    LargeQuilt(quilt, path, 2; small..., mode = :repair) do large
        found, again = damaged(large), pending(large)
        @test length(found) == 1 && found[1].tile == 14 && 0 < length(again) < 20
        @test progress(large).tiles_done == 17
        stitch!(large, again, unstitch(large, batch, again))
        @test read(finish!(large).mean) == expected && isempty(verify(large))
    end
    @test throws(() -> LargeQuilt(quilt, place("nothing"), 2; mode = :repair), LibQlty.QLTY_STATUS_IO, "nothing_mean")
end

@testset "shards" begin
    path, patches = place("shards"), unstitch(quilt, batch)
    for worker in 1:3
        LargeQuilt(quilt, path, 2; small..., mode = :create_or_open, channels = 3, shard = (worker, 3)) do large
            mine = pending(large)
            @test 0 < length(mine) < 40
            stitch!(large, mine, patches[:, :, :, mine])
            finish!(large)
        end
    end
    @test read(StitchedArray(path * "_mean.zarr")) == stitch(quilt, patches).batch
end

@testset "exceptions" begin
    path = place("errors")
    LargeQuilt(quilt, path, 2; small...) do large
        patches = unstitch(quilt, batch, 1:2)
        stitch!(large, [2, 1], patches)
        go_on = (mode = :open,)
        @test throws(() -> LargeQuilt(quilt, path, 2), LibQlty.QLTY_STATUS_EXISTS, "exists already")
        @test throws(() -> LargeQuilt(quilt, path, 3; go_on...), LibQlty.QLTY_STATUS_GEOMETRY, "images 3")
        @test throws(() -> LargeQuilt(quilt, place("nothing"), 2; go_on...), LibQlty.QLTY_STATUS_IO, "nothing_mean")
        @test throws(() -> StitchedArray(place("nothing")), LibQlty.QLTY_STATUS_IO, "nothing")
        write(place("foreign_mean.zarr"), "not ours")
        @test throws(() -> LargeQuilt(quilt, place("foreign"), 2), LibQlty.QLTY_STATUS_FOREIGN, "left alone")
        @test throws(() -> LargeQuilt(quilt, path, 2; mode = :append), ARGUMENT, "mode: got :append")
        @test throws(() -> LargeQuilt(quilt, path, 2; std = :between), ARGUMENT, "std: got :between")
        @test throws(() -> LargeQuilt(quilt, path, 2; tile_shape = (8,)), ARGUMENT, "expected 2 axes")
        @test throws(() -> LargeQuilt(quilt, path, 2; codec = "brotli"), ARGUMENT, "codec: got \"brotli\"")
        @test throws(() -> LargeQuilt(quilt, path, 2; shard = (0, 2)), ARGUMENT, "shard_index: got -1")
        @test throws(() -> LargeQuilt(quilt, path, 2, Float16), LibQlty.QLTY_STATUS_DTYPE, "f32 or f64")
        @test throws(() -> stitch!(large, [3, 2], patches), LibQlty.QLTY_STATUS_DUPLICATE, "patch 1")
        @test throws(() -> stitch!(large, [3], patches), ARGUMENT, "number of indices: got 1")
        @test throws(() -> stitch!(large, [3, 4], patches, patches), ARGUMENT, "variances")
        @test throws(() -> unstitch(large, batch, [41]), ARGUMENT, "patch index: got 40")
        @test throws(() -> unstitch(large, batch, [0]), ARGUMENT, "indices: got -1")
        @test throws(() -> next_indices(large, 0), SHAPE, "room for one")
        @test_throws ErrorException("stop") checkpoint(large; progress = (_, _) -> error("stop"))
        @test pending(large) == 3:40
    end
    @test_throws ErrorException LargeQuilt(_ -> error("from the block"), quilt, place("block"), 1)
end

@testset "tasks and threads share a large quilt" begin
    LargeQuilt(quilt, place("threads"), 2; small..., memory_budget = 1) do large
        Threads.@threads for i in 1:12
            while (next = unstitch_next(large, batch, 3)) !== nothing
                stitch!(large, next.indices, next.patches; progress = (_, _) -> GC.gc(false))
            end
        end
        @test read(finish!(large).mean) ≈ batch
    end
end

@testset "a result that nobody closes can be opened once the collector has passed" begin
    @noinline function leave()
        stitch!(LargeQuilt(quilt, place("left"), 2; small...), 1:2, unstitch(quilt, batch, 1:2))
        nothing
    end
    leave()
    GC.gc()
    @test LargeQuilt(large -> length(pending(large)), quilt, place("left"), 2; mode = :open) == 40
end
