// asio_abi.h - a program that was compiled with another Asio than this library does not link, in place of crashing.
//
// Asio is made of headers: its types have another layout in another version, or with other ASIO_ macros, and the linker
// would take either for the other. So every file that includes these headers refers to a symbol whose name says which
// Asio it saw, and the library has the one that it was built with (asio_abi.cc). Who reads "undefined reference to
// ws::io::BuiltWithAsio<102201, 5u>::here" compiles with the version and the macros that the package's config says.
#pragma once
#include <asio/version.hpp>

#include <asio/detail/config.hpp>

namespace ws::io {

// The macros that change the layout of what stands in these headers, or who frees what.
constexpr unsigned kAsioMacros = 0u
#ifdef ASIO_STANDALONE
                                 | 1u
#endif
#ifdef ASIO_NO_DEPRECATED
                                 | 2u
#endif
#ifdef ASIO_HAS_STD_ALIGNED_ALLOC
                                 | 4u
#endif
#ifdef ASIO_HAS_CO_AWAIT
                                 | 8u
#endif
#ifdef ASIO_HAS_EPOLL
                                 | 16u
#endif
#ifdef ASIO_HAS_IO_URING
                                 | 32u
#endif
#ifdef ASIO_HAS_IO_URING_AS_DEFAULT
                                 | 64u
#endif
#ifdef ASIO_ENABLE_HANDLER_TRACKING
                                 | 128u
#endif
#ifdef ASIO_DISABLE_THREADS
                                 | 256u
#endif
#ifdef ASIO_NO_TYPEID
                                 | 512u
#endif
#ifdef ASIO_USE_TS_EXECUTOR_AS_DEFAULT
                                 | 1024u
#endif
    ;

template <int version, unsigned macros>
struct BuiltWithAsio {
  static const char here;
};

[[gnu::used]] static const char* const kSeenAsio = &BuiltWithAsio<ASIO_VERSION, kAsioMacros>::here;

}  // namespace ws::io
