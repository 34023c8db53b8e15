#include "runner/catalogue/catalogue.h"

#include "reports/support/resources.h"
#include "runner/catalogue/format.h"
#include "runner/catalogue/lint.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <memory>

namespace touchstone {
namespace {

// "7.13.1" as numbers, so that 7.9 comes before 7.13; nothing for another shape.
std::vector<int> numbers(std::string_view alias) {
  std::vector<int> all(1);
  for (const char c : alias) {
    if (c == '.') {
      all.push_back(0);
    } else if (c >= '0' && c <= '9' && all.back() < 100'000) {
      all.back() = all.back() * 10 + (c - '0');
    } else {
      return {};
    }
  }
  return all;
}

// Autobahn's order; a case that Autobahn does not have stays behind the one before it in its file, and a
// file without any stands at the end.
void put_in_order(std::vector<Case>& cases) {
  constexpr int kBehindAutobahn = 1000;
  std::vector<std::pair<std::vector<int>, std::size_t>> order;
  std::string_view suite;
  std::vector<int> last;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const Case& c = cases[i];
    const auto name = std::string_view(c.id).substr(0, c.id.find('/'));
    if (name != suite) last = {kBehindAutobahn};
    suite = name;
    if (!c.aliases.empty()) last = numbers(c.aliases.front());
    order.emplace_back(last, i);
  }
  std::ranges::sort(order);
  std::vector<Case> sorted;
  sorted.reserve(cases.size());
  for (const auto& [key, i] : order) sorted.push_back(std::move(cases[i]));
  cases = std::move(sorted);
}

[[noreturn]] void give_up(const std::vector<CaseFileError>& faults) {
  for (const auto& fault : faults) std::fprintf(stderr, "%s\n", fault.text().c_str());
  std::fprintf(stderr, "touchstone: the catalogue inside this program is broken\n");
  std::abort();
}

// What is loaded goes to `out`, or its faults to `faults`.
template <typename T>
void take(std::expected<T, std::vector<CaseFileError>> loaded, T& out, std::vector<CaseFileError>& faults) {
  if (loaded) {
    out = std::move(*loaded);
  } else {
    std::ranges::move(loaded.error(), std::back_inserter(faults));
  }
}

// `made` has the tables that may be missing among the files.
std::expected<Catalogue, std::vector<CaseFileError>> assemble(std::span<const SourceFile> files, Catalogue made) {
  std::vector<CaseFileError> faults;
  for (const auto& [name, text] : files) {
    const std::string_view base = base_name(name);
    if (base == "requirements.json") take(load_requirements(name, text), made.requirements_, faults);
    if (base == "choices.json") take(load_choices(name, text), made.choices_, faults);
    if (base == "bugs.json") take(load_bugs(name, text), made.bugs_, faults);
    if (!is_suite(name)) continue;
    std::vector<Case> cases;
    take(load_cases(name, text), cases, faults);
    std::ranges::move(cases, std::back_inserter(made.cases_));
  }
  if (!faults.empty()) return std::unexpected(std::move(faults));
  put_in_order(made.cases_);
  made.hash_ = digest(made.cases_);
  return made;
}

template <typename T>
T usable(std::expected<T, std::vector<CaseFileError>> loaded) {
  if (!loaded) give_up(loaded.error());
  return std::move(*loaded);
}

}  // namespace

std::string digest(std::span<const Case> cases) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  std::array<unsigned char, EVP_MAX_MD_SIZE> octets{};
  unsigned int size = 0;
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  for (const Case& c : cases) {
    const auto text = to_document(c).dump();
    EVP_DigestUpdate(context.get(), text.data(), text.size());
  }
  EVP_DigestFinal_ex(context.get(), octets.data(), &size);
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) hex += fmt::format("{:02x}", octets[i]);
  return hex;
}

const Catalogue& Catalogue::built_in() {
  static const Catalogue catalogue = usable(assemble(built_in_files(), {}));
  return catalogue;
}

std::expected<Catalogue, std::vector<CaseFileError>> Catalogue::of(std::span<const SourceFile> files) {
  Catalogue tables = built_in();
  tables.cases_.clear();
  return assemble(files, std::move(tables));
}

const Requirement* Catalogue::requirement(std::string_view id) const noexcept {
  const auto found = std::ranges::find(requirements_, id, &Requirement::id);
  return found == requirements_.end() ? nullptr : &*found;
}

const Choice* Catalogue::choice(std::string_view id) const noexcept {
  const auto found = std::ranges::find(choices_, id, &Choice::id);
  return found == choices_.end() ? nullptr : &*found;
}

std::optional<Catalogue::Ruling> Catalogue::ruling(std::string_view kind, std::string_view requirement) const noexcept {
  for (const Choice& choice : choices_) {
    for (const Decision& decision : choice.decides) {
      if (decision.kind == kind && decision.requirement == requirement) return Ruling{&choice, &decision};
    }
  }
  return std::nullopt;
}

const Bug* Catalogue::bug(std::string_view id) const noexcept {
  const auto found = std::ranges::find(bugs_.bugs, id, &Bug::id);
  return found == bugs_.bugs.end() ? nullptr : &*found;
}

std::vector<std::string> bugs_in_words(const Case& c) {
  const Catalogue& catalogue = Catalogue::built_in();
  std::vector<std::string> lines;
  for (const std::string& id : c.bugs) {
    const Bug* bug = catalogue.bug(id);
    if (bug == nullptr) {
      lines.push_back(id);
      continue;
    }
    const auto kind = std::ranges::find(catalogue.bugs().classes, bug->kind, &BugClass::id);
    lines.push_back(fmt::format("{} ({}): {}; {}", id, bug->project, kind->title, bug->effect));
  }
  return lines;
}

const Case* Catalogue::find(std::string_view id) const noexcept {
  const auto named = [&](const Case& c) { return c.id == id || std::ranges::find(c.aliases, id) != c.aliases.end(); };
  const auto found = std::ranges::find_if(cases_, named);
  return found == cases_.end() ? nullptr : &*found;
}

}  // namespace touchstone
