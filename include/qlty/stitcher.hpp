// Stitching patch by patch, as a model gives them. Part of qlty.hpp.

#ifndef QLTY_STITCHER_HPP
#define QLTY_STITCHER_HPP

#include "quilt.hpp"

namespace qlty {

/// Takes the patches of a batch, of type T, as they come and stitches them together. One thread at a
/// time may use it.
template <class T>
class Stitcher {
 public:
  /// The type of the result.
  using Sum = sum_t<T>;

  /// A stitcher for a batch of `images` with `channels`. The quilt need not outlive it.
  Stitcher(const Quilt& quilt, std::int64_t images, std::int64_t channels)
      : size_(quilt.size()), images_(images), channels_(channels) {
    qlty_stitcher* stitcher = nullptr;
    detail::call(qlty_stitcher_new, quilt.raw(), dtype_of<T>(), images, channels, &stitcher);
    handle_.reset(stitcher);
  }

  /// Adds the patches `first`, `first` + 1, ...; nothing is added where it throws.
  template <class In>
  void push(std::int64_t first, const In& patches) {
    static_assert(std::is_same_v<value_t<In>, T>, "patches have the type of the stitcher");
    const qlty_array from = patches.raw();
    detail::call(qlty_stitcher_push, raw(), first, &from);
  }
  /// Adds patches in any order: patch i of `patches` has the patch index indices[i].
  template <class In>
  void push_at(const std::vector<std::int64_t>& indices, const In& patches) {
    static_assert(std::is_same_v<value_t<In>, T>, "patches have the type of the stitcher");
    const ArrayView<const std::int64_t> places(indices.data(), {static_cast<std::int64_t>(indices.size())});
    const qlty_array from = patches.raw();
    detail::call(qlty_stitcher_push_at, raw(), &places.raw(), &from);
  }
  /// The number of patches that have not arrived.
  [[nodiscard]] std::int64_t missing_count() const {
    std::int64_t count = 0;
    detail::call(qlty_stitcher_missing_count, raw(), &count);
    return count;
  }
  /// The indices of the patches that have not arrived, ascending.
  [[nodiscard]] std::vector<std::int64_t> missing() const {
    Array<std::int64_t> indices({missing_count()});
    const qlty_array to = indices.raw_mut();
    detail::call(qlty_stitcher_missing, raw(), &to);
    return std::move(indices.values());
  }
  /// Returns the result, after which the stitcher is empty; throws Status::incomplete while patches are missing.
  [[nodiscard]] Stitched<Sum> finish() {
    Stitched<Sum> out{Array<Sum>(batch_shape()), Array<Sum>(size_)};
    finish_into(out.batch, &out.weights);
    return out;
  }
  /// The same into arrays of the host's; `weights` points to one, or is nullptr.
  template <class Out, class Weights = Array<Sum>>
  void finish_into(Out&& batch, Weights* weights = nullptr) {
    const qlty_array to = batch.raw_mut();
    qlty_array sums{};
    if (weights) sums = weights->raw_mut();
    detail::call(qlty_stitcher_finish, raw(), &to, weights ? &sums : nullptr);
  }
  /// Gives what can be had while patches are missing, with `fill` where none has come, and the
  /// weights that arrived, (N, Y, X) or (N, Z, Y, X); the stitcher is empty then.
  [[nodiscard]] Stitched<Sum> finish_incomplete(double fill) {
    Shape weights{images_};
    weights.insert(weights.end(), size_.begin(), size_.end());
    Stitched<Sum> out{Array<Sum>(batch_shape()), Array<Sum>(std::move(weights))};
    const qlty_array to = out.batch.raw_mut(), sums = out.weights.raw_mut();
    detail::call(qlty_stitcher_finish_incomplete, raw(), fill, &to, &sums);
    return out;
  }
  /// The handle that the C functions take; it stays the stitcher's.
  [[nodiscard]] qlty_stitcher* raw() const noexcept { return handle_.get(); }

 private:
  [[nodiscard]] Shape batch_shape() const {
    Shape shape{images_, channels_};
    shape.insert(shape.end(), size_.begin(), size_.end());
    return shape;
  }

  Shape size_;
  std::int64_t images_;
  std::int64_t channels_;
  detail::Handle<qlty_stitcher, qlty_stitcher_free> handle_;
};

}  // namespace qlty

#endif  // QLTY_STITCHER_HPP
