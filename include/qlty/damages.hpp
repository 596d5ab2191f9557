// Damaged files of what is on disk. Part of qlty.hpp.

#ifndef QLTY_DAMAGES_HPP
#define QLTY_DAMAGES_HPP

#include "array.hpp"

namespace qlty {

/// A file that is not as it was written, or is missing.
struct Damage {
  /// The tile of a LargeQuilt, from 0, or -1 where it is of something else.
  std::int64_t tile;
  /// The file, or the folder of an array that lacks files.
  std::string file;
  /// What is wrong with it, in words.
  std::string what;
};

namespace detail {

/// What `call_it` stores. It is freed also where an exception of a progress function comes after all is found.
template <class Call>
std::vector<Damage> damages(Call&& call_it) {
  qlty_damages* stored = nullptr;
  const struct Free {
    qlty_damages*& stored;
    ~Free() { qlty_damages_free(stored); }
  } free{stored};
  call_it(&stored);
  std::int64_t count = 0;
  call(qlty_damages_count, stored, &count);
  std::vector<Damage> damages;
  for (std::int64_t index = 0; index < count; index++) {
    std::int64_t tile = -1;
    const char *file = nullptr, *what = nullptr;
    call(qlty_damages_get, stored, index, &tile, &file, &what);
    damages.push_back({tile, file, what});
  }
  return damages;
}

/// What a function finds in `of`, a handle or a path.
template <class Function, class Of>
std::vector<Damage> verify(Function* function, Of* of, std::int64_t most, const Progress& progress) {
  return damages([&](qlty_damages** to) { Report(progress).call(function, of, most, to); });
}

}  // namespace detail

/// Reads the files of all arrays of a Zarr store, such as a pyramid, and gives the damaged ones: at most `most` files,
/// evenly spread, or all if it is negative.
[[nodiscard]] inline std::vector<Damage> verify_store(const std::string& path, std::int64_t most = -1,
                                                      const Progress& progress = {}) {
  check_abi();
  return detail::verify(qlty_store_verify, path.c_str(), most, progress);
}

}  // namespace qlty

#endif  // QLTY_DAMAGES_HPP
