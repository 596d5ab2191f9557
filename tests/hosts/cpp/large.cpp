// What qlty.hpp adds to the functions of stitching onto disk, and their golden cases. usage: large GOLDEN FOLDER
#include <atomic>
#include <limits>
#include <thread>

#include "support.hpp"

namespace {

using qlty::Status;
using Indices = std::vector<std::int64_t>;

qlty::Quilt quilt_2d() { return qlty::Quilt(qlty::QuiltOptions({20, 24}, {8, 8}, {5, 5}).border({1, 1})); }

/// For two images, in tiles of 8 x 8 pixels.
qlty::LargeOptions options() { return qlty::LargeOptions(2).tile_shape({8, 8}); }

qlty::Array<float> random_batch() {
  qlty::Array<float> batch({2, 3, 20, 24});
  std::uint32_t bits = 1;
  for (float& value : batch.values()) {
    bits = bits * 1664525u + 1013904223u;
    value = static_cast<float>(bits >> 8) / 16777216.0f;
  }
  return batch;
}

template <class S>
bool near(const qlty::Array<S>& got, const qlty::Array<double>& expected) {
  return got.shape() == expected.shape() &&
         std::equal(got.values().begin(), got.values().end(), expected.values().begin(), [](S a, double b) {
           return std::abs(static_cast<double>(a) - b) <= 1e-5 * std::max(1.0, std::abs(b));
         });
}

template <class S>
void check_golden(const std::string& golden, const std::string& folder, const std::string& name, const qlty::Shape& step,
                  const qlty::Shape& border, double weight) {
  const auto processed = read_npy<float>(golden, name, "processed"), variance = read_npy<float>(golden, name, "variance");
  const auto mean = read_npy<double>(golden, name, "mean"), deviation = read_npy<double>(golden, name, "std");
  const qlty::Shape size(mean.shape().begin() + 2, mean.shape().end());
  const qlty::Shape window(processed.shape().begin() + 2, processed.shape().end());
  const qlty::Quilt quilt(qlty::QuiltOptions(size, window, step).border(border).border_weight(weight));
  const auto options = qlty::LargeOptions(mean.shape()[0]).deviation(qlty::Std::within);
  const qlty::LargeQuilt<S> large(quilt, folder + "/" + name + std::to_string(sizeof(S)), options);
  for (auto next = large.next(1); !next.empty(); next = large.next(1)) {
    const auto spread = variance.view().slice(0, next[0], 1);
    large.stitch(next, processed.view().slice(0, next[0], 1), &spread);
  }
  const auto result = large.finish();
  CHECK(near(result.mean.read(), mean) && near(result.deviation->read(), deviation));
}

void check_loop(const std::string& folder) {
  const auto batch = random_batch();
  const auto quilt = quilt_2d();
  const std::string path = folder + "/loop";
  static_assert(std::is_move_constructible_v<qlty::LargeQuilt<float>> && !std::is_copy_constructible_v<qlty::LargeQuilt<float>>);
  {
    const qlty::LargeQuilt<float> large(quilt, path, options().channels(3).codec("zstd:5").chunk_shape({4, 4}));
    CHECK(large.shape() == (qlty::Shape{2, 3, 20, 24}) && large.pending().size() == 40 && large.progress().tiles == 18);
    const auto next = large.next(13);
    large.stitch(next, large.unstitch(batch, next));
    large.checkpoint();
    THROWS(Status::busy, "another process", qlty::LargeQuilt<float>(quilt, path, options().start(qlty::Start::open)));
  }
  const qlty::LargeQuilt<float> opened(quilt, path, options().start(qlty::Start::open));
  const Indices pending = opened.pending();
  CHECK(pending.size() == 27 && pending.front() == 13 && opened.progress().patches_done == 13);
  std::uint64_t last = 0;
  const auto watch = [&](std::uint64_t done, std::uint64_t total) {
    last = done;
    return done <= total;
  };
  auto patches = opened.unstitch(batch, pending, watch);
  CHECK(last == 27);
  opened.unstitch_into(batch.view(), pending, patches);
  opened.stitch(pending, patches, static_cast<const qlty::Array<float>*>(nullptr), watch);
  CHECK(last >= 9 && last <= 18 && opened.pending().empty() && opened.next(5).empty());
  opened.rewind();
  CHECK(opened.next(5).empty());
  const auto result = opened.finish();
  CHECK(!result.deviation && same(result.mean.read(watch), quilt.stitch(quilt.unstitch(batch)).batch) && last == 120);

  const qlty::StitchedArray<float> mean(path + "_mean.zarr");
  const auto part = mean.read({1, 2, 6, 9}, {1, 1, 3, 4});
  qlty::Array<float> wide({1, 1, 3, 8});
  const std::int64_t start[] = {1, 2, 6, 9};
  mean.read_into(wide.view().slice(3, 4, 4), start);
  for (std::int64_t x = 0; x < 4; x++) CHECK(part(0, 0, 2, x) == mean.read()(1, 2, 8, 9 + x) && wide(0, 0, 2, 4 + x) == part(0, 0, 2, x));
  CHECK(wide(0, 0, 0, 3) == 0);

  // Images on disk.
  const qlty::Images images(path + "_mean.zarr");
  const qlty::LargeQuilt<double> from_disk(quilt, folder + "/from_disk", options());
  CHECK(same(from_disk.unstitch<float>(images, {39, 0}), from_disk.unstitch(mean.read(), {39, 0})));
}

void check_incomplete(const std::string& folder) {
  const qlty::LargeQuilt<double> large(quilt_2d(), folder + "/incomplete",
                                       options().channels(1).fill(-1).deviation(qlty::Std::total).memory_budget(1));
  Indices background(39);
  for (std::size_t i = 0; i < 39; i++) background[i] = static_cast<std::int64_t>(i);
  large.skip(background);
  const qlty::Array<std::uint8_t> patch({1, 1, 8, 8}, std::vector<std::uint8_t>(64, 9)), variance({1, 1, 8, 8}, std::vector<std::uint8_t>(64, 4));
  THROWS(Status::incomplete, "1 of 40", large.finish());
  const auto before = large.finish_incomplete();
  CHECK(before.mean.read()(1, 0, 19, 23) == -1);
  large.stitch({39}, patch, &variance);
  const auto after = large.finish();
  CHECK(after.mean.read()(1, 0, 19, 23) == 9 && after.deviation->read()(1, 0, 19, 23) == 2 && after.mean.read()(0, 0, 0, 0) == -1);
}

/// A byte of a chunk is flipped; the patches over it are stitched again.
void check_damages(const std::string& folder) {
  const auto batch = random_batch();
  const auto quilt = quilt_2d();
  const std::string path = folder + "/damages", chunk = path + "_mean.zarr/c/1/0/1/1";
  {
    const qlty::LargeQuilt<float> large(quilt, path, options());
    large.stitch(large.pending(), large.unstitch(batch, large.pending()));
    CHECK(large.finish().mean.shape() == batch.shape() && large.verify().empty() && large.damaged().empty());
    flip(chunk, 30);
    CHECK(large.verify(1).empty());
    std::uint64_t last = 0;
    const auto found = large.verify(-1, [&](std::uint64_t done, std::uint64_t total) {
      last = done;
      return done <= total;
    });
    CHECK(last == 18 && found.size() == 1 && found[0].tile == 13 && ends_with(found[0].file, "damages_mean.zarr/c/1/0/1/1"));
    CHECK(found[0].what.find("checksum") != std::string::npos);
    // What is found is freed when the progress function throws at the end, as the sanitizers see.
    bool caught = false;
    try {
      (void)large.verify(-1, [](std::uint64_t done, std::uint64_t total) -> bool {
        if (done == total) throw std::string("late");
        return true;
      });
    } catch (const std::string& text) {
      caught = text == "late";
    }
    CHECK(caught);
  }
  const qlty::LargeQuilt<float> large(quilt, path, options().start(qlty::Start::repair));
  const auto damaged = large.damaged();
  CHECK(damaged.size() == 1 && damaged[0].tile == 13 && ends_with(damaged[0].file, "/c/1/0/1/1"));
  const auto pending = large.pending();
  CHECK(!pending.empty() && pending.size() < 20 && large.progress().tiles_done == 17);
  large.stitch(pending, large.unstitch(batch, pending));
  CHECK(same(large.finish().mean.read(), quilt.stitch(quilt.unstitch(batch)).batch) && large.verify().empty());
}

void check_errors(const std::string& folder) {
  const auto quilt = quilt_2d();
  const std::string path = folder + "/errors";
  const qlty::Array<float> batch({2, 3, 20, 24}), patches({2, 3, 8, 8}), other({2, 2, 8, 8});
  const qlty::LargeQuilt<float> large(quilt, path, options());
  large.stitch({1, 0}, patches);
  THROWS(Status::exists, "exists already", qlty::LargeQuilt<float>(quilt, path, options()));
  const auto go_on = options().start(qlty::Start::open);
  THROWS(Status::geometry, "float64", qlty::LargeQuilt<double>(quilt, path, go_on));
  const qlty::Quilt shifted(qlty::QuiltOptions({20, 24}, {8, 8}, {4, 5}).border({1, 1}));
  THROWS(Status::geometry, "step [4,5]", qlty::LargeQuilt<float>(shifted, path, go_on));
  THROWS(Status::io, "nothing_mean.zarr", qlty::LargeQuilt<float>(quilt, folder + "/nothing", go_on));
  THROWS(Status::io, "nothing", qlty::StitchedArray<float>(folder + "/nothing"));
  THROWS(Status::dtype, "expected double", qlty::StitchedArray<double>(path + "_mean.zarr"));
  std::ofstream(folder + "/foreign_mean.zarr") << "not ours";
  THROWS(Status::foreign, "left alone", qlty::LargeQuilt<float>(quilt, folder + "/foreign", options()));
  THROWS(Status::invalid_argument, "codec: got \"brotli\"", qlty::LargeQuilt<float>(quilt, folder + "/x", options().codec("brotli")));
  THROWS(Status::invalid_argument, "index: 2", qlty::LargeQuilt<float>(quilt, folder + "/x", options().shard(2, 2)));
  THROWS(Status::invalid_argument, "tile shape: got 1 axes", options().tile_shape({8}));
  THROWS(Status::invalid_argument, "chunk shape: got 3 axes", options().chunk_shape({8, 8, 8}));
  THROWS(Status::invalid_argument, "got 3 axes, expected 2", qlty::LargeQuilt<float>(quilt, folder + "/x", qlty::LargeOptions(2).shard_shape({8, 8, 8})));
  THROWS(Status::duplicate, "patch 1", large.stitch({2, 1}, patches));
  THROWS(Status::invalid_argument, "channels of patches: got 2", large.stitch({2, 3}, other));
  THROWS(Status::invalid_argument, "number of indices: got 1", large.stitch({2}, patches));
  THROWS(Status::invalid_argument, "variances", large.stitch({2, 3}, patches, &patches));
  THROWS(Status::invalid_argument, "patch index: got 40", large.unstitch(batch, {40}));
  THROWS(Status::overflow, "negative", large.next(-1));
  THROWS(Status::shape, "room for one", large.next(0));
  THROWS(Status::incomplete, "38 of 40", large.finish());
  const auto mean = large.finish_incomplete().mean;
  THROWS(Status::shape, "box that begins at", mean.read({1, 0, 0, 20}, {1, 1, 1, 5}));
  THROWS(Status::invalid_argument, "start: got 2 numbers", mean.read({1, 0}, {1, 1, 1, 5}));
  // An exception passes through C and comes out as it was.
  bool caught = false;
  try {
    large.checkpoint([](std::uint64_t, std::uint64_t) -> bool { throw std::string("stop"); });
  } catch (const std::string& text) {
    caught = text == "stop";
  }
  CHECK(caught);
  // Also when the work is done; what was made of it is then freed, as the sanitizers see.
  caught = false;
  try {
    (void)large.finish_incomplete([](std::uint64_t done, std::uint64_t total) -> bool {
      if (done == total) throw std::string("late");
      return true;
    });
  } catch (const std::string& text) {
    caught = text == "late";
  }
  CHECK(caught);
}

void check_threads(const std::string& folder) {
  const auto batch = random_batch();
  const qlty::LargeQuilt<double> large(quilt_2d(), folder + "/threads", options().memory_budget(1));
  std::vector<std::thread> threads;
  std::atomic<std::size_t> stitched{0};
  for (int i = 0; i < 8; i++)
    threads.emplace_back([&] {
      for (auto next = large.next(3); !next.empty(); next = large.next(3)) {
        large.stitch(next, large.unstitch(batch, next));
        stitched += next.size();
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(stitched == 40);
  const auto mean = large.finish().mean.read();
  for (std::size_t i = 0; i < mean.values().size(); i++)
    CHECK(std::abs(mean.values()[i] - static_cast<double>(batch.values()[i])) < 1e-6);
}

}  // namespace

int main(int argc, char** argv) {
  CHECK(argc == 3);
  const std::string golden = argv[1], folder = argv[2];
  check_golden<float>(golden, folder, "large2d", {5, 6}, {2, 1}, 0.1);
  check_golden<double>(golden, folder, "large2d", {5, 6}, {2, 1}, 0.1);
  check_golden<float>(golden, folder, "large3d", {3, 3, 4}, {1, 1, 1}, 0.2);
  check_golden<double>(golden, folder, "large3d", {3, 3, 4}, {1, 1, 1}, 0.2);
  check_loop(folder);
  check_incomplete(folder);
  check_damages(folder);
  check_errors(folder);
  check_threads(folder);
}
