#include "bpf.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace media {

namespace {

// Newer than the headers of some systems that it runs on.
constexpr uint32_t kTcxIngress = 46;
constexpr size_t kComplaintBytes = 64 * 1024;
constexpr const char* kLicense = "Apache-2.0";

// What BPF_LINK_CREATE takes; the rest of it, which says where in line, is zero: last.
struct LinkPlan {
  uint32_t program;
  uint32_t interface;
  uint32_t at;
  uint32_t flags;
  uint32_t relative;
  uint32_t unused;
  uint64_t expectedRevision;
};

int call(bpf_cmd command, void* plan, size_t size) {
  return static_cast<int>(syscall(SYS_bpf, command, plan, size));
}

File createMap(bpf_map_type type, const char* name, size_t keyBytes, size_t valueBytes,
               uint32_t entries, uint32_t flags) {
  bpf_attr plan{};
  plan.map_type = type;
  plan.key_size = static_cast<uint32_t>(keyBytes);
  plan.value_size = static_cast<uint32_t>(valueBytes);
  plan.max_entries = entries;
  plan.map_flags = flags;
  std::strncpy(plan.map_name, name, sizeof plan.map_name - 1);
  return File(call(BPF_MAP_CREATE, &plan, sizeof plan));
}

uint64_t pointer(const void* to) { return reinterpret_cast<uintptr_t>(to); }

int load(const BpfObject& object, ProgramKind kind, char* log, size_t logBytes) {
  const bool relays = kind == ProgramKind::relay;
  bpf_attr plan{};
  plan.prog_type = relays ? BPF_PROG_TYPE_SCHED_CLS : BPF_PROG_TYPE_XDP;
  plan.insns = pointer(object.instructions.data());
  plan.insn_cnt = static_cast<uint32_t>(object.instructions.size());
  plan.license = pointer(kLicense);
  plan.log_buf = pointer(log);
  plan.log_size = static_cast<uint32_t>(logBytes);
  plan.log_level = log ? 1 : 0;
  std::strncpy(plan.prog_name, relays ? "media_relay" : "media_steer", sizeof plan.prog_name - 1);
  return call(BPF_PROG_LOAD, &plan, sizeof plan);
}

File attach(const File& program, uint32_t interface, uint32_t at, uint32_t flags) {
  LinkPlan plan{};
  plan.program = static_cast<uint32_t>(program.fd());
  plan.interface = interface;
  plan.at = at;
  plan.flags = flags;
  return File(call(BPF_LINK_CREATE, &plan, sizeof plan));
}

}  // namespace

File::~File() {
  if (fd_ >= 0) ::close(fd_);
}

File createHash(const char* name, size_t keyBytes, size_t valueBytes, uint32_t entries) {
  return createMap(BPF_MAP_TYPE_HASH, name, keyBytes, valueBytes, entries, BPF_F_NO_PREALLOC);
}

File createArray(const char* name, size_t valueBytes, uint32_t entries) {
  return createMap(BPF_MAP_TYPE_ARRAY, name, sizeof(uint32_t), valueBytes, entries, BPF_F_MMAPABLE);
}

File createSocketMap(const char* name, uint32_t entries) {
  return createMap(BPF_MAP_TYPE_XSKMAP, name, sizeof(uint32_t), sizeof(uint32_t), entries, 0);
}

bool putEntry(const File& map, const void* key, const void* value) {
  bpf_attr plan{};
  plan.map_fd = static_cast<uint32_t>(map.fd());
  plan.key = pointer(key);
  plan.value = pointer(value);
  plan.flags = BPF_ANY;
  return call(BPF_MAP_UPDATE_ELEM, &plan, sizeof plan) == 0;
}

bool removeEntry(const File& map, const void* key) {
  bpf_attr plan{};
  plan.map_fd = static_cast<uint32_t>(map.fd());
  plan.key = pointer(key);
  return call(BPF_MAP_DELETE_ELEM, &plan, sizeof plan) == 0;
}

File loadProgram(const BpfObject& object, std::string& complaint, ProgramKind kind) {
  const int fd = load(object, kind, nullptr, 0);
  if (fd >= 0) return File(fd);
  const int why = errno;
  complaint.assign(kComplaintBytes, '\0');
  if (load(object, kind, complaint.data(), complaint.size()) >= 0) complaint.clear();
  complaint.resize(std::strlen(complaint.c_str()));
  errno = why;
  return File();
}

File attachIncoming(const File& program, uint32_t interface) {
  return attach(program, interface, kTcxIngress, 0);
}

File attachToInterface(const File& program, uint32_t interface, uint32_t mode) {
  return attach(program, interface, BPF_XDP, mode);
}

}  // namespace media
