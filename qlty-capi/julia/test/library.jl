# Where the package looks for the library, what it says where there is none, and settings.
using Test
using Qlty
using Qlty: LibQlty

const FOUND = Qlty.library_path()
const PACKAGE = dirname(@__DIR__)
const EMPTY = mktempdir() # A project without settings.

"What another Julia says and whether it was content; `environment` has pairs, of nothing where a variable is not set."
function julia(code, project, environment...)
    project_file = joinpath(project, "Project.toml")
    isfile(project_file) || touch(project_file)
    command = `$(Base.julia_cmd()) --startup-file=no --project=$project -e "push!(LOAD_PATH, \"$PACKAGE\"); using Qlty; $code"`
    unset = ("QLTY_LIBRARY", "JULIA_LOAD_PATH", "JULIA_PROJECT")
    kept = Dict{String,String}(name => value for (name, value) in ENV if !(name in unset))
    for (name, value) in environment
        kept[name] = value
    end
    output = IOBuffer()
    ok = success(pipeline(setenv(command, kept); stdout = output, stderr = output))
    (ok = ok, said = String(take!(output)))
end

@testset "the version is the library's" begin
    version = match(r"^version = \"(.*)\"$"m, read(joinpath(PACKAGE, "Project.toml"), String))[1]
    @test version == unsafe_string(LibQlty.qlty_version())
end

@testset "a library that is not there" begin
    got = julia("println(:loaded); counts(Quilt((9, 9), (3, 3), (3, 3)))", EMPTY, "QLTY_LIBRARY" => "/nowhere/libqlty.so")
    @test !got.ok && startswith(got.said, "loaded") # The package loads, so that it can be told where to look.
    @test occursin("Tried:\n  /nowhere/libqlty.so (QLTY_LIBRARY in the environment): ", got.said)
    @test occursin("set_library!", got.said) && count("\n  ", got.said) >= 1
    withenv("QLTY_LIBRARY" => nothing) do
        tried = LibQlty.candidates()
        @test length(tried) >= 3 && tried[end] == (LibQlty.FILE, "the system's path")
        missing_ones = [("/nowhere/$i", "reason $i") for i in 1:3]
        message = try
            LibQlty.load(missing_ones)
        catch problem
            sprint(showerror, problem)
        end
        @test all(occursin("\n  $path ($reason): ", message) for (path, reason) in missing_ones)
        # One that is there, and is another.
        other = first(path for path in LibQlty.Libdl.dllist() if occursin("julia", basename(path)))
        @test_throws ErrorException LibQlty.load([(other, "another library")])
        @test LibQlty.load([("/nowhere", "first"), (FOUND, "second")])[2] == FOUND
    end
end

@testset "a setting" begin
    project = mktempdir()
    file = joinpath(project, "LocalPreferences.toml")
    write(file, "[Other]\nlibrary = \"theirs\"\n\n[Qlty]\nkey = 1\n[Third]\nlibrary = 'x'\n")
    said = "println(Qlty.library_path())"
    got = julia("Qlty.set_library!(\"$(escape_string(FOUND))\"); $said", project)
    @test got.ok && strip(got.said) == FOUND
    @test read(file, String) ==
          "[Other]\nlibrary = \"theirs\"\n\n[Qlty]\nkey = 1\nlibrary = \"$(escape_string(FOUND))\"\n[Third]\nlibrary = 'x'\n"
    got = julia(said, project)
    @test got.ok && strip(got.said) == FOUND
    # The environment goes before it, and what is set is meant, even where there is another.
    got = julia(said, project, "QLTY_LIBRARY" => "/nowhere/libqlty.so")
    @test !got.ok && occursin("/nowhere/libqlty.so", got.said)
    write(file, "[Qlty]\nlibrary = 'no/lib.so' # from here\n")
    got = julia(said, project)
    @test !got.ok && occursin("\n  $(joinpath(project, "no", "lib.so")) ($file): ", got.said)
    @test count("\n  /", got.said) == 1
    # What cannot be loaded is not written.
    before = read(file)
    got = julia("Qlty.set_library!(\"/nowhere/libqlty.so\")", project)
    @test !got.ok && occursin("/nowhere/libqlty.so (Qlty.set_library!)", got.said) && read(file) == before
    got = julia("Qlty.set_library!(nothing)", project)
    @test got.ok && read(file, String) == "[Qlty]\n"
end

@testset "files of settings" begin
    write_setting(text) = (file = joinpath(mktempdir(), "LocalPreferences.toml"); write(file, text); file)
    @test LibQlty.setting(joinpath(EMPTY, "none.toml")) === nothing
    @test LibQlty.setting(write_setting("library = \"not ours\"\n[Other]\nlibrary = \"x\"\n")) === nothing
    @test LibQlty.setting(write_setting(" [ Qlty ]\n library=\"/a \\\"b\\\\c\" # why\n")) == "/a \"b\\c"
    @test LibQlty.setting(write_setting("[Qlty]\nlibrary = \"libqlty.so\"\n")) == "libqlty.so"
    @test_throws ErrorException LibQlty.setting(write_setting("[Qlty]\nlibrary = 3\n"))
end
