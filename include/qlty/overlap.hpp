// The pixels that both patches of a pair show. Part of qlty.hpp.

#ifndef QLTY_OVERLAP_HPP
#define QLTY_OVERLAP_HPP

#include "array.hpp"

namespace qlty {

/// The overlaps of pairs: which pixels of the first patches and of the second show the same place. They
/// never change: threads may share them.
class Overlap {
 public:
  /// The overlaps of patches of size `window`, (y, x) or (z, y, x), with these deltas, rows (dx, dy) or
  /// (dx, dy, dz) of float; `rotations` points to an array with the quarter turns of the second patches,
  /// or is nullptr.
  template <class In, class Rotations = Array<std::int64_t>>
  Overlap(const Shape& window, const In& deltas, const Rotations* rotations = nullptr) : window_(window) {
    check_abi();
    const qlty_array delta = deltas.raw();
    if (delta.ndim == 2 && static_cast<std::int64_t>(window.size()) != delta.shape[1])
      detail::refuse(Status::invalid_argument, "window: got " + std::to_string(window.size()) + " axes, expected " +
                                                   std::to_string(delta.shape[1]));
    pairs_ = delta.shape[0];
    qlty_array turns{};
    if (rotations) turns = rotations->raw();
    qlty_overlap* overlap = nullptr;
    detail::call(qlty_overlap_new, window.data(), &delta, rotations ? &turns : nullptr, &overlap);
    handle_.reset(overlap);
  }

  /// The number of overlapping pixels of all pairs.
  [[nodiscard]] std::int64_t count() const {
    std::int64_t count = 0;
    detail::call(qlty_overlap_count, raw(), &count);
    return count;
  }
  /// The overlapping pixels of the first patches and of the second, (K, C): row k of both shows one
  /// place.
  template <class In1, class In2>
  [[nodiscard]] std::pair<Array<value_t<In1>>, Array<value_t<In1>>> extract(const In1& patches1, const In2& patches2,
                                                                            const Progress& progress = {}) const {
    const qlty_array from = patches1.raw();
    if (from.ndim < 2) detail::refuse(Status::shape, "patches1: got " + std::to_string(from.ndim) + " axes, expected 4 or 5");
    const Shape shape{count(), from.shape[1]};
    std::pair<Array<value_t<In1>>, Array<value_t<In1>>> out{Array<value_t<In1>>(shape), Array<value_t<In1>>(shape)};
    extract_into(patches1, patches2, out.first, out.second, progress);
    return out;
  }
  /// The same into arrays of the host's.
  template <class In1, class In2, class Out1, class Out2>
  void extract_into(const In1& patches1, const In2& patches2, Out1&& pixels1, Out2&& pixels2,
                    const Progress& progress = {}) const {
    static_assert(std::is_same_v<value_t<In1>, value_t<In2>>, "both patches have one type");
    const qlty_array from1 = patches1.raw(), from2 = patches2.raw(), to1 = pixels1.raw_mut(), to2 = pixels2.raw_mut();
    detail::Report(progress).call(qlty_overlap_extract, raw(), &from1, &from2, &to1, &to2);
  }
  /// The adjoint of extract: patches with the pixels where they were gathered from, and zero elsewhere.
  template <class In1, class In2>
  [[nodiscard]] std::pair<Array<value_t<In1>>, Array<value_t<In1>>> adjoint(const In1& pixels1, const In2& pixels2,
                                                                            const Progress& progress = {}) const {
    const qlty_array from = pixels1.raw();
    if (from.ndim != 2) detail::refuse(Status::shape, "pixels1: got " + std::to_string(from.ndim) + " axes, expected 2");
    Shape shape{pairs_, from.shape[1]};
    shape.insert(shape.end(), window_.begin(), window_.end());
    std::pair<Array<value_t<In1>>, Array<value_t<In1>>> out{Array<value_t<In1>>(shape), Array<value_t<In1>>(shape)};
    adjoint_into(pixels1, pixels2, out.first, out.second, progress);
    return out;
  }
  /// The same into arrays of the host's.
  template <class In1, class In2, class Out1, class Out2>
  void adjoint_into(const In1& pixels1, const In2& pixels2, Out1&& patches1, Out2&& patches2,
                    const Progress& progress = {}) const {
    static_assert(std::is_same_v<value_t<In1>, value_t<In2>>, "both arrays of pixels have one type");
    const qlty_array from1 = pixels1.raw(), from2 = pixels2.raw(), to1 = patches1.raw_mut(), to2 = patches2.raw_mut();
    detail::Report(progress).call(qlty_overlap_adjoint, raw(), &from1, &from2, &to1, &to2);
  }
  /// Where each overlapping pixel lies: rows (pair, u1, v1, u2, v2) or (pair, u1, v1, w1, u2, v2, w2).
  [[nodiscard]] Array<std::int64_t> correspondence(const Progress& progress = {}) const {
    Array<std::int64_t> rows({count(), 1 + 2 * static_cast<std::int64_t>(window_.size())});
    const qlty_array to = rows.raw_mut();
    detail::Report(progress).call(qlty_overlap_correspondence, raw(), &to);
    return rows;
  }
  /// The handle that the C functions take; it stays the overlap's.
  [[nodiscard]] const qlty_overlap* raw() const noexcept { return handle_.get(); }

 private:
  Shape window_;
  std::int64_t pairs_ = 0;
  detail::Handle<qlty_overlap, qlty_overlap_free> handle_;
};

}  // namespace qlty

#endif  // QLTY_OVERLAP_HPP
