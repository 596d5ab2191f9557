/*
 Unstitches and stitches a volume that lies in memory as ITK and VTK have it: a raw buffer of which the program knows the
 dimensions (x first), the number of components, which come last, and the increments, the distances of neighbours
 along x, y and z. What VTK calls an extent, or ITK a region, is a part of a larger buffer; with the y axis turned
 over, as pictures are counted from above and VTK's from below, an increment is negative. All of them are strides,
 so nothing is copied. Here a median filter denoises a phantom block by block, and writes into another buffer of the
 same kind; the result is checked against filtering the volume at once.

 From the root of the repository, after `qlty-capi/install.sh --prefix target/prefix`:

   export PKG_CONFIG_PATH=target/prefix/lib/pkgconfig
   c++ -std=c++17 -O2 qlty-capi/examples/cpp/raw_volume.cpp -o target/raw_volume $(pkg-config --cflags --libs qlty) \
       -Wl,-rpath,"$PWD/target/prefix/lib"
   target/raw_volume target/slice.pgm
 */
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "qlty.hpp"

namespace {

using Index = std::array<std::int64_t, 3>;  // x, y, z, as in ITK and VTK.

/// A part of a buffer: what itk::Image::GetBufferPointer and vtkImageData::GetScalarPointer lead to.
template <class T>
struct RawVolume {
  T* first;
  Index dimensions;
  std::int64_t components;
  /// In values, as vtkImageData::GetIncrements gives them.
  Index increments;

  /// As a batch (N, C, Z, Y, X) of one volume.
  [[nodiscard]] qlty::ArrayView<T> view() const {
    return {first,
            {1, components, dimensions[2], dimensions[1], dimensions[0]},
            {0, 1, increments[2], increments[1], increments[0]}};
  }
  /// The part that begins at `start`, with the y axis turned over.
  [[nodiscard]] RawVolume upside_down(const Index& start, const Index& size) const {
    const std::int64_t last_row = start[1] + size[1] - 1;
    T* const corner = first + start[0] * increments[0] + last_row * increments[1] + start[2] * increments[2];
    return {corner, size, components, {increments[0], -increments[1], increments[2]}};
  }
};

/// A buffer without gaps.
template <class T>
RawVolume<T> whole(std::vector<T>& buffer, const Index& dimensions, std::int64_t components) {
  const std::int64_t row = components * dimensions[0];
  buffer.resize(static_cast<std::size_t>(row * dimensions[1] * dimensions[2]));
  return {buffer.data(), dimensions, components, {components, row, row * dimensions[1]}};
}

/// Three balls in one component and the shell of the largest in the other, with noise that is the same in every run.
void draw(const RawVolume<std::int16_t>& volume) {
  const auto pixels = volume.view();
  std::uint64_t state = 1;
  const auto noise = [&state] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state >> 33) / 2147483648.0 - 0.5;
  };
  const std::array<std::array<double, 4>, 3> balls{{{0.45, 0.5, 0.5, 0.36}, {0.3, 0.42, 0.5, 0.1}, {0.8, 0.2, 0.45, 0.13}}};
  const auto [nx, ny, nz] = volume.dimensions;
  for (std::int64_t z = 0; z < nz; z++) {
    for (std::int64_t y = 0; y < ny; y++) {
      for (std::int64_t x = 0; x < nx; x++) {
        double inside = 0, shell = 0;
        for (std::size_t b = 0; b < balls.size(); b++) {
          const double u = static_cast<double>(x) / static_cast<double>(nx) - balls[b][0];
          const double v = static_cast<double>(y) / static_cast<double>(ny) - balls[b][1];
          const double w = static_cast<double>(z) / static_cast<double>(nz) - balls[b][2];
          const double distance = std::sqrt(u * u + v * v + w * w);
          if (distance < balls[b][3]) inside += 300;
          if (b == 0 && std::abs(distance - balls[b][3]) < 0.03) shell = 700;
        }
        pixels(0, 0, z, y, x) = static_cast<std::int16_t>(std::lround(inside + 400 * noise()));
        pixels(0, 1, z, y, x) = static_cast<std::int16_t>(std::lround(shell + 400 * noise()));
      }
    }
  }
}

/// The median of each value and its 26 neighbours, those beyond the rim being that on it.
qlty::Array<std::int16_t> median(const qlty::ArrayView<const std::int16_t>& batch) {
  const qlty::Shape shape = batch.shape();
  qlty::Array<std::int16_t> filtered(shape);
  const auto out = filtered.view();
  std::array<std::int16_t, 27> near{};
  const auto at = [](std::int64_t index, std::int64_t size) { return std::clamp<std::int64_t>(index, 0, size - 1); };
  for (std::int64_t n = 0; n < shape[0]; n++)
    for (std::int64_t c = 0; c < shape[1]; c++)
      for (std::int64_t z = 0; z < shape[2]; z++)
        for (std::int64_t y = 0; y < shape[3]; y++)
          for (std::int64_t x = 0; x < shape[4]; x++) {
            std::size_t next = 0;
            for (std::int64_t w = z - 1; w <= z + 1; w++)
              for (std::int64_t v = y - 1; v <= y + 1; v++)
                for (std::int64_t u = x - 1; u <= x + 1; u++)
                  near[next++] = batch(n, c, at(w, shape[2]), at(v, shape[3]), at(u, shape[4]));
            std::nth_element(near.begin(), near.begin() + 13, near.end());
            out(n, c, z, y, x) = near[13];
          }
  return filtered;
}

/// The middle slice of both components, before on the left and after on the right.
void write_slices(const std::string& path, const qlty::ArrayView<std::int16_t>& before, const qlty::ArrayView<float>& after) {
  const qlty::Shape shape = before.shape();
  const std::int64_t z = shape[2] / 2;
  std::ofstream file(path, std::ios::binary);
  file << "P5\n" << 2 * shape[4] << ' ' << 2 * shape[3] << "\n255\n";
  const auto put = [&file](double value) {
    file.put(static_cast<char>(static_cast<unsigned char>(std::clamp((value + 200) / 4, 0.0, 255.0))));
  };
  for (std::int64_t c = 0; c < 2; c++) {
    for (std::int64_t y = 0; y < shape[3]; y++) {
      for (std::int64_t x = 0; x < shape[4]; x++) put(before(0, c, z, y, x));
      for (std::int64_t x = 0; x < shape[4]; x++) put(after(0, c, z, y, x));
    }
  }
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

int run(const std::string& to) {
  const Index dimensions{120, 100, 44}, start{6, 4, 2}, size{110, 90, 40};
  std::vector<std::int16_t> scanned;
  std::vector<float> denoised;
  const auto scan = whole(scanned, dimensions, 2);
  draw(scan);
  const auto from = scan.upside_down(start, size).view();
  const auto into = whole(denoised, dimensions, 2).upside_down(start, size).view();

  const qlty::Quilt quilt(
      qlty::QuiltOptions({size[2], size[1], size[0]}, {24, 32, 32}, {20, 24, 24}).border({1, 1, 1}).border_weight(0));
  qlty::Stitcher<std::int16_t> stitcher(quilt, 1, 2);
  const std::int64_t count = quilt.patch_count(1);
  for (std::int64_t first = 0; first < count; first += 8) {
    const auto blocks = quilt.unstitch(from, qlty::Range{first, std::min<std::int64_t>(8, count - first)});
    stitcher.push(first, median(blocks.view()));
  }
  stitcher.finish_into(into);

  // Inside the rim, on which there is nothing but borders, and nothing was written beside the part.
  const auto expected = median(from);
  double worst = 0, beside = 0;
  for (std::int64_t c = 0; c < 2; c++)
    for (std::int64_t z = 1; z < size[2] - 1; z++)
      for (std::int64_t y = 1; y < size[1] - 1; y++)
        for (std::int64_t x = 1; x < size[0] - 1; x++)
          worst = std::max(worst, std::abs(double{into(0, c, z, y, x)} - expected(0, c, z, y, x)));
  for (std::int64_t x = 0; x < 2 * dimensions[0] * start[1]; x++)
    beside = std::max(beside, std::abs(double{denoised[static_cast<std::size_t>(x)]}));
  write_slices(to, from, into);
  std::cout << count << " blocks of 32 x 32 x 24 voxels of 2 components, denoised and stitched, a slice in " << to
            << ", at most " << worst << " off\n";
  return worst < 1e-2 && beside == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: raw_volume SLICE.pgm\n";
    return 1;
  }
  try {
    return run(argv[1]);
  } catch (const std::exception& error) {
    std::cerr << "raw_volume: " << error.what() << '\n';
    return 1;
  }
}
