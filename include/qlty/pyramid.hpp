// Pyramids of stacks and of arrays. Part of qlty.hpp.

#ifndef QLTY_PYRAMID_HPP
#define QLTY_PYRAMID_HPP

#include <map>

#include "pyramid_options.hpp"
#include "stack.hpp"

namespace qlty {

namespace detail {

/// What a pyramid is made of: a stack or an array of the host's.
class Planes {
 public:
  Planes(const Stack& stack) : stack_(stack.raw()) {}
  template <class In>
  Planes(const In& array) : array_(array.raw()) {}
  [[nodiscard]] const qlty_stack* stack() const noexcept { return stack_; }
  [[nodiscard]] const qlty_array* array() const noexcept { return array_ ? &*array_ : nullptr; }

 private:
  const qlty_stack* stack_ = nullptr;
  std::optional<qlty_array> array_;
};

}  // namespace detail

/// Writes a Stack, or an Array or ArrayView (Y, X), (Z, Y, X), (C, Z, Y, X) or (T, C, Z, Y, X), and its coarser
/// levels as OME-Zarr to a folder, which appears when it is complete.
template <class From>
void write_pyramid(const From& source, const std::string& path, const PyramidOptions& options = {},
                   const Progress& progress = {}) {
  const detail::Planes from(source);
  const PyramidOptions::Raw raw = options.raw();
  detail::Report(progress).call(qlty_stack_to_ome_zarr, from.stack(), from.array(), path.c_str(), &raw.options);
}

/// Writes the Laplacian pyramid of the same, which Image reads back.
template <class From>
void write_laplacian(const From& source, const std::string& path, const PyramidOptions& options = {},
                     const LaplacianOptions& laplacian = {}, const Progress& progress = {}) {
  const detail::Planes from(source);
  const PyramidOptions::Raw raw = options.raw();
  const qlty_laplacian_options its = laplacian.raw();
  detail::Report(progress).call(qlty_stack_to_laplacian, from.stack(), from.array(), path.c_str(), &raw.options, &its);
}

/// An array of a pyramid.
struct PyramidLevel {
  /// The name in the store, which is empty where the store is the array.
  std::string name;
  /// The QLTY_DTYPE of what is stored, which for differences is wider than that of the pixels.
  qlty_dtype dtype;
  Shape shape;
  Shape chunk;
  /// The size of a voxel along (z, y, x).
  std::array<double, 3> voxel_size;
};

/// A pyramid that was written, or would be.
struct Pyramid {
  std::string path;
  /// The axes of the arrays, such as "CZYX".
  std::string axes;
  /// The QLTY_DTYPE of the pixels.
  qlty_dtype dtype;
  /// That of the full size.
  Shape shape;
  /// Of all arrays, before compression.
  std::uint64_t bytes;
  /// Those that the image is read from.
  std::vector<std::string> files;
  /// From fine to coarse.
  std::vector<PyramidLevel> levels;
};

/// Pyramids by the names of their images.
using Pyramids = std::map<std::string, Pyramid>;

namespace detail {

inline PyramidLevel pyramid_level(const qlty_pyramids* pyramids, std::int64_t index, std::int64_t number) {
  qlty_array stored;
  const char* name = nullptr;
  std::array<std::int64_t, QLTY_MAX_NDIM> chunk{};
  PyramidLevel level{};
  call(qlty_pyramids_level, pyramids, index, number, &stored, &name, chunk.data(), level.voxel_size.data());
  level.name = name;
  level.dtype = stored.dtype;
  level.shape = shape_of(stored);
  level.chunk.assign(chunk.begin(), chunk.begin() + stored.ndim);
  return level;
}

inline Pyramid pyramid(const qlty_pyramids* pyramids, std::int64_t index) {
  const char *path = nullptr, *axes = nullptr;
  qlty_pyramid_info info{};
  info.struct_size = sizeof info;
  Pyramid pyramid{};
  call(qlty_pyramids_name, pyramids, index, nullptr, &path, &axes);
  call(qlty_pyramids_get_info, pyramids, index, &info);
  pyramid.path = path;
  pyramid.axes = axes;
  pyramid.dtype = info.pixels.dtype;
  pyramid.shape = shape_of(info.pixels);
  pyramid.bytes = info.bytes;
  for (std::int64_t file = 0; file < info.files; file++) {
    call(qlty_pyramids_file, pyramids, index, file, &path);
    pyramid.files.emplace_back(path);
  }
  for (std::int64_t level = 0; level < info.levels; level++) {
    pyramid.levels.push_back(pyramid_level(pyramids, index, level));
  }
  return pyramid;
}

/// What `call_it` stores. It is freed also where an exception of a progress function comes after all is written.
template <class Call>
Pyramids pyramids(Call&& call_it) {
  qlty_pyramids* stored = nullptr;
  const struct Free {
    qlty_pyramids*& stored;
    ~Free() { qlty_pyramids_free(stored); }
  } free{stored};
  call_it(&stored);
  std::int64_t count = 0;
  call(qlty_pyramids_count, stored, &count);
  Pyramids pyramids;
  for (std::int64_t index = 0; index < count; index++) {
    const char* name = nullptr;
    call(qlty_pyramids_name, stored, index, &name, nullptr, nullptr);
    pyramids.emplace(name, pyramid(stored, index));
  }
  return pyramids;
}

}  // namespace detail

/// What write_pyramid would write; no pixel is read.
template <class From>
[[nodiscard]] Pyramid plan_pyramid(const From& source, const std::string& path, const PyramidOptions& options = {}) {
  const detail::Planes from(source);
  const PyramidOptions::Raw raw = options.raw();
  const auto plan = [&](qlty_pyramids** to) {
    detail::call(qlty_stack_plan, from.stack(), from.array(), path.c_str(), &raw.options, nullptr, to);
  };
  return detail::pyramids(plan).begin()->second;
}

/// What write_laplacian would write; no pixel is read.
template <class From>
[[nodiscard]] Pyramid plan_laplacian(const From& source, const std::string& path, const PyramidOptions& options = {},
                                     const LaplacianOptions& laplacian = {}) {
  const detail::Planes from(source);
  const PyramidOptions::Raw raw = options.raw();
  const qlty_laplacian_options its = laplacian.raw();
  const auto plan = [&](qlty_pyramids** to) {
    detail::call(qlty_stack_plan, from.stack(), from.array(), path.c_str(), &raw.options, &its, to);
  };
  return detail::pyramids(plan).begin()->second;
}

/// Writes all stacks to a folder, one after the other: the stack "image" to "image.ome.zarr". The result says
/// what was written, by the names of the stacks.
inline Pyramids write_pyramids(const Stacks& stacks, const std::string& folder, const PyramidOptions& options = {},
                               const Progress& progress = {}) {
  const PyramidOptions::Raw raw = options.raw();
  return detail::pyramids([&](qlty_pyramids** to) {
    detail::Report(progress).call(qlty_stacks_to_ome_zarr, stacks.raw(), folder.c_str(), &raw.options, to);
  });
}

/// Writes the Laplacian pyramids of all stacks, the stack "image" to "image.laplacian.zarr".
inline Pyramids write_laplacians(const Stacks& stacks, const std::string& folder, const PyramidOptions& options = {},
                                 const LaplacianOptions& laplacian = {}, const Progress& progress = {}) {
  const PyramidOptions::Raw raw = options.raw();
  const qlty_laplacian_options its = laplacian.raw();
  return detail::pyramids([&](qlty_pyramids** to) {
    detail::Report(progress).call(qlty_stacks_to_laplacian, stacks.raw(), folder.c_str(), &raw.options, &its, to);
  });
}

/// What write_pyramids would write; no pixel is read.
[[nodiscard]] inline Pyramids plan_pyramids(const Stacks& stacks, const std::string& folder,
                                            const PyramidOptions& options = {}) {
  const PyramidOptions::Raw raw = options.raw();
  return detail::pyramids([&](qlty_pyramids** to) {
    detail::call(qlty_stacks_plan, stacks.raw(), folder.c_str(), &raw.options, nullptr, to);
  });
}

/// What write_laplacians would write; no pixel is read.
[[nodiscard]] inline Pyramids plan_laplacians(const Stacks& stacks, const std::string& folder,
                                              const PyramidOptions& options = {}, const LaplacianOptions& laplacian = {}) {
  const PyramidOptions::Raw raw = options.raw();
  const qlty_laplacian_options its = laplacian.raw();
  return detail::pyramids([&](qlty_pyramids** to) {
    detail::call(qlty_stacks_plan, stacks.raw(), folder.c_str(), &raw.options, &its, to);
  });
}

/// Writes a level of a Laplacian store as a Zarr array to a folder, which appears when it is complete.
inline void reconstruct_laplacian(const std::string& store, const std::string& path,
                                  const ReconstructOptions& options = {}, const Progress& progress = {}) {
  const qlty_reconstruct_options raw = options.raw();
  detail::Report(progress).call(qlty_laplacian_reconstruct, store.c_str(), path.c_str(), &raw);
}

}  // namespace qlty

#endif  // QLTY_PYRAMID_HPP
