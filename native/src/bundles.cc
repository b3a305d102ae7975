#include "bundles.h"

#include <sys/epoll.h>

#include <utility>

namespace media {

namespace {

std::string keyOf(const Address& local) {
  std::string key(reinterpret_cast<const char*>(local.bytes()), local.family() == AF_INET ? 4 : 16);
  key.push_back(static_cast<char>(local.port() >> 8));
  key.push_back(static_cast<char>(local.port()));
  return key;
}

}  // namespace

End* Bundles::at(const Address& local) const {
  const auto found = carriers_.find(keyOf(local));
  return found == carriers_.end() ? nullptr : found->second;
}

void Bundles::begin(End& end) {
  end.bundle = std::make_unique<Bundle>();
  end.bundle->join(end);
  carriers_[keyOf(end.rtp.socket.local())] = &end;
}

void Bundles::join(End& end, End& carrier, int epoll, Ms now) {
  leave(end, epoll);
  negotiator_.part(end, now);
  end.ice.reset();
  end.rtp.socket.close();
  end.rtcp.socket.close();
  end.secure.agree(SrtpMaster(), SrtpMaster(), now);
  end.carrier = &carrier;
  carrier.bundle->join(end);
}

void Bundles::leave(End& end, int epoll) {
  End& carrier = *end.carrier;
  if (!carrier.bundle) return;
  Bundle& bundle = *carrier.bundle;
  bundle.leave(end);
  if (&carrier != &end) {
    end.carrier = &end;
    return;
  }
  End* heir = bundle.another(end);
  carriers_.erase(keyOf(end.rtp.socket.local()));
  if (heir) handOver(end, *heir, epoll);
  else end.bundle.reset();
}

void Bundles::handOver(End& from, End& to, int epoll) {
  to.inherit(from);
  to.bundle->carry(to);
  negotiator_.moved(from.rtp, to.rtp);
  carriers_[keyOf(to.rtp.socket.local())] = &to;
  epoll_event interest{};
  interest.events = EPOLLIN;
  interest.data.ptr = &to.rtp;
  epoll_ctl(epoll, EPOLL_CTL_MOD, to.rtp.socket.fd(), &interest);
}

}  // namespace media
