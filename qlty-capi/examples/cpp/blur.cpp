/*
 Splits a picture into overlapping patches, blurs them batch by batch, as a model would be run on
 them, and stitches them together. A blur does not know what lies beyond the rim of a patch; the border,
 of weight 0, keeps that out of the result, which is checked against blurring the picture at once.

 From the root of the repository:

   cargo build --release -p qlty-capi
   c++ -std=c++17 -O2 -Iinclude qlty-capi/examples/cpp/blur.cpp -o target/blur \
       -Ltarget/release -lqlty -Wl,-rpath,"$PWD/target/release"
   target/blur samples/cell.pgm target/blurred.pgm
 */
#include <algorithm>
#include <cmath>
#include <iostream>

#include "pgm.hpp"
#include "qlty.hpp"

namespace {

constexpr std::int64_t border = 8;

/// The mean of each pixel and its neighbours, as far as there are any.
qlty::Array<float> blur(const qlty::Array<float>& images) {
  qlty::Array<float> out(images.shape());
  const auto from = images.view();
  const auto to = out.view();
  const std::int64_t height = images.shape()[2], width = images.shape()[3];
  for (std::int64_t n = 0; n < images.shape()[0]; n++) {
    for (std::int64_t y = 0; y < height; y++) {
      for (std::int64_t x = 0; x < width; x++) {
        float sum = 0, count = 0;
        for (std::int64_t v = std::max<std::int64_t>(y - 1, 0); v <= std::min(y + 1, height - 1); v++)
          for (std::int64_t u = std::max<std::int64_t>(x - 1, 0); u <= std::min(x + 1, width - 1); u++, count++)
            sum += from(n, 0, v, u);
        to(n, 0, y, x) = sum / count;
      }
    }
  }
  return out;
}

int run(const std::string& from, const std::string& to) {
  const auto picture = read_pgm(from);
  const std::int64_t height = picture.shape()[2], width = picture.shape()[3];

  const qlty::Quilt quilt(
      qlty::QuiltOptions({height, width}, {64, 64}, {40, 40}).border({border, border}).border_weight(0));
  qlty::Stitcher<float> stitcher(quilt, 1, 1);
  const std::int64_t count = quilt.patch_count(1);
  for (std::int64_t first = 0; first < count; first += 32) {
    const auto patches = quilt.unstitch(picture, qlty::Range{first, std::min<std::int64_t>(32, count - first)});
    stitcher.push(first, blur(patches));
  }
  const auto stitched = stitcher.finish().batch;

  // On the rim of the picture there is nothing but borders.
  const auto expected = blur(picture);
  float worst = 0;
  for (std::int64_t y = border; y < height - border; y++)
    for (std::int64_t x = border; x < width - border; x++)
      worst = std::max(worst, std::abs(stitched(0, 0, y, x) - expected(0, 0, y, x)));
  write_pgm(to, stitched);
  std::cout << count << " patches of 64 x 64 pixels, blurred and stitched into " << to << ", at most " << worst << " off\n";
  return worst < 1e-3f ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: blur FROM.pgm TO.pgm\n";
    return 1;
  }
  try {
    return run(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::cerr << "blur: " << error.what() << '\n';
    return 1;
  }
}
