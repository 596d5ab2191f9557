// What qlty.hpp adds to the functions of stacks and pyramids. usage: pyramid GOLDEN FOLDER BRAIN
#include <thread>

#include "support.hpp"

namespace {

using qlty::Status;

qlty::Stack brain(const std::string& folder) {
  const qlty::Stacks stacks(folder, "tif", R"(image_(\d+)\.tif$)");
  CHECK(stacks.count() == 1 && stacks.name(0) == "image" && stacks.slices(0) == 32);
  return stacks.open(0);
}

void check_stack(const std::string& folder) {
  const qlty::Stack stack = brain(folder);
  CHECK(stack.name() == "image" && stack.dtype() == QLTY_DTYPE_U8 && stack.shape() == (qlty::Shape{1, 1, 32, 217, 181}));
  CHECK(stack.files().size() == 32 && stack.files()[1] == folder + "/image_001.tif");
  CHECK(stack.missing().shape() == (qlty::Shape{0, 2}));
  const auto voxel = stack.voxel_size();
  CHECK(std::isnan(voxel.size[0]) && voxel.size[1] == 1000 && voxel.size[2] == 1000 && voxel.unit == "micrometer");
  const auto all = stack.read<std::uint8_t>();
  qlty::Array<std::uint8_t> two({1, 2, 217, 181});
  stack.read_into(0, 30, two);
  CHECK(std::equal(two.values().begin(), two.values().end(), all.values().end() - 2 * 217 * 181));
  const auto file = qlty::Stack(folder + "/image_030.tif").read<std::uint8_t>();
  CHECK(std::equal(file.values().begin(), file.values().end(), two.values().begin()));
  THROWS(Status::dtype, "planes: got dtype f32", stack.read<float>());
  THROWS(Status::invalid_argument, "t: got 1", stack.read<std::uint8_t>(1));
  THROWS(Status::io, "nowhere", qlty::Stack(folder + "/nowhere.tif"));
  THROWS(Status::image, "no file", qlty::Stacks(folder, "png", "(1)"));
}

void check_pyramid(const std::string& slices, const std::string& folder) {
  const qlty::Stack stack = brain(slices);
  const auto pixels = stack.read<std::uint8_t>();
  const std::string path = folder + "/cpp.ome.zarr";
  auto options = qlty::PyramidOptions().levels(3).codec("zstd:1").voxel_size({1, 0.5, 0.5}).unit("mm").name("brain");
  qlty::write_pyramid(stack, path, options);
  THROWS(Status::exists, "cpp.ome.zarr", qlty::write_pyramid(stack, path, options));
  qlty::write_pyramid(stack, path, options.overwrite(true).chunk({4, 64, 64}).shard({8, 128, 128}));
  CHECK(qlty::verify_store(path).empty());
  const qlty::Image image(path);
  CHECK(image.levels() == 3 && !image.is_laplacian() && image.dtype() == QLTY_DTYPE_U8);
  CHECK(image.shape() == (qlty::Shape{32, 217, 181}) && image.shape(2) == (qlty::Shape{32, 55, 46}));
  CHECK(image.read<std::uint8_t>(0).values() == pixels.values());
  const auto axes = image.axes();
  CHECK(axes.size() == 3 && axes[0].name == "z" && axes[2].unit == "millimeter");
  const auto level = image.level(1);
  CHECK(level.scale == (std::vector<double>{1, 1, 1}) && level.translation == (std::vector<double>{0, 0.25, 0.25}));
  const auto box = image.read<std::uint8_t>(0, {16, 60, 50}, {2, 100, 70});
  for (std::int64_t y = 0; y < 100; y++) CHECK(box(1, y, 3) == pixels(0, 17, 60 + y, 53));
  THROWS(Status::invalid_argument, "start: got 2 axes", image.read<std::uint8_t>(0, {0, 0}, {1, 1, 1}));
  THROWS(Status::invalid_argument, "box", image.read<std::uint8_t>(0, {32, 0, 0}, {1, 1, 1}));
  THROWS(Status::dtype, "pixels: got dtype f64", image.read<double>(0));
  THROWS(Status::invalid_argument, "level: got 3", image.shape(3));
  THROWS(Status::io, "nowhere", qlty::Image(folder + "/nowhere"));
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; i++)
    threads.emplace_back([&] { CHECK(same(image.read<std::uint8_t>(0, {16, 60, 50}, {2, 100, 70}), box)); });
  for (std::thread& thread : threads) thread.join();
}

/* Plans, all stacks of a folder, and the names of channels. */
void check_several(const std::string& slices, const std::string& folder) {
  const qlty::Stacks stacks(slices, "tif", R"(image_(\d+)\.tif$)");
  const auto options = qlty::PyramidOptions().levels(2).chunk({4, 64, 64}).voxel_size({2, 1, 1});
  const qlty::Pyramids planned = qlty::plan_pyramids(stacks, folder + "/all", options);
  THROWS(Status::io, "all", qlty::Image(folder + "/all/image.ome.zarr"));
  const qlty::Pyramids written = qlty::write_pyramids(stacks, folder + "/all", options);
  for (const auto* told : {&planned, &written}) {
    CHECK(told->size() == 1);
    const qlty::Pyramid& image = told->at("image");
    CHECK(image.path == folder + "/all/image.ome.zarr" && image.axes == "ZYX" && image.dtype == QLTY_DTYPE_U8);
    CHECK(image.shape == (qlty::Shape{32, 217, 181}) && image.files.size() == 32 && image.files[1] == slices + "/image_001.tif");
    CHECK(image.levels.size() == 2 && image.bytes == 32 * (217 * 181 + 109 * 91));
    const qlty::PyramidLevel& level = image.levels[1];
    CHECK(level.name == "1" && level.dtype == QLTY_DTYPE_U8 && level.shape == (qlty::Shape{32, 109, 91}));
    CHECK(level.chunk == (qlty::Shape{4, 64, 64}) && level.voxel_size == (std::array<double, 3>{2, 2, 2}));
  }
  CHECK(qlty::Image(written.at("image").path).shape(1) == written.at("image").levels[1].shape);
  const auto differences = qlty::plan_laplacians(stacks, folder + "/all", options).at("image");
  CHECK(differences.levels[0].name == "diff_0" && differences.levels[0].dtype == QLTY_DTYPE_I16);
  CHECK(qlty::write_laplacians(stacks, folder + "/all", options).at("image").bytes == differences.bytes);
  CHECK(qlty::Image(differences.path).is_laplacian());
  bool caught = false;
  try {
    qlty::write_pyramids(stacks, folder + "/none", options,
                         [](std::uint64_t, std::uint64_t) -> bool { throw std::string("stop"); });
  } catch (const std::string& text) {
    caught = text == "stop";
  }
  CHECK(caught);

  const auto channels = counted<float>({2, 3, 40, 50});
  const auto named = qlty::PyramidOptions().levels(2).channel_names({"DAPI", "GFP"});
  const qlty::PyramidOptions copy = named;
  CHECK(qlty::plan_pyramid(channels, "x", copy).axes == "CZYX");
  CHECK(qlty::plan_laplacian(channels, "x", copy, qlty::LaplacianOptions().store_base(false)).levels.size() == 1);
  qlty::write_pyramid(channels, folder + "/channels.zarr", copy);
  const qlty::Image image(folder + "/channels.zarr");
  CHECK(image.channels() == (std::vector<std::optional<std::string>>{"DAPI", "GFP"}));
  CHECK(brain(slices).channels() == (std::vector<std::optional<std::string>>{std::nullopt}));
  THROWS(Status::invalid_argument, "channel names", qlty::plan_pyramid(brain(slices), "x", copy));
}

void check_laplacian(const std::string& golden, const std::string& folder) {
  const auto pixels = counted<float>({3, 41, 30});
  const std::string path = folder + "/cpp.differences.zarr", level = folder + "/cpp.level.zarr";
  const auto options = qlty::PyramidOptions().factors({{1, 2, 2}, {1, 2, 2}});
  qlty::write_laplacian(pixels, path, options, qlty::LaplacianOptions().interpolation("bicubic").difference_codec("none"));
  const qlty::Image image(path);
  CHECK(image.is_laplacian() && image.levels() == 3 && close_to(image.read<float>(0), pixels, 1e-6f));
  qlty::reconstruct_laplacian(path, level, qlty::ReconstructOptions().codec("gzip:1"));
  CHECK(same(qlty::Image(level).read<float>(0), image.read<float>(0)));
  THROWS(Status::exists, "cpp.level.zarr", qlty::reconstruct_laplacian(path, level));
  qlty::write_laplacian(pixels.view(), folder + "/differences.only.zarr", options, qlty::LaplacianOptions().store_base(false));
  THROWS(Status::store, "smallest level", qlty::Image(folder + "/differences.only.zarr"));

  // A store of the Python package, which does not say where it lies.
  const qlty::Image other(golden + "/laplacian_store/image.ome.zarr", "bilinear");
  CHECK(other.is_laplacian() && std::isnan(other.level(0).scale[0]));
  const auto expected = read_npy<float>(golden, "laplacian_store", "reconstructed_by_qlty");
  const auto got = other.read<float>(0);
  CHECK(got.values().size() == expected.values().size() && close_to(qlty::Array<float>(expected.shape(), got.values()), expected, 1e-5f));
}

void check_cancelling(const std::string& slices, const std::string& folder) {
  const qlty::Stack stack = brain(slices);
  const auto slow = qlty::PyramidOptions().codec("zstd:22");
  bool caught = false;
  try {
    qlty::write_pyramid(stack, folder + "/stopped.zarr", slow,
                        [](std::uint64_t, std::uint64_t) -> bool { throw std::string("stop"); });
  } catch (const std::string& text) {
    caught = text == "stop";
  }
  CHECK(caught);
  THROWS(Status::io, "stopped.zarr.partial", qlty::Image(folder + "/stopped.zarr.partial"));
}

}  // namespace

int main(int argc, char** argv) {
  CHECK(argc == 4);
  static_assert(std::is_move_constructible_v<qlty::Stack> && !std::is_copy_constructible_v<qlty::Stack>);
  static_assert(std::is_move_constructible_v<qlty::Image> && !std::is_copy_constructible_v<qlty::Image>);
  check_stack(argv[3]);
  check_pyramid(argv[3], argv[2]);
  check_several(argv[3], argv[2]);
  check_laplacian(argv[1], argv[2]);
  check_cancelling(argv[3], argv[2]);
}
