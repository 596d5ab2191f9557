// Pictures of the examples: binary PGM files of 8 bits.
#ifndef PGM_HPP
#define PGM_HPP

#include <cmath>
#include <fstream>
#include <stdexcept>
#include <string>

#include "qlty.hpp"

/// A binary PGM of 8 bits, as a batch of one image with one channel.
inline qlty::Array<float> read_pgm(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string magic;
  std::int64_t width = 0, height = 0, most = 0;
  file >> magic >> width >> height >> most;
  file.get();
  if (!file || magic != "P5" || most != 255 || width < 1 || height < 1)
    throw std::runtime_error(path + " is no binary PGM of 8 bits");
  qlty::Array<float> picture({1, 1, height, width});
  for (float& pixel : picture.values()) pixel = static_cast<float>(file.get());
  if (!file) throw std::runtime_error(path + " ends early");
  return picture;
}

/// Writes the first image of a batch with one channel.
inline void write_pgm(const std::string& path, const qlty::Array<float>& picture) {
  std::ofstream file(path, std::ios::binary);
  file << "P5\n" << picture.shape()[3] << ' ' << picture.shape()[2] << "\n255\n";
  for (const float pixel : picture.values()) file.put(static_cast<char>(static_cast<unsigned char>(std::lrint(pixel))));
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

#endif
