# What the golden cases have in common: .npy files, parameters, and how close is close.

const GOLDEN = normpath(joinpath(@__DIR__, "..", "..", "..", "tests", "golden"))

const TYPES = Dict("<f4" => Float32, "<f8" => Float64, "<i8" => Int64, "|b1" => Bool)

"An array of a golden case: version 1 of the format, whose C order is Julia's with the axes reversed."
function read_npy(case, name)
    open(joinpath(GOLDEN, case, name * ".npy")) do file
        read(file, 8) == b"\x93NUMPY\x01\x00" || error("$case/$name is no .npy file")
        header = String(read(file, ltoh(read(file, UInt16))))
        occursin("'fortran_order': False", header) || error("$case/$name is not in C order")
        type = TYPES[match(r"'descr': '([^']+)'", header)[1]]
        shape = parse.(Int, split(match(r"'shape': \(([^)]*)\)", header)[1], r"[ ,]+"; keepempty = false))
        array = read!(file, Array{type}(undef, reverse(shape)...))
        eof(file) || error("$case/$name is too long")
        array
    end
end

close_to(a, b, tolerance) = size(a) == size(b) && all(abs.(a .- b) .<= tolerance .* max.(1, abs.(b)))
