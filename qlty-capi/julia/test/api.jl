# What Qlty.jl adds to qlty.h: ownership, exceptions, views, types, progress, tasks.
using Test
using Qlty
using Qlty: LibQlty

include("throws.jl")

const quilt = Quilt((12, 10), (4, 4), (3, 3); border = 1)
const batch = reshape(collect(Float32, 1:12*10*3*2), 12, 10, 3, 2)

@testset "geometry counts x first, from 1" begin
    @test counts(quilt) == (4, 3) && patch_count(quilt) == 12
    @test positions(quilt)[:, 2] == [4, 1] && positions(quilt)[:, 4] == [9, 1]
    @test positions(quilt, 2; image = true)[:, 13] == [1, 1, 2]
    patches = unstitch(quilt, batch)
    for (p, (x, y, n)) in enumerate(eachcol(positions(quilt, 2; image = true)))
        @test patches[:, :, :, p] == batch[x:x+3, y:y+3, :, n]
    end
    @test size(weights(quilt)) == (12, 10) && eltype(weights(quilt, Float64)) == Float64
    @test window_weight(quilt)[1, 1] == 0.1f0 && border_mask(quilt)[2, 2] && !border_mask(quilt)[1, 2]
    channels = positional(quilt, 2:2)
    @test channels[:, 1, 2, 1] == 3:6 && channels[1, :, 1, 1] == 0:3 # Along y first, then x.
    @test sprint(show, quilt) == "Quilt((12, 10), window (4, 4))"
end

@testset "volumes" begin
    volume = rand(Int16, 9, 8, 7, 2, 1)
    Quilt((9, 8, 7), (4, 3, 2), (2, 2, 2); profile = :hann) do quilt
        patches = unstitch(quilt, volume)
        x, y, z = positions(quilt)[:, end]
        @test patches[:, :, :, :, end] == volume[x:x+3, y:y+2, z:z+1, :, 1]
        @test stitch(quilt, patches).batch ≈ volume
    end
end

@testset "element types" begin
    for T in (UInt8, Int8, UInt16, Int16, UInt32, Int32, UInt64, Int64, Float16, Float32, Float64, Bool)
        one_batch = ones(T, 12, 10, 1, 1)
        result = stitch(quilt, unstitch(quilt, one_batch)).batch
        @test eltype(result) == Qlty.sum_type(T) && result ≈ one_batch
    end
    patches = unstitch(quilt, fill(BF16(0x3F80), 12, 10, 1, 1))
    @test patches[7] == BF16(0x3F80) && stitch(quilt, patches).batch ≈ ones(12, 10, 1, 1)
    @test throws(() -> unstitch(quilt, zeros(ComplexF32, 12, 10, 1, 1)), ARGUMENT, "element type: got Complex")
end

@testset "views, whose strides may be negative" begin
    plain = unstitch(quilt, batch)
    for view in (view(batch, 12:-1:1, :, 3:-1:1, :), view(batch, :, :, 2:2, 2:-1:1),
                 PermutedDimsArray(permutedims(batch, (2, 4, 1, 3)), (3, 1, 4, 2)), view(batch, :, :, :, 1:0))
        @test unstitch(quilt, view) == unstitch(quilt, copy(view))
    end
    wide = fill(-1.0f0, 4, 4, 5, 24)
    unstitch!(view(wide, :, :, 4:-1:2, :), quilt, batch)
    @test wide[:, :, 4:-1:2, :] == plain && all(==(-1), wide[:, :, [1, 5], :])
    stitched, sums = zeros(Float32, 10, 12, 3, 2), zeros(Float32, 12, 10)
    stitch!(PermutedDimsArray(stitched, (2, 1, 3, 4)), sums, quilt, plain)
    @test permutedims(stitched, (2, 1, 3, 4)) ≈ batch && sums == weights(quilt)
    @test stitch!(copy(batch), nothing, quilt, plain).weights === nothing
    @test throws(() -> unstitch(quilt, view(batch, [1; 1:11], :, :, :)), ARGUMENT, "strides in memory")
    @test throws(() -> unstitch(quilt, 1:3), ARGUMENT, "strides in memory")
    @test throws(() -> unstitch(quilt, zeros(Float32, 1, 1, 1, 1, 1, 1, 1)), ARGUMENT, "got 7 axes")
    @test throws(() -> unstitch(quilt, fill(1.0f0)), ARGUMENT, "got 0 axes")
end

@testset "exceptions" begin
    @test throws(() -> Quilt((10, 10), (11, 4), (3, 3)), ARGUMENT, "window along x: got 11")
    @test throws(() -> Quilt((10,), (4,), (3,)), ARGUMENT, "size: got 1 axes")
    @test throws(() -> Quilt((10, 10), (4, 4, 4), (3, 3)), ARGUMENT, "as many integers")
    @test throws(() -> Quilt((10, 10), (4, 4), (3, 3); border = (1,)), ARGUMENT, "border: got 1 axes")
    @test throws(() -> Quilt((10, 10), (4, 4), (3, 3); border_weight = NaN), ARGUMENT, "got NaN")
    @test throws(() -> Quilt((10, 10), (4, 4), (3, 3); profile = :cosine), ARGUMENT, "profile: got :cosine")
    @test throws(() -> Quilt((10, 10), (4, 4), (3, 3); profile = :tukey, alpha = 2), ARGUMENT, "alpha: got 2")
    @test throws(() -> unstitch(quilt, batch[1:11, :, :, :]), SHAPE, "got shape [2, 3, 10, 11]")
    @test throws(() -> unstitch(quilt, batch, 20:25), ARGUMENT, "24 patches")
    @test throws(() -> unstitch(quilt, batch, 0:3), ARGUMENT, "from 1")
    @test throws(() -> positional(quilt, 1:2; origin = :centre), ARGUMENT, "origin: got :centre")
    @test throws(() -> unstitch!(zeros(Float64, 4, 4, 3, 24), quilt, batch), LibQlty.QLTY_STATUS_DTYPE, "got dtype f64")
    @test throws(() -> stitch!(batch, nothing, quilt, view(batch, 1:4, 1:4, :, 1:1)), ARGUMENT, "overlaps with patches")
    @test throws(() -> unstitch_pair(quilt, batch, zeros(Int8, 12, 10, 3)), ARGUMENT, "got 3 images")
    @test throws(() -> set_threads(-1), ARGUMENT, "threads: got -1")
    @test_throws ErrorException Quilt(_ -> error("from the block"), (10, 10), (4, 4), (3, 3))
end

@testset "labels" begin
    labels = fill(Int32(-1), 12, 10, 1)
    labels[9, 5, 1] = 3
    patches = unstitch_labels(quilt, labels; missing_label = -1)
    found = labelled(quilt, patches, -1)
    @test findall(found) == [7] == [p for p in 1:12 if any(patches[2:3, 2:3, p] .!= -1)]
    @test keep(patches, found) == patches[:, :, [7]] && keep(patches, found .& false) == patches[:, :, 1:0]
    @test unstitch_labels(quilt, reshape(labels, 12, 10, 1, 1))[:, :, 1, :] == unstitch_labels(quilt, labels)
    @test throws(() -> labelled(quilt, patches, nothing), ARGUMENT, "missing: got NULL")
end

@testset "adjoints" begin
    x, y = rand(12, 10, 2, 1), rand(4, 4, 2, 12)
    @test sum(unstitch(quilt, x) .* y) ≈ sum(x .* unstitch_adjoint(quilt, y))
    @test sum(stitch(quilt, y).batch .* x) ≈ sum(y .* stitch_adjoint(quilt, x))
end

@testset "stitcher" begin
    patches = unstitch(quilt, batch)
    stitcher(quilt, Float32, 2, 3) do stitcher
        push_at!(stitcher, [3, 1], patches[:, :, :, [3, 1]])
        @test missing_count(stitcher) == 22 && missing_patches(stitcher) == [2; 4:24]
        @test throws(() -> finish!(stitcher), LibQlty.QLTY_STATUS_INCOMPLETE, "22 of 24")
        @test throws(() -> push!(stitcher, 3, patches[:, :, :, 3:3]), LibQlty.QLTY_STATUS_DUPLICATE, "twice")
        part = finish_incomplete!(stitcher)
        @test isnan(part.batch[end]) && part.batch[2, 2, 1, 1] ≈ batch[2, 2, 1, 1] && size(part.weights) == (12, 10, 2)
        push!(stitcher, 1, patches)
        @test finish!(stitcher).batch ≈ batch
    end
end

@testset "handles close once, and by themselves" begin
    shut = Quilt((12, 10), (4, 4), (3, 3))
    made = Stitcher(shut, Float32, 1, 1)
    close(shut)
    close(shut)
    @test !isopen(shut) && throws(() -> counts(shut), ARGUMENT, "closed")
    @test missing_count(made) == 12
    close(made)
    close(made)
    @test throws(() -> missing_count(made), ARGUMENT, "closed") && occursin("closed", sprint(show, made))
    left = Ref{Any}()
    Quilt(quilt -> left[] = quilt, (12, 10), (4, 4), (3, 3))
    @test !isopen(left[])

    # Handles and arrays that only a call holds live as long as it, whatever the collector does.
    expected = stitch(quilt, unstitch(quilt, batch)).batch
    for round in 1:30
        made = Stitcher(Quilt((12, 10), (4, 4), (3, 3); border = 1), Float32, 2, 3)
        push!(made, 1, unstitch(Quilt((12, 10), (4, 4), (3, 3)), copy(batch); progress = (_, _) -> GC.gc()))
        round % 2 == 0 && GC.gc()
        @test finish!(made).batch == expected
    end
    GC.gc()
end

@testset "progress" begin
    calls = Tuple{Int,Int}[]
    task = current_task()
    patches = unstitch(quilt, batch; progress = (done, total) -> (@test current_task() === task; push!(calls, (done, total))))
    @test last(calls) == (24, 24) && patches == unstitch(quilt, batch)
    @test_throws ErrorException("stop") stitch(quilt, patches; progress = (_, _) -> error("stop"))
    @test_throws InterruptException stitch(quilt, patches; progress = (_, _) -> throw(InterruptException()))
    # A call that ends before it is first asked cannot be cancelled: give it more to do.
    Quilt((96, 96), (32, 32), (4, 4)) do slow
        for images in (2^i for i in 0:12)
            asked = 0
            many = zeros(Float32, 32, 32, 1, patch_count(slow, images))
            error = try
                stitch(slow, many; progress = (_, _) -> (asked += 1; false))
            catch error
                error
            end
            error isa QltyError || continue
            @test error.status == LibQlty.QLTY_STATUS_CANCELLED && asked == 1
            return
        end
        error("nothing took long enough to be cancelled")
    end
end

@testset "tasks and threads share a quilt" begin
    set_threads(2)
    @test threads() == 2
    expected = unstitch(quilt, batch)
    results = Vector{Any}(undef, 40)
    Threads.@threads for i in 1:40
        results[i] = unstitch(quilt, copy(batch))
    end
    @test all(==(expected), results)
    set_threads(0)
end
