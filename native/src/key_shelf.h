#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

#include "srtp_keys.h"

namespace media {

// Senders or receivers whose keys are out of use and may come back: the early dialogs of a forked
// call take turns. One that went on from zero would use its key stream twice (RFC 3711 §9.1), or
// take what was replayed.
template <typename Keyed>
class KeyShelf {
 public:
  // More than a call shows early dialogs of; our own keys among them are three at the most.
  static constexpr size_t kKeysMax = 16;

  void put(std::unique_ptr<Keyed> keyed) {
    if (!keyed) return;
    if (kept_.size() >= kKeysMax) kept_.erase(kept_.begin());
    kept_.push_back(std::move(keyed));
  }

  // Null where this key is not here.
  std::unique_ptr<Keyed> take(const SrtpMaster& master) {
    const auto found = std::find_if(kept_.begin(), kept_.end(),
                                    [&](const auto& one) { return one->master() == master; });
    if (found == kept_.end()) return nullptr;
    auto keyed = std::move(*found);
    kept_.erase(found);
    return keyed;
  }

 private:
  std::vector<std::unique_ptr<Keyed>> kept_;
};

}  // namespace media
