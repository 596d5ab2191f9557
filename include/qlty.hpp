// qlty for C++17: split images and volumes into overlapping patches and stitch them back together.
//
// Everything here is inline over qlty.h, whose comments say what the calls do. Arrays are views of
// the host's memory, (N, C, Y, X) or (N, C, Z, Y, X) in any strides; a view is a pointer and a
// shape, and copies nothing. Results come as `Array`, a std::vector with a shape; the `_into` forms
// write into memory of the host's. What fails throws `Error`. Threads may share whatever is only
// read; a stitcher and the batches of an epoch are for one at a time.
//
//   qlty::Quilt quilt(qlty::QuiltOptions({512, 512}, {64, 64}, {32, 32}).border({8, 8}));
//   auto patches = quilt.unstitch(qlty::ArrayView<const float>(pixels, {1, 3, 512, 512}));
//   auto [batch, weights] = quilt.stitch(patches);
//
//   qlty::LargeQuilt<float> large(quilt, "folder/name", qlty::LargeOptions(1));  // onto disk, resumable
//   for (auto next = large.next(32); !next.empty(); next = large.next(32))
//     large.stitch(next, model(large.unstitch(images, next)));
//   auto mean = large.finish().mean.read();
//
//   qlty::Pairs pairs(qlty::PairOptions({64, 64}, 50, 16, 20), images);  // of patches that overlap
//   auto cut = pairs.extract(images);
//   qlty::Overlap overlap({64, 64}, cut.deltas, &cut.rotations);
//   auto [pixels1, pixels2] = overlap.extract(model(cut.patches1), model(cut.patches2));
//
//   qlty::Stack stack = qlty::Stacks("samples/brain", "tif", R"(image_(\d+)\.tif$)").open(0);
//   qlty::write_pyramid(stack, "brain.ome.zarr");  // write_pyramids converts all stacks of a folder
//   auto plane = qlty::Image("brain.ome.zarr").read<std::uint8_t>(0, {16, 0, 0}, {1, 256, 256});

#ifndef QLTY_HPP
#define QLTY_HPP

#include "qlty/array.hpp"
#include "qlty/damages.hpp"
#include "qlty/dataset.hpp"
#include "qlty/image.hpp"
#include "qlty/images.hpp"
#include "qlty/large.hpp"
#include "qlty/overlap.hpp"
#include "qlty/pairs.hpp"
#include "qlty/pyramid.hpp"
#include "qlty/quilt.hpp"
#include "qlty/stack.hpp"
#include "qlty/stitcher.hpp"

#endif  // QLTY_HPP
