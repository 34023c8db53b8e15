// The protocol without I/O. The key and its answer are the example of RFC 6455 1.3.
#include <ws/core/http/handshake.h>

#include <cstdio>

int main() {
  const bool right = ws::accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
  std::puts(right ? "accepted" : "wrong key");
  return right ? 0 : 1;
}
