// Stored pairs: reading, shuffling, batches that are read ahead. Part of qlty.hpp.

#ifndef QLTY_DATASET_HPP
#define QLTY_DATASET_HPP

#include "damages.hpp"
#include "pairs.hpp"

namespace qlty {

template <class T>
class Batches;

/// The pairs of a Zarr store, as Pairs::write or the Python package wrote it. Threads may share it.
class Dataset {
 public:
  /// Opens the store in a folder, to keep up to `cache_bytes` of decoded chunks; a negative number means
  /// 256 MiB.
  explicit Dataset(const std::string& path, std::int64_t cache_bytes = -1) {
    check_abi();
    qlty_dataset* dataset = nullptr;
    detail::call(qlty_dataset_open, path.c_str(), cache_bytes, &dataset);
    handle_.reset(dataset);
    std::int32_t positions = 0;
    detail::call(qlty_dataset_shape, raw(), &patches_, &positions);
    positions_ = static_cast<Positions>(positions);
  }

  /// The number of pairs.
  [[nodiscard]] std::int64_t count() const noexcept { return patches_.shape[0]; }
  /// The shape of all first, or all second patches: (P, C, y, x) or (P, C, z, y, x).
  [[nodiscard]] Shape shape() const { return detail::shape_of(patches_); }
  /// The QLTY_DTYPE of the patches.
  [[nodiscard]] qlty_dtype dtype() const noexcept { return patches_.dtype; }
  /// Which positions are stored.
  [[nodiscard]] Positions positions() const noexcept { return positions_; }
  /// Where the pairs come from, with the statistics of their patches.
  [[nodiscard]] Pairs metadata() const {
    qlty_pairs* pairs = nullptr;
    detail::call(qlty_dataset_metadata, raw(), &pairs);
    return Pairs(pairs);
  }
  /// The pairs of these indices, in their order; T is the type of the patches.
  template <class T>
  [[nodiscard]] PatchPairs<T> read(const std::vector<std::int64_t>& indices) const {
    PatchPairs<T> out(shape(), static_cast<std::int64_t>(indices.size()), positions_);
    const auto wanted = detail::list(indices);
    out.fill(
        [&](const qlty_pair_arrays* arrays) { detail::call(qlty_dataset_read_into, raw(), &wanted.raw(), arrays); });
    return out;
  }
  /// All indices in the random order of an epoch: each epoch of a seed has its own.
  [[nodiscard]] std::vector<std::int64_t> epoch(std::uint64_t seed, std::uint64_t epoch) const {
    Array<std::int64_t> indices({count()});
    const qlty_array to = indices.raw_mut();
    detail::call(qlty_dataset_epoch, raw(), seed, epoch, &to);
    return std::move(indices.values());
  }
  /// The pairs of `order` in batches of `size`, of which up to `ahead` are read before they are asked for.
  template <class T>
  [[nodiscard]] Batches<T> batches(const std::vector<std::int64_t>& order, std::int64_t size,
                                   std::int64_t ahead = 2) const;
  /// Reads the files of all arrays of the store and gives the damaged ones: at most `most` files, evenly spread, or
  /// all if it is negative.
  [[nodiscard]] std::vector<Damage> verify(std::int64_t most = -1, const Progress& progress = {}) const {
    return detail::verify(qlty_dataset_verify, raw(), most, progress);
  }

  /// The handle that the C functions take; it stays the dataset's.
  [[nodiscard]] const qlty_dataset* raw() const noexcept { return handle_.get(); }

 private:
  detail::Handle<qlty_dataset, qlty_dataset_free> handle_;
  qlty_array patches_{};
  Positions positions_ = Positions::none;
};

/// The batches of an epoch, with patches of type T. One thread at a time may use them; the dataset
/// need not outlive them.
template <class T>
class Batches {
 public:
  /// See Dataset::batches().
  Batches(const Dataset& dataset, const std::vector<std::int64_t>& order, std::int64_t size, std::int64_t ahead)
      : patches_(dataset.shape()), positions_(dataset.positions()) {
    const auto wanted = detail::list(order);
    qlty_batches* batches = nullptr;
    detail::call(qlty_batches_new, dataset.raw(), &wanted.raw(), size, ahead, &batches);
    handle_.reset(batches);
  }
  /// The number of pairs of the next batch, 0 after the last.
  [[nodiscard]] std::int64_t next_count() const {
    std::int64_t count = 0;
    detail::call(qlty_batches_next_count, handle_.get(), &count);
    return count;
  }
  /// The next batch; nothing after the last. A batch that cannot be read is passed over when this has
  /// thrown.
  [[nodiscard]] std::optional<PatchPairs<T>> next() {
    const std::int64_t count = next_count();
    if (count == 0) return std::nullopt;
    PatchPairs<T> out(patches_, count, positions_);
    out.fill([&](const qlty_pair_arrays* arrays) { detail::call(qlty_batches_next_into, raw(), arrays); });
    return out;
  }
  /// The handle that the C functions take; it stays the batches'.
  [[nodiscard]] qlty_batches* raw() const noexcept { return handle_.get(); }

 private:
  Shape patches_;
  Positions positions_;
  detail::Handle<qlty_batches, qlty_batches_free> handle_;
};

template <class T>
Batches<T> Dataset::batches(const std::vector<std::int64_t>& order, std::int64_t size, std::int64_t ahead) const {
  return Batches<T>(*this, order, size, ahead);
}

}  // namespace qlty

#endif  // QLTY_DATASET_HPP
