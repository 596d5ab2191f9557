# Damaged files of what is on disk.

"""
    verify_store(path; most = nothing, progress = nothing)

Reads the files of all arrays of a Zarr store, such as a pyramid, at most `most` of them, evenly spread, and gives the
damaged ones: a vector of named tuples of `file`, which is the folder of an array that lacks files, and `what` is wrong
with it, in words. Progress counts files.
"""
verify_store(path::AbstractString; most = nothing, progress = nothing) =
    without_tiles(verify_by(LibQlty.qlty_store_verify, path, most, progress))

"""
    verify(large; most = nothing, progress = nothing)

Reads the finished tiles of a [`LargeQuilt`](@ref), at most `most` of them, evenly spread, and gives the damaged ones:
a vector of named tuples of `tile`, from 1, `file` and `what` is wrong with it, in words. `mode = :repair` makes their
patches pending again. Progress counts tiles.

    verify(dataset; most = nothing, progress = nothing)

Reads the files of all arrays of a [`PairDataset`](@ref) in the same way, and gives what [`verify_store`](@ref) does.
"""
verify(large::LargeQuilt; most = nothing, progress = nothing) =
    verify_by(LibQlty.qlty_large_verify, large, most, progress)
verify(dataset::PairDataset; most = nothing, progress = nothing) =
    without_tiles(verify_by(LibQlty.qlty_dataset_verify, dataset, most, progress))

"""
    damaged(large)

The tiles of a [`LargeQuilt`](@ref) that were damaged when the result was opened, as [`verify`](@ref) gives them. Their
patches are pending again.
"""
damaged(large::LargeQuilt) = damages_of(slot -> check(LibQlty.qlty_large_damaged, large, slot))

without_tiles(damages) = [(file = damage.file, what = damage.what) for damage in damages]

function verify_by(call, of, most, progress)
    most === nothing || most >= 0 || refuse("most: got $most, expected 0 or more")
    damages_of() do slot
        check_long(progress, call, of, something(most, -1), slot)
    end
end

"What a call stores of damages."
function damages_of(call)
    slot, count = Ref{Ptr{LibQlty.qlty_damages}}(C_NULL), Ref{Int64}(0)
    try
        call(slot)
        check(LibQlty.qlty_damages_count, slot[], count)
        [damage_of(slot[], index) for index in 0:count[]-1]
    finally
        LibQlty.qlty_damages_free(slot[])
    end
end

function damage_of(damages, index)
    tile, file, what = Ref{Int64}(0), Ref{Ptr{UInt8}}(C_NULL), Ref{Ptr{UInt8}}(C_NULL)
    check(LibQlty.qlty_damages_get, damages, index, tile, file, what)
    (tile = Int(tile[]) + 1, file = text_of(file), what = text_of(what))
end
