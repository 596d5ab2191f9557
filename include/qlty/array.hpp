// Errors, types of values, arrays and progress: what all calls have in common. Part of qlty.hpp.

#ifndef QLTY_ARRAY_HPP
#define QLTY_ARRAY_HPP

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "../qlty.h"

namespace qlty {

/// What a failed call came to: the QLTY_STATUS numbers.
enum class Status : qlty_status {
  invalid_argument = QLTY_STATUS_INVALID_ARGUMENT,
  shape = QLTY_STATUS_SHAPE,
  dtype = QLTY_STATUS_DTYPE,
  overflow = QLTY_STATUS_OVERFLOW,
  out_of_memory = QLTY_STATUS_OUT_OF_MEMORY,
  incomplete = QLTY_STATUS_INCOMPLETE,
  duplicate = QLTY_STATUS_DUPLICATE,
  cancelled = QLTY_STATUS_CANCELLED,
  panic = QLTY_STATUS_PANIC,
  io = QLTY_STATUS_IO,
  store = QLTY_STATUS_STORE,
  exists = QLTY_STATUS_EXISTS,
  geometry = QLTY_STATUS_GEOMETRY,
  foreign = QLTY_STATUS_FOREIGN,
  damaged = QLTY_STATUS_DAMAGED,
  busy = QLTY_STATUS_BUSY,
  image = QLTY_STATUS_IMAGE,
};

/// Why a call failed; what() says what was got and what was expected.
class Error : public std::runtime_error {
 public:
  /// An error of this status and text.
  Error(Status status, const std::string& message) : std::runtime_error(message), status_(status) {}
  /// The kind of failure.
  [[nodiscard]] Status status() const noexcept { return status_; }

 private:
  Status status_;
};

/// IEEE 754 binary16, by its bits: C++17 has no type for it.
struct f16 {
  std::uint16_t bits;
};
/// bfloat16, by its bits.
struct bf16 {
  std::uint16_t bits;
};
/// A truth value in a byte: std::vector<bool> has no bytes to point to.
struct boolean {
  std::uint8_t byte;
  /// Whether it is true.
  operator bool() const noexcept { return byte != 0; }
};

/// The QLTY_DTYPE of a C++ type.
template <class T>
constexpr qlty_dtype dtype_of() {
  if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, boolean>) {
    static_assert(sizeof(T) == 1, "a bool of one byte");
    return QLTY_DTYPE_BOOL;
  } else if constexpr (std::is_same_v<T, f16>) {
    return QLTY_DTYPE_F16;
  } else if constexpr (std::is_same_v<T, bf16>) {
    return QLTY_DTYPE_BF16;
  } else if constexpr (std::is_same_v<T, float>) {
    return QLTY_DTYPE_F32;
  } else if constexpr (std::is_same_v<T, double>) {
    return QLTY_DTYPE_F64;
  } else {
    // By size and sign: `long` and `long long` are two types for one of ours.
    static_assert(std::is_integral_v<T>, "qlty has no dtype for this type");
    constexpr qlty_dtype first = std::is_signed_v<T> ? QLTY_DTYPE_I8 : QLTY_DTYPE_U8;
    return first + (sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 2 : sizeof(T) == 4 ? 4 : 6);
  }
}

/// The type in which stitching adds values of type T, and which it returns.
template <class T>
using sum_t = std::conditional_t<std::is_same_v<T, double> || (std::is_integral_v<T> && sizeof(T) >= 4), double, float>;

/// Numbers per axis: sizes in pixels or values, or strides in values.
using Shape = std::vector<std::int64_t>;

namespace detail {

[[noreturn]] inline void refuse(Status status, const std::string& message) { throw Error(status, message); }

/// A qlty_error * to be filled by a call, freed with this.
class Failure {
 public:
  Failure() = default;
  Failure(const Failure&) = delete;
  Failure& operator=(const Failure&) = delete;
  ~Failure() { qlty_error_free(error_); }
  operator qlty_error**() noexcept { return &error_; }
  /// Throws what a call has stored, if it failed.
  void check(qlty_status status) const {
    if (status != QLTY_STATUS_OK) throw Error(static_cast<Status>(status), qlty_error_message(error_));
  }

 private:
  qlty_error* error_ = nullptr;
};

/// Calls `function` with `arguments` and a place for an error, which it throws.
template <class... Parameters, class... Arguments>
void call(qlty_status (*function)(Parameters...), Arguments&&... arguments) {
  Failure failure;
  const qlty_status status = function(std::forward<Arguments>(arguments)..., failure);
  failure.check(status);
}

/// A handle that frees itself.
template <class T, void (*free)(T*)>
class Free {
 public:
  void operator()(T* handle) const noexcept { free(handle); }
};
template <class T, void (*free)(T*)>
using Handle = std::unique_ptr<T, Free<T, free>>;

inline qlty_array describe(void* data, qlty_dtype dtype, const Shape& shape) {
  if (shape.empty() || shape.size() > QLTY_MAX_NDIM)
    refuse(Status::shape, "an array: got " + std::to_string(shape.size()) + " axes, expected 1 to " +
                              std::to_string(QLTY_MAX_NDIM));
  return qlty_array_contiguous(data, dtype, static_cast<std::int32_t>(shape.size()), shape.data());
}

inline Shape shape_of(const qlty_array& array) { return Shape(array.shape, array.shape + array.ndim); }

/// The number of values of a shape that the library has described or checked, or that it will.
inline std::size_t volume(const Shape& shape) {
  std::size_t product = 1;
  for (const std::int64_t length : shape) {
    const auto factor = static_cast<std::size_t>(length);
    if (length < 0 || (factor != 0 && product > PTRDIFF_MAX / factor))
      refuse(Status::overflow, "an array: got a shape that is negative or too large");
    product *= factor;
  }
  return product;
}

}  // namespace detail

/// An array in memory of the host's. ArrayView<const T> is for reading, ArrayView<T> also for writing.
template <class T>
class ArrayView {
 public:
  /// The type of the values, without const.
  using value_type = std::remove_const_t<T>;

  /// An array in C order.
  ArrayView(T* data, const Shape& shape)
      : raw_(detail::describe(const_cast<value_type*>(data), dtype_of<value_type>(), shape)) {}
  /// An array whose neighbours along each axis are as far apart as `strides` says, in values.
  ArrayView(T* data, const Shape& shape, const Shape& strides) : ArrayView(data, shape) {
    if (strides.size() != shape.size())
      detail::refuse(Status::shape, "an array: got " + std::to_string(strides.size()) + " strides, expected " +
                                        std::to_string(shape.size()));
    for (std::size_t axis = 0; axis < strides.size(); axis++) raw_.strides[axis] = strides[axis];
  }
  /// A view for reading of one for writing.
  template <class U, class = std::enable_if_t<std::is_same_v<const U, T>>>
  ArrayView(const ArrayView<U>& other) : raw_(other.raw()) {}

  /// The value at (0, 0, ...).
  [[nodiscard]] T* data() const noexcept { return static_cast<T*>(raw_.data); }
  /// The number of values along each axis.
  [[nodiscard]] Shape shape() const { return detail::shape_of(raw_); }
  /// The distance of neighbours along each axis, in values.
  [[nodiscard]] Shape strides() const { return Shape(raw_.strides, raw_.strides + raw_.ndim); }
  /// The value at these indices, which are not checked.
  template <class... Indices>
  [[nodiscard]] T& operator()(Indices... indices) const {
    const std::array<std::int64_t, sizeof...(indices)> at{static_cast<std::int64_t>(indices)...};
    std::int64_t offset = 0;
    for (std::size_t axis = 0; axis < at.size(); axis++) offset += at[axis] * raw_.strides[axis];
    return data()[offset];
  }
  /// The part with `count` values along `axis`, from `first` on, which are not checked.
  [[nodiscard]] ArrayView slice(std::size_t axis, std::int64_t first, std::int64_t count) const {
    ArrayView part = *this;
    part.raw_.data = const_cast<value_type*>(data() + first * raw_.strides[axis]);
    part.raw_.shape[axis] = count;
    return part;
  }
  /// The same values, counted backwards along `axis`.
  [[nodiscard]] ArrayView flip(std::size_t axis) const {
    ArrayView part = slice(axis, raw_.shape[axis] > 0 ? raw_.shape[axis] - 1 : 0, raw_.shape[axis]);
    part.raw_.strides[axis] = -raw_.strides[axis];
    return part;
  }
  /// What the C functions take, for reading.
  [[nodiscard]] const qlty_array& raw() const noexcept { return raw_; }
  /// What the C functions take, for writing.
  [[nodiscard]] const qlty_array& raw_mut() const noexcept {
    static_assert(!std::is_const_v<T>, "this array is for reading only");
    return raw_;
  }

 private:
  qlty_array raw_;
};

/// A result: a std::vector in C order with a shape.
template <class T>
class Array {
  static_assert(!std::is_same_v<T, bool>, "use qlty::boolean");

 public:
  /// The type of the values.
  using value_type = T;

  /// Values that are all zero.
  explicit Array(Shape shape) : shape_(std::move(shape)), values_(detail::volume(shape_)) {}
  /// These values.
  Array(Shape shape, std::vector<T> values) : shape_(std::move(shape)), values_(std::move(values)) {
    if (values_.size() != detail::volume(shape_))
      detail::refuse(Status::shape, "an array: got " + std::to_string(values_.size()) + " values, expected " +
                                        std::to_string(detail::volume(shape_)));
  }

  /// The number of values along each axis.
  [[nodiscard]] const Shape& shape() const noexcept { return shape_; }
  /// The values in C order.
  [[nodiscard]] const std::vector<T>& values() const noexcept { return values_; }
  /// The values in C order; their number must stay.
  [[nodiscard]] std::vector<T>& values() noexcept { return values_; }
  /// A view for reading.
  [[nodiscard]] ArrayView<const T> view() const { return {values_.data(), shape_}; }
  /// A view for writing.
  [[nodiscard]] ArrayView<T> view() { return {values_.data(), shape_}; }
  /// The value at these indices, which are not checked.
  template <class... Indices>
  [[nodiscard]] const T& operator()(Indices... indices) const {
    return view()(indices...);
  }
  /// What the C functions take, for reading.
  [[nodiscard]] qlty_array raw() const { return view().raw(); }
  /// What the C functions take, for writing.
  [[nodiscard]] qlty_array raw_mut() { return view().raw_mut(); }

 private:
  Shape shape_;
  std::vector<T> values_;
};

/// The type of the values of an Array or an ArrayView.
template <class A>
using value_t = typename std::decay_t<A>::value_type;

/// Reports the progress of a long call, on the thread that made it; false cancels the call, and so
/// does an exception, which the call then throws on.
using Progress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

namespace detail {

/// A progress function on its way through C, which no exception passes.
class Report {
 public:
  explicit Report(const Progress& progress) : progress_(progress) {}
  /// Calls `function` with `arguments`, the progress function and a place for an error.
  template <class... Parameters, class... Arguments>
  void call(qlty_status (*function)(Parameters...), Arguments&&... arguments) {
    run([&](qlty_progress progress, Failure& failure) {
      return function(std::forward<Arguments>(arguments)..., progress, this, failure);
    });
  }
  /// The same for a function that has the place for its output between these two.
  template <class Output, class... Parameters, class... Arguments>
  void call_for(Output* output, qlty_status (*function)(Parameters...), Arguments&&... arguments) {
    run([&](qlty_progress progress, Failure& failure) {
      return function(std::forward<Arguments>(arguments)..., progress, this, output, failure);
    });
  }

 private:
  template <class Call>
  void run(Call&& call_it) {
    Failure failure;
    const qlty_status status = call_it(progress_ ? &Report::report : nullptr, failure);
    if (thrown_) std::rethrow_exception(thrown_);
    failure.check(status);
  }
  static std::int32_t report(void* user, std::uint64_t done, std::uint64_t total) noexcept {
    auto& self = *static_cast<Report*>(user);
    if (self.stopped_) return 1;
    try {
      self.stopped_ = !self.progress_(done, total);
    } catch (...) {
      self.thrown_ = std::current_exception();
      self.stopped_ = true;
    }
    return self.stopped_ ? 1 : 0;
  }

  const Progress& progress_;
  bool stopped_ = false;
  std::exception_ptr thrown_;
};

}  // namespace detail

/// Throws where the library has another interface than the header this was compiled with. Whatever
/// makes a quilt or sets threads checks this.
inline void check_abi() {
  const std::uint32_t got = qlty_abi_version();
  if (got != QLTY_ABI_VERSION)
    detail::refuse(Status::invalid_argument, "the qlty library: got ABI version " + std::to_string(got) +
                                                 ", expected " + std::to_string(QLTY_ABI_VERSION));
}

/// The release of the library.
[[nodiscard]] inline std::string version() { return qlty_version(); }

/// Sets the number of threads that calls work on; 0 means as many as there are processors.
inline void set_threads(std::int64_t threads) {
  check_abi();
  detail::call(qlty_threads_set, threads);
}

/// The number of threads that calls work on.
[[nodiscard]] inline std::int64_t threads() {
  check_abi();
  std::int64_t threads = 0;
  detail::call(qlty_threads_get, &threads);
  return threads;
}

}  // namespace qlty

#endif  // QLTY_ARRAY_HPP
