// layers.h - which parts of a connection a campaign varies.
#pragma once

namespace touchstone::fuzz {

struct Layers {
  bool frames = true;      // order, headers and payloads of frames
  bool deflate = true;     // permessage-deflate: offers, compressed messages, corrupt ones
  bool handshake = false;  // the opening request
  bool http2 = false;      // frames, settings and fields of HTTP/2 around a tunnel (RFC 8441)
  bool client = false;     // the endpoint is a client; its opening request is its own, so `handshake` varies nothing
  bool scenes = false;     // several connections, silences, writes that get stuck (scenes.h)
  bool catalogue = true;   // what the catalogue's cases send; otherwise only what is made up
};

}  // namespace touchstone::fuzz
