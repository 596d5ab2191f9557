# Binary PGM pictures of 8 bits, which the examples read and write.

"A binary PGM of 8 bits, as a batch (X, Y, C, N) of one image with one channel."
function read_pgm(path)
    open(path) do file
        header = Int[]
        readuntil(file, "P5") == "" || error("$path is no binary PGM")
        read(file, UInt8)
        while length(header) < 3
            append!(header, parse.(Int, split(readline(file))))
        end
        width, height, most = header
        most == 255 || error("$path has pixels up to $most, expected 255")
        Float32.(reshape(read!(file, Array{UInt8}(undef, width * height)), width, height, 1, 1))
    end
end

function write_pgm(path, picture)
    open(path, "w") do file
        print(file, "P5\n", size(picture, 1), " ", size(picture, 2), "\n255\n")
        write(file, round.(UInt8, picture))
    end
end
