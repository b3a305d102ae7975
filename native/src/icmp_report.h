#pragma once

#include <sys/socket.h>

namespace sip {

// The error when a report in the error queue (IP_RECVERR) says that a place can't be reached; 0: it
// says something else.
int unreachable(msghdr& head);

}  // namespace sip
