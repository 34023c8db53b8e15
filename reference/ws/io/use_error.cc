// use_error.cc - the sentences of misuse.
#include <ws/io/use_error.h>

namespace ws::io {
namespace {

// 0 would be success, so values are one above the enumerators.
template <class Enum>
class DescribedErrors final : public std::error_category {
 public:
  explicit constexpr DescribedErrors(const char* name) noexcept : name_(name) {}
  [[nodiscard]] const char* name() const noexcept override { return name_; }
  [[nodiscard]] std::string message(int value) const override {
    return std::string(describe(static_cast<Enum>(value - 1)));
  }

 private:
  const char* name_;
};

}  // namespace

std::string_view describe(UseError error) noexcept {
  switch (error) {
    case UseError::reader_is_waiting:
      return "another read is waiting on this connection: one reader at a time";
    case UseError::reading_given_up:
      return "the connection reads in the background and takes no messages: close_read() was called";
    case UseError::closed:
      return "the connection is closing or closed: no message can be sent any more";
    case UseError::wrong_kind:
      return "a message came that is not of the kind (text or binary) that this byte stream consists of";
  }
  return "unknown misuse";
}

std::error_code make_error_code(UseError error) noexcept {
  static const DescribedErrors<UseError> category("websocket.use");
  return {static_cast<int>(error) + 1, category};
}

}  // namespace ws::io

std::error_code ws::make_error_code(Misuse misuse) noexcept {
  static const io::DescribedErrors<Misuse> category("websocket.misuse");
  return {static_cast<int>(misuse) + 1, category};
}
