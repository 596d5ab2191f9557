// Images on disk, in levels. Part of qlty.hpp.

#ifndef QLTY_IMAGE_HPP
#define QLTY_IMAGE_HPP

#include "stack.hpp"

namespace qlty {

/// A level of an image.
struct ImageLevel {
  /// The number of pixels along each axis.
  Shape shape;
  /// The distance of neighbouring pixels along each axis; NaN where the store does not say.
  std::vector<double> scale;
  /// Where the centre of the first pixel lies along each axis; NaN where the store does not say.
  std::vector<double> translation;
};

/// An axis of an image.
struct ImageAxis {
  /// Such as "z".
  std::string name;
  /// Such as "micrometer", if the store says one.
  std::optional<std::string> unit;
};

/// An image on disk, in levels from fine to coarse: OME-Zarr, a Zarr array, or a Laplacian store, whose levels
/// are reconstructed. Threads may share it.
class Image {
 public:
  /// Opens the image in a folder.
  explicit Image(const std::string& path) { open(path, nullptr); }
  /// Opens a Laplacian store that does not say its interpolation, or says it wrong.
  Image(const std::string& path, const std::string& interpolation) { open(path, interpolation.c_str()); }

  /// The number of levels, 1 or more.
  [[nodiscard]] std::int64_t levels() const {
    std::int64_t count = 0;
    detail::call(qlty_image_levels, raw(), &count, nullptr);
    return count;
  }
  /// Whether the levels are reconstructed from differences.
  [[nodiscard]] bool is_laplacian() const {
    std::int32_t laplacian = 0;
    detail::call(qlty_image_levels, raw(), nullptr, &laplacian);
    return laplacian != 0;
  }
  /// The QLTY_DTYPE of the pixels.
  [[nodiscard]] qlty_dtype dtype() const { return described(0).dtype; }
  /// The shape of a level, 0 for the full size.
  [[nodiscard]] Shape shape(std::int64_t level = 0) const { return detail::shape_of(described(level)); }
  /// A level: its shape, and where its pixels lie.
  [[nodiscard]] ImageLevel level(std::int64_t level) const {
    qlty_array pixels;
    std::vector<double> scale(QLTY_MAX_NDIM), translation(QLTY_MAX_NDIM);
    detail::call(qlty_image_level, raw(), level, &pixels, scale.data(), translation.data());
    scale.resize(static_cast<std::size_t>(pixels.ndim));
    translation.resize(static_cast<std::size_t>(pixels.ndim));
    return {detail::shape_of(pixels), std::move(scale), std::move(translation)};
  }
  /// The axes, outermost first.
  [[nodiscard]] std::vector<ImageAxis> axes() const {
    std::vector<ImageAxis> axes;
    for (std::int64_t axis = 0; axis < described(0).ndim; axis++) {
      const char *name = nullptr, *unit = nullptr;
      detail::call(qlty_image_axis, raw(), axis, &name, &unit);
      axes.push_back({name, unit ? std::optional<std::string>(unit) : std::nullopt});
    }
    return axes;
  }
  /// The names of the channels, as far as the store says them.
  [[nodiscard]] std::vector<std::optional<std::string>> channels() const {
    std::int64_t count = 1;
    const Shape whole = shape();
    const auto all = axes();
    for (std::size_t axis = 0; axis < all.size(); axis++)
      if (all[axis].name == "c") count = whole[axis];
    return detail::channels(qlty_image_channel, raw(), count);
  }
  /// All of a level, where T is the type of the pixels.
  template <class T>
  [[nodiscard]] Array<T> read(std::int64_t level, const Progress& progress = {}) const {
    Array<T> pixels(shape(level));
    read_into(level, Shape(pixels.shape().size()), pixels, progress);
    return pixels;
  }
  /// The box of a level that begins at `start` and has this shape.
  template <class T>
  [[nodiscard]] Array<T> read(std::int64_t level, const Shape& start, const Shape& shape,
                              const Progress& progress = {}) const {
    Array<T> pixels(shape);
    read_into(level, start, pixels, progress);
    return pixels;
  }
  /// The box of a level that begins at `start` and has the shape of `pixels`, into memory of the host's.
  template <class Out>
  void read_into(std::int64_t level, const Shape& start, Out&& pixels, const Progress& progress = {}) const {
    const auto ndim = static_cast<std::size_t>(described(0).ndim);
    if (start.size() != ndim)
      detail::refuse(Status::invalid_argument, "start: got " + std::to_string(start.size()) + " axes, expected " +
                                                   std::to_string(ndim));
    const qlty_array to = pixels.raw_mut();
    detail::Report(progress).call(qlty_image_read, raw(), level, start.data(), &to);
  }

  /// The handle that the C functions take; it stays the image's.
  [[nodiscard]] const qlty_image* raw() const noexcept { return handle_.get(); }

 private:
  void open(const std::string& path, const char* interpolation) {
    check_abi();
    qlty_image* image = nullptr;
    detail::call(qlty_image_open, path.c_str(), interpolation, &image);
    handle_.reset(image);
  }
  [[nodiscard]] qlty_array described(std::int64_t level) const {
    qlty_array pixels;
    detail::call(qlty_image_level, raw(), level, &pixels, nullptr, nullptr);
    return pixels;
  }
  detail::Handle<qlty_image, qlty_image_free> handle_;
};

}  // namespace qlty

#endif  // QLTY_IMAGE_HPP
