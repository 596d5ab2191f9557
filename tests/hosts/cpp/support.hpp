// What the host tests in C++ share: checks that end the program, and .npy files.
#ifndef SUPPORT_HPP
#define SUPPORT_HPP

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

#include "qlty.hpp"

#define CHECK(condition)                                                                        \
  do {                                                                                          \
    if (!(condition)) {                                                                         \
      std::cerr << __FILE__ << ':' << __LINE__ << ": not true: " << #condition << std::endl;    \
      std::exit(1);                                                                             \
    }                                                                                           \
  } while (0)

// The call throws an Error of this status, with a message that has this text.
#define THROWS(expected, text, call)                                                            \
  do {                                                                                          \
    bool thrown = false;                                                                        \
    try {                                                                                       \
      static_cast<void>(call);                                                                  \
    } catch (const qlty::Error& error) {                                                        \
      thrown = error.status() == (expected) && std::strstr(error.what(), text);                 \
      if (!thrown) std::cerr << "got status " << static_cast<int>(error.status()) << ": " << error.what() << std::endl; \
    }                                                                                           \
    CHECK(thrown && #call);                                                                     \
  } while (0)

/// An array of type T of a golden case: version 1 of the format, in C order.
template <class T>
qlty::Array<T> read_npy(const std::string& folder, const std::string& name, const std::string& array) {
  const std::string path = folder + "/" + name + "/" + array + ".npy";
  std::ifstream file(path, std::ios::binary);
  const std::string all((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (all.compare(0, 7, "\x93NUMPY\x01") != 0) throw std::runtime_error(path + " is no .npy file");
  const auto length = static_cast<std::size_t>(static_cast<unsigned char>(all[8])) |
                      static_cast<std::size_t>(static_cast<unsigned char>(all[9])) << 8;
  const std::string header = all.substr(10, length);
  const char* dtype = std::is_same_v<T, float> ? "'<f4'" : std::is_same_v<T, double> ? "'<f8'" : std::is_same_v<T, std::int64_t> ? "'<i8'" : "'|b1'";
  CHECK(header.find(dtype) != std::string::npos && header.find("'fortran_order': False") != std::string::npos);
  std::string sizes = header.substr(header.find('(') + 1);
  sizes = sizes.substr(0, sizes.find(')'));
  std::replace(sizes.begin(), sizes.end(), ',', ' ');
  std::istringstream stream(sizes);
  qlty::Shape shape{std::istream_iterator<std::int64_t>(stream), std::istream_iterator<std::int64_t>()};
  qlty::Array<T> read(shape);
  CHECK(all.size() == 10 + length + read.values().size() * sizeof(T));
  std::memcpy(read.values().data(), all.data() + 10 + length, read.values().size() * sizeof(T));
  return read;
}

template <class T>
bool same(const qlty::Array<T>& a, const qlty::Array<T>& b) {
  return a.shape() == b.shape() && std::memcmp(a.values().data(), b.values().data(), a.values().size() * sizeof(T)) == 0;
}

inline bool close_to(const qlty::Array<float>& a, const qlty::Array<float>& b, float tolerance) {
  return a.shape() == b.shape() && std::equal(a.values().begin(), a.values().end(), b.values().begin(), [&](float x, float y) {
           return std::abs(x - y) <= tolerance * std::max(1.0f, std::abs(y));
         });
}

/// Flips a byte of a file, counted from its end.
inline void flip(const std::string& path, int from_end) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(-from_end, std::ios::end);
  const int byte = file.get();
  file.seekp(-from_end, std::ios::end);
  file.put(static_cast<char>(byte ^ 0x40)).flush();
  CHECK(file);
}

inline bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// Values that are all different.
template <class T>
qlty::Array<T> counted(const qlty::Shape& shape) {
  qlty::Array<T> array(shape);
  T next{};
  for (T& value : array.values()) value = next++;
  return array;
}

#endif
