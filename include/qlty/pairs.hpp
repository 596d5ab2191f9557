// Pairs of displaced, rotated patches: drawing, extraction, statistics, storage. Part of qlty.hpp.

#ifndef QLTY_PAIRS_HPP
#define QLTY_PAIRS_HPP

#include "images.hpp"

namespace qlty {

/// Which positions of patches are wanted: none, rows (y, x) or (z, y, x), or the same after the image.
enum class Positions : std::int32_t {
  none = QLTY_POSITIONS_NONE,
  pixels = QLTY_POSITIONS_PIXELS,
  with_image = QLTY_POSITIONS_WITH_IMAGE,
};

/// A column of what is known of pairs. Those from mean1 on are of double, the others of std::int64_t.
enum class Column : std::int32_t {
  image = QLTY_COLUMN_IMAGE,
  z1 = QLTY_COLUMN_Z1,
  y1 = QLTY_COLUMN_Y1,
  x1 = QLTY_COLUMN_X1,
  z2 = QLTY_COLUMN_Z2,
  y2 = QLTY_COLUMN_Y2,
  x2 = QLTY_COLUMN_X2,
  dx = QLTY_COLUMN_DX,
  dy = QLTY_COLUMN_DY,
  dz = QLTY_COLUMN_DZ,
  rotation = QLTY_COLUMN_ROTATION,
  mean1 = QLTY_COLUMN_MEAN1,
  sigma1 = QLTY_COLUMN_SIGMA1,
  mean2 = QLTY_COLUMN_MEAN2,
  sigma2 = QLTY_COLUMN_SIGMA2,
};

/// How the bins of a stratified choice divide the values.
enum class Bins : std::int32_t { histogram = QLTY_BINS_HISTOGRAM, quantiles = QLTY_BINS_QUANTILES };

/// What pairs are drawn from each image.
class PairOptions {
 public:
  /// The size of a patch in pixels, (y, x) or (z, y, x), the number of pairs of each image, and the
  /// least and the largest length of the displacement, within a quarter and three quarters of the window.
  PairOptions(const Shape& window, std::int64_t pairs_per_image, double delta_low, double delta_high) {
    if (window.size() != 2 && window.size() != 3)
      detail::refuse(Status::invalid_argument,
                     "window: got " + std::to_string(window.size()) + " axes, expected 2 or 3");
    check_abi();
    detail::call(qlty_pair_options_init, &raw_, static_cast<std::uint32_t>(sizeof raw_));
    raw_.ndim = static_cast<std::int32_t>(window.size());
    for (std::size_t axis = 0; axis < window.size(); axis++) raw_.window[axis] = window[axis];
    raw_.pairs_per_image = pairs_per_image;
    raw_.delta_low = delta_low;
    raw_.delta_high = delta_high;
  }
  /// Image n draws from the stream n of this seed. 0 by default.
  PairOptions& seed(std::uint64_t seed) {
    raw_.seed = seed;
    return *this;
  }
  /// The quarter turns of the second patch, of which each pair draws one. None by default.
  PairOptions& rotations(std::vector<std::int64_t> rotations) {
    rotations_ = std::move(rotations);
    return *this;
  }
  /// What the C functions take; valid as long as this lives and is not changed.
  [[nodiscard]] qlty_pair_options raw() const noexcept {
    qlty_pair_options raw = raw_;
    raw.rotations = rotations_.data();
    raw.rotation_count = static_cast<std::int64_t>(rotations_.size());
    return raw;
  }

 private:
  qlty_pair_options raw_{};
  std::vector<std::int64_t> rotations_;
};

/// How pairs are stored.
class StoreOptions {
 public:
  /// No positions, chunks of 4 MiB, compressed, and no store is replaced.
  StoreOptions() {
    check_abi();
    detail::call(qlty_store_options_init, &raw_, static_cast<std::uint32_t>(sizeof raw_));
  }
  /// Which positions are stored.
  StoreOptions& positions(Positions positions) {
    raw_.positions = static_cast<std::int32_t>(positions);
    return *this;
  }
  /// The shape of a chunk of the patch arrays, (pairs, C, y, x) or (pairs, C, z, y, x).
  StoreOptions& chunk(const Shape& chunk) {
    if (chunk.size() != 4 && chunk.size() != 5)
      detail::refuse(Status::invalid_argument, "chunk: got " + std::to_string(chunk.size()) + " axes, expected 4 or 5");
    for (std::size_t axis = 0; axis < chunk.size(); axis++) raw_.chunk[axis] = chunk[axis];
    return *this;
  }
  /// How chunks are compressed, such as "none" or "zstd:9".
  StoreOptions& codec(std::string codec) {
    codec_ = std::move(codec);
    return *this;
  }
  /// Whether a store of the same name is replaced.
  StoreOptions& overwrite(bool overwrite) {
    raw_.overwrite = overwrite ? 1 : 0;
    return *this;
  }
  /// What the C functions take; valid as long as this lives and is not changed.
  [[nodiscard]] qlty_store_options raw() const noexcept {
    qlty_store_options raw = raw_;
    if (codec_) raw.codec = codec_->c_str();
    return raw;
  }

 private:
  qlty_store_options raw_{};
  std::optional<std::string> codec_;
};

/// Pairs of patches: row i of each array is pair i.
template <class T>
struct PatchPairs {
  /// The first patches, (P, C, y, x) or (P, C, z, y, x).
  Array<T> patches1;
  /// The second patches, displaced and turned.
  Array<T> patches2;
  /// Where the second patch starts relative to the first: rows (dx, dy) or (dx, dy, dz).
  Array<float> deltas;
  /// The quarter turns of the second patches, counter-clockwise, 0 to 3.
  Array<std::int64_t> rotations;
  /// Where the first patches start, if that was asked for or is stored.
  std::optional<Array<std::int64_t>> positions1;
  /// Where the second patches start.
  std::optional<Array<std::int64_t>> positions2;

  /// Room for `count` pairs of patches like those described.
  PatchPairs(Shape patches, std::int64_t count, Positions positions)
      : patches1(with_count(patches, count)),
        patches2(with_count(patches, count)),
        deltas({count, axes(patches)}),
        rotations({count}) {
    if (positions == Positions::none) return;
    const std::int64_t columns = axes(patches) + (positions == Positions::with_image ? 1 : 0);
    positions1.emplace(Shape{count, columns});
    positions2.emplace(Shape{count, columns});
  }

  /// Calls `with` with the struct of the arrays that the C functions take.
  template <class With>
  void fill(const With& with) {
    const qlty_array first = patches1.raw_mut(), second = patches2.raw_mut(), delta = deltas.raw_mut(),
                     rotation = rotations.raw_mut();
    qlty_array starts1{}, starts2{};
    if (positions1) starts1 = positions1->raw_mut();
    if (positions2) starts2 = positions2->raw_mut();
    const qlty_pair_arrays arrays{
        sizeof(qlty_pair_arrays),       0, &first, &second, &delta, &rotation, positions1 ? &starts1 : nullptr,
        positions2 ? &starts2 : nullptr};
    with(&arrays);
  }

 private:
  static std::int64_t axes(const Shape& patches) { return static_cast<std::int64_t>(patches.size()) - 2; }
  static Shape with_count(Shape patches, std::int64_t count) {
    patches[0] = count;
    return patches;
  }
};

/// Pairs of patches: where they lie, and perhaps their statistics. They never change: threads may
/// share them. Sources of images are an Array, an ArrayView or Images.
class Pairs {
 public:
  /// Draws pairs from each image of a source, of which only the shape is read.
  template <class From>
  Pairs(const PairOptions& options, const From& source) {
    const detail::Source from(source);
    const qlty_pair_options raw = options.raw();
    qlty_pairs* pairs = nullptr;
    detail::call(qlty_pairs_draw, &raw, from.batch(), from.images(), &pairs);
    handle_.reset(pairs);
  }
  /// Pairs of the host's own: rows (n, y, x) or (n, z, y, x) of std::int64_t; `rotations` points to an
  /// array with the quarter turns of the second patches, or is nullptr.
  template <class In, class Rotations = Array<std::int64_t>>
  Pairs(const Shape& window, const In& positions1, const In& positions2, const Rotations* rotations = nullptr) {
    check_abi();
    const qlty_array first = positions1.raw(), second = positions2.raw();
    check_window(window, first);
    qlty_array turns{};
    if (rotations) turns = rotations->raw();
    qlty_pairs* pairs = nullptr;
    detail::call(qlty_pairs_new, window.data(), &first, &second, rotations ? &turns : nullptr, &pairs);
    handle_.reset(pairs);
  }
  /// Takes over a handle of the C functions.
  explicit Pairs(qlty_pairs* handle) noexcept : handle_(handle) {}

  /// The number of pairs.
  [[nodiscard]] std::int64_t count() const {
    std::int64_t count = 0;
    detail::call(qlty_pairs_size, raw(), &count, nullptr, nullptr);
    return count;
  }
  /// The size of a patch in pixels.
  [[nodiscard]] Shape window() const {
    std::int32_t ndim = 0;
    Shape window(3);
    detail::call(qlty_pairs_size, raw(), nullptr, &ndim, window.data());
    window.resize(static_cast<std::size_t>(ndim));
    return window;
  }
  /// The same pairs with the statistics of their patches.
  template <class From>
  [[nodiscard]] Pairs measure(const From& source, const Progress& progress = {}) const {
    const detail::Source from(source);
    // Where the progress function throws, the call may have ended well all the same.
    struct Made {
      qlty_pairs* pairs = nullptr;
      ~Made() { qlty_pairs_free(pairs); }
    } made;
    detail::Report(progress).call(qlty_pairs_measure, raw(), from.batch(), from.images(), &made.pairs);
    return Pairs(std::exchange(made.pairs, nullptr));
  }
  /// The pairs of these indices, in their order.
  [[nodiscard]] Pairs select(const std::vector<std::int64_t>& indices) const {
    const auto chosen = detail::list(indices);
    qlty_pairs* selected = nullptr;
    detail::call(qlty_pairs_select, raw(), &chosen.raw(), &selected);
    return Pairs(selected);
  }
  /// A value for each pair; T is double for the statistics, which need measured pairs, and
  /// std::int64_t for all else.
  template <class T>
  [[nodiscard]] std::vector<T> column(Column column) const {
    Array<T> values({count()});
    const qlty_array to = values.raw_mut();
    detail::call(qlty_pairs_column, raw(), static_cast<std::int32_t>(column), &to);
    return std::move(values.values());
  }
  /// Where the second patches start relative to the first: rows (dx, dy) or (dx, dy, dz).
  [[nodiscard]] Array<float> deltas() const {
    Array<float> out({count(), static_cast<std::int64_t>(window().size())});
    const qlty_array to = out.raw_mut();
    detail::call(qlty_pairs_places, raw(), &to, nullptr, nullptr, nullptr);
    return out;
  }

  /// Extracts the patches from a batch.
  template <class In>
  [[nodiscard]] PatchPairs<value_t<In>> extract(const In& batch, Positions positions = Positions::none,
                                                const Progress& progress = {}) const {
    return extract_from<value_t<In>>(batch, positions, progress);
  }
  /// Extracts the patches, of type T, from images on disk.
  template <class T>
  [[nodiscard]] PatchPairs<T> extract(const Images& images, Positions positions = Positions::none,
                                      const Progress& progress = {}) const {
    return extract_from<T>(images, positions, progress);
  }
  /// The same into arrays of the host's, which it keeps.
  template <class From, class T>
  void extract_into(const From& source, PatchPairs<T>& out, const Progress& progress = {}) const {
    const detail::Source from(source);
    out.fill([&](const qlty_pair_arrays* arrays) {
      detail::Report(progress).call(qlty_pairs_extract_into, raw(), from.batch(), from.images(), arrays);
    });
  }

  /// Writes measured pairs and their patches to a Zarr store, which appears when it is complete.
  template <class From>
  void write(const From& source, const std::string& path, const StoreOptions& options = {},
             const Progress& progress = {}) const {
    const detail::Source from(source);
    const qlty_store_options raw_options = options.raw();
    detail::Report(progress).call(qlty_pairs_write, raw(), from.batch(), from.images(), path.c_str(), &raw_options);
  }

  /// The handle that the C functions take; it stays the pairs'.
  [[nodiscard]] const qlty_pairs* raw() const noexcept { return handle_.get(); }

 private:
  static void check_window(const Shape& window, const qlty_array& positions) {
    if (positions.ndim == 2 && static_cast<std::int64_t>(window.size()) + 1 != positions.shape[1])
      detail::refuse(Status::invalid_argument, "window: got " + std::to_string(window.size()) + " axes, expected " +
                                                   std::to_string(positions.shape[1] - 1));
  }

  template <class T, class From>
  [[nodiscard]] PatchPairs<T> extract_from(const From& source, Positions positions, const Progress& progress) const {
    const detail::Source from(source);
    qlty_array patches;
    detail::call(qlty_pairs_extract_shape, raw(), from.batch(), from.images(), &patches);
    PatchPairs<T> out(detail::shape_of(patches), patches.shape[0], positions);
    extract_into(source, out, progress);
    return out;
  }

  detail::Handle<qlty_pairs, qlty_pairs_free> handle_;
};

/// Chooses up to `samples_per_bin` pairs from each bin of a grid over means and standard deviations: their
/// indices, bin by bin.
[[nodiscard]] inline std::vector<std::int64_t> sample_stratified(const std::vector<double>& means,
                                                                 const std::vector<double>& sigmas, Bins kind,
                                                                 std::int64_t bins, std::int64_t samples_per_bin,
                                                                 std::uint64_t seed = 0) {
  check_abi();
  const ArrayView<const double> mean(means.data(), {static_cast<std::int64_t>(means.size())});
  const ArrayView<const double> sigma(sigmas.data(), {static_cast<std::int64_t>(sigmas.size())});
  Array<std::int64_t> indices({static_cast<std::int64_t>(means.size())});
  const qlty_array to = indices.raw_mut();
  std::int64_t count = 0;
  qlty_sample_options options;
  detail::call(qlty_sample_options_init, &options, static_cast<std::uint32_t>(sizeof options));
  options.kind = static_cast<std::int32_t>(kind);
  options.bins = bins;
  options.samples_per_bin = samples_per_bin;
  options.seed = seed;
  detail::call(qlty_sample_draw, &mean.raw(), &sigma.raw(), &options, &to, &count);
  indices.values().resize(static_cast<std::size_t>(count));
  return std::move(indices.values());
}

}  // namespace qlty

#endif  // QLTY_PAIRS_HPP
