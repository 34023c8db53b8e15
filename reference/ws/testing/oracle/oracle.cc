#include <ws/testing/oracle/oracle.h>
#include <ws/testing/oracle/transcript_frames.h>
#include <ws/testing/oracle/transcript_opening.h>

#include <algorithm>
#include <utility>

namespace ws::testing {
using Kind = Transcript::Kind;

// Goes through the transcript once; what is sent later cannot explain what came before.
class LiveJudge::Oracle {
 public:
  Oracle(Role endpoint, const std::optional<std::optional<DeflateParams>>& opened, const JudgeOptions& options)
      : endpoint_(endpoint), options_(options), opening_(endpoint_, judgment_.complaints) {
    if (opened) frames_.emplace(endpoint_, *opened, options_, false, judgment_.complaints);
  }
  Oracle(const Oracle&) = delete;  // its parts know where the complaints are
  Oracle& operator=(const Oracle&) = delete;

  // `position`: of the piece in the transcript.
  void take(Kind kind, ByteView octets, std::size_t position) {
    position_ = position;
    take_piece(kind, octets);
  }

  void finish() {
    if (!frames_) return;
    frames_->done();
    judgment_.reaction = frames_->reaction();
  }

  [[nodiscard]] const std::vector<Complaint>& complaints() const noexcept { return judgment_.complaints; }
  Judgment result() { return std::move(judgment_); }

 private:
  void take_piece(Kind kind, ByteView octets) {
    switch (kind) {
      case Kind::sent:
        if (!ended_) sent(octets);
        return;
      case Kind::came:
        return came(octets);
      case Kind::we_ended:
        we_ended_ = true;
        return;
      case Kind::it_ended:
      case Kind::it_reset:
        if (frames_ && !std::exchange(ended_, true)) frames_->ended(we_ended_, kind == Kind::it_reset, position_);
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
  LiveJudge::Oracle oracle(transcript.endpoint, transcript.opened, options);
  std::size_t position = 0;
  for (const Transcript::Piece& piece : transcript.pieces) oracle.take(piece.kind, piece.octets, position++);
  oracle.finish();
  return oracle.result();
}

LiveJudge::LiveJudge(Role endpoint, std::optional<std::optional<DeflateParams>> opened, const JudgeOptions& options)
    : oracle_(std::make_unique<Oracle>(endpoint, opened, options)) {}
LiveJudge::LiveJudge(LiveJudge&&) noexcept = default;
LiveJudge& LiveJudge::operator=(LiveJudge&&) noexcept = default;
LiveJudge::~LiveJudge() = default;

void LiveJudge::take(Transcript::Kind kind, ByteView octets) {
  const bool carries = kind == Kind::sent || kind == Kind::came;
  if (carries && octets.empty()) return;
  if (last_ && !(carries && *last_ == kind)) ++position_;  // as Transcript::add() makes pieces
  last_ = kind;
  oracle_->take(kind, octets, position_);
}

const std::vector<Complaint>& LiveJudge::complaints() const noexcept { return oracle_->complaints(); }
void LiveJudge::finish() { oracle_->finish(); }
Judgment LiveJudge::result() && { return oracle_->result(); }

}  // namespace ws::testing
