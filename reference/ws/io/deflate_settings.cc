// deflate_settings.cc - from the words of an application to offer and preference.
#include <ws/io/deflate_settings.h>

namespace ws::io {

std::expected<void, std::string> apply(const DeflateSettings& settings, Options& options) {
  const int bits = settings.window_bits;
  if (bits < 8 || bits > 15) return std::unexpected("window_bits is " + std::to_string(bits) + ", not 8 to 15");
  if (settings.level < 0 || settings.level > 9)
    return std::unexpected("level is " + std::to_string(settings.level) + ", not 0 to 9");
  options.deflate_level = settings.level;
  options.deflate_threshold = settings.threshold;
  options.deflate_offer.reset();
  options.deflate_preference.reset();
  if (settings.mode == Deflating::off) return {};
  const bool forget = settings.mode == Deflating::no_takeover;
  DeflateOffer& offer = options.deflate_offer.emplace();
  offer.server_no_context_takeover = offer.client_no_context_takeover = forget;
  if (bits < 15) offer.server_max_window_bits = offer.client_max_window_bits_hint = bits;
  DeflateParams& preference = options.deflate_preference.emplace();
  preference.server_no_context_takeover = preference.client_no_context_takeover = forget;
  preference.server_max_window_bits = preference.client_max_window_bits = bits;
  return {};
}

}  // namespace ws::io
