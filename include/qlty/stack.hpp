// Stacks of images. Part of qlty.hpp.

#ifndef QLTY_STACK_HPP
#define QLTY_STACK_HPP

#include "array.hpp"

namespace qlty {

namespace detail {

/// The names of `count` channels.
template <class Owner>
std::vector<std::optional<std::string>> channels(qlty_status (*function)(const Owner*, std::int64_t, const char**, qlty_error**),
                                                 const Owner* owner, std::int64_t count) {
  std::vector<std::optional<std::string>> names;
  for (std::int64_t channel = 0; channel < count; channel++) {
    const char* name = nullptr;
    call(function, owner, channel, &name);
    names.push_back(name ? std::optional<std::string>(name) : std::nullopt);
  }
  return names;
}

}  // namespace detail

/// The size of a voxel along (z, y, x), NaN where the files do not say, and its unit, if they say one.
struct VoxelSize {
  std::array<double, 3> size{};
  std::optional<std::string> unit;
};

/// A stack of images, whose planes are pages of TIFF files, or PNG files. Threads may share it.
class Stack {
 public:
  /// Opens a file: TIFF of several pages, a hyperstack of ImageJ, an OME-TIFF, or PNG.
  explicit Stack(const std::string& path) {
    check_abi();
    qlty_stack* stack = nullptr;
    detail::call(qlty_stack_open, path.c_str(), &stack);
    handle_.reset(stack);
  }
  /// Takes over a handle of the C functions.
  explicit Stack(qlty_stack* handle) noexcept : handle_(handle) {}

  /// The name.
  [[nodiscard]] std::string name() const {
    const char* name = nullptr;
    detail::call(qlty_stack_name, raw(), &name, nullptr);
    return name;
  }
  /// The QLTY_DTYPE of the pixels.
  [[nodiscard]] qlty_dtype dtype() const { return described().dtype; }
  /// (T, C, Z, Y, X), none of them 0.
  [[nodiscard]] Shape shape() const { return detail::shape_of(described()); }
  /// The paths of the files: one for each slice, or the one of all pages.
  [[nodiscard]] std::vector<std::string> files() const {
    std::int64_t count = 0;
    detail::call(qlty_stack_name, raw(), nullptr, &count);
    std::vector<std::string> files;
    for (std::int64_t index = 0; index < count; index++) {
      const char* path = nullptr;
      detail::call(qlty_stack_file, raw(), index, &path);
      files.emplace_back(path);
    }
    return files;
  }
  /// What the files say of the size of a voxel.
  [[nodiscard]] VoxelSize voxel_size() const {
    VoxelSize known;
    const char* unit = nullptr;
    detail::call(qlty_stack_voxel_size, raw(), known.size.data(), &unit);
    if (unit) known.unit = unit;
    return known;
  }
  /// The first and the last counter of each run of slices that are missing, (K, 2).
  [[nodiscard]] Array<std::uint64_t> missing() const {
    std::int64_t count = 0;
    detail::call(qlty_stack_missing_count, raw(), &count);
    Array<std::uint64_t> counters({count, 2});
    const qlty_array to = counters.raw_mut();
    detail::call(qlty_stack_missing, raw(), &to);
    return counters;
  }
  /// The names of the channels, as far as the files say them.
  [[nodiscard]] std::vector<std::optional<std::string>> channels() const {
    return detail::channels(qlty_stack_channel, raw(), shape()[1]);
  }
  /// All planes of a time point, (C, Z, Y, X), where T is the type of the pixels.
  template <class T>
  [[nodiscard]] Array<T> read(std::int64_t t = 0, const Progress& progress = {}) const {
    const Shape all = shape();
    Array<T> planes({all[1], all[2], all[3], all[4]});
    read_into(t, 0, planes.view(), progress);
    return planes;
  }
  /// The planes from `first` on, as many as `planes`, (C, Z, Y, X), has room for.
  template <class Out>
  void read_into(std::int64_t t, std::int64_t first, Out&& planes, const Progress& progress = {}) const {
    const qlty_array to = planes.raw_mut();
    detail::Report(progress).call(qlty_stack_read, raw(), t, first, &to);
  }

  /// The handle that the C functions take; it stays the stack's.
  [[nodiscard]] const qlty_stack* raw() const noexcept { return handle_.get(); }

 private:
  [[nodiscard]] qlty_array described() const {
    qlty_array pixels;
    detail::call(qlty_stack_shape, raw(), &pixels);
    return pixels;
  }
  detail::Handle<qlty_stack, qlty_stack_free> handle_;
};

/// The stacks of slices in a folder, by name.
class Stacks {
 public:
  /// Finds the files with `extension` in whose name `pattern` is found, a regular expression with two groups,
  /// the stack's name and the counter, or one, the counter. No file is opened.
  Stacks(const std::string& folder, const std::string& extension, const std::string& pattern) {
    check_abi();
    qlty_stacks* stacks = nullptr;
    detail::call(qlty_stacks_find, folder.c_str(), extension.c_str(), pattern.c_str(), &stacks);
    handle_.reset(stacks);
  }
  /// The number of stacks, 1 or more.
  [[nodiscard]] std::int64_t count() const {
    std::int64_t count = 0;
    detail::call(qlty_stacks_count, raw(), &count);
    return count;
  }
  /// The name of a stack.
  [[nodiscard]] std::string name(std::int64_t index) const {
    const char* name = nullptr;
    detail::call(qlty_stacks_name, raw(), index, &name, nullptr);
    return name;
  }
  /// The number of slices of a stack.
  [[nodiscard]] std::int64_t slices(std::int64_t index) const {
    std::int64_t slices = 0;
    detail::call(qlty_stacks_name, raw(), index, nullptr, &slices);
    return slices;
  }
  /// Opens a stack, which lives on without this.
  [[nodiscard]] Stack open(std::int64_t index) const {
    qlty_stack* stack = nullptr;
    detail::call(qlty_stacks_open, raw(), index, &stack);
    return Stack(stack);
  }

  /// The handle that the C functions take; it stays the stacks'.
  [[nodiscard]] const qlty_stacks* raw() const noexcept { return handle_.get(); }

 private:
  detail::Handle<qlty_stacks, qlty_stacks_free> handle_;
};

}  // namespace qlty

#endif  // QLTY_STACK_HPP
