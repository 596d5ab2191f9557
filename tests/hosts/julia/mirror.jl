# Qlty.jl repeats the header: its structs, its constants and its functions are all there, as they are.
# usage: mirror.jl HEADER LAYOUT     LAYOUT is what c/layout.c prints
using Test
using Qlty
using Qlty: LibQlty

const HEADER, LAYOUT = read(ARGS[1], String), readlines(ARGS[2])

@testset "structs" begin
    fields = Dict(type => 0 for type in (LibQlty.qlty_array, LibQlty.qlty_quilt_options, LibQlty.qlty_pair_options,
                                         LibQlty.qlty_store_options, LibQlty.qlty_large_options, LibQlty.qlty_pyramid_options,
                                         LibQlty.qlty_laplacian_options, LibQlty.qlty_reconstruct_options,
                                         LibQlty.qlty_pair_arrays, LibQlty.qlty_large_status,
                                         LibQlty.qlty_sample_options, LibQlty.qlty_pyramid_info))
    for line in LAYOUT
        name, field, offset, size = split(line)
        type = getfield(LibQlty, Symbol(name))
        if field == "-"
            @test sizeof(type) == parse(Int, size)
        else
            index = findfirst(==(Symbol(field)), fieldnames(type))
            @test fieldoffset(type, index) == parse(Int, offset)
            @test sizeof(fieldtype(type, index)) == parse(Int, size)
            fields[type] += 1
        end
    end
    @test all(fieldcount(type) == count for (type, count) in fields)
end

@testset "constants" begin
    constants = [(m[1], m[2]) for m in eachmatch(r"^#define (QLTY_\w+) (\d+)$"m, HEADER)]
    @test length(constants) > 25
    for (name, value) in constants
        @test getfield(LibQlty, Symbol(name)) == parse(Int, value)
    end
end

@testset "functions" begin
    names = [m[1] for m in eachmatch(r"^[\w ]+[ *](qlty_\w+)\("m, HEADER) if !occursin("static", m.match)]
    @test length(names) > 30
    for name in names
        @test isdefined(LibQlty, Symbol(name))
    end
end

@testset "documentation" begin
    for name in names(Qlty)
        @test !startswith(string(Base.Docs.doc(Base.Docs.Binding(Qlty, name))), "No documentation found")
    end
end
