#include <ws/testing/oracle/oracle.h>
#include <ws/testing/oracle/transcript_frames.h>
#include <ws/testing/oracle/transcript_opening.h>

#include <algorithm>
#include <utility>

namespace ws::testing {
namespace {

using Kind = Transcript::Kind;

// Goes through the transcript once; what is sent later cannot explain what came before.
class Oracle {
 public:
  Oracle(const Transcript& transcript, const JudgeOptions& options)
      : endpoint_(transcript.endpoint), options_(options), opening_(endpoint_, judgment_.complaints) {
    if (transcript.opened) frames_.emplace(endpoint_, *transcript.opened, options_, false, judgment_.complaints);
    for (const Transcript::Piece& piece : transcript.pieces) {
      take(piece);
      ++position_;
    }
    if (!frames_) return;
    frames_->done();
    judgment_.reaction = frames_->reaction();
  }

  Judgment result() && { return std::move(judgment_); }

 private:
  void take(const Transcript::Piece& piece) {
    switch (piece.kind) {
      case Kind::sent:
        if (!ended_) sent(piece.octets);
        return;
      case Kind::came:
        return came(piece.octets);
      case Kind::we_ended:
        we_ended_ = true;
        return;
      case Kind::it_ended:
      case Kind::it_reset:
        if (frames_ && !std::exchange(ended_, true)) frames_->ended(we_ended_, piece.kind == Kind::it_reset, position_);
        return;
      case Kind::nothing_came:
        if (ended_) return;
        if (we_ended_) {  // C-40: an endpoint need not answer who is gone
          if (frames_) frames_->left_open_after_us();
          return;
        }
        return frames_ ? frames_->nothing_came(position_) : opening_.nothing_came(position_);
    }
  }

  void sent(ByteView octets) {
    if (frames_) return frames_->sent(octets);
    opening_.sent(octets, position_);
    begin_frames();
  }

  void came(ByteView octets) {
    if (frames_) return frames_->came(octets, position_);
    opening_.came(octets, position_);
    begin_frames();
  }

  void begin_frames() {
    if (!opening_.is_open()) return;
    frames_.emplace(endpoint_, opening_.deflate(), options_, opening_.is_blurred(), judgment_.complaints);
    if (!opening_.sent_rest.empty()) frames_->sent(opening_.sent_rest);
    if (!opening_.came_rest.empty()) frames_->came(opening_.came_rest, position_);
  }

  Role endpoint_;
  JudgeOptions options_;
  Judgment judgment_;
  TranscriptOpening opening_;
  std::optional<TranscriptFrames> frames_;
  std::size_t position_ = 0;
  bool we_ended_ = false, ended_ = false;
};

}  // namespace

bool Judgment::obeys() const noexcept {
  return std::ranges::none_of(complaints, [](const Complaint& c) { return c.weight == Complaint::Weight::must; });
}

std::string_view name(const Complaint& complaint) noexcept {
  return std::visit([](auto kind) { return rules::name(kind); }, complaint.kind);
}

std::string describe(const Complaint& complaint) {
  std::string out = complaint.weight == Complaint::Weight::must ? "MUST " : "SHOULD ";
  out += complaint.requirement;
  if (complaint.rule) out.append(" (").append(rule(*complaint.rule).name).append(")");
  out.append(": expected: ").append(complaint.expected).append("; seen: ").append(complaint.seen);
  return out + " (piece " + std::to_string(complaint.piece) + ")";
}

std::string describe(const Judgment& judgment) {
  std::string out;
  for (const Complaint& complaint : judgment.complaints) out.append(describe(complaint)).append("\n");
  return out;
}

Judgment judge(const Transcript& transcript, const JudgeOptions& options) {
  return Oracle(transcript, options).result();
}

}  // namespace ws::testing
