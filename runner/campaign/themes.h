// themes.h - for generator.cc: a conversation about each theme.
#pragma once
#include "runner/campaign/conversation.h"

namespace touchstone::fuzz {

// Each adds what it is about to a conversation that may have begun already.
void talk_history(Conversation& talk, Dice& dice);
void talk_bad_text(Conversation& talk, Dice& dice);
void talk_good_text(Conversation& talk, Dice& dice);
void talk_contents(Conversation& talk, Dice& dice);
void talk_controls(Conversation& talk, Dice& dice);
void talk_closing(Conversation& talk, Dice& dice);
void talk_after_fault(Conversation& talk, Dice& dice);
void talk_sizes(Conversation& talk, Dice& dice);
void talk_blocks(Conversation& talk, Dice& dice);
void talk_window(Conversation& talk, Dice& dice);
void talk_forms(Conversation& talk, Dice& dice);
// Messages that are compressed under whatever was agreed on.
void talk_offers(Conversation& talk, Dice& dice);

// What may follow anything: a message, a Ping, a Close, a continuation of nothing.
void talk_aftermath(Conversation& talk, Dice& dice);

// A small message.
void add_message(Conversation& talk, Dice& dice);

}  // namespace touchstone::fuzz
