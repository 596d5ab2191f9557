# What Qlty.jl adds to the functions of stacks and pyramids.
using Test
using Qlty
using Qlty: LibQlty

include("npy.jl")
include("throws.jl")

const FOLDER, BRAIN = mktempdir(), normpath(joinpath(@__DIR__, "..", "..", "..", "samples", "brain"))
const NAME, STACK = find_stacks(BRAIN, "tif", raw"image_(\d+)\.tif$")[1]
const PIXELS = read_planes(STACK)

@testset "stacks" begin
    @test NAME == "image" == stack_name(STACK) && size(STACK) == (181, 217, 32, 1, 1) && eltype(STACK) == UInt8
    @test stack_files(STACK)[2] == joinpath(BRAIN, "image_001.tif") && isempty(missing_slices(STACK))
    @test length(voxel_size(STACK).size) == 3
    @test size(PIXELS) == (181, 217, 32, 1) && read_planes(STACK, 31:32) == PIXELS[:, :, 31:32, :]
    Stack(joinpath(BRAIN, "image_030.tif")) do stack
        @test read_planes(stack)[:, :, 1, 1] == PIXELS[:, :, 31, 1] && occursin("Stack(UInt8", sprint(show, stack))
    end
    @test throws(() -> read_planes(STACK, 32:33), SHAPE, "planes: got 2 from 31 on")
    @test throws(() -> Stack(joinpath(BRAIN, "nowhere.tif")), LibQlty.QLTY_STATUS_IO, "nowhere")
    @test throws(() -> find_stacks(BRAIN, "png", "(1)"), LibQlty.QLTY_STATUS_IMAGE, "no file")
end

@testset "pyramids" begin
    path = joinpath(FOLDER, "julia.ome.zarr")
    write_pyramid(STACK, path; levels = 3, codec = "zstd:1", voxel_size = (0.5, 0.5, 1), unit = "mm")
    @test throws(() -> write_pyramid(STACK, path), LibQlty.QLTY_STATUS_EXISTS, "julia.ome.zarr")
    write_pyramid(STACK, path; factors = [(2, 2, 1), (2, 2, 1)], overwrite = true, chunk = (64, 64, 4), unit = "mm",
                  voxel_size = (0.5, 0.5, 1))
    @test isempty(verify_store(path))
    ZarrPyramid(path) do image
        @test length(image) == 3 && eltype(image) == UInt8 && !is_laplacian(image)
        @test size(image) == (181, 217, 32) && size(image, 3) == (46, 55, 32)
        @test read_level(image) == PIXELS[:, :, :, 1]
        @test read_level(image, 1, 50:119, 60:159, 17:18) == PIXELS[50:119, 60:159, 17:18, 1]
        backwards = zeros(UInt8, 10, 1, 1)
        read_level!(view(backwards, 10:-1:1, :, :), image, 1, (50, 60, 17))
        @test backwards[:, 1, 1] == PIXELS[59:-1:50, 60, 17, 1]
        @test level_place(image, 2) == (scale = (1.0, 1.0, 1.0), translation = (0.25, 0.25, 0.0))
        @test image_axes(image) == ["x" => "millimeter", "y" => "millimeter", "z" => "millimeter"]
        @test throws(() -> read_level(image, 4), ARGUMENT, "level: got 3")
        @test throws(() -> read_level(image, 1, 1:2, 1:2), ARGUMENT, "ranges: got 2")
        @test throws(() -> read_level(image, 1, 1:2, 1:2, 33:33), ARGUMENT, "box")
    end
    write_pyramid(STACK, path; levels = 1, normalization = (100, 2), eltype = Float64, axes = :xycz, overwrite = true)
    image = ZarrPyramid(path)
    @test size(image) == (181, 217, 1, 32) && read_level(image)[:, :, 1, :] == (PIXELS[:, :, :, 1] .- 100.0) ./ 2
    close(image)
    @test throws(() -> size(image), ARGUMENT, "closed")
end

@testset "Laplacian pyramids" begin
    path, level = joinpath(FOLDER, "julia.differences.zarr"), joinpath(FOLDER, "julia.level.zarr")
    for interpolation in ("bilinear", "bicubic")
        write_laplacian(view(PIXELS, 181:-1:1, :, :, 1), path; levels = 4, interpolation = interpolation, overwrite = true)
        image = ZarrPyramid(path)
        @test is_laplacian(image) && length(image) == 4 && read_level(image) == PIXELS[end:-1:1, :, :, 1]
        reconstruct_laplacian(path, level; level = 2, codec = "none", overwrite = true)
        @test read_level(ZarrPyramid(level)) == read_level(image, 2)
    end
    @test throws(() -> reconstruct_laplacian(path, level), LibQlty.QLTY_STATUS_EXISTS, "julia.level.zarr")
    golden = ZarrPyramid(joinpath(GOLDEN, "laplacian_store", "image.ome.zarr"); interpolation = "bilinear")
    expected = read_npy("laplacian_store", "reconstructed_by_qlty")
    @test close_to(reshape(read_level(golden), size(expected)), expected, 1e-5) && isnan(level_place(golden, 1).scale[1])
end

@testset "several stacks, and plans" begin
    all, options = joinpath(FOLDER, "all"), (levels = 2, chunk = (64, 64, 4), voxel_size = (1, 1, 2))
    planned = write_pyramids(BRAIN, "tif", raw"image_(\d+)\.tif$", all; plan = true, options...)
    @test !ispath(all)
    counted = Ref(0)
    written = write_pyramids(BRAIN, "tif", raw"image_(\d+)\.tif$", all; progress = (_, _) -> (counted[] += 1; true), options...)
    @test planned == written && collect(keys(written)) == ["image"] && counted[] >= 1
    image = written["image"]
    @test image.path == joinpath(all, "image.ome.zarr") && image.axes == "ZYX" && image.eltype == UInt8
    @test image.size == (181, 217, 32) && image.bytes == 32 * (217 * 181 + 109 * 91) && length(image.files) == 32
    @test image.levels[2] == (name = "1", eltype = UInt8, size = (91, 109, 32), chunk = (64, 64, 4), voxel_size = (2.0, 2.0, 2.0))
    @test ZarrPyramid(pyramid -> size(pyramid, 2), image.path) == image.levels[2].size
    differences = write_laplacians(BRAIN, "tif", raw"image_(\d+)\.tif$", all; interpolation = "bicubic", options...)["image"]
    @test differences.levels[1].name == "diff_0" && differences.levels[1].eltype == Int16
    @test differences.levels == plan_laplacian(STACK, "x"; options...).levels
    @test ZarrPyramid(is_laplacian, differences.path)
    @test plan_pyramid(PIXELS, "x"; levels = 1).levels[1].name == ""
end

@testset "names of channels" begin
    path = joinpath(FOLDER, "channels.zarr")
    write_pyramid(zeros(Float32, 30, 20, 2, 2), path; levels = 2, channel_names = ["DAPI", "GFP"])
    @test ZarrPyramid(channel_names, path) == ["DAPI", "GFP"] && channel_names(STACK) == [nothing]
    @test throws(() -> plan_pyramid(STACK, path; channel_names = ["DAPI", "GFP"]), ARGUMENT, "channel names")
end

@testset "exceptions" begin
    path = joinpath(FOLDER, "none.zarr")
    @test throws(() -> write_pyramid(STACK, path; method = "average"), ARGUMENT, "average")
    @test throws(() -> write_pyramid(STACK, path; halving = :z), ARGUMENT, "halving: got :z")
    @test throws(() -> write_pyramid(STACK, path; chunk = (1, 1)), ARGUMENT, "chunk: got 2 numbers")
    @test throws(() -> write_pyramid(STACK, path; normalization = :all), ARGUMENT, "normalization: got :all")
    @test throws(() -> write_laplacian(STACK, path; interpolation = "cubic"), ARGUMENT, "cubic")
    @test throws(() -> write_laplacian(STACK, path; levels = 2, halving = :volume), ARGUMENT, "along Z")
    @test throws(() -> write_pyramid([BF16(0)][:, :], path), LibQlty.QLTY_STATUS_DTYPE, "bf16")
    @test throws(() -> ZarrPyramid(joinpath(FOLDER, "nowhere")), LibQlty.QLTY_STATUS_IO, "nowhere")
    @test_throws ErrorException("stop") write_pyramid(STACK, path; codec = "zstd:22", progress = (_, _) -> error("stop"))
    @test !isdir(path * ".partial")
end
