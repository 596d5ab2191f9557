/*
 Blurs a picture patch by patch, as a model would be run on an image that does not fit in memory, and
 stitches mean and standard deviation onto disk. It may be killed at any moment; started again,
 it resumes where it stopped. The "model" gives for each pixel the mean of its neighbours and, for a variance,
 the squared distance from it; the result is checked against doing that to the whole picture.

 From the root of the repository, the first time killed after five batches of patches:

   cargo build --release -p qlty-capi
   c++ -std=c++17 -O2 -Iinclude qlty-capi/examples/cpp/blur_large.cpp -o target/blur_large \
       -Ltarget/release -lqlty -Wl,-rpath,"$PWD/target/release"
   target/blur_large samples/cell.pgm target/cell target/blurred.pgm 5
   target/blur_large samples/cell.pgm target/cell target/blurred.pgm
 */
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>

#include "pgm.hpp"
#include "qlty.hpp"

namespace {

constexpr std::int64_t border = 8;

struct Prediction {
  qlty::Array<float> mean;
  qlty::Array<float> variance;
};

/// The mean of each pixel and its neighbours, and its squared distance from that.
Prediction model(const qlty::Array<float>& images) {
  Prediction out{qlty::Array<float>(images.shape()), qlty::Array<float>(images.shape())};
  const auto from = images.view();
  const auto mean = out.mean.view(), variance = out.variance.view();
  const std::int64_t height = images.shape()[2], width = images.shape()[3];
  for (std::int64_t n = 0; n < images.shape()[0]; n++) {
    for (std::int64_t y = 0; y < height; y++) {
      for (std::int64_t x = 0; x < width; x++) {
        float sum = 0, count = 0;
        for (std::int64_t v = std::max<std::int64_t>(y - 1, 0); v <= std::min(y + 1, height - 1); v++)
          for (std::int64_t u = std::max<std::int64_t>(x - 1, 0); u <= std::min(x + 1, width - 1); u++, count++)
            sum += from(n, 0, v, u);
        mean(n, 0, y, x) = sum / count;
        variance(n, 0, y, x) = (from(n, 0, y, x) - sum / count) * (from(n, 0, y, x) - sum / count);
      }
    }
  }
  return out;
}

int run(const std::string& from, const std::string& result, const std::string& to, int last_batch) {
  const auto picture = read_pgm(from);
  const std::int64_t height = picture.shape()[2], width = picture.shape()[3];

  const qlty::Quilt quilt(
      qlty::QuiltOptions({height, width}, {64, 64}, {40, 40}).border({border, border}).border_weight(0));
  const auto options = qlty::LargeOptions(1)
                           .start(qlty::Start::create_or_open)
                           .deviation(qlty::Std::within)
                           .tile_shape({64, 64});  // Small ones for a small picture.
  const qlty::LargeQuilt<float> large(quilt, result, options);
  const auto before = large.progress();
  int batches = 0;
  for (auto next = large.next(8); !next.empty(); next = large.next(8)) {
    const auto prediction = model(large.unstitch(picture, next));
    large.stitch(next, prediction.mean, &prediction.variance);
    if (++batches % 4 == 0) large.checkpoint();
    if (batches == last_batch) {
      std::cout << "killed after " << batches << " batches" << std::endl;
      std::_Exit(3);
    }
  }
  const auto stitched = large.finish();
  const auto mean = stitched.mean.read(), deviation = stitched.deviation->read();

  // On the rim of the picture there is nothing but borders.
  const auto expected = model(picture);
  float worst = 0;
  for (std::int64_t y = border; y < height - border; y++) {
    for (std::int64_t x = border; x < width - border; x++) {
      worst = std::max(worst, std::abs(mean(0, 0, y, x) - expected.mean(0, 0, y, x)));
      worst = std::max(worst, std::abs(deviation(0, 0, y, x) - std::sqrt(expected.variance(0, 0, y, x))));
    }
  }
  write_pgm(to, mean);
  std::cout << before.patches << " patches, " << before.patches_done << " of them by an earlier run, stitched into "
            << result << "_mean.zarr and " << result << "_std.zarr, at most " << worst << " off\n";
  return worst < 1e-2f ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4 && argc != 5) {
    std::cerr << "usage: blur_large FROM.pgm RESULT TO.pgm [BATCHES]\n";
    return 1;
  }
  try {
    return run(argv[1], argv[2], argv[3], argc == 5 ? std::atoi(argv[4]) : 0);
  } catch (const std::exception& error) {
    std::cerr << "blur_large: " << error.what() << '\n';
    return 1;
  }
}
