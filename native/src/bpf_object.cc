#include "bpf_object.h"

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstring>

namespace media {

namespace {

constexpr size_t kFileMax = 1 << 20;
constexpr uint32_t kMapReference = 1;  // R_BPF_64_64

// A part of the file, which is asked for by where it should lie and may not be there.
class Bytes {
 public:
  explicit Bytes(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  template <typename T>
  bool get(size_t at, T& out) const {
    if (at > bytes_.size() || bytes_.size() - at < sizeof(T)) return false;
    std::memcpy(&out, bytes_.data() + at, sizeof(T));
    return true;
  }
  std::string_view text(size_t at) const {
    if (at >= bytes_.size()) return {};
    const auto* start = reinterpret_cast<const char*>(bytes_.data() + at);
    return {start, strnlen(start, bytes_.size() - at)};
  }

 private:
  std::span<const uint8_t> bytes_;
};

struct Sections {
  std::vector<Elf64_Shdr> headers;
  size_t namesAt = 0;
};

bool readSections(const Bytes& file, Sections& sections) {
  Elf64_Ehdr header;
  if (!file.get(0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return false;
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != EM_BPF) return false;
  for (size_t i = 0; i < header.e_shnum; i++) {
    Elf64_Shdr section;
    if (!file.get(header.e_shoff + i * sizeof section, section)) return false;
    sections.headers.push_back(section);
  }
  if (header.e_shstrndx >= sections.headers.size()) return false;
  sections.namesAt = sections.headers[header.e_shstrndx].sh_offset;
  return true;
}

bool readInstructions(const Bytes& file, const Elf64_Shdr& section, BpfObject& object) {
  for (size_t at = 0; at < section.sh_size; at += sizeof(bpf_insn)) {
    bpf_insn instruction;
    if (!file.get(section.sh_offset + at, instruction)) return false;
    object.instructions.push_back(instruction);
  }
  return true;
}

// Each reference names a symbol, and a symbol its map.
bool readUses(const Bytes& file, const Sections& sections, const Elf64_Shdr& references,
              BpfObject& object) {
  if (references.sh_link >= sections.headers.size()) return false;
  const Elf64_Shdr& symbols = sections.headers[references.sh_link];
  if (symbols.sh_link >= sections.headers.size()) return false;
  const size_t names = sections.headers[symbols.sh_link].sh_offset;
  for (size_t at = 0; at < references.sh_size; at += sizeof(Elf64_Rel)) {
    Elf64_Rel reference;
    Elf64_Sym symbol;
    if (!file.get(references.sh_offset + at, reference)) return false;
    if (ELF64_R_TYPE(reference.r_info) != kMapReference) return false;
    const size_t number = ELF64_R_SYM(reference.r_info);
    if (!file.get(symbols.sh_offset + number * sizeof symbol, symbol)) return false;
    const size_t instruction = reference.r_offset / sizeof(bpf_insn);
    if (instruction >= object.instructions.size()) return false;
    object.uses.push_back({instruction, std::string(file.text(names + symbol.st_name))});
  }
  return true;
}

}  // namespace

void BpfObject::use(std::string_view map, int fd) {
  for (const MapUse& one : uses) {
    if (one.map != map) continue;
    instructions[one.instruction].src_reg = BPF_PSEUDO_MAP_FD;
    instructions[one.instruction].imm = fd;
  }
}

BpfObject BpfObject::parse(std::span<const uint8_t> bytes, std::string_view section) {
  const Bytes file(bytes);
  Sections sections;
  BpfObject object;
  if (!readSections(file, sections)) return {};
  for (size_t i = 0; i < sections.headers.size(); i++) {
    const Elf64_Shdr& header = sections.headers[i];
    if (header.sh_type != SHT_PROGBITS || file.text(sections.namesAt + header.sh_name) != section)
      continue;
    if (!readInstructions(file, header, object)) return {};
    for (const Elf64_Shdr& references : sections.headers) {
      const bool ofThis = references.sh_type == SHT_REL && references.sh_info == i;
      if (ofThis && !readUses(file, sections, references, object)) return {};
    }
  }
  return object;
}

BpfObject BpfObject::read(const std::string& path, std::string_view section) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  std::vector<uint8_t> bytes(kFileMax);
  size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t got = ::read(fd, bytes.data() + size, bytes.size() - size);
    if (got <= 0) break;
    size += static_cast<size_t>(got);
  }
  ::close(fd);
  return parse({bytes.data(), size}, section);
}

}  // namespace media
