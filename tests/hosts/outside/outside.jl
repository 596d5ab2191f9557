# A program of somebody else's that knows the prefix only. usage: outside.jl PREFIX
push!(LOAD_PATH, joinpath(ARGS[1], "share", "qlty", "julia"))
using Qlty

dirname(Qlty.library_path()) == joinpath(ARGS[1], "lib") ||
    error("got the library $(Qlty.library_path()), expected that of $(ARGS[1])")
startswith(pathof(Qlty), ARGS[1]) || error("got the module $(pathof(Qlty)), expected that of $(ARGS[1])")
batch = rand(Float32, 40, 30, 2, 1)
stitched = Quilt(quilt -> stitch(quilt, unstitch(quilt, batch)).batch, (40, 30), (16, 16), (12, 12); border = 2)
stitched ≈ batch || error("got another batch, expected the same")
println("qlty ", unsafe_string(Qlty.LibQlty.qlty_version()))
