#pragma once

#include <linux/bpf.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace media {

// A program for the kernel as clang has built it (ELF): its instructions, and where in them the
// maps belong.
struct BpfObject {
  struct MapUse {
    size_t instruction;
    std::string map;
  };

  std::vector<bpf_insn> instructions;
  std::vector<MapUse> uses;

  // Puts a map, by its file, where the program names it.
  void use(std::string_view map, int fd);

  // Reads the program in this section; without instructions when the file isn't such an object.
  static BpfObject parse(std::span<const uint8_t> file, std::string_view section);
  static BpfObject read(const std::string& path, std::string_view section);
};

}  // namespace media
