// tunnel_http.cc - HTTP CONNECT. RFC 9110 9.3.6.
#include <openssl/evp.h>
#include <ws/core/http/http1.h>
#include <ws/io/net/tunnel.h>

namespace ws::io {
namespace {

std::string base64_of(const std::string& text) {
  std::string encoded((text.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  encoded.resize(static_cast<std::size_t>(size));
  return encoded;
}

std::string connect_request(const Proxy& proxy, const std::string& host, std::uint16_t port) {
  RequestHead request;
  request.method = "CONNECT";
  // RFC 9110 9.3.6: the target is the authority, with the port in any case.
  request.target = (host.contains(':') ? "[" + host + "]" : host) + ":" + std::to_string(port);
  request.fields.push_back({"Host", request.target});
  if (!proxy.user.empty())
    request.fields.push_back({"Proxy-Authorization", "Basic " + base64_of(proxy.user + ":" + proxy.password)});
  return serialize(request);
}

// The head of the answer. The server speaks only when it was asked, so nothing may stand after it.
asio::awaitable<std::expected<ResponseHead, std::string>> read_answer(Stream& stream) {
  const HeadLimits limits;
  HeadScan scan;
  Bytes octets, buffer(4096);
  while (true) {
    const auto count = co_await stream.read_some(buffer);
    if (!count) co_return std::unexpected("it ended the connection without an answer: " + count.error().message());
    append(octets, ByteView(buffer).first(*count));
    const auto end = head_end(octets, limits, scan);
    if (!end) co_return std::unexpected("its answer is not HTTP: " + std::string(rule(end.error()).text));
    if (!*end) continue;
    const auto head = parse_response(ByteView(octets).first(**end), limits);
    if (!head) co_return std::unexpected("its answer is not HTTP: " + std::string(rule(head.error()).text));
    const bool open = head->status >= 200 && head->status < 300;
    if (open && **end != octets.size())
      co_return std::unexpected("it sent more than its answer before anything was asked through it");
    co_return *head;
  }
}

}  // namespace

asio::awaitable<std::expected<void, std::string>> tunnel_http(Stream& stream, Proxy proxy, std::string host,
                                                              std::uint16_t port) {
  // RFC 7617 2: a colon would end the user.
  if (proxy.user.contains(':')) co_return std::unexpected("the user's name has a colon");
  const std::string request = connect_request(proxy, host, port);
  if (const auto error = co_await stream.write(as_octets(request))) co_return std::unexpected(error.message());
  const auto answer = co_await read_answer(stream);
  if (!answer) co_return std::unexpected(answer.error());
  // RFC 9110 9.3.6: any 2xx opens the tunnel.
  if (answer->status >= 200 && answer->status < 300) co_return std::expected<void, std::string>();
  std::string why = "it refused with status " + std::to_string(answer->status) + " " + answer->reason;
  // RFC 9110 15.5.8 is 407; tinyproxy 1.11 says 401 when it misses them.
  if (answer->status == 407 || answer->status == 401)
    why += proxy.user.empty() ? " (it wants user and password)" : " (for this user and password)";
  co_return std::unexpected(why);
}

}  // namespace ws::io
