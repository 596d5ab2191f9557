"""The C ABI by ctypes, over NumPy arrays: types, structs and functions are read from qlty.h, as a generator of
bindings would read them. For tests; nobody needs Python to use the library."""

import ctypes
import os
import re

import numpy as np

HEADER = os.path.join(os.path.dirname(__file__), "..", "..", "..", "include", "qlty.h")
LIBRARY = ctypes.CDLL(os.environ["QLTY_LIBRARY"])

with open(HEADER, encoding="utf-8") as file:
    # Without comments, and without what is inline, which is not in the library.
    TEXT = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
TEXT = TEXT[: TEXT.index("#ifndef QLTY_ARRAY_CONTIGUOUS")]

CONSTANTS = {name: int(value) for name, value in re.findall(r"^#define (QLTY_\w+) (\d+)$", TEXT, flags=re.M)}

PROGRESS = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64)
SCALARS = {
    "int32_t": ctypes.c_int32, "uint32_t": ctypes.c_uint32, "int64_t": ctypes.c_int64, "uint64_t": ctypes.c_uint64,
    "double": ctypes.c_double, "qlty_dtype": ctypes.c_int32, "qlty_status": ctypes.c_int32, "void": None,
    "qlty_progress": PROGRESS,
}


def type_of(declaration):
    """The type of `const char *path` or `int64_t size[3]`, and its name."""
    base, stars, name, length = re.fullmatch(
        r"(?:const )?(?:struct )?(\w+) ?((?:\*(?:const)? ?)*)(\w*)(?:\[(\w+)\])?", " ".join(declaration.split())
    ).groups()
    if stars:
        return (ctypes.c_char_p if base == "char" and stars == "*" else ctypes.c_void_p), name
    kind = STRUCTS[base] if base in STRUCTS else SCALARS[base]
    return (kind * int(CONSTANTS.get(length, length)) if length else kind), name


def struct_of(name, body):
    fields = [type_of(line.strip()) for line in body.split(";") if line.strip()]
    return type(name, (ctypes.Structure,), {"_fields_": [(field, kind) for kind, field in fields]})


# A struct can have others as fields, which the header defines before it.
STRUCTS = {}
for name, body in re.findall(r"typedef struct (qlty_\w+) \{(.*?)\} qlty_\w+;", TEXT, flags=re.S):
    STRUCTS[name] = struct_of(name, body)
Array = STRUCTS["qlty_array"]

FUNCTIONS = {}
for result, name, arguments in re.findall(r"^((?:const )?(?:struct )?\w+ \**)(qlty_\w+)\(([^()]*)\);", TEXT, flags=re.M):
    function = FUNCTIONS[name] = getattr(LIBRARY, name)
    function.restype = type_of(result.strip() + " _" if "*" not in result else result + "_")[0]
    function.argtypes = [] if arguments == "void" else [type_of(part)[0] for part in arguments.split(",")]

DTYPES = {
    "uint8": "U8", "int8": "I8", "uint16": "U16", "int16": "I16", "uint32": "U32", "int32": "I32", "uint64": "U64",
    "int64": "I64", "float16": "F16", "float32": "F32", "float64": "F64", "bool": "BOOL",
}


class QltyError(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def describe(array):
    """A qlty_array over the memory of a NumPy array, whose strides count bytes where ours count values."""
    described = Array(array.ctypes.data, CONSTANTS["QLTY_DTYPE_" + DTYPES[array.dtype.name]], array.ndim)
    described.shape[: array.ndim] = array.shape
    described.strides[: array.ndim] = [stride // array.itemsize for stride in array.strides]
    return described


def call(name, *arguments):
    """Calls a function that can fail, with arrays of NumPy's where it takes a qlty_array."""
    kept = [describe(argument) if isinstance(argument, np.ndarray) else argument for argument in arguments]
    given = [ctypes.byref(argument) if isinstance(argument, (ctypes.Structure, ctypes._SimpleCData)) else argument
             for argument in kept]
    error = ctypes.c_void_p()
    status = FUNCTIONS["qlty_" + name](*given, ctypes.byref(error))
    if status != 0:
        message = FUNCTIONS["qlty_error_message"](error).decode()
        assert FUNCTIONS["qlty_error_status"](error) == status
        FUNCTIONS["qlty_error_free"](error)
        raise QltyError(status, message)
    assert not error.value


class Handle:
    """A handle that frees itself; `noun` is that of its _free function."""

    def __init__(self, noun, function, *arguments):
        self.noun, self.pointer = noun, ctypes.c_void_p()
        call(function, *arguments, self.pointer)

    @classmethod
    def of(cls, noun, pointer):
        handle = cls.__new__(cls)
        handle.noun, handle.pointer = noun, pointer
        return handle

    @property
    def _as_parameter_(self):
        return self.pointer

    def __del__(self):
        if self.pointer:
            FUNCTIONS[f"qlty_{self.noun}_free"](self.pointer)


def options(noun, **fields):
    """Options that the library has filled, with these fields set."""
    made = STRUCTS[f"qlty_{noun}_options"]()
    call(f"{noun}_options_init", made, ctypes.sizeof(made))
    for name, value in fields.items():
        field = getattr(made, name)
        if isinstance(field, ctypes.Array):
            field[: len(value)] = value
        else:
            setattr(made, name, value)
    return made


def quilt(size, window, step, **fields):
    return Handle("quilt", "quilt_new", options("quilt", ndim=len(size), size=size, window=window, step=step, **fields))


NO_PROGRESS = PROGRESS()
DONE = (NO_PROGRESS, None)
