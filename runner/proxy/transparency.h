// transparency.h - what an intermediary changes: each case of the catalogue is played through it and without it, with
// the strict stack as the server both times. A verdict that is worse through it is its own doing.
#pragma once
#include "runner/proxy/nature.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace touchstone::proxy {

// The result as the intermediary has to answer for it. `arrived`: what the server behind it got meanwhile, for people,
// or empty. Who takes part in the connection answers for the clause that the case found broken, a tunnel for being
// none.
[[nodiscard]] Result against_direct(const Case& c, const Result& direct, Result through, const std::string& arrived,
                                    const Nature& nature);

// A worse verdict through the intermediary.
[[nodiscard]] bool is_worse(const Result& through, const Result& direct) noexcept;

// "GET /?x HTTP/1.1, 7 fields; then 18 bytes: 81 8c ...; then the end of TCP", for each connection.
[[nodiscard]] std::string in_words(const std::vector<Arrived>& arrived);

// Plays the cases without the intermediary, then through it. Results go to `observer` as they are known, each as
// against_direct() has it.
[[nodiscard]] RunOutcome run_through(const std::vector<const Case*>& cases, const UnderTest& test,
                                     RunObserver& observer, const std::atomic<bool>& stop);

}  // namespace touchstone::proxy
