# Fits a convolution to another by what they should agree on: the overlap of displaced patches.
#
# Two convolutions of 3 x 3 look at the two patches of each pair. The first stays as it is, a Laplacian;
# the second begins at random and is fitted by the L1 distance of their results wherever the patches
# overlap. The gradient of the distance with respect to the overlapping pixels goes back to the patches
# through the adjoint, and from there to the kernel.
#
# From the root of the repository:
#
#   cargo build --release -p qlty-capi
#   julia qlty-capi/examples/julia/fit_kernel.jl samples/cell.pgm

push!(LOAD_PATH, joinpath(@__DIR__, "..", "..", "julia"))
using Qlty

include("pgm.jl")

"The size of a patch before the convolution, which takes a pixel off each side."
const WINDOW = 32
const STEPS = 400

"The part of patches `(x, y, C, P)` that the kernel's value at (i, j) looks at."
part(patches, i, j) = view(patches, i:i+size(patches, 1)-3, j:j+size(patches, 2)-3, :, :)

"The correlation of patches with a kernel, where it fits."
function convolve(patches, kernel)
    out = zero(part(patches, 1, 1))
    for i in 1:3, j in 1:3
        out .+= kernel[i, j] .* part(patches, i, j)
    end
    out
end

"The gradient with respect to the kernel, from that with respect to the results."
kernel_gradient(patches, results) = [sum(part(patches, i, j) .* results) for i in 1:3, j in 1:3]

"The loss before each step, and after the last."
function fit(picture)
    target = Float32[0 1 0; 1 -4 1; 0 1 0]
    kernel = Float32[0.3 -0.4 0.6; -0.2 0.1 -0.1; 0.5 0.2 -0.3]
    pairs = draw_pairs(picture, (WINDOW, WINDOW), 64, (8, 16); seed = 1)
    patches1, patches2, deltas = extract_pairs(pairs, picture)
    wanted = convolve(patches1, target)
    losses = Float32[]
    Overlap((WINDOW - 2, WINDOW - 2), deltas) do overlap
        # Adam, with a step that shrinks.
        mean, square = zeros(Float32, 3, 3), zeros(Float32, 3, 3)
        for step in 0:STEPS
            pixels1, pixels2 = extract_overlap(overlap, wanted, convolve(patches2, kernel))
            apart = pixels2 .- pixels1
            push!(losses, sum(abs, apart) / length(apart))
            # The gradient of the L1 distance is a sign; the first convolution does not learn.
            signs = sign.(apart) ./ length(apart)
            gradient = kernel_gradient(patches2, overlap_adjoint(overlap, zero(signs), signs).patches2)
            mean = 0.9f0 .* mean .+ 0.1f0 .* gradient
            square = 0.99f0 .* square .+ 0.01f0 .* gradient .^ 2
            rate = 0.05f0 * (1 - step / (STEPS + 1.0f0))
            scale = sqrt.(square ./ (1 - 0.99f0^(step + 1))) .+ 1.0f-8
            kernel .-= rate .* mean ./ (1 - 0.9f0^(step + 1)) ./ scale
        end
    end
    losses
end

length(ARGS) == 1 || error("usage: fit_kernel.jl PICTURE.pgm")
const LOSSES = fit(read_pgm(ARGS[1]) ./ 255)
println("the loss fell from $(first(LOSSES)) to $(last(LOSSES))")
exit(last(LOSSES) < first(LOSSES) / 10 ? 0 : 1)
