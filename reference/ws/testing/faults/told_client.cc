#include <ws/core/connection/connection.h>
#include <ws/core/http/handshake.h>
#include <ws/core/http/url.h>
#include <ws/io/net/random.h>
#include <ws/io/net/stream.h>
#include <ws/io/serve/backoff.h>
#include <ws/testing/faults/told_client.h>

#include <algorithm>
#include <array>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <random>
#include <set>

namespace ws::testing {
namespace {

using enum ToldFault;

// clang-format off
constexpr std::array kToldRows{
    ToldFaultRow{sends_fragment, "sends-fragment", "rfc6455-3-5", true, "sends the fragment of its URL"},
    ToldFaultRow{decodes_target, "decodes-target", "rfc6455-3-4", true, "decodes what its URL has percent-encoded"},
    ToldFaultRow{drops_query, "drops-query", "rfc6455-3-4", true, "leaves the query out"},
    ToldFaultRow{drops_slash, "drops-slash", "rfc6455-3-3", true, "asks without a slash where the URL has no path"},
    ToldFaultRow{doubles_slash, "doubles-slash", "rfc6455-4.1-19", true, "asks for //path"},
    ToldFaultRow{sends_userinfo, "sends-userinfo", "rfc9112-3.2-1", true, "puts name and password into Host"},
    ToldFaultRow{leaves_port_out, "leaves-port-out", "rfc6455-4.1-20", true, "leaves the port out of Host"},
    ToldFaultRow{leaves_brackets_out, "leaves-brackets-out", "rfc6455-4.1-20", true, "leaves the brackets of IPv6 out of Host"},
    ToldFaultRow{sends_text_raw, "sends-text-raw", "rfc6455-11.1-2", true, "sends letters beyond ASCII as they are"},
    ToldFaultRow{sends_blank_raw, "sends-blank-raw", "rfc6455-4.1-19", true, "sends a blank within the request target"},
    ToldFaultRow{writes_lines_of_url, "writes-lines-of-url", "rfc6455-4.1-16", true, "writes the end of a line of its URL into its request"},
    ToldFaultRow{reads_capitals_as_ws, "reads-capitals-as-ws", "rfc6455-3-2", true, "takes WSS for ws"},
    ToldFaultRow{sends_no_server_name, "sends-no-server-name", "rfc6455-4.1-14", true, "does without Server Name Indication"},
    ToldFaultRow{believes_any_name, "believes-any-name", "rfc6455-4.1-12", true, "does not look for whom a certificate is"},
    ToldFaultRow{believes_old_ones, "believes-old-ones", "rfc6455-4.1-12", true, "takes certificates that are no longer valid"},
    ToldFaultRow{believes_early_ones, "believes-early-ones", "rfc6455-4.1-12", true, "takes certificates that are not valid yet"},
    ToldFaultRow{believes_anybody, "believes-anybody", "rfc6455-4.1-12", true, "does not look who signed a certificate"},
    ToldFaultRow{speaks_without_tls, "speaks-without-tls", "rfc6455-4.1-11", true, "speaks HTTP where the URL says wss"},
    ToldFaultRow{passes_proxy_by, "passes-proxy-by", "rfc6455-4.1-7", false, "does not use its proxy"},
    ToldFaultRow{asks_proxy_without_port, "asks-proxy-without-port", "rfc6455-4.1-7", false, "asks its proxy for a host without a port"},
    ToldFaultRow{asks_proxy_without_host, "asks-proxy-without-host", "rfc9112-3.2-1", true, "asks its proxy without a Host field"},
    ToldFaultRow{sends_port_80, "sends-port-80", "rfc6455-4.1-20", true, "has the default port in Host"},
    ToldFaultRow{ignores_refusal, "ignores-refusal", "rfc6455-4.1-10", true, "goes on where its proxy refuses"},
    ToldFaultRow{goes_around_proxy, "goes-around-proxy", "rfc6455-4.1-10", true, "connects without its proxy where that refuses"},
    ToldFaultRow{waits_for_body, "waits-for-body", "rfc6455-4.1-7", false, "waits for a body after the 200 to a CONNECT"},
    ToldFaultRow{wants_200_alone, "wants-200-alone", "rfc6455-4.1-7", false, "takes no other 2xx from its proxy than 200"},
    ToldFaultRow{wants_http_1_1, "wants-http-1-1", "rfc6455-4.1-7", false, "takes only HTTP/1.1 from its proxy"},
    ToldFaultRow{wants_head_at_once, "wants-head-at-once", "rfc6455-4.1-7", false, "wants its proxy's answer in one read"},
    ToldFaultRow{asks_on_all_at_once, "asks-on-all-at-once", "rfc6455-4.1-4", false, "connects twice at once"},
    ToldFaultRow{keeps_its_key, "keeps-its-key", "rfc6455-4.1-25", true, "has one key for all its connections"},
    ToldFaultRow{reverses_subprotocols, "reverses-subprotocols", "rfc6455-4.1-31", true, "offers its subprotocols the other way round"},
    ToldFaultRow{follows_to_root, "follows-to-root", "rfc6455-4.1-19", true, "forgets the path of a redirection"},
    ToldFaultRow{keeps_tcp, "keeps-tcp", "rfc6455-7.1.7-1", false, "keeps TCP when it gives up its opening"},
    ToldFaultRow{comes_back_at_once, "comes-back-at-once", "rfc6455-7.2.3-2", false, "connects again without a pause"},
    ToldFaultRow{comes_back_steadily, "comes-back-steadily", "rfc6455-7.2.3-4", false, "connects again after equal pauses"},
    ToldFaultRow{comes_back_in_step, "comes-back-in-step", "rfc6455-7.2.3-2", false, "connects again after pauses without chance"},
};
// clang-format on
static_assert(kToldRows.size() == static_cast<std::size_t>(comes_back_in_step), "a fault has no row");
static_assert(std::ranges::is_sorted(kToldRows, {}, &ToldFaultRow::fault), "a row stands at the wrong place");

constexpr int kMostRedirects = 5, kMostComingBack = 20;
constexpr std::chrono::milliseconds kLimit{10'000}, kFirstPause{500}, kSteady{60};

// A URL as this client reads it.
struct Way {
  bool secure = false;
  std::string host;  // without brackets
  std::uint16_t port = 0;
  std::string target, host_field;
};

void replace_each(std::string& text, auto is_odd) { std::ranges::replace_if(text, is_odd, 'x'); }

bool beyond_ascii(char c) { return static_cast<unsigned char>(c) >= 0x80; }

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// What stands after host and port in the URL, whatever it is.
std::string rest_of(const std::string& url) {
  const auto host = url.find("://") + 3;
  const auto end = url.find_first_of("/?#", host);
  return end == std::string::npos ? std::string() : url.substr(end);
}

// A strict reader refuses odd URLs; each fault makes one of them look like an ordinary one first.
std::optional<Way> way_of(const std::string& told, ToldFault fault) {
  std::string text = told, userinfo;
  if (fault == sends_fragment) text = text.substr(0, text.find('#'));
  if (fault == sends_text_raw) replace_each(text, beyond_ascii);
  if (fault == sends_blank_raw) replace_each(text, [](char c) { return c == ' '; });
  if (fault == writes_lines_of_url) replace_each(text, [](char c) { return c == ' ' || c == '\r' || c == '\n'; });
  if (fault == reads_capitals_as_ws && text.starts_with("WSS")) text.replace(0, 3, "ws");
  const auto at = text.find('@');
  if (fault == sends_userinfo && at != std::string::npos) {
    const auto host = text.find("://") + 3;
    userinfo = text.substr(host, at + 1 - host);
    text.erase(host, userinfo.size());
  }
  const auto url = parse_url(text);
  if (!url) return std::nullopt;
  Way way{url->secure, url->host, url->port, url->target, host_field(*url)};
  const std::string rest = rest_of(told);
  const bool raw =
      fault == sends_fragment || fault == sends_text_raw || fault == sends_blank_raw || fault == writes_lines_of_url;
  if (raw && rest.starts_with('/')) way.target = rest;
  if (fault == decodes_target) way.target = decoded(way.target);
  if (fault == drops_query) way.target = way.target.substr(0, way.target.find('?'));
  if (fault == drops_slash && rest.starts_with('?')) way.target = rest;
  if (fault == doubles_slash) way.target = "/" + way.target;
  if (fault == leaves_port_out) way.host_field = way.host_field.substr(0, way.host_field.rfind(':'));
  if (fault == sends_port_80 && !way.secure && way.port == 80) way.host_field += ":80";
  if (fault == leaves_brackets_out) std::erase_if(way.host_field, [](char c) { return c == '[' || c == ']'; });
  if (fault == speaks_without_tls) way.secure = false;
  way.host_field = userinfo + way.host_field;
  return way;
}

// What a strict client says of such a certificate (OpenSSL's words).
bool is_believed(ToldFault fault, const std::string& why) {
  const auto says = [&](std::string_view words) { return why.find(words) != std::string::npos; };
  if (fault == believes_any_name) return says("mismatch");
  if (fault == believes_old_ones) return says("expired");
  if (fault == believes_early_ones) return says("not yet valid");
  return fault == believes_anybody && (says("issuer") || says("self-signed") || says("self signed"));
}

using Dialled = std::expected<std::unique_ptr<io::Stream>, io::DialError>;

// One head; nothing: it does not come. What comes after it is `rest`.
struct Reader {
  Bytes octets;
  std::size_t reads = 0;

  asio::awaitable<std::optional<ResponseHead>> head(io::Stream& stream) {
    Bytes buffer(4096);
    while (true) {
      const auto end = head_end(octets, {});
      if (!end) co_return std::nullopt;
      if (*end) {
        auto parsed = parse_response(ByteView(octets).first(**end), {});
        octets.erase(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(**end));
        if (!parsed) co_return std::nullopt;
        co_return std::move(*parsed);
      }
      const auto n = co_await stream.read_some(buffer);
      if (!n) co_return std::nullopt;
      ++reads;
      append(octets, std::span(buffer).first(*n));
    }
  }
};

}  // namespace

std::span<const ToldFaultRow> told_faults() noexcept { return kToldRows; }

const ToldFaultRow* find_told_fault(std::string_view name) noexcept {
  const auto found = std::ranges::find(kToldRows, name, &ToldFaultRow::name);
  return found == kToldRows.end() ? nullptr : &*found;
}

struct ToldClient::Impl {
  explicit Impl(ToldFault of) : fault(of), key(io::random_nonce()) {}

  [[nodiscard]] bool is(ToldFault which) const { return fault == which; }

  asio::awaitable<void> take_turn(std::string address) {
    while (!is(asks_on_all_at_once) && connecting.contains(address)) (void)co_await changed.wait();
    connecting.insert(std::move(address));
  }
  void end_turn(const std::string& address) {
    connecting.erase(address);
    changed.notify_all();
  }

  // How one attempt ended.
  enum class End : std::uint8_t { not_open, in_order, broken };
  asio::awaitable<End> attempt(ToldConnection told);
  asio::awaitable<Dialled> dial(const ToldConnection& told, const Way& way);
  asio::awaitable<Dialled> dial_by_hand(const io::DialOptions& options, const Way& way);
  std::string request(const ToldConnection& told, const Way& way, const std::string& with_key) const;
  asio::awaitable<End> stay(io::Stream& stream, Bytes early);
  asio::awaitable<void> come_back(ToldConnection told);

  ToldFault fault;
  std::string key;  // of all connections, with keeps_its_key
  std::set<std::string> connecting;
  io::Signal changed;
  std::vector<std::unique_ptr<io::Stream>> kept;  // with keeps_tcp
};

asio::awaitable<Dialled> ToldClient::Impl::dial(const ToldConnection& told, const Way& way) {
  io::DialOptions options;
  options.host = way.host;
  options.port = way.port;
  options.deadline = told.cancel_ms > 0 ? std::chrono::milliseconds(told.cancel_ms) : kLimit;
  if (way.secure) {
    io::TlsOptions& tls = options.tls.emplace();
    tls.ca_file = told.ca;
    if (is(sends_no_server_name)) tls.server_name = "127.0.0.1";
  }
  if (!told.proxy.empty() && !is(passes_proxy_by)) {
    const auto proxy = io::parse_proxy(told.proxy);
    if (proxy) options.proxy = *proxy;
  }
  const bool by_hand = fault >= asks_proxy_without_port && fault <= wants_head_at_once && fault != goes_around_proxy &&
                       fault != sends_port_80;
  if (options.proxy && by_hand && !way.secure) co_return co_await dial_by_hand(options, way);
  Dialled stream = co_await io::dial(options);
  if (!stream && stream.error().stage == io::DialStage::tls && is_believed(fault, stream.error().text)) {
    options.tls->insecure = true;
    co_return co_await io::dial(options);
  }
  if (!stream && stream.error().stage == io::DialStage::proxy && is(goes_around_proxy)) {
    options.proxy.reset();
    co_return co_await io::dial(options);
  }
  co_return stream;
}

asio::awaitable<Dialled> ToldClient::Impl::dial_by_hand(const io::DialOptions& options, const Way& way) {
  io::DialOptions to_proxy;
  to_proxy.host = options.proxy->host;
  to_proxy.port = options.proxy->port;
  Dialled stream = co_await io::dial(to_proxy);
  if (!stream) co_return stream;
  const std::string host = way.host.find(':') == std::string::npos ? way.host : "[" + way.host + "]";
  const std::string authority = host + ":" + std::to_string(way.port);
  std::string connect = "CONNECT " + (is(asks_proxy_without_port) ? host : authority) + " HTTP/1.1\r\n";
  if (!is(asks_proxy_without_host)) connect += "Host: " + authority + "\r\n";
  connect += "\r\n";
  (void)co_await (*stream)->write(as_octets(connect));
  Reader reader;
  const auto answer = co_await reader.head(**stream);
  const io::DialError failed{io::DialStage::proxy, {}, "the proxy refuses"};
  if (!answer) co_return std::unexpected(failed);
  const bool takes = (answer->status >= 200 && answer->status < 300) || is(ignores_refusal);
  const bool refuses = (is(wants_200_alone) && answer->status != 200) ||
                       (is(wants_http_1_1) && answer->version_minor < 1) ||
                       (is(wants_head_at_once) && reader.reads > 1);
  if (!takes || refuses) co_return std::unexpected(failed);
  const Field* const length = find_field(answer->fields, "Content-Length");
  if (is(waits_for_body) && length != nullptr) {
    Bytes body(std::stoul(length->value));
    for (std::size_t left = body.size(); left > 0;) {
      const auto n = co_await (*stream)->read_some(body);
      if (!n) co_return std::unexpected(failed);
      left -= std::min(left, *n);
    }
  }
  co_return stream;
}

std::string ToldClient::Impl::request(const ToldConnection& told, const Way& way, const std::string& with_key) const {
  std::string text = "GET " + way.target + " HTTP/1.1\r\nHost: " + way.host_field +
                     "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " + with_key +
                     "\r\nSec-WebSocket-Version: 13\r\n";
  std::vector<std::string> offered = told.subprotocols;
  if (is(reverses_subprotocols)) std::ranges::reverse(offered);
  std::string list;
  for (const std::string& each : offered) list += (list.empty() ? "" : ", ") + each;
  if (!list.empty()) text += "Sec-WebSocket-Protocol: " + list + "\r\n";
  for (const auto& [name, value] : told.headers) text += name + ": " + value + "\r\n";
  return text + "\r\n";
}

asio::awaitable<ToldClient::Impl::End> ToldClient::Impl::stay(io::Stream& stream, Bytes early) {
  Options options;
  options.role = Role::client;
  options.mask_key = io::random_mask_key;
  options.nonce = io::random_nonce;
  Connection connection = Connection::opened(std::move(options), std::nullopt);
  connection.receive(early);
  Bytes buffer(4096);
  End end = End::broken;
  while (true) {
    bool over = false;
    while (const auto event = connection.next_event()) {
      const auto* closed = std::get_if<event::Closed>(&*event);
      if (closed == nullptr) continue;
      over = true;
      if (closed->clean) end = End::in_order;
    }
    if (!connection.output().empty()) {
      const std::size_t size = connection.output().size();
      if (co_await stream.write(connection.output())) break;
      connection.wrote(size);
    }
    if (over) break;
    const auto n = co_await stream.read_some(buffer);
    if (n) {
      connection.receive(std::span(buffer).first(*n));
    } else {
      connection.receive_eof();
    }
  }
  stream.close();
  co_return end;
}

asio::awaitable<ToldClient::Impl::End> ToldClient::Impl::attempt(ToldConnection told) {
  for (int hops = 0; hops <= kMostRedirects; ++hops) {
    const auto way = way_of(told.url, fault);
    if (!way) co_return End::not_open;
    co_await take_turn(way->host_field);
    Dialled stream = co_await dial(told, *way);
    if (!stream) {
      end_turn(way->host_field);
      co_return End::not_open;
    }
    RequestPromise promise;
    promise.key = is(keeps_its_key) ? key : io::random_nonce();
    promise.subprotocols = told.subprotocols;
    const std::string asked = request(told, *way, promise.key);
    (void)co_await (*stream)->write(as_octets(asked));
    Reader reader;
    std::optional<io::Watchdog> watchdog;
    io::Stream* const raw = stream->get();
    bool gave_up = false;
    if (told.cancel_ms > 0 && !is(keeps_tcp)) {
      watchdog.emplace((*stream)->executor(), io::deadline_after(std::chrono::milliseconds(told.cancel_ms)), [&, raw] {
        gave_up = true;
        raw->close();
      });
    }
    if (told.cancel_ms > 0 && is(keeps_tcp)) {
      kept.push_back(std::move(*stream));
      end_turn(way->host_field);
      co_return End::not_open;
    }
    const auto answer = co_await reader.head(**stream);
    end_turn(way->host_field);
    if (!answer) co_return End::not_open;
    const Field* const location = find_field(answer->fields, "Location");
    if (answer->status >= 300 && answer->status < 400 && location != nullptr) {
      told.url = location->value;
      if (is(follows_to_root)) told.url = told.url.substr(0, told.url.find('/', told.url.find("://") + 3)) + "/";
      (*stream)->close();
      continue;
    }
    if (answer->status != 101 || !check_response(*answer, promise)) co_return End::not_open;
    co_return co_await stay(**stream, std::move(reader.octets));
  }
  co_return End::not_open;
}

asio::awaitable<void> ToldClient::Impl::come_back(ToldConnection told) {
  std::mt19937_64 random(std::random_device{}());
  io::BackoffOptions options;
  options.first = kFirstPause;
  options.longest = 2 * kFirstPause;
  options.jitter = is(comes_back_in_step) ? 0 : 0.5;
  io::Backoff backoff(options, [&] { return std::uniform_real_distribution<>(0, 1)(random); });
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (int i = 0; i < kMostComingBack; ++i) {
    const End end = co_await attempt(told);
    if (end == End::in_order || end == End::not_open) co_return;
    std::chrono::milliseconds pause = backoff.next();
    if (is(comes_back_at_once)) pause = std::chrono::milliseconds(0);
    if (is(comes_back_steadily)) pause = kSteady;
    timer.expires_after(pause);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

ToldClient::ToldClient(ToldFault fault) : impl_(std::make_shared<Impl>(fault)) {}
ToldClient::~ToldClient() = default;

asio::awaitable<void> ToldClient::connect(ToldConnection told) {
  const auto impl = impl_;
  if (told.reconnect) co_return co_await impl->come_back(std::move(told));
  (void)co_await impl->attempt(std::move(told));
}

}  // namespace ws::testing
