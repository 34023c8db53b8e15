#include "fuzz/differential/campaign.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <set>

namespace differential {
namespace {

using fuzz::WireFrames;

struct Input {
  ws::Bytes frames;
  bool deflate = false;
};

// What fuzz/support/conversation.h says of these inputs: octet 0 has bit 0 for an open connection, bit 4 for deflate.
std::vector<Input> read_corpora(const std::vector<std::filesystem::path>& folders) {
  std::vector<std::filesystem::path> files;
  for (const auto& folder : folders)
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
      if (entry.is_regular_file()) files.push_back(entry.path());
  std::ranges::sort(files);
  std::vector<Input> inputs;
  for (const auto& file : files) {
    std::ifstream stream(file, std::ios::binary);
    const std::string octets((std::istreambuf_iterator<char>(stream)), {});
    constexpr std::size_t kChoices = 4;
    if (octets.size() <= kChoices || (octets[0] & 1) == 0) continue;
    inputs.push_back({ws::to_bytes(std::string_view(octets).substr(kChoices)), (octets[0] & 16) != 0});
  }
  return inputs;
}

// A library that crashes ends the campaign: its input is shown.
const Input* running = nullptr;
void show_input(int signal) {
  std::fprintf(stderr, "signal %d; %s, the frames: ", signal, running->deflate ? "permessage-deflate" : "no extension");
  for (const std::byte octet : running->frames) std::fprintf(stderr, "%02x", std::to_integer<unsigned>(octet));
  std::fprintf(stderr, "\n");
  std::_Exit(1);
}

void change_octets(fuzz::Random& random, ws::Bytes& octets, std::size_t most) {
  const std::size_t at = octets.empty() ? 0 : fuzz::below(random, octets.size());
  const auto octet = static_cast<std::byte>(random() & 0xFF);
  const auto place = octets.begin() + static_cast<std::ptrdiff_t>(at);
  switch (fuzz::below(random, 3)) {
    case 0:
      if (octets.size() < most) octets.insert(place, octet);
      return;
    case 1:
      if (!octets.empty()) octets.erase(place);
      return;
    default:
      if (!octets.empty()) *place = octet;
  }
}

class Hunt {
 public:
  Hunt(const std::vector<Library>& libraries, const Plan& plan)
      : libraries_(libraries), random_(plan.seed), pool_(read_corpora(plan.corpora)) {}

  Campaign run(const Plan& plan) {
    for (std::size_t i = 0, n = pool_.size(); i < n; ++i) try_one(Input(pool_[i]));
    const auto end = std::chrono::steady_clock::now() + plan.time;
    while (plan.inputs != 0 ? campaign_.inputs < plan.inputs : std::chrono::steady_clock::now() < end)
      try_one(mutant());
    return std::move(campaign_);
  }

 private:
  Input mutant() {
    Input input = pool_.empty() ? Input{} : pool_[fuzz::below(random_, pool_.size())];
    WireFrames frames = fuzz::read_frames(input.frames);
    if (frames.frames.size() < 8 && fuzz::below(random_, 4) == 0 && !pool_.empty()) {  // one conversation after another
      const WireFrames more = fuzz::read_frames(pool_[fuzz::below(random_, pool_.size())].frames);
      frames.frames.insert(frames.frames.end(), more.frames.begin(), more.frames.end());
    }
    fuzz::mutate_frames(frames, true, random_,
                        [this](ws::Bytes& octets, std::size_t most) { change_octets(random_, octets, most); });
    input.frames = fuzz::write_frames(frames);
    constexpr std::size_t kMost = 2048;
    input.frames.resize(std::min(input.frames.size(), kMost));
    if (fuzz::below(random_, 16) == 0) input.deflate = !input.deflate;
    return input;
  }

  // Kept when the differences of all libraries together are ones that no input showed before.
  void try_one(Input input) {
    ++campaign_.inputs;
    running = &input;
    std::vector<Difference> all;
    for (const Library& library : libraries_) {
      if (input.deflate && !library.deflate) continue;
      for (Difference& difference : differences(library, input.frames, input.deflate)) {
        Finding& finding = campaign_.findings[difference];
        ++finding.times;
        if (finding.times == 1 || input.frames.size() < finding.frames.size())
          finding.frames = input.frames, finding.deflate = input.deflate;
        all.push_back(std::move(difference));
      }
    }
    if (!all.empty() && seen_.insert(std::move(all)).second) pool_.push_back(input);
  }

  const std::vector<Library>& libraries_;
  fuzz::Random random_;
  std::vector<Input> pool_;
  std::set<std::vector<Difference>> seen_;
  Campaign campaign_;
};

// One step towards something smaller: frame `at` in the way that `change` says. False when it changes nothing.
using Change = bool (*)(WireFrames&, std::size_t at);

bool leave_out(WireFrames& all, std::size_t at) {
  all.frames.erase(all.frames.begin() + static_cast<std::ptrdiff_t>(at));
  return true;
}

bool halve(WireFrames& all, std::size_t at) {
  auto& frame = all.frames[at];
  if (frame.payload.empty() || frame.header.length != frame.payload.size()) return false;
  frame.payload.resize(frame.payload.size() / 2);
  frame.header.length = frame.payload.size();
  return true;
}

bool shorten(WireFrames& all, std::size_t at) {
  auto& frame = all.frames[at];
  if (frame.payload.empty() || frame.header.length != frame.payload.size()) return false;
  frame.payload.pop_back();
  --frame.header.length;
  return true;
}

bool behead(WireFrames& all, std::size_t at) {
  auto& frame = all.frames[at];
  if (frame.payload.empty() || frame.header.length != frame.payload.size()) return false;
  frame.payload.erase(frame.payload.begin());
  --frame.header.length;
  return true;
}

bool cut_off(WireFrames& all, std::size_t at) {
  auto& frame = all.frames[at];
  if (frame.payload.empty()) return false;
  frame.payload.pop_back();
  return true;
}

bool zero_key(WireFrames& all, std::size_t at) {
  auto& mask = all.frames[at].header.mask;
  return mask && std::exchange(mask, ws::MaskKey{}) != ws::MaskKey{};
}

bool plain_payload(WireFrames& all, std::size_t at) {
  const ws::Bytes before = all.frames[at].payload;
  std::ranges::fill(all.frames[at].payload, std::byte{'a'});
  return all.frames[at].payload != before;
}

bool drop_rest(WireFrames& all, std::size_t) { return !std::exchange(all.rest, {}).empty(); }

constexpr Change kChanges[] = {leave_out, drop_rest, halve, shorten, behead, cut_off, zero_key, plain_payload};

}  // namespace

Campaign run(const std::vector<Library>& libraries, const Plan& plan) {
  for (const int signal : {SIGSEGV, SIGABRT, SIGFPE}) std::signal(signal, show_input);
  Campaign campaign = Hunt(libraries, plan).run(plan);
  for (auto& [difference, finding] : campaign.findings) {
    const auto library = std::ranges::find(libraries, difference.library, [](const Library& l) { return l.name; });
    finding.frames = minimised(*library, difference, std::move(finding.frames), finding.deflate);
  }
  return campaign;
}

ws::Bytes minimised(const Library& library, const Difference& difference, ws::Bytes frames, bool deflate) {
  const auto shows = [&](const ws::Bytes& octets) {
    const auto found = differences(library, octets, deflate);
    return std::ranges::find(found, difference) != found.end();
  };
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (const Change change : kChanges) {
      // From behind, so that leaving one out does not move those that are still to come.
      for (std::size_t at = fuzz::read_frames(frames).frames.size(); at-- > 0;) {
        for (;;) {
          WireFrames candidate = fuzz::read_frames(frames);
          if (at >= candidate.frames.size() || !change(candidate, at)) break;
          ws::Bytes octets = fuzz::write_frames(candidate);
          if (octets == frames || octets.size() > frames.size() || !shows(octets)) break;
          frames = std::move(octets);
          smaller = true;
        }
      }
    }
  }
  return frames;
}

}  // namespace differential
