#!/usr/bin/env bash
# Builds the C library and puts it in a prefix, which can be moved as a whole afterwards: what `cargo cinstall`
# puts there, and a CMake package. Needs cargo and nothing else.
set -euo pipefail

usage() {
  cat <<'END'
usage: qlty-capi/install.sh --prefix PREFIX [--libdir DIR] [--destdir DIR]

  --prefix   where the library is to be found, such as /usr/local
  --libdir   the folder of libraries in it, such as lib64; lib unless given
  --destdir  put before the prefix where files are written, to make a package

In the prefix: include/qlty.h, qlty.hpp and qlty/; LIBDIR/libqlty.so with its versions, libqlty.a,
pkgconfig/qlty.pc and cmake/qlty/; share/qlty/julia, the Julia package.
END
}

refuse() {
  printf 'install.sh: %s\n' "$1" >&2
  usage >&2
  exit 2
}

prefix='' libdir=lib destdir=''
while [ $# -gt 0 ]; do
  case $1 in
    --prefix | --libdir | --destdir)
      [ $# -ge 2 ] || refuse "$1: got nothing, expected a folder"
      printf -v "${1#--}" %s "$2"
      shift 2
      ;;
    -h | --help) usage && exit ;;
    *) refuse "got $1, expected one of the options" ;;
  esac
done
[ -n "$prefix" ] || refuse 'got no --prefix'
case $libdir in
  '' | /* | *..* | */) refuse "--libdir: got '$libdir', expected a folder in the prefix such as lib64" ;;
esac
[ "$(uname -s)" = Linux ] || { echo 'install.sh: knows the names of libraries on Linux only; elsewhere use cargo cinstall' >&2 && exit 1; }
case $destdir$prefix in
  /*) to=$destdir$prefix ;;
  *) to=$PWD/$destdir$prefix ;;
esac
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo=${CARGO:-cargo}
version=$("$cargo" pkgid --package qlty-capi)
version=${version##*[@#]}
# Only cargo knows where it builds.
files=$("$cargo" build --profile dist --locked --package qlty-capi --message-format json-render-diagnostics |
  sed -n 's/.*"name":"qlty".*"filenames":\[\([^]]*\)\].*/\1/p')
file() { printf %s "$files" | tr ',' '\n' | sed -n "s|^\"\(.*/$1\)\"\$|\1|p"; }
shared=$(file 'libqlty\.so') archive=$(file 'libqlty\.a')
[ -f "$shared" ] && [ -f "$archive" ] || { echo "install.sh: cargo made $files, expected libqlty.so and libqlty.a" >&2 && exit 1; }
# As `build.rs` has it.
case $version in
  0.*) soname=libqlty.so.${version%.*} ;;
  *) soname=libqlty.so.${version%%.*} ;;
esac

put() { install -D -m "$1" "$2" "$to/$3"; }
configured() { # A file in which the places are filled in.
  install -d "$to/$(dirname "$2")"
  sed -e "s|@VERSION@|$version|" -e "s|@LIBDIR@|$libdir|" -e "s|@UP@|$(sed 's|[^/]\+|..|g' <<<"$libdir")|" \
    "qlty-capi/cmake/$1" >"$to/$2"
  chmod 644 "$to/$2"
}

for header in include/qlty.h include/qlty.hpp include/qlty/*.hpp; do put 644 "$header" "$header"; done
put 755 "$shared" "$libdir/libqlty.so.$version"
ln -sf "libqlty.so.$version" "$to/$libdir/$soname"
ln -sf "$soname" "$to/$libdir/libqlty.so"
put 644 "$archive" "$libdir/libqlty.a"
configured qlty.pc.in "$libdir/pkgconfig/qlty.pc"
configured qltyConfig.cmake.in "$libdir/cmake/qlty/qltyConfig.cmake"
configured qltyConfigVersion.cmake.in "$libdir/cmake/qlty/qltyConfigVersion.cmake"
put 644 qlty-capi/cmake/qltyTargets.cmake "$libdir/cmake/qlty/qltyTargets.cmake"
for part in Project.toml src/*.jl; do
  for source in qlty-capi/julia/$part; do put 644 "$source" "share/qlty/${source#qlty-capi/}"; done
done
echo "qlty $version is in $to"
