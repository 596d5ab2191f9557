"""Lists the public interface of the Python package qlty, for tests/tests/docs.rs and coming-from-qlty.md.

    pip download --no-deps qlty==1.5.0 && unzip -d unpacked qlty-1.5.0-*.whl
    python docs/list_api.py unpacked/qlty > docs/qlty-1.5.0.txt

A line is a module with its function, class or method, and its parameters with their defaults. The
source is parsed, not imported, so nothing that it needs has to be there.
"""

import ast
import pathlib
import sys


def parameters(arguments):
    """`name` or `name=default` of each parameter but self."""
    named = arguments.posonlyargs + arguments.args
    defaults = [None] * (len(named) - len(arguments.defaults)) + arguments.defaults
    pairs = list(zip(named, defaults)) + list(zip(arguments.kwonlyargs, arguments.kw_defaults))
    text = [name.arg if value is None else f"{name.arg}={ast.unparse(value)}" for name, value in pairs]
    if arguments.kwarg:
        text.append(f"**{arguments.kwarg.arg}")
    return [name for name in text if name not in ("self", "cls")]


def public(node):
    return not node.name.startswith("_") or node.name == "__init__"


def main(package):
    for file in sorted(package.rglob("*.py")):
        module = ".".join(file.relative_to(package.parent).with_suffix("").parts)
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.FunctionDef) and public(node):
                print(module, node.name, *parameters(node.args), sep="\t")
            if isinstance(node, ast.ClassDef) and public(node):
                print(module, node.name, sep="\t")
                for method in node.body:
                    if isinstance(method, ast.FunctionDef) and public(method):
                        print(module, f"{node.name}.{method.name}", *parameters(method.args), sep="\t")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
