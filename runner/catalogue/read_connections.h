// read_connections.h - the connections of a case beside its first one, and whether its steps play them in an order that
// can be.
#pragma once
#include "runner/catalogue/case.h"
#include "runner/catalogue/cursor.h"

namespace touchstone {

// Of `group`, whose steps and own expectation are in `result` already.
void read_connections(const Cursor& group, Case& result);

}  // namespace touchstone
