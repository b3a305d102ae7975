#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>

namespace sip {

// The address with its zone ("fe80::1%2") where it has one; 0 for what is no address.
socklen_t parse(const char* text, uint16_t port, sockaddr_storage& out);

std::string hostOf(const sockaddr_storage& address);

bool isSameHost(const sockaddr_storage& one, const sockaddr_storage& other);

uint16_t portOf(const sockaddr_storage& address);

}  // namespace sip
