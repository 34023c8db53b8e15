// completion.h - an operation of this library for those who are no coroutine of asio::any_io_executor: callbacks,
// asio::use_future, deferred operations, coroutines of another executor, and whatever else is a completion token of
// Asio.
//
// The operations of WebSocket, MessageWriter, accept() and connect() take a token as their last argument; complete()
// does the same for every other coroutine of this library (Service::stop(), Hub::drain(), Listener::accept(), dial()
// ...). What a coroutine gives by co_return becomes Asio's form of it:
//
//   Result                     void(std::error_code)
//   std::expected<T, error>    void(std::error_code, T), with T() beside an error
//   std::expected<T, E>        void(std::expected<T, E>), where E says more than a code: OpenError, DialError
//   anything else              void(T)
//
// The operation runs on the executor that it is given, which for WebSocket's is that of its stream, whatever thread it
// is started from; the handler is called on its own executor. A handler's cancellation slot cancels the operation
// (terminal, partial and total alike: no operation here harms its connection).
#pragma once
#include <ws/io/net/asio_abi.h>

#include <asio/any_io_executor.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_state.hpp>
#include <asio/co_spawn.hpp>
#include <asio/dispatch.hpp>
#include <asio/error.hpp>
#include <asio/post.hpp>
#include <asio/prefer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <chrono>
#include <concepts>
#include <exception>
#include <expected>
#include <new>
#include <optional>
#include <system_error>
#include <utility>

namespace ws::io {

namespace completion {

// What made a coroutine end in another way than by co_return: no memory, or a function of the application's.
[[nodiscard]] inline std::error_code code_of(const std::exception_ptr& thrown) noexcept {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::system_error& e) {
    return e.code();
  } catch (const std::bad_alloc&) {
    return make_error_code(asio::error::no_memory);
  } catch (...) {
    return make_error_code(asio::error::operation_aborted);
  }
}

template <class T>
struct Form {
  using Signature = void(T);
  template <class Handler>
  static void give(Handler&& handler, const std::exception_ptr& thrown, std::optional<T> given) {
    if (thrown) std::rethrow_exception(thrown);
    std::forward<Handler>(handler)(std::move(*given));
  }
};

template <std::derived_from<std::error_code> T>
struct Form<T> {
  using Signature = void(std::error_code);
  template <class Handler>
  static void give(Handler&& handler, const std::exception_ptr& thrown, std::optional<T> given) {
    std::forward<Handler>(handler)(thrown ? code_of(thrown) : std::error_code(*given));
  }
};

template <class T>
struct Form<std::expected<T, std::error_code>> {
  using Signature = void(std::error_code, T);
  template <class Handler>
  static void give(Handler&& handler, const std::exception_ptr& thrown,
                   std::optional<std::expected<T, std::error_code>> given) {
    if (thrown) return std::forward<Handler>(handler)(code_of(thrown), T());
    if (!*given) return std::forward<Handler>(handler)(given->error(), T());
    std::forward<Handler>(handler)(std::error_code(), std::move(**given));
  }
};

template <class T, class E>
struct Form<std::expected<T, E>> {
  using Signature = void(std::expected<T, E>);
  template <class Handler>
  static void give(Handler&& handler, const std::exception_ptr& thrown, std::optional<std::expected<T, E>> given) {
    if (!thrown) return std::forward<Handler>(handler)(std::move(*given));
    E error{};
    error.code = code_of(thrown);
    error.text = error.code.message();
    std::forward<Handler>(handler)(std::expected<T, E>(std::unexpected(std::move(error))));
  }
};

template <class T>
asio::awaitable<std::optional<T>> run(asio::awaitable<T> operation) {
  co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
  // No handler is called before the function that it was given to has returned.
  co_await asio::post(asio::use_awaitable);
  co_return std::optional<T>(co_await std::move(operation));
}

}  // namespace completion

// What is no other argument of an operation.
template <class Token>
concept CompletionToken =
    !std::convertible_to<Token, std::chrono::milliseconds> && !std::is_enum_v<std::remove_cvref_t<Token>> &&
    !std::is_arithmetic_v<std::remove_cvref_t<Token>>;

// Runs a coroutine of this library on the executor as an asynchronous operation of the token's kind.
template <class T, class Token>
auto complete(asio::any_io_executor executor, asio::awaitable<T> operation, Token&& token) {
  using Form = completion::Form<T>;
  return asio::async_initiate<Token, typename Form::Signature>(
      [](auto handler, asio::any_io_executor own, asio::awaitable<T> started) {
        const auto slot = asio::get_associated_cancellation_slot(handler);
        // Keeps the handler's executor at work until the handler was called.
        auto wanted =
            asio::prefer(asio::get_associated_executor(handler, own), asio::execution::outstanding_work.tracked);
        auto done = [wanted, handler = std::move(handler)](const std::exception_ptr& thrown,
                                                           std::optional<T> given) mutable {
          asio::dispatch(wanted, [handler = std::move(handler), thrown, given = std::move(given)]() mutable {
            Form::give(std::move(handler), thrown, std::move(given));
          });
        };
        asio::co_spawn(own, completion::run(std::move(started)), asio::bind_cancellation_slot(slot, std::move(done)));
      },
      token, std::move(executor), std::move(operation));
}

}  // namespace ws::io
