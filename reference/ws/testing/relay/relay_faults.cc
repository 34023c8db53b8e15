#include <ws/testing/relay/relay_faults.h>

#include <algorithm>
#include <array>

namespace ws::testing {
namespace {

using enum RelayFault;

constexpr std::array kRows = {
    RelayFaultRow{forwards_named_fields, "forwards-named-fields", "rfc9110-7.6.1-3", true,
                  "forwards the fields that Connection names"},
    RelayFaultRow{forwards_fields_named_in_a_second_line, "forwards-fields-named-in-a-second-line", "rfc9110-7.6.1-3",
                  true, "reads the first Connection field only"},
    RelayFaultRow{forwards_fields_named_in_other_letters, "forwards-fields-named-in-other-letters", "rfc9110-7.6.1-3",
                  true, "compares the options of Connection with their letters' case"},
    RelayFaultRow{forwards_upgrade_of_http_1_0, "forwards-upgrade-of-http-1.0", "rfc9110-7.8-7", true,
                  "takes the Upgrade field of an HTTP/1.0 request for one"},
    RelayFaultRow{drops_subprotocol, "drops-subprotocol", "rfc9110-5.1-2", true,
                  "does not forward Sec-WebSocket-Protocol"},
    RelayFaultRow{drops_extensions, "drops-extensions", "rfc9110-5.1-2", true,
                  "does not forward Sec-WebSocket-Extensions"},
    RelayFaultRow{drops_unknown_fields, "drops-unknown-fields", "rfc9110-5.1-2", true,
                  "does not forward fields that it does not know"},
    RelayFaultRow{reverses_fields, "reverses-fields", "rfc9110-5.3-3", true, "forwards field lines in reverse order"},
    RelayFaultRow{makes_get_of_post, "makes-get-of-post", "rfc9110-9.1-1", true,
                  "forwards a POST with Upgrade as a GET"},
    RelayFaultRow{makes_post_of_get, "makes-post-of-get", "rfc9110-9.1-1", true,
                  "forwards a GET with a content as a POST"},
    RelayFaultRow{forwards_length_without_content, "forwards-length-without-content", "rfc9112-6.3-6", true,
                  "forwards Content-Length of an upgrade and not the content"},
    RelayFaultRow{forwards_content_without_length, "forwards-content-without-length", "rfc9112-6.3-6", true,
                  "forwards the content of an upgrade and not its length"},
    RelayFaultRow{cuts_content, "cuts-content", "rfc9112-6.3-6", true, "forwards all octets of a content but the last"},
    RelayFaultRow{keeps_length_beside_chunked, "keeps-length-beside-chunked", "rfc9112-6.3-5", true,
                  "forwards Content-Length beside Transfer-Encoding"},
    RelayFaultRow{forwards_blank_before_colon, "forwards-blank-before-colon", "rfc9112-5.1-1", true,
                  "takes a blank between a field's name and the colon"},
    RelayFaultRow{forwards_request_without_host, "forwards-request-without-host", "rfc9112-3.2-2", true,
                  "takes a request without Host"},
    RelayFaultRow{forwards_two_hosts, "forwards-two-hosts", "rfc9112-3.2-2", true,
                  "takes a request with two Host fields"},
    RelayFaultRow{forwards_bad_length, "forwards-bad-length", "rfc9112-6.3-4", true,
                  "takes a Content-Length that is no number as none, and forwards it"},
    RelayFaultRow{forwards_controls, "forwards-controls", "rfc9110-5.5-1", true,
                  "forwards a CR or NUL within a field's value"},
    RelayFaultRow{cuts_long_fields, "cuts-long-fields", "rfc9110-5.1-2", true,
                  "forwards 2048 octets of a field's value at most"},
    RelayFaultRow{passes_unasked_101, "passes-unasked-101", "rfc9110-7.8-4", true,
                  "passes a 101 on that the client did not ask for"},
    RelayFaultRow{makes_101_of_refusal, "makes-101-of-refusal", "rfc9110-15.2.2-1", true,
                  "answers 101 to an opening handshake before it has the server's answer"},
    RelayFaultRow{tunnels_after_refusal, "tunnels-after-refusal", "rfc9110-15.2.2-1", true,
                  "is a tunnel as soon as it has forwarded an opening handshake, whatever the answer"},
    RelayFaultRow{tunnels_after_426, "tunnels-after-426", "rfc9110-15.2.2-1", true, "is a tunnel after a 426"},
    RelayFaultRow{tunnels_after_200, "tunnels-after-200", "rfc9110-15.2.2-1", true,
                  "is a tunnel after a 200 to an opening handshake"},
    RelayFaultRow{takes_length_of_101, "takes-length-of-101", "rfc9112-6.3-1", true,
                  "takes the Content-Length of a 101 at its word, and passes on nothing beyond it"},
    RelayFaultRow{takes_interim_as_answer, "takes-interim-as-answer", "rfc9110-15.2-1", true,
                  "takes a 103 for the final answer"},
    RelayFaultRow{answers_500_for_refusal, "answers-500-for-refusal", "rfc9110-15-1", false,
                  "answers 500 where the server refuses with another status"},
    RelayFaultRow{forwards_named_fields_of_answer, "forwards-named-fields-of-answer", "rfc9110-7.6.1-3", true,
                  "forwards the fields of an answer that its Connection names"},
    RelayFaultRow{drops_subprotocol_of_answer, "drops-subprotocol-of-answer", "rfc9110-5.1-2", true,
                  "does not forward Sec-WebSocket-Protocol of a 101"},
    RelayFaultRow{drops_extensions_of_answer, "drops-extensions-of-answer", "rfc9110-5.1-2", true,
                  "does not forward Sec-WebSocket-Extensions of a 101"},
    RelayFaultRow{loses_octets_after_101, "loses-octets-after-101", "rfc9112-6.3-1", true,
                  "loses octets that came with the 101"},
    RelayFaultRow{loses_octets_after_request, "loses-octets-after-request", "rfc9110-3.7-1", false,
                  "loses octets that came with the request"},
    RelayFaultRow{changes_an_octet, "changes-an-octet", "rfc9110-3.7-1", true, "makes 7e of the octet 7f"},
    RelayFaultRow{loses_an_octet, "loses-an-octet", "rfc9110-3.7-1", true, "loses the 65536th octet of a direction"},
    RelayFaultRow{repeats_a_piece, "repeats-a-piece", "rfc9110-3.7-1", true, "sends a small second piece twice"},
    RelayFaultRow{drops_zeros, "drops-zeros", "rfc9110-3.7-1", true, "drops the octet 00"},
    RelayFaultRow{ends_lines, "ends-lines", "rfc9110-3.7-1", true, "makes CR LF of LF"},
    RelayFaultRow{drops_pings, "drops-pings", "rfc9110-3.7-1", true, "does not pass Pings on"},
    RelayFaultRow{drops_pongs, "drops-pongs", "rfc9110-3.7-1", true, "does not pass Pongs on"},
    RelayFaultRow{answers_pings, "answers-pings", "rfc9110-3.7-1", true,
                  "answers the client's Pings by itself, and passes them on as well"},
    RelayFaultRow{waits_for_blocks, "waits-for-blocks", "rfc9110-3.7-1", true,
                  "passes octets on in blocks of 4096, or at the end"},
    RelayFaultRow{ends_after_a_mebibyte, "ends-after-a-mebibyte", "rfc9110-3.7-1", true,
                  "ends a tunnel that has carried a mebibyte one way"},
    RelayFaultRow{unmasks, "unmasks", "rfc9110-3.7-1", true, "takes the masking off a client's frames"},
    RelayFaultRow{clears_rsv, "clears-rsv", "rfc9110-3.7-1", true, "clears RSV1"},
    RelayFaultRow{joins_fragments, "joins-fragments", "rfc6455-5.4-24", true,
                  "joins the fragments of a message while an extension is in use"},
    RelayFaultRow{waits_for_the_client, "waits-for-the-client", "rfc9110-3.7-1", true,
                  "carries nothing to the client before the client has said something"},
    RelayFaultRow{loses_last_octets_of_client, "loses-last-octets-of-client", "rfc9110-9.3.6-1", true,
                  "loses what the client sent just before the end of TCP"},
    RelayFaultRow{loses_last_octets_of_server, "loses-last-octets-of-server", "rfc9110-9.3.6-1", true,
                  "loses what the server sent just before the end of TCP"},
    RelayFaultRow{keeps_server_after_client, "keeps-server-after-client", "rfc9110-9.3.6-1", false,
                  "keeps the server's connection when the client has ended its own"},
    RelayFaultRow{keeps_client_after_server, "keeps-client-after-server", "rfc9110-9.3.6-1", false,
                  "keeps the client's connection when the server has ended its own"},
    RelayFaultRow{adds_a_close, "adds-a-close", "rfc9110-3.7-1", true,
                  "sends the server a Close of its own when the client ends TCP"},
};

}  // namespace

std::span<const RelayFaultRow> relay_faults() noexcept { return kRows; }

const RelayFaultRow* find_relay_fault(std::string_view name) noexcept {
  const auto* const found = std::ranges::find(kRows, name, &RelayFaultRow::name);
  return found == kRows.end() ? nullptr : found;
}

}  // namespace ws::testing
