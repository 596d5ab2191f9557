// What qlty.hpp adds to the functions of patch pairs, and their golden cases. usage: pairs GOLDEN FOLDER
#include <cstdio>
#include <thread>

#include "support.hpp"

namespace {

using qlty::Status;

const qlty::Shape window{8, 8};

qlty::PairOptions options() { return qlty::PairOptions(window, 6, 2, 6).seed(3).rotations({0, 1, 2, 3}); }

/// An overload for floats and doubles, which statistics are.
bool near(const std::vector<double>& got, const qlty::Array<float>& expected) {
  return std::equal(got.begin(), got.end(), expected.values().begin(), expected.values().end(), [](double a, float b) {
    return std::abs(a - static_cast<double>(b)) <= 1e-5 * std::max(1.0, static_cast<double>(std::abs(b)));
  });
}

void check_golden(const std::string& folder, const std::string& name, const qlty::Shape& size, const qlty::Pairs& pairs,
                  const qlty::Array<float>& image, const qlty::Array<std::int64_t>& positions1) {
  const auto cut = pairs.extract(image, qlty::Positions::with_image);
  CHECK(pairs.window() == size && pairs.count() == cut.patches1.shape()[0]);
  CHECK(same(cut.patches1, read_npy<float>(folder, name, "patches1")));
  CHECK(same(cut.patches2, read_npy<float>(folder, name, "patches2")));
  CHECK(same(cut.deltas, read_npy<float>(folder, name, "deltas")) && same(pairs.deltas(), cut.deltas));
  CHECK(same(*cut.positions1, positions1) && cut.positions2->shape() == positions1.shape());
  const qlty::Overlap overlap(size, cut.deltas, &cut.rotations);
  const auto [pixels1, pixels2] = overlap.extract(cut.patches1, cut.patches2);
  CHECK(same(pixels1, read_npy<float>(folder, name, "overlap1")) && overlap.count() == pixels1.shape()[0]);
  CHECK(same(pixels2, read_npy<float>(folder, name, "overlap2")));
}

void check_golden_2d(const std::string& folder) {
  const auto image = read_npy<float>(folder, "pairs2d", "image");
  const auto rotations = read_npy<std::int64_t>(folder, "pairs2d", "rotations");
  const auto positions = [&](const std::string& side) {
    const auto n = read_npy<std::int64_t>(folder, "pairs2d", "image_idx");
    const auto y = read_npy<std::int64_t>(folder, "pairs2d", "patch" + side + "_y");
    const auto x = read_npy<std::int64_t>(folder, "pairs2d", "patch" + side + "_x");
    std::vector<std::int64_t> rows;
    for (std::int64_t p = 0; p < n.shape()[0]; p++) rows.insert(rows.end(), {n(p), y(p), x(p)});
    return qlty::Array<std::int64_t>({n.shape()[0], 3}, rows);
  };
  const auto positions1 = positions("1");
  const qlty::Pairs pairs({12, 12}, positions1, positions("2"), &rotations);
  check_golden(folder, "pairs2d", {12, 12}, pairs, image, positions1);
  CHECK(pairs.column<std::int64_t>(qlty::Column::rotation) == rotations.values());
  const auto measured = pairs.measure(image);
  CHECK(near(measured.column<double>(qlty::Column::mean1), read_npy<float>(folder, "pairs2d", "mean1")));
  CHECK(near(measured.column<double>(qlty::Column::sigma1), read_npy<float>(folder, "pairs2d", "sigma1")));
  CHECK(near(measured.column<double>(qlty::Column::mean2), read_npy<float>(folder, "pairs2d", "mean2")));
  CHECK(near(measured.column<double>(qlty::Column::sigma2), read_npy<float>(folder, "pairs2d", "sigma2")));
}

/// The places are not among the golden data: each patch is found in its volume.
qlty::Array<std::int64_t> find(const qlty::Array<float>& image, const qlty::Array<float>& patches) {
  const qlty::Shape size = image.shape(), patch = patches.shape();
  qlty::Array<std::int64_t> places({patch[0], 4});
  const auto lies_at = [&](std::int64_t p, std::int64_t n, std::int64_t z, std::int64_t y, std::int64_t x) {
    for (std::int64_t c = 0; c < patch[1]; c++)
      for (std::int64_t i = 0; i < patch[2]; i++)
        for (std::int64_t j = 0; j < patch[3]; j++)
          for (std::int64_t k = 0; k < patch[4]; k++)
            if (image(n, c, z + i, y + j, x + k) != patches(p, c, i, j, k)) return false;
    return true;
  };
  for (std::int64_t p = 0; p < patch[0]; p++) {
    const std::int64_t n = p / (patch[0] / size[0]);
    bool found = false;
    for (std::int64_t z = 0; z <= size[2] - patch[2] && !found; z++)
      for (std::int64_t y = 0; y <= size[3] - patch[3] && !found; y++)
        for (std::int64_t x = 0; x <= size[4] - patch[4] && !found; x++)
          if ((found = lies_at(p, n, z, y, x))) {
            const std::int64_t place[] = {n, z, y, x};
            std::copy(place, place + 4, places.values().begin() + 4 * p);
          }
    CHECK(found);
  }
  return places;
}

void check_golden_3d(const std::string& folder) {
  const auto image = read_npy<float>(folder, "pairs3d", "image");
  const auto positions1 = find(image, read_npy<float>(folder, "pairs3d", "patches1"));
  const auto positions2 = find(image, read_npy<float>(folder, "pairs3d", "patches2"));
  check_golden(folder, "pairs3d", {8, 8, 8}, qlty::Pairs({8, 8, 8}, positions1, positions2), image, positions1);
}

void check_ownership(const qlty::Array<float>& batch) {
  static_assert(std::is_move_constructible_v<qlty::Pairs> && !std::is_copy_constructible_v<qlty::Pairs>);
  static_assert(std::is_move_assignable_v<qlty::Overlap> && !std::is_copy_assignable_v<qlty::Overlap>);
  static_assert(std::is_move_constructible_v<qlty::Dataset> && !std::is_copy_constructible_v<qlty::Dataset>);
  static_assert(std::is_move_constructible_v<qlty::Batches<float>> && !std::is_copy_constructible_v<qlty::Batches<float>>);
  static_assert(std::is_move_constructible_v<qlty::Images> && !std::is_copy_constructible_v<qlty::Images>);
  qlty::Pairs pairs(options(), batch);
  qlty::Pairs moved = std::move(pairs);
  CHECK(moved.count() == 12 && moved.window() == window);
  THROWS(Status::invalid_argument, "pairs: got NULL", pairs.count());  // NOLINT
}

void check_overlap(const qlty::Array<float>& batch) {
  const qlty::Pairs pairs(options(), batch.view());
  const auto cut = pairs.extract(batch.view());
  CHECK(!cut.positions1 && !cut.positions2);
  const qlty::Overlap overlap(window, cut.deltas, &cut.rotations);
  const auto [pixels1, pixels2] = overlap.extract(cut.patches1, cut.patches2);
  CHECK(same(pixels1, pixels2) && pixels1.shape() == (qlty::Shape{overlap.count(), 2}));
  const auto rows = overlap.correspondence();
  for (std::int64_t k = 0; k < overlap.count(); k++) {
    CHECK(cut.patches1(rows(k, 0), 1, rows(k, 1), rows(k, 2)) == pixels1(k, 1));
    CHECK(cut.patches2(rows(k, 0), 1, rows(k, 3), rows(k, 4)) == pixels1(k, 1));
  }
  const auto [back1, back2] = overlap.adjoint(pixels1, pixels2);
  const auto dot = [](const qlty::Array<float>& a, const qlty::Array<float>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.values().size(); i++) sum += static_cast<double>(a.values()[i]) * b.values()[i];
    return sum;
  };
  const double there = dot(cut.patches1, back1) + dot(cut.patches2, back2);
  CHECK(std::abs(there / (dot(pixels1, pixels1) + dot(pixels2, pixels2)) - 1) < 1e-12);
}

void check_choice(const qlty::Array<float>& batch) {
  const qlty::Pairs pairs(options(), batch), measured = pairs.measure(batch);
  const auto means = measured.column<double>(qlty::Column::mean1), sigmas = measured.column<double>(qlty::Column::sigma1);
  for (const qlty::Bins kind : {qlty::Bins::histogram, qlty::Bins::quantiles}) {
    CHECK(qlty::sample_stratified(means, sigmas, kind, 3, 12).size() == 12);
    const auto few = qlty::sample_stratified(means, sigmas, kind, 2, 1, 4);
    CHECK(!few.empty() && few.size() <= 4);
    const qlty::Pairs chosen = measured.select(few);
    CHECK(chosen.column<double>(qlty::Column::mean1)[0] == means[static_cast<std::size_t>(few[0])]);
  }
}

void check_store(const qlty::Array<float>& batch, const std::string& folder) {
  const qlty::Pairs measured = qlty::Pairs(options(), batch).measure(batch);
  const auto cut = measured.extract(batch, qlty::Positions::pixels);
  const std::string path = folder + "/cpp.zarr";
  auto how = qlty::StoreOptions().positions(qlty::Positions::pixels).chunk({5, 2, 8, 8}).codec("gzip:1");
  measured.write(batch, path, how);
  THROWS(Status::exists, "cpp.zarr", measured.write(batch, path, how));
  measured.write(batch, path, how.overwrite(true));

  // 3 files of patches of each kind, and one of each other array.
  CHECK(qlty::Dataset(path).verify().empty());
  std::uint64_t files = 0;
  const auto watch = [&](std::uint64_t, std::uint64_t total) { return (files = total) > 0; };
  CHECK(qlty::verify_store(path, -1, watch).empty() && files == 10);
  CHECK(qlty::verify_store(path, 4, watch).empty() && files == 4);

  const auto batches = [&] {
    const qlty::Dataset dataset(path);
    CHECK(dataset.count() == 12 && dataset.dtype() == QLTY_DTYPE_F32 && dataset.shape() == cut.patches1.shape());
    CHECK(dataset.positions() == qlty::Positions::pixels);
    CHECK(dataset.metadata().column<std::int64_t>(qlty::Column::dx) == measured.column<std::int64_t>(qlty::Column::dx));
    const auto two = dataset.read<float>({11, 0});
    CHECK(two.patches2(1, 1, 7, 7) == cut.patches2(0, 1, 7, 7) && (*two.positions2)(0, 1) == (*cut.positions2)(11, 1));
    THROWS(Status::dtype, "patches1: got dtype f64", dataset.read<double>({0}));
    CHECK(dataset.epoch(1, 2) != dataset.epoch(1, 3) && dataset.epoch(1, 2) == dataset.epoch(1, 2));
    return dataset.batches<float>(dataset.epoch(1, 2), 5);
  };
  const auto order = qlty::Dataset(path).epoch(1, 2);
  qlty::Batches<float> left = batches(), other = batches();
  CHECK(other.next());  // And the rest of it is dropped.
  std::size_t seen = 0;
  while (const auto part = left.next()) {
    for (std::int64_t p = 0; p < part->patches1.shape()[0]; p++, seen++)
      CHECK(part->patches1(p, 0, 3, 4) == cut.patches1(order[seen], 0, 3, 4));
  }
  CHECK(seen == 12 && left.next_count() == 0 && !left.next());

  const qlty::Images images(path + "/patches1");
  CHECK(images.dtype() == QLTY_DTYPE_F32 && images.shape() == (qlty::Shape{12, 2, 8, 8}));
  const qlty::Pairs inner(qlty::PairOptions({4, 4}, 2, 1, 3), images);
  CHECK(same(inner.extract<float>(images).patches2, inner.extract(cut.patches1).patches2));
  THROWS(Status::dtype, "patches1: got dtype f64", inner.extract<double>(images));
  CHECK(inner.measure(images).column<double>(qlty::Column::mean2) ==
        inner.measure(cut.patches1).column<double>(qlty::Column::mean2));
  inner.measure(images).write(images, folder + "/inner.zarr");
  THROWS(Status::io, "nowhere", qlty::Images(folder + "/nowhere"));
  THROWS(Status::io, "nowhere", qlty::Dataset(folder + "/nowhere"));
  THROWS(Status::store, "number of axes", qlty::Images(path + "/deltas"));
}

void check_errors(const qlty::Array<float>& batch) {
  const qlty::Pairs pairs(options(), batch);
  THROWS(Status::invalid_argument, "delta range", qlty::Pairs(qlty::PairOptions(window, 1, 2, 7), batch));
  THROWS(Status::invalid_argument, "window: got 1 axes", qlty::PairOptions({8}, 1, 2, 6));
  THROWS(Status::invalid_argument, "chunk: got 2 axes", qlty::StoreOptions().chunk({1, 1}));
  THROWS(Status::invalid_argument, "without mean1", pairs.column<double>(qlty::Column::mean1));
  THROWS(Status::dtype, "values: got dtype f64", pairs.column<double>(qlty::Column::dx));
  THROWS(Status::invalid_argument, "less than 12", pairs.select({12}));
  THROWS(Status::shape, "batch: got 3 axes", pairs.extract(qlty::Array<float>({2, 20, 24})));
  const qlty::Array<std::int64_t> starts({1, 4});
  THROWS(Status::invalid_argument, "window: got 2 axes, expected 3", qlty::Pairs(window, starts, starts));
  THROWS(Status::invalid_argument, "window: got 3 axes, expected 2", qlty::Overlap({8, 8, 8}, pairs.deltas()));
  THROWS(Status::invalid_argument, "codec", pairs.measure(batch).write(batch, "x.zarr", qlty::StoreOptions().codec("?")));
  // An exception passes through C and comes out as it was.
  bool caught = false;
  try {
    static_cast<void>(pairs.measure(batch, [](std::uint64_t, std::uint64_t) -> bool { throw std::string("stop"); }));
  } catch (const std::string& text) {
    caught = text == "stop";
  }
  CHECK(caught);
}

void check_threads(const qlty::Array<float>& batch, const std::string& folder) {
  const qlty::Pairs pairs(options(), batch);
  const auto expected = pairs.extract(batch);
  const qlty::Dataset dataset(folder + "/cpp.zarr");
  std::vector<std::thread> threads;
  for (int i = 0; i < 12; i++)
    threads.emplace_back([&] {
      for (int round = 0; round < 5; round++) {
        CHECK(same(pairs.extract(batch).patches2, expected.patches2));
        CHECK(dataset.read<float>({3}).patches1(0, 0, 0, 0) == expected.patches1(3, 0, 0, 0));
      }
    });
  for (std::thread& thread : threads) thread.join();
}

void check_damages(const qlty::Array<float>& batch, const std::string& folder) {
  const std::string path = folder + "/damages.zarr", file = path + "/patches2/c/1/0/0/0";
  qlty::Pairs(options(), batch).measure(batch).write(batch, path, qlty::StoreOptions().chunk({5, 2, 8, 8}));
  const qlty::Dataset dataset(path);
  flip(file, 20);
  for (const auto& found : {dataset.verify(), qlty::verify_store(path)}) {
    CHECK(found.size() == 1 && found[0].tile == -1 && ends_with(found[0].file, "damages.zarr/patches2/c/1/0/0/0"));
    CHECK(found[0].what.find("checksum") != std::string::npos);
  }
  CHECK(std::remove(file.c_str()) == 0);
  const auto found = dataset.verify();
  CHECK(found.size() == 1 && ends_with(found[0].file, "damages.zarr/patches2") && found[0].what == "has 2 chunk files, but 3 were written");
  THROWS(Status::io, "nowhere", qlty::verify_store(folder + "/nowhere"));
  THROWS(Status::store, "number of Zarr arrays", qlty::verify_store(path + "/patches1/c"));
}

}  // namespace

int main(int argc, char** argv) {
  CHECK(argc == 3);
  const auto batch = counted<float>({2, 2, 20, 24});
  check_golden_2d(argv[1]);
  check_golden_3d(argv[1]);
  check_ownership(batch);
  check_overlap(batch);
  check_choice(batch);
  check_store(batch, argv[2]);
  check_damages(batch, argv[2]);
  check_errors(batch);
  check_threads(batch, argv[2]);
}
