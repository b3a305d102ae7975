#pragma once

#include <string>
#include <unordered_map>

#include "negotiator.h"
#include "stream.h"

namespace media {

// All bundles of the plane, by our address. The end that came first has port, keys and pair for
// all; when it goes, another of its lines goes on with them.
class Bundles {
 public:
  explicit Bundles(Negotiator& negotiator) : negotiator_(negotiator) {}
  Bundles(const Bundles&) = delete;
  Bundles& operator=(const Bundles&) = delete;

  // Who has the port; nullptr where there is no bundle.
  End* at(const Address& local) const;
  // The end is the first line of a bundle on the port that it has.
  void begin(End& end);
  // The end gives up what port it has, and goes by another's.
  void join(End& end, End& carrier, int epoll, Ms now);
  // The end is in no bundle any more; without others it keeps the port.
  void leave(End& end, int epoll);

 private:
  void handOver(End& from, End& to, int epoll);

  Negotiator& negotiator_;
  std::unordered_map<std::string, End*> carriers_;
};

}  // namespace media
