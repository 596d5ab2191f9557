// Every golden case of the in-memory quilt. usage: golden FOLDER CASES
#include "support.hpp"

namespace {

struct Case {
  std::string name;
  qlty::Shape size, window, step, border, times;
  double border_weight = 0, missing = 0;
};

bool read_case(std::istream& file, Case& c) {
  std::size_t ndim = 0;
  if (!(file >> c.name >> ndim)) return false;
  for (qlty::Shape* sizes : {&c.size, &c.window, &c.step, &c.border, &c.times}) {
    sizes->resize(ndim);
    for (std::int64_t& size : *sizes) file >> size;
  }
  return static_cast<bool>(file >> c.border_weight >> c.missing);
}

void check_quilt(const std::string& folder, const Case& c, const qlty::Quilt& quilt) {
  const auto image = read_npy<float>(folder, c.name, "image"), patches = read_npy<float>(folder, c.name, "patches");
  const std::int64_t count = patches.shape()[0], half = count / 2;
  CHECK(quilt.patch_count(image.shape()[0]) == count);
  CHECK(same(quilt.unstitch(image), patches));
  CHECK(same(quilt.unstitch(image.view()), patches));
  const auto range = quilt.unstitch(image, {half, count - half});
  CHECK(std::equal(range.values().rbegin(), range.values().rend(), patches.values().rbegin()));
  const auto last = quilt.unstitch_one(image, count - 1);
  CHECK(last.shape().size() == patches.shape().size() - 1);
  CHECK(std::equal(last.values().rbegin(), last.values().rend(), patches.values().rbegin()));

  const auto processed = read_npy<float>(folder, c.name, "processed");
  const auto expected = read_npy<float>(folder, c.name, "weights");
  const auto [batch, weights] = quilt.stitch(processed);
  CHECK(close_to(batch, read_npy<float>(folder, c.name, "stitched"), 1e-5f));
  CHECK(close_to(weights, expected, 1e-5f) && close_to(quilt.weights(), expected, 1e-5f));
  qlty::Stitcher<float> stitcher(quilt, image.shape()[0], processed.shape()[1]);
  for (std::int64_t first = 0; first < count; first += 7)
    stitcher.push(first, processed.view().slice(0, first, std::min<std::int64_t>(7, count - first)));
  CHECK(same(stitcher.finish().batch, batch));

  const auto mask = quilt.border_mask();
  const auto golden_mask = read_npy<float>(folder, c.name, "border_mask");
  CHECK(std::equal(mask.values().begin(), mask.values().end(), golden_mask.values().begin(),
                   [](qlty::boolean a, float b) { return a == (b == 1.0f); }));
  CHECK(close_to(quilt.window_weight(), read_npy<float>(folder, c.name, "window_weight"), 1e-7f));

  if (quilt.ndim() == 3) return;  // qlty gives positions and positional channels in 2-D.
  CHECK(same(quilt.positions_with_image(image.shape()[0]), read_npy<std::int64_t>(folder, c.name, "positions")));
  const auto relative = read_npy<float>(folder, c.name, "positional_relative");
  CHECK(close_to(quilt.positional({0, count}, qlty::Origin::window, true), relative, 1e-6f));
  const auto both = quilt.unstitch_positional(image, {0, count}, qlty::Origin::window, true);
  const std::int64_t channels = image.shape()[1];
  CHECK(both(count - 1, channels - 1, 0, 0) == patches(count - 1, channels - 1, 0, 0));
  CHECK(std::abs(both(count - 1, channels + 1, 0, 1) - relative(count - 1, 1, 0, 1)) < 1e-6f);
}

void check_sparse(const std::string& folder, const Case& c, const qlty::Quilt& quilt) {
  const auto image = read_npy<float>(folder, c.name, "image"), labels = read_npy<float>(folder, c.name, "labels");
  const auto missing = static_cast<float>(c.missing);
  // qlty 1.5.0 marks no border in 3-D, though its filter leaves it out.
  const auto marked = quilt.ndim() == 2 ? std::optional<float>(missing) : std::nullopt;
  const auto [images, label_patches] = quilt.unstitch_pair(image, labels, marked);
  CHECK(same(images, read_npy<float>(folder, c.name, "image_patches")));
  CHECK(same(label_patches, read_npy<float>(folder, c.name, "label_patches")));
  const auto kept = quilt.weed_sparse(images, label_patches, missing);
  CHECK(same(kept.images, read_npy<float>(folder, c.name, "kept_images")));
  CHECK(same(kept.labels, read_npy<float>(folder, c.name, "kept_labels")));
  CHECK(same(kept.removed, read_npy<qlty::boolean>(folder, c.name, "removed")));
}

}  // namespace

int main(int argc, char** argv) {
  CHECK(argc == 3);
  std::ifstream file(argv[2]);
  int cases = 0;
  for (Case c; read_case(file, c); cases++) {
    std::cerr << c.name << std::endl;
    const qlty::Quilt quilt(
        qlty::QuiltOptions(c.size, c.window, c.step).border(c.border).border_weight(c.border_weight));
    CHECK(c.times[0] == 0 || quilt.counts() == c.times);
    if (c.name.rfind("sparse", 0) == 0) check_sparse(argv[1], c, quilt);
    else check_quilt(argv[1], c, quilt);
  }
  CHECK(cases == 9);
}
