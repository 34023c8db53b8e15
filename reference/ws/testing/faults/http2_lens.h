// http2_lens.h - what a deviant peer does wrong as an endpoint of HTTP/2: RFC 8441, RFC 9113.
//
// As deviant.h has it: the strict stack is inside, and the lens changes the frames and field sections that it sees, and
// those that go out. Without a fault of its own nothing is changed.
#pragma once
#include <ws/io/http2/session.h>
#include <ws/testing/faults/faults.h>

#include <map>
#include <set>

namespace ws::testing {

class Http2Lens : public std::enable_shared_from_this<Http2Lens> {
 public:
  Http2Lens(FaultSet faults, Role role) : faults_(faults), role_(role), preface_left_(role == Role::server ? 24 : 0) {}

  void apply_to(io::http2::SessionOptions& options);  // keeps this object
  void see(const std::shared_ptr<io::http2::Session>& session) { session_ = session; }

  // The field section of a request: a client's, as the strict server is to see it; or our own, as it goes out.
  [[nodiscard]] io::http2::Fields mend(io::http2::Fields section) const;
  [[nodiscard]] io::http2::Fields spoil(io::http2::Fields section, bool secure) const;

 private:
  struct Frame {
    std::uint8_t type = 0, flags = 0;
    std::uint32_t stream = 0;
    Bytes payload{};
  };
  [[nodiscard]] bool is(Fault fault) const { return faults_.has(fault); }
  [[nodiscard]] static Frame read(ByteView whole);
  static void write(Bytes& out, const Frame& frame);

  [[nodiscard]] Bytes received(ByteView octets);
  void take(Bytes& out, Frame frame);
  [[nodiscard]] bool drops(const Frame& frame) const;
  [[nodiscard]] bool dies_of(const Frame& frame) const;
  [[nodiscard]] std::uint32_t number_within(const Frame& frame);
  void change_data(Frame& frame) const;
  void change_settings(Frame& frame);
  [[nodiscard]] Bytes sent(ByteView octets);

  const FaultSet faults_;
  const Role role_;
  std::size_t preface_left_;
  Bytes pending_;
  std::set<std::uint32_t> opened_;
  std::map<std::uint32_t, std::uint32_t> within_, without_;  // numbers of streams: there as here, and back
  std::uint32_t newest_ = 0;                                 // within
  bool settings_came_ = false, settings_went_ = false;
  std::weak_ptr<io::http2::Session> session_;
};

}  // namespace ws::testing
