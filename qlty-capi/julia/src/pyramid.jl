# Pyramids of stacks and of arrays.

const HALVINGS = (plane = LibQlty.QLTY_HALVING_PLANE, volume = LibQlty.QLTY_HALVING_VOLUME,
                  isotropic = LibQlty.QLTY_HALVING_ISOTROPIC)
const NORMALIZATIONS = (none = LibQlty.QLTY_NORMALIZATION_NONE, per_slice = LibQlty.QLTY_NORMALIZATION_PER_SLICE,
                        global_ = LibQlty.QLTY_NORMALIZATION_GLOBAL)

"A string for an option of C's, or NULL; what `texts` holds must be kept alive."
function text!(texts, value)
    value === nothing && return Ptr{UInt8}(C_NULL)
    text = Base.cconvert(Cstring, String(value))
    push!(texts, text)
    Ptr{UInt8}(Base.unsafe_convert(Cstring, text))
end

sizes(what, ::Nothing) = (0, 0, 0)
function sizes(what, values)
    length(values) == 3 || refuse("$what: got $(length(values)) numbers, expected 3: (x, y, z)")
    reverse(Tuple(values))
end

"Options for C, and what they point to."
function pyramid_options(; levels = nothing, most_levels = nothing, factors = nothing, halving = :plane,
                         method = nothing, axes = :xyzct, eltype = nothing, normalization = :none, zarr_format = nothing,
                         chunk = nothing, shard = nothing, codec = nothing, voxel_size = nothing, unit = nothing,
                         name = nothing, channel_names = nothing, memory = nothing, overwrite = false,
                         resume = false)
    initial = Ref{LibQlty.qlty_pyramid_options}()
    check(LibQlty.qlty_pyramid_options_init, initial, sizeof(LibQlty.qlty_pyramid_options))
    texts = Any[]
    rows = factors === nothing ? Int64[] : Int64[number for row in factors for number in sizes("factors", row)]
    push!(texts, isempty(rows) && factors !== nothing ? push!(rows, 0) : rows)
    mean, deviation = normalization isa Tuple ? normalization : (0, 1)
    scaling = normalization isa Tuple ? LibQlty.QLTY_NORMALIZATION_BY :
        choice("normalization", NORMALIZATIONS, normalization === :global ? :global_ : normalization)
    order = choice("axes", (xyzct = LibQlty.QLTY_AXES_TCZYX, xycz = LibQlty.QLTY_AXES_ZCYX), axes)
    names = Ptr{UInt8}[text!(texts, channel) for channel in something(channel_names, ())]
    push!(texts, names)
    options = LibQlty.qlty_pyramid_options(
        initial[].struct_size, choice("halving", HALVINGS, halving), something(levels, initial[].levels),
        something(most_levels, initial[].most_levels), factors === nothing ? C_NULL : pointer(rows),
        factors === nothing ? 0 : length(factors), text!(texts, method), order, eltype === nothing ? 0 : dtype(eltype),
        scaling, something(zarr_format, initial[].zarr_format), mean, deviation, sizes("chunk", chunk),
        sizes("shard", shard), text!(texts, codec), sizes("voxel_size", voxel_size), text!(texts, unit),
        text!(texts, name), isempty(names) ? C_NULL : pointer(names), length(names), something(memory, initial[].memory), overwrite, resume)
    options, texts
end

"The same of a Laplacian pyramid."
function laplacian_options(; interpolation = nothing, store_base::Bool = true, difference_codec = nothing, options...)
    made, kept = pyramid_options(; options...)
    initial = Ref{LibQlty.qlty_laplacian_options}()
    check(LibQlty.qlty_laplacian_options_init, initial, sizeof(LibQlty.qlty_laplacian_options))
    its = LibQlty.qlty_laplacian_options(initial[].struct_size, store_base, text!(kept, interpolation),
                                         text!(kept, difference_codec))
    made, its, kept
end

const Planes = Union{Stack,AbstractArray}

# C takes a stack or an array, and NULL for the other.
planes_for_c(stack::Stack) = (stack, nothing)
planes_for_c(array::AbstractArray) = (nothing, array)
Base.cconvert(::Type{Ptr{LibQlty.qlty_stack}}, ::Nothing) = Ptr{LibQlty.qlty_stack}(C_NULL)

"""
    write_pyramid(image, path; options..., progress = nothing)

Writes an image and its coarser levels as OME-Zarr to the folder `path`. The image is a [`Stack`](@ref) or an
array `(X, Y)`, `(X, Y, Z)`, `(X, Y, Z, C)` or `(X, Y, Z, C, T)`. The store appears when it is complete, and
[`ZarrPyramid`](@ref) reads it. Progress counts planes. Options, where sizes are along `(x, y, z)`:

- `levels`: their number, full size included; by default until the smaller of X and Y is at most 256,
  `most_levels = 5` at most. Or `factors`: for each level after the first, by how much it is smaller.
- `halving`: `:plane` (x and y), `:volume` or `:isotropic`.
- `method`: `"mean"`, `"gaussian"`, `"nearest"`, `"median"`, `"mode"`, `"max"` or `"min"`.
- `axes`: `:xyzct`, without those of length 1 for C and T, or `:xycz`, which NGFF does not allow.
- `eltype`: the type written; `normalization`: `:none`, `:per_slice`, `:global` or `(mean, deviation)`.
- `zarr_format`: 3 or 2; `chunk` and `shard`; `codec`: such as `"none"`, `"zstd:9"` or `"blosc-zstd-bitshuffle:1"`.
- `voxel_size` and `unit`, such as `"micrometer"`; `name`; `channel_names`, one for each channel.
- `memory`: how many bytes of pixels are held.
- `overwrite`: whether a store of the same name is replaced; `resume`: whether to go on where a run was killed.
"""
function write_pyramid(image::Planes, path::AbstractString; progress = nothing, options...)
    made, kept = pyramid_options(; options...)
    GC.@preserve kept check_long(progress, LibQlty.qlty_stack_to_ome_zarr, planes_for_c(image)..., path, Ref(made))
end

"""
    write_laplacian(image, path; interpolation = "bilinear", store_base = true, difference_codec = nothing,
                    options..., progress = nothing)

Writes the Laplacian pyramid of an image as a Zarr group to the folder `path`: the smallest level, unless
`store_base` is false, and what each larger one has more than is predicted of it, `"bilinear"` or `"bicubic"`.
[`ZarrPyramid`](@ref) reads levels back, those of integers to the bit. The other options are those of
[`write_pyramid`](@ref).
"""
function write_laplacian(image::Planes, path::AbstractString; progress = nothing, options...)
    made, its, kept = laplacian_options(; options...)
    GC.@preserve kept check_long(progress, LibQlty.qlty_stack_to_laplacian, planes_for_c(image)..., path, Ref(made), Ref(its))
end

"""
    plan_pyramid(image, path; options...)

What [`write_pyramid`](@ref) would write, without reading a pixel: a named tuple of the `path`, the `axes` as C
has them, such as `"CZYX"`, the `eltype` of the pixels, the `size`, how many `bytes` the arrays have before
compression, the `files` of the image, and `levels`, each with the `name` of its array, its `eltype`, `size` and
`chunk`, and the `voxel_size` along `(x, y, z)`.
"""
function plan_pyramid(image::Planes, path::AbstractString; options...)
    made, kept = pyramid_options(; options...)
    only(values(pyramids_of() do slot
        GC.@preserve kept check(LibQlty.qlty_stack_plan, planes_for_c(image)..., path, Ref(made), C_NULL, slot)
    end))
end

"""
    plan_laplacian(image, path; options...)

What [`write_laplacian`](@ref) would write, as [`plan_pyramid`](@ref) tells it.
"""
function plan_laplacian(image::Planes, path::AbstractString; options...)
    made, its, kept = laplacian_options(; options...)
    only(values(pyramids_of() do slot
        GC.@preserve kept check(LibQlty.qlty_stack_plan, planes_for_c(image)..., path, Ref(made), Ref(its), slot)
    end))
end

"""
    write_pyramids(slices, extension, pattern, folder; plan = false, options..., progress = nothing)

Writes all stacks that [`find_stacks`](@ref) finds in the folder `slices` to another folder, one after the other:
the stack `"image"` to `"image.ome.zarr"`. The result maps the names to what was written, as
[`plan_pyramid`](@ref) describes it; with `plan` nothing is written. Options and progress are those of
[`write_pyramid`](@ref).
"""
function write_pyramids(slices::AbstractString, extension::AbstractString, pattern::AbstractString,
                        folder::AbstractString; plan::Bool = false, progress = nothing, options...)
    made, kept = pyramid_options(; options...)
    with_stacks(slices, extension, pattern) do stacks, _
        pyramids_of() do slot
            GC.@preserve kept begin
                plan ? check(LibQlty.qlty_stacks_plan, stacks, folder, Ref(made), C_NULL, slot) :
                    check_long(progress, LibQlty.qlty_stacks_to_ome_zarr, stacks, folder, Ref(made), slot)
            end
        end
    end
end

"""
    write_laplacians(slices, extension, pattern, folder; plan = false, options..., progress = nothing)

The same as [`write_pyramids`](@ref) with Laplacian pyramids: the stack `"image"` goes to `"image.laplacian.zarr"`.
Options are those of [`write_laplacian`](@ref).
"""
function write_laplacians(slices::AbstractString, extension::AbstractString, pattern::AbstractString,
                          folder::AbstractString; plan::Bool = false, progress = nothing, options...)
    made, its, kept = laplacian_options(; options...)
    with_stacks(slices, extension, pattern) do stacks, _
        pyramids_of() do slot
            GC.@preserve kept begin
                plan ? check(LibQlty.qlty_stacks_plan, stacks, folder, Ref(made), Ref(its), slot) :
                    check_long(progress, LibQlty.qlty_stacks_to_laplacian, stacks, folder, Ref(made), Ref(its), slot)
            end
        end
    end
end

"What a call stores of pyramids, by the names of their images."
function pyramids_of(call)
    slot, count = Ref{Ptr{LibQlty.qlty_pyramids}}(C_NULL), Ref{Int64}(0)
    try
        call(slot)
        check(LibQlty.qlty_pyramids_count, slot[], count)
        Dict(pyramid_of(slot[], index) for index in 0:count[]-1)
    finally
        LibQlty.qlty_pyramids_free(slot[])
    end
end

function pyramid_of(pyramids, index)
    name, path, axes = (Ref{Ptr{UInt8}}(C_NULL) for _ in 1:3)
    stored = Ref(LibQlty.qlty_pyramid_info(sizeof(LibQlty.qlty_pyramid_info), 0, description()[], 0, 0, 0))
    check(LibQlty.qlty_pyramids_name, pyramids, index, name, path, axes)
    check(LibQlty.qlty_pyramids_get_info, pyramids, index, stored)
    info, file = stored[], Ref{Ptr{UInt8}}(C_NULL)
    paths = [(check(LibQlty.qlty_pyramids_file, pyramids, index, k, file); text_of(file)) for k in 0:info.files-1]
    text_of(name) => (path = text_of(path), axes = text_of(axes), eltype = eltype_of(info.pixels.dtype),
                      size = shape_of(Ref(info.pixels)), bytes = Int(info.bytes), files = paths,
                      levels = [level_of(pyramids, index, level) for level in 0:info.levels-1])
end

function level_of(pyramids, index, level)
    raw, name, chunk, voxel = description(), Ref{Ptr{UInt8}}(C_NULL), zeros(Int64, LibQlty.QLTY_MAX_NDIM), zeros(3)
    check(LibQlty.qlty_pyramids_level, pyramids, index, level, raw, name, chunk, voxel)
    (name = text_of(name), eltype = eltype_of(raw[].dtype), size = shape_of(raw),
     chunk = to_julia(chunk, Int(raw[].ndim)), voxel_size = (voxel[3], voxel[2], voxel[1]))
end

"""
    reconstruct_laplacian(store, path; level = 1, interpolation = nothing, codec = nothing, overwrite = false,
                          progress = nothing)

Writes a level of a Laplacian store, 1 for the full size, as a Zarr array to the folder `path`, which appears
when it is complete. `interpolation` is for stores that do not say it. Progress counts planes.
"""
function reconstruct_laplacian(store::AbstractString, path::AbstractString; level::Integer = 1, interpolation = nothing,
                               codec = nothing, overwrite::Bool = false, progress = nothing)
    initial, kept = Ref{LibQlty.qlty_reconstruct_options}(), Any[]
    check(LibQlty.qlty_reconstruct_options_init, initial, sizeof(LibQlty.qlty_reconstruct_options))
    GC.@preserve kept begin
        options = LibQlty.qlty_reconstruct_options(initial[].struct_size, overwrite, level - 1,
                                                   text!(kept, interpolation), text!(kept, codec))
        check_long(progress, LibQlty.qlty_laplacian_reconstruct, store, path, Ref(options))
    end
end

