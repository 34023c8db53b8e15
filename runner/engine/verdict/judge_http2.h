// judge_http2.h - what an endpoint makes of a request, a frame or a setting that only HTTP/2 has (RFC 8441, RFC 9113).
#pragma once
#include "runner/engine/verdict/judge.h"
#include "runner/engine/verdict/scene.h"

namespace touchstone {

// Whether anything of HTTP/2 is other than on an ordinary tunnel.
[[nodiscard]] bool departs(const Http2Script& script);

// The case is over with its frames: the request is refused, or the stream or the connection ends.
[[nodiscard]] bool is_about_frames(const Case& c);

// Of such a case.
//
// RFC 9113 5.4: an endpoint may treat a stream error as one of the connection, and a server may answer what is
// malformed with a status (8.1.1); so each of these refuses (C-38). What may not be: that it goes on.
[[nodiscard]] Verdict judge_http2(const Scene& scene);

// Of a case in which all is legal, and the tunnel did not open.
[[nodiscard]] Verdict judge_http2_opening(const Scene& scene);

// Of the same, when it opened: a fault of what follows is one of the rule that the case is about, where the same steps
// work on an ordinary tunnel. And no frame of it is one that an endpoint may call an error.
void judge_http2_frames(const Scene& scene, Findings& findings);

// A case in which `verdict` holds something against what it does to HTTP/2: the same steps on an ordinary tunnel, which
// say whether that is so (Http2Seen::ordinary). With a Ping before them where another tunnel gets one.
[[nodiscard]] std::optional<Case> ordinary_tunnel(const Case& c, const Verdict& verdict);

// Of every case over HTTP/2: the rules that hold for each frame that comes.
void judge_http2_faults(const Scene& scene, Findings& findings);

}  // namespace touchstone
