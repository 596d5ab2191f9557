# Where the shared library is. It is looked for when it is first needed, so that a setting can still be made
# where there is none.

const FILE = (Sys.iswindows() ? "qlty." : "libqlty.") * Libdl.dlext

# The library once it is loaded, which it then stays, and its path. The lock is held while it is loaded.
const opened = Ref{Ptr{Cvoid}}(C_NULL)
const opened_from = Ref("")
const opening = ReentrantLock()

"The folders of projects in which this Julia looks for packages, the active one first."
projects() = [isdir(path) ? path : dirname(path) for path in Base.load_path() if isdir(path) || isfile(path)]

const SETTINGS = "LocalPreferences.toml"

"""
The line of a settings file with the path of the library, and the line where such a one would go: the last of the
section `[Qlty]`. 0 where there is none.
"""
function setting_lines(lines)
    start = findfirst(line -> occursin(r"^\s*\[\s*Qlty\s*\]", line), lines)
    start === nothing && return 0, 0
    stop = findnext(line -> occursin(r"^\s*\[", line), lines, start + 1)
    last = stop === nothing ? length(lines) : stop - 1
    found = findnext(line -> occursin(r"^\s*library\s*=", line), lines, start + 1)
    found === nothing || found > last ? (0, last) : (found, last)
end

"The path that a settings file gives, or nothing."
function setting(file)
    isfile(file) || return nothing
    lines = readlines(file)
    found, _ = setting_lines(lines)
    found == 0 && return nothing
    value = match(r"=\s*(?:\"((?:[^\"\\]|\\.)*)\"|'([^']*)')\s*(?:#.*)?$", lines[found])
    value === nothing && error("$file: got the line $(repr(lines[found])), expected library = \"PATH\"")
    path = value[1] === nothing ? String(value[2]) : unescape_string(value[1])
    isempty(dirname(path)) ? path : abspath(dirname(file), path) # A bare name is for the system to find.
end

"""
Where the library may be, in the order in which it is looked for, each with the reason. Who names it means that one
and no other.
"""
function candidates()
    haskey(ENV, "QLTY_LIBRARY") && return [(ENV["QLTY_LIBRARY"], "QLTY_LIBRARY in the environment")]
    for folder in projects()
        file = joinpath(folder, SETTINGS)
        path = setting(file)
        path === nothing || return [(path, file)]
    end
    # PREFIX/share/qlty/julia/src, or qlty-capi/julia/src.
    prefix, repository = normpath(joinpath(@__DIR__, "..", "..", "..", "..")), normpath(joinpath(@__DIR__, "..", "..", ".."))
    build = get(ENV, "CARGO_TARGET_DIR", joinpath(repository, "target"))
    folders = ("lib", "lib64", joinpath("lib", "$(Sys.ARCH)-linux-gnu"), "bin")
    installed = [(joinpath(prefix, folder, FILE), "an installed prefix") for folder in folders]
    if isfile(joinpath(repository, "qlty-capi", "Cargo.toml"))
        installed = [(joinpath(build, kind, FILE), "built by cargo") for kind in ("release", "debug")]
    end
    [installed; (FILE, "the system's path")]
end

"The library at `path` and where that is, or why it cannot be used."
function open_library(path)
    try
        handle = Libdl.dlopen(path)
        version = ccall(Libdl.dlsym(handle, :qlty_abi_version), UInt32, ())
        version == QLTY_ABI_VERSION || error("got ABI version $version, expected $QLTY_ABI_VERSION")
        return handle, Libdl.dlpath(handle)
    catch problem
        return sprint(showerror, problem)
    end
end

function load(candidates)
    tried = String[]
    for (path, reason) in candidates
        found = open_library(path)
        found isa String || return found
        push!(tried, "  $path ($reason): $found")
    end
    error("the qlty library was not found; set QLTY_LIBRARY in the environment to its path, or call " *
          "Qlty.set_library!(PATH), or build it with `cargo build --release -p qlty-capi`. Tried:\n" * join(tried, "\n"))
end

"The library, loaded when it is first asked for."
function library()
    opened[] == C_NULL || return opened[]
    lock(opening) do
        if opened[] == C_NULL
            handle, opened_from[] = load(candidates())
            opened[] = handle
        end
    end
    opened[]
end
