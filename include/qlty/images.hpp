// Where images come from: arrays of the host's, or a Zarr array on disk. Part of qlty.hpp.

#ifndef QLTY_IMAGES_HPP
#define QLTY_IMAGES_HPP

#include "array.hpp"

namespace qlty {

/// The images of a Zarr array on disk. Threads may share them.
class Images {
 public:
  /// Opens the array in a folder, to cache up to `cache_bytes` of decoded chunks; a negative number means
  /// 256 MiB.
  explicit Images(const std::string& path, std::int64_t cache_bytes = -1) {
    check_abi();
    qlty_images* images = nullptr;
    detail::call(qlty_images_open, path.c_str(), cache_bytes, &images);
    handle_.reset(images);
  }
  /// The QLTY_DTYPE of the values.
  [[nodiscard]] qlty_dtype dtype() const { return described().dtype; }
  /// (N, C, Y, X) or (N, C, Z, Y, X).
  [[nodiscard]] Shape shape() const { return detail::shape_of(described()); }
  /// The handle that the C functions take; it stays the images'.
  [[nodiscard]] const qlty_images* raw() const noexcept { return handle_.get(); }

 private:
  [[nodiscard]] qlty_array described() const {
    qlty_array batch;
    detail::call(qlty_images_shape, raw(), &batch);
    return batch;
  }
  detail::Handle<qlty_images, qlty_images_free> handle_;
};

namespace detail {

/// Where images come from: an array of the host's or a Zarr array.
class Source {
 public:
  Source(const Images& images) : images_(images.raw()) {}
  template <class In>
  Source(const In& batch) : batch_(batch.raw()) {}
  [[nodiscard]] const qlty_array* batch() const noexcept { return batch_ ? &*batch_ : nullptr; }
  [[nodiscard]] const qlty_images* images() const noexcept { return images_; }

 private:
  std::optional<qlty_array> batch_;
  const qlty_images* images_ = nullptr;
};

inline ArrayView<const std::int64_t> list(const std::vector<std::int64_t>& numbers) {
  return {numbers.data(), {static_cast<std::int64_t>(numbers.size())}};
}

}  // namespace detail

}  // namespace qlty

#endif  // QLTY_IMAGES_HPP
