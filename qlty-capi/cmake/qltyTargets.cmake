# The targets qlty::qlty, the shared library, and qlty::qlty_static, for C and for C++17.

function(qlty_add_targets include shared archive)
  if(TARGET qlty::qlty)
    return()
  endif()
  add_library(qlty::qlty SHARED IMPORTED GLOBAL)
  set_target_properties(qlty::qlty PROPERTIES
    IMPORTED_LOCATION "${shared}"
    INTERFACE_INCLUDE_DIRECTORIES "${include}")
  add_library(qlty::qlty_static STATIC IMPORTED GLOBAL)
  # A codec of Zarr's is written in C++.
  set_target_properties(qlty::qlty_static PROPERTIES
    IMPORTED_LOCATION "${archive}"
    INTERFACE_INCLUDE_DIRECTORIES "${include}"
    INTERFACE_LINK_LIBRARIES "pthread;dl;m;stdc++")
endfunction()
