# Which library is used, for people.

"""
    Qlty.library_path()

The path of the native library in use. It is looked for when it is first needed:

1. where `QLTY_LIBRARY` in the environment says, and nowhere else if it does;
2. where [`Qlty.set_library!`](@ref) said, and nowhere else;
3. in the prefix that this package was installed in, or, in the sources, where cargo builds;
4. on the system's path.

Throws where there is none, and says what was tried.
"""
function library_path()
    LibQlty.library()
    LibQlty.opened_from[]
end

"""
    Qlty.set_library!(path)

Has this project use the native library at `path`, now and in future sessions. It is written to
`LocalPreferences.toml` beside the active project as `library` of the section `[Qlty]`, where a relative path counts
from that file. `Qlty.set_library!(nothing)` takes the setting away.

A library that cannot be loaded is refused, and nothing is written. Where another is in use already, that one stays
until Julia is restarted. `QLTY_LIBRARY` in the environment goes before the setting.
"""
function set_library!(path::Union{AbstractString,Nothing})
    project = Base.active_project()
    project === nothing && error("Qlty.set_library!: got no active project, expected one to write its setting beside")
    if path !== nothing
        path = isempty(dirname(path)) ? String(path) : abspath(path)
        lock(LibQlty.opening) do
            handle, from = LibQlty.load([(path, "Qlty.set_library!")])
            if LibQlty.opened[] == C_NULL
                LibQlty.opened[], LibQlty.opened_from[] = handle, from
            end
        end
    end
    file = joinpath(dirname(project), LibQlty.SETTINGS)
    lines = isfile(file) ? readlines(file) : String[]
    found, last = LibQlty.setting_lines(lines)
    line = path === nothing ? String[] : ["library = \"$(escape_string(path))\""]
    if found > 0
        splice!(lines, found:found, line)
    elseif last > 0
        splice!(lines, last+1:last, line)
    elseif path !== nothing
        append!(lines, ["[Qlty]"; line])
    end
    mkpath(dirname(file))
    whole = file * ".part" # The settings of other packages are in it too: all of it or none.
    write(whole, join(lines, "\n"), isempty(lines) ? "" : "\n")
    mv(whole, file; force = true)
    path
end
