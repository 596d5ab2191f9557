// Options of pyramids. Part of qlty.hpp.

#ifndef QLTY_PYRAMID_OPTIONS_HPP
#define QLTY_PYRAMID_OPTIONS_HPP

#include "array.hpp"

namespace qlty {

/// Which axes each level halves.
enum class Halving : std::int32_t {
  plane = QLTY_HALVING_PLANE,
  volume = QLTY_HALVING_VOLUME,
  isotropic = QLTY_HALVING_ISOTROPIC,
};

/// The order of the axes of what is written.
enum class Axes : std::int32_t { tczyx = QLTY_AXES_TCZYX, zcyx = QLTY_AXES_ZCYX };

/// How a pyramid is made and stored. Sizes are along (z, y, x).
class PyramidOptions {
 public:
  /// Means of blocks, Y and X halved until the smaller is at most 256, five levels at most.
  PyramidOptions() {
    check_abi();
    detail::call(qlty_pyramid_options_init, &raw_, static_cast<std::uint32_t>(sizeof raw_));
  }
  /// The number of levels, full size included.
  PyramidOptions& levels(std::int64_t levels) { return raw_.levels = levels, *this; }
  /// The most levels where their number is not given.
  PyramidOptions& most_levels(std::int64_t levels) { return raw_.most_levels = levels, *this; }
  /// By how much each level after the first is smaller than the level before.
  PyramidOptions& factors(const std::vector<std::array<std::int64_t, 3>>& factors) {
    factors_.emplace();
    for (const auto& row : factors) factors_->insert(factors_->end(), row.begin(), row.end());
    return *this;
  }
  /// Which axes a level halves.
  PyramidOptions& halving(Halving halving) { return raw_.halving = static_cast<std::int32_t>(halving), *this; }
  /// "mean", "gaussian", "nearest", "median", "mode", "max" or "min".
  PyramidOptions& method(std::string method) { return method_ = std::move(method), *this; }
  /// The order of the axes.
  PyramidOptions& axes(Axes axes) { return raw_.axes = static_cast<std::int32_t>(axes), *this; }
  /// The type of the pixels written.
  PyramidOptions& dtype(qlty_dtype dtype) { return raw_.dtype = dtype, *this; }
  /// Normalises each plane by its mean and standard deviation.
  PyramidOptions& normalize_slices() { return raw_.normalization = QLTY_NORMALIZATION_PER_SLICE, *this; }
  /// Normalises by mean and standard deviation of the whole image.
  PyramidOptions& normalize() { return raw_.normalization = QLTY_NORMALIZATION_GLOBAL, *this; }
  /// Normalises by these.
  PyramidOptions& normalize_by(double mean, double deviation) {
    raw_.normalization = QLTY_NORMALIZATION_BY;
    raw_.mean = mean;
    raw_.deviation = deviation;
    return *this;
  }
  /// The version of Zarr, 3 or 2.
  PyramidOptions& zarr_format(std::int32_t version) { return raw_.zarr_format = version, *this; }
  /// The shape of a chunk.
  PyramidOptions& chunk(const std::array<std::int64_t, 3>& shape) { return set(shape, raw_.chunk); }
  /// The shape of what makes one file.
  PyramidOptions& shard(const std::array<std::int64_t, 3>& shape) { return set(shape, raw_.shard); }
  /// How chunks are compressed, such as "none" or "zstd:9".
  PyramidOptions& codec(std::string codec) { return codec_ = std::move(codec), *this; }
  /// The size of a voxel.
  PyramidOptions& voxel_size(const std::array<double, 3>& size) { return set(size, raw_.voxel_size); }
  /// The unit of that, such as "micrometer".
  PyramidOptions& unit(std::string unit) { return unit_ = std::move(unit), *this; }
  /// The name in the metadata.
  PyramidOptions& name(std::string name) { return name_ = std::move(name), *this; }
  /// The names of the channels, one for each.
  PyramidOptions& channel_names(std::vector<std::string> names) { return channel_names_ = std::move(names), *this; }
  /// How many bytes of pixels are held at a time.
  PyramidOptions& memory(std::int64_t bytes) { return raw_.memory = bytes, *this; }
  /// Whether a store of the same name is replaced.
  PyramidOptions& overwrite(bool overwrite) { return raw_.overwrite = overwrite ? 1 : 0, *this; }
  /// Whether to go on where a run with the same options was killed or failed.
  PyramidOptions& resume(bool resume) { return raw_.resume = resume ? 1 : 0, *this; }
  /// What the C functions take, with what it points to.
  struct Raw {
    qlty_pyramid_options options;
    std::vector<const char*> channel_names;
    explicit Raw(const qlty_pyramid_options& from) : options(from) {}
    Raw(Raw&&) = default;  // What a vector points to stays where it is when it is moved.
  };
  /// What the C functions take; valid as long as this lives and is not changed.
  [[nodiscard]] Raw raw() const {
    Raw raw(raw_);
    if (factors_) {
      static constexpr std::int64_t none = 0;
      raw.options.factors = factors_->empty() ? &none : factors_->data();
      raw.options.factor_count = static_cast<std::int64_t>(factors_->size() / 3);
    }
    if (method_) raw.options.method = method_->c_str();
    if (codec_) raw.options.codec = codec_->c_str();
    if (unit_) raw.options.unit = unit_->c_str();
    if (name_) raw.options.name = name_->c_str();
    for (const std::string& name : channel_names_) raw.channel_names.push_back(name.c_str());
    raw.options.channel_names = raw.channel_names.data();
    raw.options.channel_count = static_cast<std::int64_t>(channel_names_.size());
    return raw;
  }

 private:
  template <class Number>
  PyramidOptions& set(const std::array<Number, 3>& from, Number (&to)[3]) {
    for (std::size_t axis = 0; axis < 3; axis++) to[axis] = from[axis];
    return *this;
  }
  qlty_pyramid_options raw_{};
  std::optional<std::vector<std::int64_t>> factors_;
  std::optional<std::string> method_, codec_, unit_, name_;
  std::vector<std::string> channel_names_;
};

/// Options of a Laplacian pyramid in addition to those of all pyramids.
class LaplacianOptions {
 public:
  /// Bilinear, with the smallest level.
  LaplacianOptions() {
    check_abi();
    detail::call(qlty_laplacian_options_init, &raw_, static_cast<std::uint32_t>(sizeof raw_));
  }
  /// How a level is predicted from the next: "bilinear" or "bicubic".
  LaplacianOptions& interpolation(std::string name) { return interpolation_ = std::move(name), *this; }
  /// Whether the smallest level is stored.
  LaplacianOptions& store_base(bool store) { return raw_.store_base = store ? 1 : 0, *this; }
  /// How the differences are compressed.
  LaplacianOptions& difference_codec(std::string codec) { return codec_ = std::move(codec), *this; }
  /// What the C functions take; valid as long as this lives and is not changed.
  [[nodiscard]] qlty_laplacian_options raw() const noexcept {
    qlty_laplacian_options raw = raw_;
    if (interpolation_) raw.interpolation = interpolation_->c_str();
    if (codec_) raw.difference_codec = codec_->c_str();
    return raw;
  }

 private:
  qlty_laplacian_options raw_{};
  std::optional<std::string> interpolation_, codec_;
};

/// What is made of a Laplacian store.
class ReconstructOptions {
 public:
  /// The full size, as the store says.
  ReconstructOptions() {
    check_abi();
    detail::call(qlty_reconstruct_options_init, &raw_, static_cast<std::uint32_t>(sizeof raw_));
  }
  /// The level, 0 for the full size.
  ReconstructOptions& level(std::int64_t level) { return raw_.level = level, *this; }
  /// The interpolation of a store that does not say it, or says it wrong.
  ReconstructOptions& interpolation(std::string name) { return interpolation_ = std::move(name), *this; }
  /// How chunks are compressed.
  ReconstructOptions& codec(std::string codec) { return codec_ = std::move(codec), *this; }
  /// Whether a store of the same name is replaced.
  ReconstructOptions& overwrite(bool overwrite) { return raw_.overwrite = overwrite ? 1 : 0, *this; }
  /// What the C functions take; valid as long as this lives and is not changed.
  [[nodiscard]] qlty_reconstruct_options raw() const noexcept {
    qlty_reconstruct_options raw = raw_;
    if (interpolation_) raw.interpolation = interpolation_->c_str();
    if (codec_) raw.codec = codec_->c_str();
    return raw;
  }

 private:
  qlty_reconstruct_options raw_{};
  std::optional<std::string> interpolation_, codec_;
};

}  // namespace qlty

#endif  // QLTY_PYRAMID_OPTIONS_HPP
