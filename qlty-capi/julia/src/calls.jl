# What all calls have in common: errors, arrays, progress, threads.

"""
    QltyError(status, message)

A call of the library failed. `status` is one of `Qlty.LibQlty.QLTY_STATUS_...`; `message` says what
was got and what was expected, with shapes in the order of C.
"""
struct QltyError <: Exception
    status::Int32
    message::String
end

Base.showerror(io::IO, error::QltyError) = print(io, "QltyError: ", error.message)

"Calls a function of LibQlty, whose last argument is the place for an error, and throws that."
function check(call, arguments...)
    slot = Ref{Ptr{LibQlty.qlty_error}}(C_NULL)
    status = call(arguments..., slot)
    status == LibQlty.QLTY_STATUS_OK && return nothing
    message = unsafe_string(LibQlty.qlty_error_message(slot[]))
    LibQlty.qlty_error_free(slot[])
    throw(QltyError(status, message))
end

refuse(message) = throw(QltyError(LibQlty.QLTY_STATUS_INVALID_ARGUMENT, message))

"The number of C's that a symbol stands for."
function choice(what, choices, name)
    name isa Symbol && haskey(choices, name) || refuse("$what: got $(repr(name)), expected one of $(keys(choices))")
    choices[name]
end

"""
    @handle Type name noun

Says that a type owns a `qlty_name *` in its field `handle`: it closes once, and while it is open it
can be given to C functions. Its constructor adds `close` as the finalizer.
"""
macro handle(type, name, noun = string(name))
    raw, free = Symbol(:qlty_, name), Symbol(:qlty_, name, :_free)
    closing, refusal = "Frees the $noun, which cannot be used then. To close it again does nothing.",
        "$noun: got one that is closed, expected an open one"
    esc(quote
        @doc $closing function Base.close(owner::$type)
            handle, owner.handle = owner.handle, C_NULL
            LibQlty.$free(handle)
        end
        Base.isopen(owner::$type) = owner.handle != C_NULL
        function Base.unsafe_convert(::Type{Ptr{LibQlty.$raw}}, owner::$type)
            isopen(owner) || refuse($refusal)
            owner.handle
        end
    end)
end

"What `run` makes of something that is closed when it returns."
function closing(run, made)
    try
        run(made)
    finally
        close(made)
    end
end

"""
    BF16(bits::UInt16)

A bfloat16 by its bits, for which Julia before 1.11 has no type of its own.
"""
struct BF16
    bits::UInt16
end

const DTYPES = Dict{DataType,Int32}(
    UInt8 => LibQlty.QLTY_DTYPE_U8, Int8 => LibQlty.QLTY_DTYPE_I8,
    UInt16 => LibQlty.QLTY_DTYPE_U16, Int16 => LibQlty.QLTY_DTYPE_I16,
    UInt32 => LibQlty.QLTY_DTYPE_U32, Int32 => LibQlty.QLTY_DTYPE_I32,
    UInt64 => LibQlty.QLTY_DTYPE_U64, Int64 => LibQlty.QLTY_DTYPE_I64,
    Float16 => LibQlty.QLTY_DTYPE_F16, BF16 => LibQlty.QLTY_DTYPE_BF16,
    Float32 => LibQlty.QLTY_DTYPE_F32, Float64 => LibQlty.QLTY_DTYPE_F64,
    Bool => LibQlty.QLTY_DTYPE_BOOL,
)

isdefined(Core, :BFloat16) && (DTYPES[Core.BFloat16] = LibQlty.QLTY_DTYPE_BF16)

dtype(::Type{T}) where {T} = get(() -> refuse("element type: got $T, expected one of $(join(keys(DTYPES), ", "))"), DTYPES, T)

"The Julia type of a QLTY_DTYPE."
eltype_of(number) = first(type for (type, dtype) in DTYPES if dtype == number)

"The type in which stitching adds values of type `T`, and which it returns."
sum_type(::Type{T}) where {T} = T in (Float64, UInt32, Int32, UInt64, Int64) ? Float64 : Float32

"The numbers of C in the order of Julia, and back: the one place where the order is reversed."
to_julia(numbers, ndim) = ntuple(axis -> Int(numbers[ndim+1-axis]), ndim)
to_c(numbers, room, rest = 0) = ntuple(axis -> axis <= length(numbers) ? Int64(numbers[end+1-axis]) : Int64(rest), room)

"An array on its way through C, which keeps its memory alive."
struct Borrowed{A}
    array::A
    raw::Base.RefValue{qlty_array}
end

function Borrowed(array::AbstractArray{T,N}) where {T,N}
    1 <= N <= LibQlty.QLTY_MAX_NDIM || refuse("array: got $N axes, expected 1 to $(LibQlty.QLTY_MAX_NDIM)")
    # An array of no values may have no address, and is not looked at.
    address, distances = isempty(array) ? (C_NULL, map(one, size(array))) : (place(array), distance(array))
    shape, along = to_c(size(array), LibQlty.QLTY_MAX_NDIM), to_c(distances, LibQlty.QLTY_MAX_NDIM)
    Borrowed(array, Ref(qlty_array(address, dtype(T), N, shape, along)))
end

place(array) = memory(pointer, array)
distance(array) = memory(strides, array)
function memory(of, array)
    try
        of(array)
    catch
        refuse("array: got a $(typeof(array)), expected one with strides in memory; `copy` makes one of it")
    end
end

# The result of `cconvert` stays rooted until the call returns, and with it the array's memory.
Base.cconvert(::Type{Ptr{qlty_array}}, array::AbstractArray) = Borrowed(array)
Base.cconvert(::Type{Ptr{qlty_array}}, ::Nothing) = Ptr{qlty_array}(C_NULL)
Base.unsafe_convert(::Type{Ptr{qlty_array}}, array::Borrowed) = Base.unsafe_convert(Ptr{qlty_array}, array.raw)

"The arrays that pairs are written to, on their way through C, of which those of positions may be `nothing`."
struct BorrowedPairs{A}
    arrays::A
    raw::Base.RefValue{qlty_pair_arrays}
end

function BorrowedPairs(arrays...)
    borrowed = map(array -> Base.cconvert(Ptr{qlty_array}, array), arrays)
    addresses = map(array -> Base.unsafe_convert(Ptr{qlty_array}, array), borrowed)
    raw = qlty_pair_arrays(sizeof(qlty_pair_arrays), 0, addresses...)
    BorrowedPairs(borrowed, Ref(raw))
end

Base.cconvert(::Type{Ptr{qlty_pair_arrays}}, arrays::BorrowedPairs) = arrays
Base.unsafe_convert(::Type{Ptr{qlty_pair_arrays}}, arrays::BorrowedPairs) =
    Base.unsafe_convert(Ptr{qlty_pair_arrays}, arrays.raw)

"The shape of an array that the library has described, in the order of Julia."
shape_of(raw) = to_julia(raw[].shape, Int(raw[].ndim))
description() = Ref(qlty_array(C_NULL, 0, 0, to_c((), LibQlty.QLTY_MAX_NDIM), to_c((), LibQlty.QLTY_MAX_NDIM)))

"A progress function on its way through C, which no exception passes."
mutable struct Report
    progress::Any
    stopped::Bool
    thrown::Any
end

function report(user, done::UInt64, total::UInt64)::Int32
    self = user::Report
    if !self.stopped
        try
            self.stopped = self.progress(Int(done), Int(total)) === false
        catch problem
            self.thrown, self.stopped = (problem, catch_backtrace()), true
        end
    end
    self.stopped
end

"Like `check`, for a function with a progress function before the place for an error."
function check_long(progress, call, arguments...)
    progress === nothing && return check(call, arguments..., C_NULL, nothing)
    self = Report(progress, false, nothing)
    try
        check(call, arguments..., @cfunction(report, Int32, (Any, UInt64, UInt64)), self)
    catch
        self.thrown === nothing && rethrow()
    end
    self.thrown === nothing || throw(self.thrown[1])
    nothing
end

"""
    set_threads(count)

Sets the number of threads that the calls of all quilts work on; 0 means as many as there are
processors, the default. Results do not depend on it.
"""
set_threads(count::Integer) = check(LibQlty.qlty_threads_set, count)

"""
    threads()

The number of threads that calls work on.
"""
function threads()
    count = Ref{Int64}(0)
    check(LibQlty.qlty_threads_get, count)
    Int(count[])
end
