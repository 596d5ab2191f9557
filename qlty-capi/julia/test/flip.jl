"Flips a byte in the middle of a file."
function flip(path)
    bytes = read(path)
    bytes[end÷2] ⊻= 0x40
    write(path, bytes)
end
