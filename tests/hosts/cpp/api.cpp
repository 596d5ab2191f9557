// What qlty.hpp adds to qlty.h: ownership, exceptions, views, types, progress.
#include <thread>

#include "support.hpp"

namespace {

using qlty::Status;

qlty::QuiltOptions options() { return qlty::QuiltOptions({10, 10}, {4, 4}, {3, 3}).border({1, 1}); }

void check_types() {
  static_assert(qlty::dtype_of<std::uint8_t>() == QLTY_DTYPE_U8 && qlty::dtype_of<signed char>() == QLTY_DTYPE_I8);
  static_assert(qlty::dtype_of<std::uint16_t>() == QLTY_DTYPE_U16 && qlty::dtype_of<std::int16_t>() == QLTY_DTYPE_I16);
  static_assert(qlty::dtype_of<std::uint32_t>() == QLTY_DTYPE_U32 && qlty::dtype_of<std::int32_t>() == QLTY_DTYPE_I32);
  static_assert(qlty::dtype_of<unsigned long long>() == QLTY_DTYPE_U64 && qlty::dtype_of<long long>() == QLTY_DTYPE_I64);
  static_assert(qlty::dtype_of<std::uint64_t>() == QLTY_DTYPE_U64 && qlty::dtype_of<std::int64_t>() == QLTY_DTYPE_I64);
  static_assert(qlty::dtype_of<qlty::f16>() == QLTY_DTYPE_F16 && qlty::dtype_of<qlty::bf16>() == QLTY_DTYPE_BF16);
  static_assert(qlty::dtype_of<float>() == QLTY_DTYPE_F32 && qlty::dtype_of<double>() == QLTY_DTYPE_F64);
  static_assert(qlty::dtype_of<bool>() == QLTY_DTYPE_BOOL && qlty::dtype_of<qlty::boolean>() == QLTY_DTYPE_BOOL);
  static_assert(std::is_same_v<qlty::sum_t<std::int32_t>, double> && std::is_same_v<qlty::sum_t<qlty::f16>, float>);
  static_assert(std::is_move_constructible_v<qlty::Quilt> && !std::is_copy_constructible_v<qlty::Quilt>);
  static_assert(std::is_move_assignable_v<qlty::Stitcher<float>> && !std::is_copy_assignable_v<qlty::Stitcher<float>>);
  static_assert(!std::is_convertible_v<qlty::ArrayView<const float>, qlty::ArrayView<float>>);
}

/// The types that C++ has no names for go through whole.
template <class T>
void check_round_trip(const qlty::Quilt& quilt, T value) {
  const qlty::Array<T> batch({1, 1, 10, 10}, std::vector<T>(100, value));
  const auto patches = quilt.unstitch(batch);
  CHECK(std::memcmp(&patches.values()[40], &value, sizeof value) == 0);
  const auto stitched = quilt.stitch(patches).batch;
  static_assert(std::is_same_v<decltype(stitched), const qlty::Array<qlty::sum_t<T>>>);
  CHECK(std::abs(stitched(0, 0, 5, 5) - 1) < 1e-6);
}

void check_ownership() {
  qlty::Quilt quilt(options());
  qlty::Quilt moved = std::move(quilt);
  CHECK(moved.counts() == (qlty::Shape{3, 3}) && moved.size() == (qlty::Shape{10, 10}) && moved.window()[1] == 4);
  // A quilt that was moved from is NULL to the library, which says so.
  THROWS(Status::invalid_argument, "quilt: got NULL", quilt.counts());  // NOLINT
  qlty::Stitcher<float> stitcher(moved, 1, 1);
  { qlty::Quilt gone = std::move(moved); }
  stitcher.push(0, qlty::Array<float>({9, 1, 4, 4}));
  CHECK(stitcher.finish().batch(0, 0, 9, 9) == 0);
}

void check_errors(const qlty::Quilt& quilt) {
  const qlty::Array<float> batch({1, 1, 10, 10}), wrong({1, 1, 10, 9});
  THROWS(Status::shape, "got shape [1, 1, 10, 9]", quilt.unstitch(wrong));
  THROWS(Status::invalid_argument, "9 patches", quilt.unstitch(batch, {5, 5}));
  THROWS(Status::invalid_argument, "first: got -1", quilt.unstitch(batch, {-1, 5}));
  THROWS(Status::shape, "a multiple of 9", quilt.stitch(qlty::Array<float>({8, 1, 4, 4})));
  THROWS(Status::invalid_argument, "window along y: got 11", qlty::Quilt(qlty::QuiltOptions({10, 10}, {11, 4}, {3, 3})));
  THROWS(Status::invalid_argument, "window: got 3 axes, expected 2", qlty::QuiltOptions({10, 10}, {4, 4, 4}, {3, 3}));
  THROWS(Status::invalid_argument, "size: got 1 axes", qlty::QuiltOptions({10}, {4}, {3}));
  THROWS(Status::invalid_argument, "border weight: got NaN", options().border_weight(std::nan("")));
  THROWS(Status::invalid_argument, "sigma: got 0", qlty::Quilt(options().profile(qlty::Profile::gaussian(0))));
  THROWS(Status::overflow, "too large", quilt.patch_count(INT64_MAX));
  THROWS(Status::overflow, "too large", qlty::Array<float>({INT64_MAX, 2}));
  THROWS(Status::shape, "got 0 axes", qlty::ArrayView<const float>(nullptr, {}));
  THROWS(Status::shape, "got 1 strides", qlty::ArrayView<const float>(nullptr, {1, 1}, {1}));
  THROWS(Status::shape, "got 2 values", qlty::Array<float>({3}, {1, 2}));
  THROWS(Status::dtype, "f16, bf16, f32 or f64", quilt.positional<int>({0, 1}, qlty::Origin::image, false));
  THROWS(Status::shape, "labels: got 2 images", quilt.unstitch_pair(batch, qlty::Array<int>({2, 10, 10})));
  THROWS(Status::shape, "labels", quilt.unstitch_labels(qlty::Array<int>({10, 10})));
  THROWS(Status::invalid_argument, "threads: got -1", qlty::set_threads(-1));

  qlty::Stitcher<std::int16_t> stitcher(quilt, 1, 1);
  const qlty::Array<std::int16_t> patches({2, 1, 4, 4});
  THROWS(Status::duplicate, "patch 4", stitcher.push_at({4, 4}, patches));
  stitcher.push_at({7, 4}, patches);
  THROWS(Status::incomplete, "7 of 9", stitcher.finish());
  CHECK(stitcher.missing_count() == 7 && stitcher.missing() == (std::vector<std::int64_t>{0, 1, 2, 3, 5, 6, 8}));
  const auto part = stitcher.finish_incomplete(std::nan(""));
  CHECK(std::isnan(part.batch(0, 0, 0, 0)) && part.batch(0, 0, 5, 5) == 0 && part.weights.shape().size() == 3);
  CHECK(stitcher.missing_count() == 9);
}

void check_views(const qlty::Quilt& quilt) {
  auto batch = counted<float>({2, 3, 10, 10});
  const auto plain = quilt.unstitch(batch);
  const auto flipped = quilt.unstitch(batch.view().flip(1).slice(0, 1, 1));
  CHECK(flipped(4, 0, 1, 2) == plain(13, 2, 1, 2) && flipped.shape()[0] == 9);
  const qlty::ArrayView<const float> turned(batch.values().data(), {2, 3, 10, 10}, {300, 100, 1, 10});
  CHECK(quilt.unstitch(turned)(3, 1, 2, 0) == plain(1, 1, 0, 2));
  qlty::Array<float> wide({18, 5, 4, 4});
  quilt.unstitch_into(batch, 0, wide.view().slice(1, 1, 3));
  CHECK(wide(17, 3, 3, 3) == plain(17, 2, 3, 3) && wide(17, 0, 3, 3) == 0 && wide(17, 4, 0, 0) == 0);

  qlty::Array<float> merged({2, 3, 10, 10}), weights({10, 10});
  quilt.stitch_into(plain, merged.view().flip(2), &weights);
  CHECK(std::abs(merged(1, 2, 0, 4) - batch(1, 2, 9, 4)) < 1e-4f && weights(0, 0) > 0);
  quilt.stitch_into(plain, merged);
  CHECK(close_to(merged, batch, 1e-6f));
}

void check_adjoints(const qlty::Quilt& quilt) {
  const auto x = counted<double>({1, 2, 10, 10});
  const auto y = counted<double>({9, 2, 4, 4});
  const auto dot = [](const qlty::Array<double>& a, const qlty::Array<double>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.values().size(); i++) sum += a.values()[i] * b.values()[i];
    return sum;
  };
  CHECK(std::abs(dot(quilt.unstitch(x), y) / dot(x, quilt.unstitch_adjoint(y)) - 1) < 1e-12);
  CHECK(std::abs(dot(quilt.stitch(y).batch, x) / dot(y, quilt.stitch_adjoint(x)) - 1) < 1e-12);
}

void check_labels(const qlty::Quilt& quilt) {
  qlty::Array<std::int32_t> labels({1, 10, 10}, std::vector<std::int32_t>(100, -1));
  labels.values()[48] = 3;
  const auto patches = quilt.unstitch_labels(labels, -1);
  const auto found = quilt.labelled(patches, -1);
  for (std::int64_t i = 0; i < 9; i++) CHECK(found(i) == (i == 5));
  const bool every_other[9] = {true, false, true, false, true, false, true, false, true};
  const auto kept = qlty::keep(patches, qlty::ArrayView<const bool>(every_other, {9}));
  CHECK(kept.shape() == (qlty::Shape{5, 4, 4}));
}

void check_progress(const qlty::Quilt& quilt) {
  const auto batch = counted<float>({1, 1, 10, 10});
  std::uint64_t last = 0, most = 0;
  const auto patches = quilt.unstitch(batch, [&](std::uint64_t done, std::uint64_t total) {
    last = done;
    most = total;
    return true;
  });
  CHECK(last == 9 && most == 9);
  // An exception passes through C and comes out as it was.
  bool caught = false;
  try {
    static_cast<void>(quilt.stitch(patches, [](std::uint64_t, std::uint64_t) -> bool { throw std::string("stop"); }));
  } catch (const std::string& text) {
    caught = text == "stop";
  }
  CHECK(caught);

  // A call that ends before it is first asked cannot be cancelled: give it more to do.
  const qlty::Quilt slow(qlty::QuiltOptions({96, 96}, {32, 32}, {4, 4}));
  const float value = 1;
  int calls = 0;
  for (std::int64_t images = 1;; images *= 2) {
    CHECK(images < 1 << 14);
    const qlty::ArrayView<const float> same_value(&value, {slow.patch_count(images), 1, 32, 32}, {0, 0, 0, 0});
    calls = 0;
    try {
      static_cast<void>(slow.stitch(same_value, [&](std::uint64_t, std::uint64_t) { return ++calls == 0; }));
    } catch (const qlty::Error& error) {
      CHECK(error.status() == Status::cancelled);
      break;
    }
  }
  CHECK(calls == 1);  // Who has said stop is not asked again.
}

void check_threads(const qlty::Quilt& quilt) {
  qlty::set_threads(2);
  CHECK(qlty::threads() == 2);
  const auto batch = counted<float>({3, 2, 10, 10});
  const auto expected = quilt.stitch(quilt.unstitch(batch)).batch;
  std::vector<std::thread> threads;
  for (int i = 0; i < 20; i++)
    threads.emplace_back([&] {
      for (int round = 0; round < 10; round++) CHECK(same(quilt.stitch(quilt.unstitch(batch)).batch, expected));
    });
  for (std::thread& thread : threads) thread.join();
  qlty::set_threads(0);
}

}  // namespace

int main() {
  qlty::check_abi();
  CHECK(!qlty::version().empty());
  const qlty::Quilt quilt(options());
  check_types();
  check_round_trip(quilt, qlty::f16{0x3C00});
  check_round_trip(quilt, qlty::bf16{0x3F80});
  check_round_trip(quilt, qlty::boolean{1});
  check_round_trip(quilt, std::uint8_t{1});
  check_round_trip(quilt, 1ll);
  check_round_trip(quilt, 1.0);
  check_ownership();
  check_errors(quilt);
  check_views(quilt);
  check_adjoints(quilt);
  check_labels(quilt);
  check_progress(quilt);
  check_threads(quilt);
  CHECK(quilt.window_weight<double>()(1, 1) == 1.0 && quilt.positions(1)(8, 0) == 6);
}
