// URLs of proxies, right and wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ws/io/net/proxy.h>

namespace ws::io {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ProxyUrl, NamesKindHostPortAndCredentials) {
  const struct {
    const char* url;
    Proxy proxy;
  } rows[] = {
      {"http://proxy.example:3128", {.host = "proxy.example", .port = 3128}},
      {"http://proxy.example/", {.host = "proxy.example", .port = 80}},
      {"http://proxy.example:80", {.host = "proxy.example", .port = 80}},
      {"socks5://127.0.0.1", {.kind = Proxy::Kind::socks5, .host = "127.0.0.1", .port = 1080}},
      {"socks5://[::1]:80", {.kind = Proxy::Kind::socks5, .host = "::1", .port = 80}},
      {"http://me:p%40ss%3a@h:1", {.host = "h", .port = 1, .user = "me", .password = "p@ss:"}},
      {"socks5://me@h", {.kind = Proxy::Kind::socks5, .host = "h", .port = 1080, .user = "me"}},
  };
  for (const auto& row : rows) {
    const auto proxy = parse_proxy(row.url);
    ASSERT_TRUE(proxy) << row.url << ": " << proxy.error();
    EXPECT_EQ(*proxy, row.proxy) << row.url;
    EXPECT_EQ(parse_proxy(proxy_url(row.proxy)), row.proxy) << proxy_url(row.proxy);
  }
}

TEST(ProxyUrl, WhatIsNoneIsToldWithoutThePassword) {
  for (const char* url : {"", "proxy:3128", "https://p", "socks4://p", "http://", "http://p:0", "http://p:x",
                          "http://p/path", "http://:secret@p", "http://me:secret%4@p", "http://me:secret@p:x"}) {
    const auto proxy = parse_proxy(url);
    ASSERT_FALSE(proxy) << url;
    EXPECT_THAT(proxy.error(), Not(HasSubstr("secret"))) << url;
  }
}

}  // namespace
}  // namespace ws::io
