#include "icmp_report.h"

#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <cstring>

namespace sip {

namespace {

// Whether a place can't be reached, as ICMP says (RFC 3261 §18.4); 0: it says something else.
// A datagram too long for a link goes in pieces the next time, and one that ran out of hops is a
// matter of routes.
int unreachable(const sock_extended_err& error) {
  const bool isIcmp = error.ee_origin == SO_EE_ORIGIN_ICMP &&
                      ((error.ee_type == ICMP_DEST_UNREACH && error.ee_code != ICMP_FRAG_NEEDED) ||
                       error.ee_type == ICMP_PARAMETERPROB);
  const bool isIcmp6 = error.ee_origin == SO_EE_ORIGIN_ICMP6 &&
                       (error.ee_type == ICMP6_DST_UNREACH || error.ee_type == ICMP6_PARAM_PROB);
  return isIcmp || isIcmp6 ? static_cast<int>(error.ee_errno) : 0;
}

}  // namespace

int unreachable(msghdr& head) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&head); part != nullptr; part = CMSG_NXTHDR(&head, part)) {
    const bool isError = (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_RECVERR) ||
                         (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_RECVERR);
    sock_extended_err error;
    if (!isError || part->cmsg_len < CMSG_LEN(sizeof error)) continue;
    std::memcpy(&error, CMSG_DATA(part), sizeof error);
    return unreachable(error);
  }
  return 0;
}

}  // namespace sip
