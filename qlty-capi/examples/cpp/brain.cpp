/*
 Writes the stacks of slices in a folder as OME-Zarr with coarser levels, and reads a region of a level
 back: the middle half, along y and x, of the middle plane of level 1, which becomes a picture. What was
 read is checked against the means of blocks of 2 x 2 pixels of the slices.

 From the root of the repository:

   cargo build --release -p qlty-capi
   c++ -std=c++17 -O2 -Iinclude qlty-capi/examples/cpp/brain.cpp -o target/brain \
       -Ltarget/release -lqlty -Wl,-rpath,"$PWD/target/release"
   target/brain samples/brain target/stores target/brain.pgm
 */
#include <algorithm>
#include <cmath>
#include <fstream>
#include <iostream>

#include "qlty.hpp"

namespace {

using Pixels = qlty::Array<std::uint8_t>;

void write_pgm(const std::string& path, const Pixels& picture, std::int64_t height, std::int64_t width) {
  std::ofstream file(path, std::ios::binary);
  file << "P5\n" << width << ' ' << height << "\n255\n";
  for (const std::uint8_t pixel : picture.values()) file.put(static_cast<char>(pixel));
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

/// What is or will be in the stores.
void print(const qlty::Pyramids& pyramids) {
  for (const auto& [name, pyramid] : pyramids) {
    std::cout << name << ": " << pyramid.path << ", " << pyramid.axes << ", " << pyramid.bytes
              << " bytes before compression\n";
    for (std::size_t level = 0; level < pyramid.levels.size(); level++) {
      std::cout << "  level " << level << ":";
      const char* before = " ";
      for (const std::int64_t size : pyramid.levels[level].shape) {
        std::cout << before << size;
        before = " x ";
      }
      std::cout << '\n';
    }
  }
}

/// The mean of the block of 2 x 2 pixels that a pixel of level 1 was made of, fewer at the edges.
float block_mean(const Pixels& plane, std::int64_t y, std::int64_t x) {
  float sum = 0, count = 0;
  for (std::int64_t v = 2 * y; v < std::min(2 * y + 2, plane.shape()[2]); v++)
    for (std::int64_t u = 2 * x; u < std::min(2 * x + 2, plane.shape()[3]); u++, count++)
      sum += static_cast<float>(plane(0, 0, v, u));
  return sum / count;
}

int run(const std::string& slices, const std::string& stores, const std::string& to) {
  const qlty::Stacks stacks(slices, "tif", R"(image_(\d+)\.tif$)");
  const auto options = qlty::PyramidOptions().levels(3).overwrite(true);

  // What would be written, and then that.
  print(qlty::plan_pyramids(stacks, stores, options));
  const qlty::Pyramids written = qlty::write_pyramids(stacks, stores, options);

  // A region of level 1 of the first of them.
  const qlty::Image image(written.begin()->second.path);
  const qlty::Shape whole = image.shape(1);
  if (whole.size() != 3 || image.dtype() != QLTY_DTYPE_U8)
    throw std::runtime_error("this example is for slices of 8 bits with one channel");
  const qlty::Shape start{whole[0] / 2, whole[1] / 4, whole[2] / 4}, shape{1, whole[1] / 2, whole[2] / 2};
  const Pixels region = image.read<std::uint8_t>(1, start, shape);
  write_pgm(to, region, shape[1], shape[2]);

  // The same of the slice itself.
  const qlty::Stack stack = stacks.open(0);
  Pixels plane({1, 1, stack.shape()[3], stack.shape()[4]});
  stack.read_into(0, start[0], plane);
  float worst = 0;
  for (std::int64_t y = 0; y < shape[1]; y++)
    for (std::int64_t x = 0; x < shape[2]; x++)
      worst = std::max(worst, std::abs(static_cast<float>(region(0, y, x)) - block_mean(plane, start[1] + y, start[2] + x)));
  std::cout << shape[1] << " x " << shape[2] << " pixels of level 1 read back, at most " << worst << " off\n";
  return worst <= 0.5f ? 0 : 1;  // Means are rounded to whole numbers.
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: brain SLICES STORES TO.pgm\n";
    return 1;
  }
  try {
    return run(argv[1], argv[2], argv[3]);
  } catch (const std::exception& error) {
    std::cerr << "brain: " << error.what() << '\n';
    return 1;
  }
}
