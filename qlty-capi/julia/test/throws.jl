# What the tests of errors have in common.

"Whether the call throws an error of this status, whose message has this text."
function throws(call, status, text)
    try
        call()
    catch error
        error isa QltyError || rethrow()
        error.status == status && occursin(text, sprint(showerror, error)) && return true
        @error "another error" error
    end
    false
end

const ARGUMENT = LibQlty.QLTY_STATUS_INVALID_ARGUMENT
const SHAPE = LibQlty.QLTY_STATUS_SHAPE
