// A program outside of this repository: splits a volume, stitches it together again, and prints the version of the library.
#include <cmath>
#include <iostream>
#include <qlty.hpp>

int main() {
  const qlty::Shape size{12, 20, 30};
  const qlty::Quilt quilt(qlty::QuiltOptions(size, {8, 8, 8}, {5, 6, 7}).border({1, 1, 1}));
  qlty::Array<double> volume({1, 2, 12, 20, 30});
  double next = 0;
  for (double& value : volume.values()) value = std::sin(next++);
  const auto stitched = quilt.stitch(quilt.unstitch(volume)).batch;
  for (std::size_t i = 0; i < volume.values().size(); i++)
    if (!(std::abs(stitched.values()[i] - volume.values()[i]) < 1e-12)) return 1;
  std::cout << "qlty " << qlty::version() << '\n';
}
