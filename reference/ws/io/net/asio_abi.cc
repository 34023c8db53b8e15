// asio_abi.cc - the symbol of the Asio that this library was built with.
#include <ws/io/net/asio_abi.h>

namespace ws::io {

template <int version, unsigned macros>
const char BuiltWithAsio<version, macros>::here = 0;

template struct BuiltWithAsio<ASIO_VERSION, kAsioMacros>;

}  // namespace ws::io
