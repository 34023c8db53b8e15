#include "runner/proxy/lanes.h"

#include "runner/proxy/back.h"
#include "runner/proxy/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace touchstone::proxy {
namespace {

constexpr std::size_t kHeads = 1000;  // more than a lane has

bool client_ended(const Lane& lane) { return lane.client->eof() || lane.client->reset(); }

std::size_t answers_at_client(const Lane& lane) {
  const auto& heads = lane.client->heads();
  return static_cast<std::size_t>(
      std::ranges::count_if(heads, [](const HeadSeen& head) { return head.content_whole; }));
}

}  // namespace

Lane& Lanes::named(const std::string& name) {
  const auto found = std::ranges::find(lanes_, name, &Lane::name);
  if (found != lanes_.end()) return *found;
  Lane lane;
  lane.name = name;
  lane.index = lanes_.size();
  lane.seen = name.empty() ? static_cast<Exchange*>(&seen_) : &seen_.others[name];
  return lanes_.emplace_back(std::move(lane));
}

std::string Lanes::token(const Lane& lane, std::size_t number) const {
  return fmt::format("{}.{}.", token_, lane.index * kHeads + number);
}

std::size_t Lanes::tag_of(const HeadSeen& head) const {
  std::string_view text = head.target;
  if (const auto* field = ws::find_field(head.fields, kTokenField)) text = field->value;
  const auto at = text.find(token_ + ".");
  if (at == std::string_view::npos) return 0;
  return std::strtoul(std::string(text.substr(at + token_.size() + 1)).c_str(), nullptr, 10);
}

std::size_t Lanes::number_in(const HeadSeen& head) const { return tag_of(head) % kHeads; }

bool Lanes::belongs(const PipeEnd& end, const Lane& lane) const {
  return end.heads().empty() ? lane.index == 0 : tag_of(end.heads().back()) / kHeads == lane.index;
}

const Lane& Lanes::lane_of(const PipeEnd& server) const {
  const auto found = std::ranges::find_if(lanes_, [&](const Lane& lane) { return belongs(server, lane); });
  return found == lanes_.end() ? lanes_.front() : *found;
}

std::shared_ptr<PipeEnd> Lanes::asking_server(const Lane& lane) const {
  for (const auto& end : servers_) {
    if (end->answered < end->heads().size() && tag_of(end->heads()[end->answered]) / kHeads == lane.index) return end;
  }
  return nullptr;
}

bool Lanes::switched(const Lane& lane) const {
  const bool got = lane.client && !lane.client->heads().empty() && lane.client->heads().back().status == 101;
  return got && !lane.seen->by_server.heads.empty() && lane.seen->by_server.heads.back().status == 101;
}

std::size_t Lanes::octets_at_server(const Lane& lane) const {
  std::size_t sum = 0;
  for (const auto& end : servers_)
    if (belongs(*end, lane)) sum += end->all_octets();
  return sum;
}

// Who takes part in the connection says it in octets of its own, more or fewer.
bool Lanes::say_the_same(const Lane& lane, Side spoke) const {
  const Exchange& seen = *lane.seen;
  ws::Bytes got;
  if (spoke == Side::client) {
    for (const auto& end : servers_)
      if (belongs(*end, lane)) ws::append(got, end->octets());
  } else {
    got = lane.client->octets();
  }
  return says_the_same(got, spoke == Side::client ? seen.by_client.octets : seen.by_server.octets,
                       agreed_extension(seen.by_server.heads), true);
}

std::size_t Lanes::requests_at_server(const Lane& lane) const {
  std::size_t sum = 0;
  for (const auto& end : servers_)
    sum += static_cast<std::size_t>(std::ranges::count_if(
        end->heads(), [&](const HeadSeen& head) { return head.content_whole && tag_of(head) / kHeads == lane.index; }));
  return sum;
}

bool Lanes::server_ended() const {
  return !servers_.empty() && std::ranges::all_of(servers_, [](const auto& end) { return end->eof() || end->reset(); });
}

bool Lanes::server_ended(const Lane& lane) const {
  bool any = false, all = true;
  for (const auto& end : servers_) {
    if (!belongs(*end, lane)) continue;
    any = true;
    all = all && (end->eof() || end->reset());
  }
  return any && all;
}

bool Lanes::client_is_heard(const Lane& lane) const {
  const Exchange& seen = *lane.seen;
  // The end of a half says that the other side ended its own, and not that nothing is carried any more.
  const bool half = seen.by_client.ended || seen.by_server.ended;
  if (client_ended(lane) && !half) return true;
  if (server_ended(lane)) return true;
  const std::size_t asked = seen.by_client.heads.size();
  if (requests_at_server(lane) < asked && answers_at_client(lane) < asked) return false;
  if (seen.by_client.ended) return false;
  // Before the 101 they may wait at the intermediary.
  const bool awaits_octets = !seen.by_server.heads.empty();
  if (!awaits_octets || answers_at_client(lane) > asked) return true;
  if (nature_.takes_part && switched(lane)) return say_the_same(lane, Side::client);
  return octets_at_server(lane) >= seen.by_client.octets.size();
}

bool Lanes::server_is_heard(const Lane& lane) const {
  const Exchange& seen = *lane.seen;
  // That the intermediary has ended the server's connection does not say that what it took there is lost.
  if (client_ended(lane)) return true;
  if (answers_at_client(lane) < seen.by_server.heads.size()) return false;
  if (seen.by_server.ended) return answers_at_client(lane) > seen.by_server.heads.size();
  if (nature_.takes_part && switched(lane)) return say_the_same(lane, Side::server);
  return lane.client->all_octets() >= seen.by_server.octets.size();
}

bool Lanes::is_heard(const Lane& lane, Side spoke) const {
  return spoke == Side::client ? client_is_heard(lane) : server_is_heard(lane);
}

bool Lanes::is_awaited(const Lane& lane) const {
  const Exchange& seen = *lane.seen;
  if (seen.by_client.ended || seen.by_server.ended) return false;
  return switched(lane) || seen.by_server.heads.size() < seen.by_client.heads.size() ||
         answers_at_client(lane) < seen.by_server.heads.size();
}

void Lanes::look() {
  for (const auto& end : servers_) end->give_up_heads();
  for (Lane& lane : lanes_)
    if (lane.client) look_at(lane);
}

void Lanes::look_at(Lane& lane) {
  Arrival& client = lane.seen->at_client;
  lane.client->give_up_heads();
  client.heads = lane.client->heads();
  for (std::size_t i = 0; i < client.heads.size(); ++i) client.heads[i].number = i + 1;
  client.interim = lane.client->interim();
  client.octets = lane.client->octets();
  client.eof = lane.client->eof();
  client.reset = lane.client->reset();
  Arrival& server = lane.seen->at_server;
  bool eof = false;
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    const PipeEnd& end = *servers_[i];
    for (HeadSeen head : end.heads()) {
      const std::size_t tag = tag_of(head);
      if (tag / kHeads != lane.index) continue;
      head.number = tag % kHeads;
      head.connection = i;
      server.heads.push_back(std::move(head));
    }
    if (!belongs(end, lane)) continue;
    ws::append(server.octets, end.octets());
    eof = eof || end.eof();
  }
  server.eof = server_ended(lane) && eof;
  server.reset = server_ended(lane) && !server.eof;
  lane.seen->switched = switched(lane);
}

}  // namespace touchstone::proxy
