// seeds.h - where seeds are written, and the kinds of them.
#pragma once
#include <ws/core/bytes.h>
#include <ws/core/http/extensions.h>

#include "runner/catalogue/catalogue.h"

#include <filesystem>
#include <set>
#include <string>

namespace fuzz {

class Corpus {
 public:
  explicit Corpus(std::filesystem::path folder) : folder_(std::move(folder)) {}
  // Writes TARGET/seed/NAME, unless the target has these octets already or they are many.
  void add(const std::string& target, std::string name, ws::ByteView octets);
  [[nodiscard]] std::size_t files() const { return seen_.size(); }
  [[nodiscard]] std::size_t octets() const { return octets_; }

 private:
  std::filesystem::path folder_;
  std::set<std::pair<std::string, std::string>> seen_;
  std::size_t octets_ = 0;
};

// What both sides agree on when the case's offer is answered; nothing without permessage-deflate.
[[nodiscard]] std::optional<ws::DeflateParams> deflate_of(const touchstone::Case& c);
// The octet in which the targets' inputs hold the parameters.
[[nodiscard]] std::byte octet_of(const ws::DeflateParams& params);

void seeds_of_connections(Corpus& corpus);  // connection_server, connection_client: the frames of each case
void seeds_of_parts(Corpus& corpus);        // frame, utf8, close, deflate: the parts of those frames
void seeds_of_heads(Corpus& corpus);        // http1, handshake, extensions, url: the offers of the catalogue
void seeds_of_files(Corpus& corpus);        // case_file, journal, spec_file

}  // namespace fuzz
