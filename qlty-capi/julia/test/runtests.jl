# The tests of the package, from the repository, whose golden cases they use; as arguments the names of some.
# `julia --project=qlty-capi/julia -e 'using Pkg; Pkg.test()'`
const TESTS = ["library", "api", "golden", "large", "pairs", "pyramid"]

const CHOSEN = isempty(ARGS) ? TESTS : ARGS

for name in CHOSEN
    name in TESTS || error("got $name, expected some of $TESTS")
    # Each in a module of its own, as if it was alone.
    include_string(@__MODULE__, "module Test_$name\ninclude($(repr(joinpath(@__DIR__, "$name.jl"))))\nend")
end
