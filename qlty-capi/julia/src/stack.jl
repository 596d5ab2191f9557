# Stacks of images, whose planes are pages of TIFF files, or PNG files.

"The text that a C function stores, if there is one."
text_of(slot) = slot[] == C_NULL ? nothing : unsafe_string(slot[])

"""
    Stack(path)
    Stack(function, path)

A stack of images, `(X, Y, Z, C, T)` in the order of Julia, whose planes are pages of a TIFF file, a
hyperstack of ImageJ or an OME-TIFF; or a PNG file. [`find_stacks`](@ref) finds those that are folders of
slices. `size`, `eltype` and [`stack_name`](@ref), [`stack_files`](@ref), [`voxel_size`](@ref) and
[`missing_slices`](@ref) tell what it is, [`read_planes`](@ref) reads it, and [`write_pyramid`](@ref)
converts it. It holds no pixels; the files must not change. A stack frees itself.
"""
mutable struct Stack{T}
    handle::Ptr{LibQlty.qlty_stack}
    size::NTuple{5,Int}
end

@handle Stack stack

"A stack that owns a handle."
function own_stack(handle)
    raw = description()
    check(LibQlty.qlty_stack_shape, handle[], raw)
    finalizer(close, Stack{eltype_of(raw[].dtype)}(handle[], shape_of(raw)))
end

stack_slot() = Ref{Ptr{LibQlty.qlty_stack}}(C_NULL)

function Stack(path::AbstractString)
    handle = stack_slot()
    check(LibQlty.qlty_stack_open, path, handle)
    own_stack(handle)
end

Stack(run::Function, path) = closing(run, Stack(path))

Base.size(stack::Stack) = stack.size
Base.size(stack::Stack, axis::Integer) = stack.size[axis]
Base.eltype(::Stack{T}) where {T} = T
Base.show(io::IO, stack::Stack{T}) where {T} =
    print(io, "Stack(", T, " ", stack.size, isopen(stack) ? ")" : ", closed)")

"""
    stack_name(stack)

The stack's name.
"""
function stack_name(stack::Stack)
    name = Ref{Ptr{UInt8}}(C_NULL)
    check(LibQlty.qlty_stack_name, stack, name, C_NULL)
    GC.@preserve stack text_of(name)
end

"""
    stack_files(stack)

The paths of the files: one for each slice, in the order of Z, or the one of all pages.
"""
function stack_files(stack::Stack)
    count, path = Ref{Int64}(0), Ref{Ptr{UInt8}}(C_NULL)
    check(LibQlty.qlty_stack_name, stack, C_NULL, count)
    GC.@preserve stack [(check(LibQlty.qlty_stack_file, stack, index, path); text_of(path)) for index in 0:count[]-1]
end

"""
    voxel_size(stack)

A named tuple of the `size` of a voxel along `(x, y, z)`, NaN where the files do not say, and its `unit`,
such as `"micrometer"`, or `nothing`.
"""
function voxel_size(stack::Stack)
    numbers, unit = zeros(3), Ref{Ptr{UInt8}}(C_NULL)
    check(LibQlty.qlty_stack_voxel_size, stack, numbers, unit)
    GC.@preserve stack (size = (numbers[3], numbers[2], numbers[1]), unit = text_of(unit))
end

"""
    missing_slices(stack)

The counters that no file has, between the first and the last: a vector of ranges.
"""
function missing_slices(stack::Stack)
    count = Ref{Int64}(0)
    check(LibQlty.qlty_stack_missing_count, stack, count)
    runs = zeros(UInt64, 2, count[])
    check(LibQlty.qlty_stack_missing, stack, runs)
    [runs[1, k]:runs[2, k] for k in 1:count[]]
end

"""
    channel_names(stack)
    channel_names(image)

The names of the channels of a [`Stack`](@ref) or a [`ZarrPyramid`](@ref), such as `"DAPI"`; `nothing` for those
that it does not say.
"""
channel_names(stack::Stack) = channel_names(LibQlty.qlty_stack_channel, stack, stack.size[4])

function channel_names(call, owner, count)
    name = Ref{Ptr{UInt8}}(C_NULL)
    GC.@preserve owner [(check(call, owner, channel, name); text_of(name)) for channel in 0:count-1]
end

"""
    read_planes(stack, planes = all; t = 1, progress = nothing)

A range of planes of a time point, from 1, as an array `(X, Y, planes, C)`. Progress counts planes.
"""
function read_planes(stack::Stack{T}, planes::AbstractUnitRange = 1:stack.size[3]; t::Integer = 1,
                     progress = nothing) where {T}
    out = Array{T}(undef, stack.size[1], stack.size[2], length(planes), stack.size[4])
    check_long(progress, LibQlty.qlty_stack_read, stack, t - 1, first(planes) - 1, out)
    out
end

"""
    find_stacks(folder, extension, pattern)

The stacks of slices in a folder, by name: a vector of pairs `name => stack`, each an open [`Stack`](@ref).
Slices are the files with this extension in whose name `pattern` is found, a regular expression as a string,
such as `raw"image_(\\d+)\\.tif\$"`; it has two groups, the stack's name and the counter, or one, the counter.
"""
function find_stacks(folder::AbstractString, extension::AbstractString, pattern::AbstractString)
    with_stacks(folder, extension, pattern) do handle, count
        map(0:count-1) do index
            name, stack = Ref{Ptr{UInt8}}(C_NULL), stack_slot()
            check(LibQlty.qlty_stacks_name, handle, index, name, C_NULL)
            check(LibQlty.qlty_stacks_open, handle, index, stack)
            text_of(name) => own_stack(stack)
        end
    end
end

"What `run` makes of the handle on the stacks in a folder, and of their number."
function with_stacks(run, folder, extension, pattern)
    handle, count = Ref{Ptr{LibQlty.qlty_stacks}}(C_NULL), Ref{Int64}(0)
    check(LibQlty.qlty_stacks_find, folder, extension, pattern, handle)
    try
        check(LibQlty.qlty_stacks_count, handle[], count)
        run(handle[], count[])
    finally
        LibQlty.qlty_stacks_free(handle[])
    end
end
