// JSON in text messages, there and back.
#include <ws/io/json.h>
#include <ws/io/test_sockets.h>

#include <asio/error.hpp>

namespace ws::io {
namespace {

using namespace test;  // NOLINT: the tests' own words
using std::chrono::milliseconds;
using testing::HasSubstr;

const nlohmann::json kValue = {{"name", "z\xc3\xa4h"}, {"numbers", {1, 2.5, -3}}, {"none", nullptr}};

struct Point {
  int x = 0, y = 0;
};
void from_json(const nlohmann::json& json, Point& point) {
  json.at("x").get_to(point.x);
  json.at("y").get_to(point.y);
}
void to_json(nlohmann::json& json, const Point& point) { json = {{"x", point.x}, {"y", point.y}}; }

TEST(Json, ValuesGoAndCome) {
  run([]() -> asio::awaitable<void> {
    Sockets s = co_await opened(false);
    EXPECT_FALSE(co_await write_json(*s.client, kValue));
    const auto value = co_await read_json(*s.server);
    CO_REQUIRE(value);
    EXPECT_EQ(*value, kValue);
    EXPECT_FALSE(co_await s.server->write_text(R"( {"x": 1, "y": 2} )"));
    const auto point = co_await read_json_as<Point>(*s.client);
    CO_REQUIRE(point);
    EXPECT_EQ(point->x, 1);
    EXPECT_EQ(point->y, 2);
    const Point other{3, 4};
    EXPECT_FALSE(co_await write_json(*s.server, other));
    EXPECT_EQ(text_of(co_await s.client->read()), R"({"x":3,"y":4})");
  });
}

TEST(Json, WhatIsNoJsonIsToldOfAndTheConnectionGoesOn) {
  run([]() -> asio::awaitable<void> {
    Sockets s = co_await opened(false);
    EXPECT_FALSE(co_await s.client->write_text("{\"a\": }"));
    EXPECT_THAT((co_await read_json(*s.server)).error().text, HasSubstr("column 7"));
    EXPECT_FALSE(co_await s.client->write_binary(to_bytes("1")));
    EXPECT_EQ((co_await read_json(*s.server)).error().code, make_error_code(UseError::wrong_kind));
    EXPECT_FALSE(co_await s.client->write_text("{\"x\": 1}"));
    EXPECT_THAT((co_await read_json_as<Point>(*s.server)).error().text, HasSubstr("'y' not found"));
    EXPECT_EQ((co_await read_json(*s.server, milliseconds(1))).error().code, asio::error::timed_out);
    EXPECT_FALSE(co_await s.client->write_text("1"));
    EXPECT_EQ((co_await read_json(*s.server)).value(), 1);
    s.client->drop();
    EXPECT_TRUE((co_await read_json_as<Point>(*s.server)).error().ended);
  });
}

TEST(Json, ATextThatIsNotUtf8IsNotSent) {
  run([]() -> asio::awaitable<void> {
    Sockets s = co_await opened(false);
    const nlohmann::json bad = "\xff";
    EXPECT_EQ(co_await write_json(*s.client, bad), make_error_code(Misuse::text_not_utf8));
  });
}

}  // namespace
}  // namespace ws::io
