/*
 Denoises a picture with OpenCV, patch by patch: the pixels of a cv::Mat, whose channels come last, are split
 into patches that are cv::Mat too, each goes through cv::bilateralFilter, and the results are stitched into
 a cv::Mat. Nothing is copied except by unstitching and stitching: qlty takes the strides of the pictures. A
 grey picture is coloured first, so that there are channels. The result is checked against filtering the
 picture at once.

 From the root of the repository, after `qlty-capi/install.sh --prefix target/prefix`:

   export PKG_CONFIG_PATH=target/prefix/lib/pkgconfig
   c++ -std=c++17 -O2 qlty-capi/examples/cpp/opencv.cpp -o target/opencv $(pkg-config --cflags --libs qlty) \
       -isystem /usr/include/opencv4 -lopencv_core -lopencv_imgproc -lopencv_imgcodecs \
       -Wl,-rpath,"$PWD/target/prefix/lib"
   target/opencv samples/cell.pgm target/denoised.png
 */
#include <algorithm>
#include <cstdint>
#include <iostream>
#include <stdexcept>
#include <string>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "qlty.hpp"

namespace {

constexpr int window = 96, step = 64, batch_size = 16;
// What the filter looks at around a pixel: beyond the rim of a patch it knows nothing.
constexpr int radius = 6, diameter = 2 * radius + 1;

/// The pixels of pictures that lie one below the other in `mat`, as (N, C, Y, X) over the same memory.
/// Rows may have room behind them, as in a part of a larger picture.
template <class T>
qlty::ArrayView<T> view_of(cv::Mat& mat, int images) {
  if (mat.dims != 2 || mat.depth() != cv::DataType<T>::depth || mat.rows % images != 0)
    throw std::runtime_error("got a cv::Mat of another type or size than expected");
  const int height = mat.rows / images, channels = mat.channels();
  const auto row = static_cast<std::int64_t>(mat.step1());  // In values, as qlty counts.
  return {mat.ptr<T>(), {images, channels, height, mat.cols}, {height * row, 1, row, channels}};
}

cv::Mat filter(const cv::Mat& picture) {
  cv::Mat filtered;
  cv::bilateralFilter(picture, filtered, diameter, 30, 4);
  return filtered;
}

cv::Mat filter_in_patches(cv::Mat& picture) {
  const int channels = picture.channels();
  const qlty::Quilt quilt(qlty::QuiltOptions({picture.rows, picture.cols}, {window, window}, {step, step})
                              .border({radius, radius})
                              .border_weight(0));
  qlty::Stitcher<std::uint8_t> stitcher(quilt, 1, channels);
  const auto batch = view_of<std::uint8_t>(picture, 1);
  const auto count = static_cast<int>(quilt.patch_count(1));
  cv::Mat patches(batch_size * window, window, picture.type());
  for (int first = 0; first < count; first += batch_size) {
    const int here = std::min(batch_size, count - first);
    cv::Mat some = patches.rowRange(0, here * window);
    quilt.unstitch_into(batch, first, view_of<std::uint8_t>(some, here));
    for (int p = 0; p < here; p++) {
      cv::Mat patch = some.rowRange(p * window, (p + 1) * window);
      filter(patch).copyTo(patch);
    }
    stitcher.push(first, view_of<std::uint8_t>(some, here));
  }
  cv::Mat stitched(picture.size(), CV_32FC(channels)), rounded;
  stitcher.finish_into(view_of<float>(stitched, 1));
  stitched.convertTo(rounded, CV_8U);
  return rounded;
}

int run(const std::string& from, const std::string& to) {
  cv::Mat picture = cv::imread(from, cv::IMREAD_UNCHANGED);
  if (picture.empty() || picture.depth() != CV_8U) throw std::runtime_error(from + " is no picture of 8 bits");
  if (picture.channels() == 1) {
    const cv::Mat grey = picture;
    cv::applyColorMap(grey, picture, cv::COLORMAP_VIRIDIS);
  }
  // A part of a larger picture: its rows are not one behind the other.
  cv::Mat part = picture(cv::Rect(5, 3, picture.cols - 9, picture.rows - 4));
  cv::Mat stitched = filter_in_patches(part);

  // On the rim of the picture there is nothing but borders.
  const cv::Rect inside(radius, radius, part.cols - 2 * radius, part.rows - 2 * radius);
  const double worst = cv::norm(stitched(inside), filter(part)(inside), cv::NORM_INF);
  if (!cv::imwrite(to, stitched)) throw std::runtime_error("cannot write " + to);
  std::cout << part.cols << " x " << part.rows << " pixels of " << part.channels() << " channels, denoised in patches of "
            << window << " x " << window << " into " << to << ", at most " << worst << " off\n";
  return worst <= 1 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: opencv FROM TO.png\n";
    return 1;
  }
  try {
    return run(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::cerr << "opencv: " << error.what() << '\n';
    return 1;
  }
}
