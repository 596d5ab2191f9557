// Quilts: a geometry with weights, for unstitching and stitching. Part of qlty.hpp.

#ifndef QLTY_QUILT_HPP
#define QLTY_QUILT_HPP

#include "array.hpp"

namespace qlty {

/// How much the pixels of a window count.
struct Profile {
  /// A QLTY_PROFILE.
  std::int32_t kind = QLTY_PROFILE_BORDER;
  /// The parameter of a profile that has one.
  double parameter = 0.0;

  /// 1 inside the border and the border weight on it; the default.
  [[nodiscard]] static Profile border() { return {}; }
  /// sin^2(pi t) per axis.
  [[nodiscard]] static Profile hann() { return {QLTY_PROFILE_HANN, 0.0}; }
  /// 1 - |2 t - 1| per axis.
  [[nodiscard]] static Profile triangular() { return {QLTY_PROFILE_TRIANGULAR, 0.0}; }
  /// A bell of this width, in windows, per axis.
  [[nodiscard]] static Profile gaussian(double sigma = 0.125) { return {QLTY_PROFILE_GAUSSIAN, sigma}; }
  /// 1 in the middle with cosine flanks that take up `alpha` of the window.
  [[nodiscard]] static Profile tukey(double alpha) { return {QLTY_PROFILE_TUKEY, alpha}; }
};

/// What a quilt is made of, in pixels, (y, x) or (z, y, x).
class QuiltOptions {
 public:
  /// The size of an image, the size of a window, and the distance of neighbouring windows.
  QuiltOptions(Shape size, const Shape& window, const Shape& step) : size_(std::move(size)) {
    if (size_.size() != 2 && size_.size() != 3)
      detail::refuse(Status::invalid_argument, "size: got " + std::to_string(size_.size()) + " axes, expected 2 or 3");
    check_abi();
    detail::call(qlty_quilt_options_init, &raw_, static_cast<std::uint32_t>(sizeof raw_));
    raw_.ndim = static_cast<std::int32_t>(size_.size());
    set("size", size_, raw_.size);
    set("window", window, raw_.window);
    set("step", step, raw_.step);
  }
  /// The rim of a window per axis. None by default.
  QuiltOptions& border(const Shape& border) { return set("border", border, raw_.border); }
  /// The weight of the border, 0 to 1. 0.1 by default.
  QuiltOptions& border_weight(double weight) {
    if (std::isnan(weight)) detail::refuse(Status::invalid_argument, "border weight: got NaN, expected 0 to 1");
    raw_.border_weight = weight;
    return *this;
  }
  /// How much the pixels of a window count.
  QuiltOptions& profile(Profile profile) {
    raw_.profile = profile.kind;
    raw_.profile_parameter = profile.parameter;
    return *this;
  }
  /// What the C functions take.
  [[nodiscard]] const qlty_quilt_options& raw() const noexcept { return raw_; }

 private:
  QuiltOptions& set(const char* name, const Shape& from, std::int64_t (&to)[3]) {
    if (from.size() != size_.size())
      detail::refuse(Status::invalid_argument, std::string(name) + ": got " + std::to_string(from.size()) +
                                                   " axes, expected " + std::to_string(size_.size()));
    for (std::size_t axis = 0; axis < from.size(); axis++) to[axis] = from[axis];
    return *this;
  }

  Shape size_;
  qlty_quilt_options raw_{};
};

/// What stitching gives.
template <class S>
struct Stitched {
  /// The batch, (N, C, Y, X) or (N, C, Z, Y, X).
  Array<S> batch;
  /// The sum of the window weights per pixel, (Y, X) or (Z, Y, X).
  Array<S> weights;
};

/// What the sparse filter keeps, and what it removes.
template <class T, class L>
struct Weeded {
  /// The image patches kept, in their order.
  Array<T> images;
  /// The label patches kept, in their order.
  Array<L> labels;
  /// For each patch given, whether it was removed.
  Array<boolean> removed;
};

/// Where positional coordinates count from.
enum class Origin : std::int32_t { image = QLTY_ORIGIN_IMAGE, window = QLTY_ORIGIN_WINDOW };

/// A run of patch indices.
struct Range {
  /// The first patch index.
  std::int64_t first;
  /// How many.
  std::int64_t count;
};

/// A geometry with weights: how images are split into patches and stitched. It never changes: threads may share it.
class Quilt {
 public:
  /// A quilt of these options.
  explicit Quilt(const QuiltOptions& options) : options_(options.raw()) {
    qlty_quilt* quilt = nullptr;
    detail::call(qlty_quilt_new, &options_, &quilt);
    handle_.reset(quilt);
  }

  /// The number of spatial axes, 2 or 3.
  [[nodiscard]] std::int64_t ndim() const noexcept { return options_.ndim; }
  /// The size of an image in pixels.
  [[nodiscard]] Shape size() const { return per_axis(options_.size); }
  /// The size of a window in pixels.
  [[nodiscard]] Shape window() const { return per_axis(options_.window); }
  /// The number of windows along each axis.
  [[nodiscard]] Shape counts() const {
    Shape counts(static_cast<std::size_t>(ndim()));
    detail::call(qlty_quilt_counts, raw(), counts.data());
    return counts;
  }
  /// The number of patches of a batch of `images`.
  [[nodiscard]] std::int64_t patch_count(std::int64_t images) const {
    std::int64_t count = 0;
    detail::call(qlty_quilt_patch_count, raw(), images, &count);
    return count;
  }
  /// The first pixel of each patch of `images`: a row (y, x) or (z, y, x) per patch.
  [[nodiscard]] Array<std::int64_t> positions(std::int64_t images) const { return positions(images, ndim()); }
  /// The same with the image before them: (n, y, x) or (n, z, y, x).
  [[nodiscard]] Array<std::int64_t> positions_with_image(std::int64_t images) const {
    return positions(images, ndim() + 1);
  }
  /// Which pixels of a window lie inside its border.
  [[nodiscard]] Array<boolean> border_mask() const {
    return filled<boolean>(window(), [&](const qlty_array& out) { detail::call(qlty_quilt_border_mask, raw(), &out); });
  }
  /// The weight of each pixel of a window; S is float or double.
  template <class S = float>
  [[nodiscard]] Array<S> window_weight() const {
    return filled<S>(window(), [&](const qlty_array& out) { detail::call(qlty_quilt_window_weight, raw(), &out); });
  }
  /// The sum of the window weights that reach each pixel of an image; S is float or double.
  template <class S = float>
  [[nodiscard]] Array<S> weights() const {
    return filled<S>(size(), [&](const qlty_array& out) { detail::call(qlty_quilt_weights, raw(), &out); });
  }

  /// All patches of a batch, (P, C, y, x) or (P, C, z, y, x).
  template <class In>
  [[nodiscard]] Array<value_t<In>> unstitch(const In& batch, const Progress& progress = {}) const {
    return unstitch(batch, Range{0, -1}, progress);
  }
  /// The patches of a range of indices.
  template <class In>
  [[nodiscard]] Array<value_t<In>> unstitch(const In& batch, Range range, const Progress& progress = {}) const {
    Array<value_t<In>> patches(patches_shape(batch, range.count));
    unstitch_into(batch, range.first, patches, progress);
    return patches;
  }
  /// One patch, (C, y, x) or (C, z, y, x).
  template <class In>
  [[nodiscard]] Array<value_t<In>> unstitch_one(const In& batch, std::int64_t index) const {
    auto patches = unstitch(batch, Range{index, 1});
    Shape shape(patches.shape().begin() + 1, patches.shape().end());
    return {std::move(shape), std::move(patches.values())};
  }
  /// Copies as many patches as `patches` has room for, from index `first` on.
  template <class In, class Out>
  void unstitch_into(const In& batch, std::int64_t first, Out&& patches, const Progress& progress = {}) const {
    static_assert(std::is_same_v<value_t<In>, value_t<Out>>, "patches have the type of the batch");
    const qlty_array from = batch.raw(), to = patches.raw_mut();
    detail::Report(progress).call(qlty_quilt_unstitch, raw(), &from, first, &to);
  }

  /// Coordinates of the pixels of patches, (P, 2, y, x) or (P, 3, z, y, x), of a floating-point type.
  template <class T = float>
  [[nodiscard]] Array<T> positional(Range range, Origin origin, bool normalize) const {
    Array<T> channels(concat({range.count, ndim()}, window()));
    positional_into(range.first, origin, normalize, channels);
    return channels;
  }
  /// The same for as many patches as `channels` has room for, from index `first` on.
  template <class Out>
  void positional_into(std::int64_t first, Origin origin, bool normalize, Out&& channels) const {
    const qlty_array to = channels.raw_mut();
    detail::call(qlty_quilt_positional, raw(), first, static_cast<std::int32_t>(origin), normalize ? 1 : 0, &to);
  }
  /// The patches of a range of indices with their coordinates as channels behind those of the batch.
  template <class In>
  [[nodiscard]] Array<value_t<In>> unstitch_positional(const In& batch, Range range, Origin origin, bool normalize) const {
    Shape shape = patches_shape(batch, range.count);
    const std::int64_t channels = shape[1];
    shape[1] += ndim();
    Array<value_t<In>> all(std::move(shape));
    unstitch_into(batch, range.first, all.view().slice(1, 0, channels));
    positional_into(range.first, origin, normalize, all.view().slice(1, channels, ndim()));
    return all;
  }

  /// Puts all patches of a batch back together.
  template <class In>
  [[nodiscard]] Stitched<sum_t<value_t<In>>> stitch(const In& patches, const Progress& progress = {}) const {
    using Sum = sum_t<value_t<In>>;
    const qlty_array from = patches.raw();
    qlty_array batch, weights;
    detail::call(qlty_quilt_stitch_shape, raw(), &from, &batch, &weights);
    Stitched<Sum> out{Array<Sum>(detail::shape_of(batch)), Array<Sum>(detail::shape_of(weights))};
    stitch_into(patches, out.batch, &out.weights, progress);
    return out;
  }
  /// The same into arrays of the host's; `weights` points to one, or is nullptr.
  template <class In, class Out, class Weights = Array<sum_t<value_t<In>>>>
  void stitch_into(const In& patches, Out&& batch, Weights* weights = nullptr, const Progress& progress = {}) const {
    static_assert(std::is_same_v<sum_t<value_t<In>>, value_t<Out>>, "the batch has the type of the patches' sums");
    const qlty_array from = patches.raw(), to = batch.raw_mut();
    qlty_array sums{};
    if (weights) sums = weights->raw_mut();
    detail::Report(progress).call(qlty_quilt_stitch, raw(), &from, &to, weights ? &sums : nullptr);
  }

  /// The adjoint of unstitch: each pixel is the sum of the patch pixels that were copied from it.
  template <class In>
  [[nodiscard]] Array<sum_t<value_t<In>>> unstitch_adjoint(const In& patches, const Progress& progress = {}) const {
    const qlty_array from = patches.raw();
    qlty_array batch;
    detail::call(qlty_quilt_stitch_shape, raw(), &from, &batch, nullptr);
    Array<sum_t<value_t<In>>> out(detail::shape_of(batch));
    const qlty_array to = out.raw_mut();
    detail::Report(progress).call(qlty_quilt_unstitch_adjoint, raw(), &from, &to);
    return out;
  }
  /// The adjoint of stitch, of float or double: each patch pixel is the batch's times its share in it.
  template <class In>
  [[nodiscard]] Array<value_t<In>> stitch_adjoint(const In& batch, const Progress& progress = {}) const {
    const qlty_array from = batch.raw();
    Array<value_t<In>> patches(patches_shape(batch, -1));
    const qlty_array to = patches.raw_mut();
    detail::Report(progress).call(qlty_quilt_stitch_adjoint, raw(), &from, &to);
    return patches;
  }

  /// The patches of labels, (N, Y, X) or (N, C, Y, X), or with a Z; where `missing` is given, labels
  /// on the border of a window are set to it.
  template <class In>
  [[nodiscard]] Array<value_t<In>> unstitch_labels(const In& labels, std::optional<value_t<In>> missing = {},
                                                   const Progress& progress = {}) const {
    const qlty_array from = labels.raw();
    Shape shape = detail::shape_of(from);
    const auto axes = static_cast<std::size_t>(ndim());
    if (shape.size() <= axes) detail::refuse(Status::shape, "labels: got too few axes, expected those of a batch");
    shape[0] = patch_count(shape[0]);
    for (std::size_t axis = 0; axis < axes; axis++) shape[shape.size() - axes + axis] = options_.window[axis];
    Array<value_t<In>> patches(std::move(shape));
    const qlty_array to = patches.raw_mut();
    const void* value = missing ? &*missing : nullptr;
    detail::Report(progress).call(qlty_quilt_unstitch_labels, raw(), &from, value, std::int64_t{0}, &to);
    return patches;
  }
  /// The patches of images and of their labels: a model's input and its target.
  template <class In, class Labels>
  [[nodiscard]] std::pair<Array<value_t<In>>, Array<value_t<Labels>>> unstitch_pair(
      const In& images, const Labels& labels, std::optional<value_t<Labels>> missing = {}) const {
    if (images.shape()[0] != labels.shape()[0])
      detail::refuse(Status::shape, "labels: got " + std::to_string(labels.shape()[0]) + " images, expected " +
                                        std::to_string(images.shape()[0]));
    return {unstitch(images), unstitch_labels(labels, missing)};
  }
  /// Which label patches carry a label other than `missing` inside the border.
  template <class In>
  [[nodiscard]] Array<boolean> labelled(const In& patches, value_t<In> missing) const {
    const qlty_array from = patches.raw();
    return filled<boolean>({from.shape[0]}, [&](const qlty_array& out) {
      detail::call(qlty_quilt_labelled, raw(), &from, &missing, &out);
    });
  }
  /// Keeps the image and label patches that carry a label; see labelled().
  template <class In, class Labels>
  [[nodiscard]] Weeded<value_t<In>, value_t<Labels>> weed_sparse(const In& images, const Labels& labels,
                                                                 value_t<Labels> missing) const;

  /// The handle that the C functions take; it stays the quilt's.
  [[nodiscard]] const qlty_quilt* raw() const noexcept { return handle_.get(); }

 private:
  [[nodiscard]] Shape per_axis(const std::int64_t (&values)[3]) const { return Shape(values, values + ndim()); }

  static Shape concat(Shape first, const Shape& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
  }

  /// A new array that `fill` writes.
  template <class T, class Fill>
  static Array<T> filled(Shape shape, const Fill& fill) {
    Array<T> out(std::move(shape));
    fill(out.raw_mut());
    return out;
  }

  template <class In>
  [[nodiscard]] Shape patches_shape(const In& batch, std::int64_t count) const {
    const qlty_array from = batch.raw();
    qlty_array patches;
    detail::call(qlty_quilt_unstitch_shape, raw(), &from, count, &patches);
    return detail::shape_of(patches);
  }

  [[nodiscard]] Array<std::int64_t> positions(std::int64_t images, std::int64_t columns) const {
    return filled<std::int64_t>({patch_count(images), columns}, [&](const qlty_array& out) {
      detail::call(qlty_quilt_positions, raw(), std::int64_t{0}, &out);
    });
  }

  qlty_quilt_options options_;
  detail::Handle<qlty_quilt, qlty_quilt_free> handle_;
};

/// The patches for which `kept`, one value per patch, is true, in their order.
template <class In, class Mask>
[[nodiscard]] Array<value_t<In>> keep(const In& patches, const Mask& kept) {
  const qlty_array from = patches.raw(), mask = kept.raw();
  Shape shape = detail::shape_of(from);
  shape[0] = 0;
  const ArrayView<const value_t<Mask>> values = [&] {
    if constexpr (std::is_same_v<Mask, Array<value_t<Mask>>>) return kept.view();
    else return ArrayView<const value_t<Mask>>(kept);
  }();
  for (std::int64_t index = 0; index < mask.shape[0]; index++) shape[0] += values(index) ? 1 : 0;
  Array<value_t<In>> out(std::move(shape));
  const qlty_array to = out.raw_mut();
  detail::call(qlty_patches_keep, &from, &mask, &to);
  return out;
}

template <class In, class Labels>
Weeded<value_t<In>, value_t<Labels>> Quilt::weed_sparse(const In& images, const Labels& labels,
                                                        value_t<Labels> missing) const {
  Array<boolean> kept = labelled(labels, missing);
  Weeded<value_t<In>, value_t<Labels>> out{keep(images, kept), keep(labels, kept), kept};
  for (boolean& removed : out.removed.values()) removed.byte = removed ? 0 : 1;
  return out;
}

}  // namespace qlty

#endif  // QLTY_QUILT_HPP
