// Stitching onto disk, in bounded memory, with mean and standard deviation. Part of qlty.hpp.

#ifndef QLTY_LARGE_HPP
#define QLTY_LARGE_HPP

#include <algorithm>

#include "damages.hpp"
#include "images.hpp"
#include "quilt.hpp"

namespace qlty {

/// What may be on disk already: nothing, the result to go on with, or either; or the result, of which all
/// finished tiles are read first, and the patches of damaged ones are pending again.
enum class Start : std::int32_t {
  create = QLTY_START_CREATE,
  open = QLTY_START_OPEN,
  create_or_open = QLTY_START_CREATE_OR_OPEN,
  repair = QLTY_START_REPAIR,
};

/// What the standard deviation of a pixel is made of: nothing, the variances of the patches over it, or
/// these and the spread of the patches around their mean.
enum class Std : std::int32_t { none = QLTY_STD_NONE, within = QLTY_STD_WITHIN, total = QLTY_STD_TOTAL };

/// How a batch is stitched onto disk. What is not said of channels, tiles, chunks, shards and codec is
/// that of a result that is there.
class LargeOptions {
 public:
  /// For a batch of this number of images.
  explicit LargeOptions(std::int64_t images) {
    check_abi();
    detail::call(qlty_large_options_init, &raw_, static_cast<std::uint32_t>(sizeof raw_));
    raw_.images = images;
  }
  /// What may be on disk already. Nothing by default.
  LargeOptions& start(Start start) {
    raw_.start = static_cast<std::int32_t>(start);
    return *this;
  }
  /// The number of channels. That of the first patch by default.
  LargeOptions& channels(std::int64_t channels) {
    raw_.channels = channels;
    return *this;
  }
  /// How many bytes of sums are held in memory. 1 GiB by default.
  LargeOptions& memory_budget(std::int64_t bytes) {
    raw_.memory_budget = bytes;
    return *this;
  }
  /// The size in pixels of what is finished and written as one, (y, x) or (z, y, x): a multiple of the
  /// chunk, or of the shard if there are shards. About 1 MiB of results by default.
  LargeOptions& tile_shape(const Shape& shape) { return set("tile shape", shape, raw_.tile_shape); }
  /// The size of a chunk in pixels. The tile by default.
  LargeOptions& chunk_shape(const Shape& shape) { return set("chunk shape", shape, raw_.chunk_shape); }
  /// The size of a shard in pixels, a multiple of the chunk: chunks that share a file. None by default.
  LargeOptions& shard_shape(const Shape& shape) { return set("shard shape", shape, raw_.shard_shape); }
  /// How chunks are compressed, such as "none" or "zstd:9".
  LargeOptions& codec(std::string codec) {
    codec_ = std::move(codec);
    return *this;
  }
  /// Which standard deviation is written in addition to the mean. None by default.
  LargeOptions& deviation(Std kind) {
    raw_.std = static_cast<std::int32_t>(kind);
    return *this;
  }
  /// Whether the mean is divided by its sum over the channels, as probabilities are.
  LargeOptions& normalize(bool normalize) {
    raw_.normalize = normalize ? 1 : 0;
    return *this;
  }
  /// What a pixel is that no patch has reached. NaN by default.
  LargeOptions& fill(double fill) {
    raw_.fill = fill;
    return *this;
  }
  /// Which of how many workers this is: each has tiles of its own, and needs only their patches.
  LargeOptions& shard(std::int64_t index, std::int64_t count) {
    raw_.shard_index = index;
    raw_.shard_count = count;
    return *this;
  }
  /// What the C functions take for this number of spatial axes; valid as long as this lives and is not changed.
  [[nodiscard]] qlty_large_options raw(std::int64_t ndim) const {
    if (axes_ != 0 && axes_ != ndim)
      detail::refuse(Status::invalid_argument, "tile, chunk and shard shape: got " + std::to_string(axes_) +
                                                   " axes, expected " + std::to_string(ndim));
    qlty_large_options raw = raw_;
    if (codec_) raw.codec = codec_->c_str();
    return raw;
  }

 private:
  LargeOptions& set(const char* name, const Shape& from, std::int64_t (&to)[3]) {
    const auto axes = static_cast<std::int64_t>(from.size());
    if ((axes != 2 && axes != 3) || (axes_ != 0 && axes_ != axes))
      detail::refuse(Status::invalid_argument, std::string(name) + ": got " + std::to_string(axes) +
                                                   " axes, expected 2 or 3, as many as other shapes");
    axes_ = axes;
    for (std::size_t axis = 0; axis < from.size(); axis++) to[axis] = from[axis];
    return *this;
  }

  qlty_large_options raw_{};
  std::optional<std::string> codec_;
  /// How many axes the shapes have, 0 while there are none.
  std::int64_t axes_ = 0;
};

/// How far the work on a result has come, of what its shard has to do.
struct LargeProgress {
  /// The patches that were stitched or skipped.
  std::int64_t patches_done;
  /// The patches that reach a tile of the shard.
  std::int64_t patches;
  /// The tiles on disk.
  std::int64_t tiles_done;
  /// The tiles of the shard.
  std::int64_t tiles;
};

/// An array of a result on disk, its mean or its standard deviation, of float or double. Threads may
/// share it.
template <class S>
class StitchedArray {
 public:
  /// Opens the array in a folder, such as "folder/name_mean.zarr".
  explicit StitchedArray(const std::string& path) {
    check_abi();
    qlty_stitched* stitched = nullptr;
    detail::call(qlty_stitched_open, path.c_str(), &stitched);
    own(stitched);
  }
  /// Takes over a handle of the C functions.
  explicit StitchedArray(qlty_stitched* handle) { own(handle); }

  /// (N, C, Y, X) or (N, C, Z, Y, X).
  [[nodiscard]] Shape shape() const { return detail::shape_of(described()); }
  /// All of it.
  [[nodiscard]] Array<S> read(const Progress& progress = {}) const {
    Array<S> out(shape());
    read_into(out, nullptr, progress);
    return out;
  }
  /// The box of this shape that begins at `start`: an image, a channel and a pixel.
  [[nodiscard]] Array<S> read(const Shape& start, Shape shape, const Progress& progress = {}) const {
    if (start.size() != this->shape().size())
      detail::refuse(Status::invalid_argument, "start: got " + std::to_string(start.size()) + " numbers, expected " +
                                                   std::to_string(this->shape().size()));
    Array<S> out(std::move(shape));
    read_into(out, start.data(), progress);
    return out;
  }
  /// The same into an array of the host's, whose shape is that of the box; `start` points to a number
  /// for each axis, or is nullptr.
  template <class Out>
  void read_into(Out&& out, const std::int64_t* start = nullptr, const Progress& progress = {}) const {
    static_assert(std::is_same_v<value_t<Out>, S>, "what is read has the type of the array");
    const qlty_array to = out.raw_mut();
    detail::Report(progress).call(qlty_stitched_read, raw(), start, &to);
  }
  /// The handle that the C functions take; it stays the array's.
  [[nodiscard]] const qlty_stitched* raw() const noexcept { return handle_.get(); }

 private:
  void own(qlty_stitched* handle) {
    handle_.reset(handle);
    if (described().dtype != dtype_of<S>())
      detail::refuse(Status::dtype, std::string("a result: got one of another type, expected ") +
                                        (sizeof(S) == 4 ? "float" : "double"));
  }
  [[nodiscard]] qlty_array described() const {
    qlty_array batch;
    detail::call(qlty_stitched_shape, raw(), &batch);
    return batch;
  }
  detail::Handle<qlty_stitched, qlty_stitched_free> handle_;
};

/// What stitching onto disk gives.
template <class S>
struct LargeResult {
  /// The weighted mean of the patches.
  StitchedArray<S> mean;
  /// The standard deviation, if it was asked for.
  std::optional<StitchedArray<S>> deviation;
};

/// Stitches the patches of a batch onto disk as they come, with sums of S, float or double; a process
/// that is killed can be resumed. Threads may share it, also to stitch. Sources of images are an
/// Array, an ArrayView or Images.
template <class S = float>
class LargeQuilt {
 public:
  /// Creates the result at `path`, such as `folder/name`, or resumes it. The quilt need not outlive it.
  LargeQuilt(const Quilt& quilt, const std::string& path, const LargeOptions& options) {
    qlty_large_options raw_options = options.raw(quilt.ndim());
    raw_options.dtype = dtype_of<S>();
    qlty_large* large = nullptr;
    detail::call(qlty_large_new, quilt.raw(), path.c_str(), &raw_options, &large);
    handle_.reset(large);
  }

  /// (N, C, Y, X) or (N, C, Z, Y, X), where C is 0 as long as it is not known.
  [[nodiscard]] Shape shape() const {
    qlty_array batch;
    detail::call(qlty_large_shape, raw(), &batch);
    return detail::shape_of(batch);
  }
  /// How far the work has come.
  [[nodiscard]] LargeProgress progress() const {
    qlty_large_status status{};
    status.struct_size = sizeof status;
    detail::call(qlty_large_get_status, raw(), &status);
    return {status.patches_done, status.patches, status.tiles_done, status.tiles};
  }
  /// The patches that have not been stitched, ascending, among them those whose call failed.
  [[nodiscard]] std::vector<std::int64_t> pending() const {
    std::int64_t count = 0, now = 0;
    detail::call(qlty_large_pending, raw(), nullptr, &count);
    std::vector<std::int64_t> indices(static_cast<std::size_t>(count));
    const qlty_array to = ArrayView<std::int64_t>(indices.data(), {count}).raw_mut();
    detail::call(qlty_large_pending, raw(), &to, &now);
    // Other threads may have stitched some meanwhile.
    indices.resize(static_cast<std::size_t>(std::min(count, now)));
    return indices;
  }
  /// The next pending patches, at most `most`; none at the end. Threads get
  /// different ones.
  [[nodiscard]] std::vector<std::int64_t> next(std::int64_t most) const {
    Array<std::int64_t> indices({most});
    const qlty_array to = indices.raw_mut();
    std::int64_t count = 0;
    detail::call(qlty_large_next, raw(), &to, &count);
    indices.values().resize(static_cast<std::size_t>(count));
    return std::move(indices.values());
  }
  /// Starts again from the first pending patch.
  void rewind() const { detail::call(qlty_large_rewind, raw()); }

  /// Extracts the patches with these indices from a batch, (P, C, y, x) or (P, C, z, y, x).
  template <class In>
  [[nodiscard]] Array<value_t<In>> unstitch(const In& batch, const std::vector<std::int64_t>& indices,
                                            const Progress& progress = {}) const {
    return unstitch_from<value_t<In>>(batch, indices, progress);
  }
  /// Extracts patches, of type T, from images on disk.
  template <class T>
  [[nodiscard]] Array<T> unstitch(const Images& images, const std::vector<std::int64_t>& indices,
                                  const Progress& progress = {}) const {
    return unstitch_from<T>(images, indices, progress);
  }
  /// The same into an array of the host's.
  template <class From, class Out>
  void unstitch_into(const From& source, const std::vector<std::int64_t>& indices, Out&& patches,
                     const Progress& progress = {}) const {
    const detail::Source from(source);
    const auto wanted = detail::list(indices);
    const qlty_array to = patches.raw_mut();
    detail::Report(progress).call(qlty_large_unstitch, raw(), from.batch(), from.images(), &wanted.raw(), &to);
  }

  /// Adds patches in any order: patch i of `patches` has the patch index indices[i]. `variances` points
  /// to an array like the patches where a standard deviation was asked for, and is nullptr else.
  template <class In, class Variances = Array<value_t<In>>>
  void stitch(const std::vector<std::int64_t>& indices, const In& patches, const Variances* variances = nullptr,
              const Progress& progress = {}) const {
    static_assert(std::is_same_v<value_t<Variances>, value_t<In>>, "variances have the type of the patches");
    const auto places = detail::list(indices);
    const qlty_array values = patches.raw();
    qlty_array spread{};
    if (variances) spread = variances->raw();
    detail::Report(progress).call(qlty_large_stitch, raw(), &places.raw(), &values, variances ? &spread : nullptr);
  }
  /// Says that patches will not come, as of background.
  void skip(const std::vector<std::int64_t>& indices) const {
    const auto places = detail::list(indices);
    detail::call(qlty_large_skip, raw(), &places.raw());
  }
  /// Writes the unfinished sums: a process that is killed later resumes from here.
  void checkpoint(const Progress& progress = {}) const { detail::Report(progress).call(qlty_large_checkpoint, raw()); }
  /// Reads finished tiles and gives those that are damaged, whose patches Start::repair makes pending again: at most
  /// `most` tiles, evenly spread, or all if it is negative.
  [[nodiscard]] std::vector<Damage> verify(std::int64_t most = -1, const Progress& progress = {}) const {
    return detail::verify(qlty_large_verify, raw(), most, progress);
  }
  /// The tiles that were damaged when the result was opened. Their patches are pending again.
  [[nodiscard]] std::vector<Damage> damaged() const {
    return detail::damages([&](qlty_damages** to) { detail::call(qlty_large_damaged, raw(), to); });
  }
  /// Gives the result; throws Status::incomplete while patches are pending, after which more may come.
  [[nodiscard]] LargeResult<S> finish() const {
    return own([&](qlty_stitched** mean, qlty_stitched** deviation) {
      detail::call(qlty_large_finish, raw(), mean, deviation);
    });
  }
  /// Gives what can be had while patches are pending, with the fill value where none has come; more may
  /// come then.
  [[nodiscard]] LargeResult<S> finish_incomplete(const Progress& progress = {}) const {
    return own([&](qlty_stitched** mean, qlty_stitched** deviation) {
      detail::Report(progress).call(qlty_large_finish_incomplete, raw(), mean, deviation);
    });
  }
  /// The handle that the C functions take; it stays the quilt's.
  [[nodiscard]] const qlty_large* raw() const noexcept { return handle_.get(); }

 private:
  static_assert(std::is_same_v<S, float> || std::is_same_v<S, double>, "sums are of float or double");

  template <class Finish>
  static LargeResult<S> own(const Finish& finish) {
    // A progress function may throw when the result is there.
    struct Handles {
      qlty_stitched *mean = nullptr, *deviation = nullptr;
      ~Handles() {
        qlty_stitched_free(mean);
        qlty_stitched_free(deviation);
      }
    } handles;
    finish(&handles.mean, &handles.deviation);
    LargeResult<S> out{StitchedArray<S>(std::exchange(handles.mean, nullptr)), std::nullopt};
    if (handles.deviation) out.deviation.emplace(std::exchange(handles.deviation, nullptr));
    return out;
  }

  template <class T, class From>
  [[nodiscard]] Array<T> unstitch_from(const From& source, const std::vector<std::int64_t>& indices,
                                       const Progress& progress) const {
    const detail::Source from(source);
    qlty_array patches;
    detail::call(qlty_large_unstitch_shape, raw(), from.batch(), from.images(),
                 static_cast<std::int64_t>(indices.size()), &patches);
    Array<T> out(detail::shape_of(patches));
    unstitch_into(source, indices, out, progress);
    return out;
  }

  detail::Handle<qlty_large, qlty_large_free> handle_;
};

}  // namespace qlty

#endif  // QLTY_LARGE_HPP
