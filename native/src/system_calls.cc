#include "system_calls.h"

#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

namespace media {

namespace {

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "the list of system calls is for x86-64 and arm64"
#endif

// Calls of the other convention of x86-64 (x32) have this bit; arm64 has no such numbers.
constexpr uint32_t kOtherConvention = 0x40000000;

// The packets' own come first: kernels before 5.11 walk the list at each call.
constexpr uint32_t kAllowed[] = {
#ifdef __NR_epoll_wait
    __NR_epoll_wait,
#endif
    __NR_epoll_pwait, __NR_recvmmsg, __NR_sendmmsg, __NR_recvfrom, __NR_sendto, __NR_clock_gettime,
    // Ports.
    __NR_bind, __NR_setsockopt, __NR_getsockopt, __NR_getsockname, __NR_epoll_ctl, __NR_close,
    __NR_accept4, __NR_shutdown,
    // The runtime's threads: waiting, waking, memory, time, chance, the end.
    __NR_futex, __NR_read, __NR_write, __NR_writev, __NR_mmap, __NR_munmap, __NR_mprotect,
    __NR_mremap, __NR_madvise, __NR_brk, __NR_pkey_mprotect, __NR_membarrier, __NR_getrandom,
    __NR_nanosleep, __NR_clock_nanosleep, __NR_clock_getres, __NR_gettimeofday, __NR_sched_yield,
    __NR_sched_getaffinity, __NR_getcpu, __NR_getpid, __NR_gettid, __NR_getuid, __NR_geteuid,
    __NR_getgid, __NR_getegid, __NR_getrusage, __NR_sysinfo, __NR_uname, __NR_times, __NR_fstat,
    __NR_fcntl, __NR_ppoll, __NR_eventfd2, __NR_epoll_create1, __NR_set_robust_list, __NR_rseq,
    __NR_rt_sigaction, __NR_rt_sigprocmask, __NR_rt_sigreturn, __NR_sigaltstack,
    __NR_restart_syscall, __NR_exit, __NR_exit_group,
#ifdef __NR_poll
    __NR_poll,
#endif
#ifdef __NR_time
    __NR_time,
#endif
};

// Nobody but an intruder calls these.
constexpr uint32_t kFatal[] = {__NR_execve, __NR_execveat, __NR_ptrace, __NR_process_vm_readv,
                               __NR_process_vm_writev};

constexpr uint32_t kAll = 0xffffffff;
constexpr uint32_t kRefuse = SECCOMP_RET_ERRNO | EPERM;

// What one argument has to be: under the mask, one of these.
struct Demand {
  size_t argument;
  uint32_t mask;
  std::vector<uint32_t> values;
};

// A filter of seccomp, instruction by instruction; the number of the call is what it has loaded.
class Filter {
 public:
  void load(size_t offset) { add(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset)); }
  void answer(uint32_t action) { add(BPF_RET | BPF_K, action); }

  void unless(uint16_t comparison, uint32_t value, uint32_t action) {
    add(BPF_JMP | comparison | BPF_K, value, 1, 0);
    answer(action);
  }

  void when(uint16_t comparison, uint32_t value, uint32_t action) {
    add(BPF_JMP | comparison | BPF_K, value, 0, 1);
    answer(action);
  }

  // The call is allowed with these arguments alone.
  void allow(uint32_t call, std::initializer_list<Demand> demands) {
    const size_t start = code_.size();
    add(BPF_JMP | BPF_JEQ | BPF_K, call);
    for (const Demand& demand : demands) check(demand);
    answer(SECCOMP_RET_ALLOW);
    code_[start].jf = static_cast<uint8_t>(code_.size() - start - 1);
  }

  bool install() {
    const sock_fprog program{static_cast<unsigned short>(code_.size()), code_.data()};
    // For all threads, or for none. What guards against speculation is for processes that run
    // others' programs; this one runs none, and its packets would pay.
    const unsigned flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) == 0;
  }

 private:
  // Its lower half: no argument that is looked at here is wider, on these machines.
  void check(const Demand& demand) {
    load(offsetof(seccomp_data, args) + demand.argument * sizeof(uint64_t));
    add(BPF_ALU | BPF_AND | BPF_K, demand.mask);
    size_t left = demand.values.size();
    for (const uint32_t value : demand.values) {
      add(BPF_JMP | BPF_JEQ | BPF_K, value, static_cast<uint8_t>(left--), 0);
    }
    answer(kRefuse);
  }

  void add(int code, uint32_t value, uint8_t yes = 0, uint8_t no = 0) {
    code_.push_back({static_cast<uint16_t>(code), yes, no, value});
  }

  std::vector<sock_filter> code_;
};

// What the kernel's part takes (kernel_path, xdp_path, routing_table): entries of maps that are there, and to
// ask for routes, neighbours and interfaces.
void allowKernelsPart(Filter& filter) {
  filter.when(BPF_JEQ, __NR_recvmsg, SECCOMP_RET_ALLOW);
  filter.allow(__NR_bpf, {{0, kAll, {BPF_MAP_UPDATE_ELEM, BPF_MAP_DELETE_ELEM}}});
  filter.allow(__NR_ioctl, {{1, kAll, {SIOCGIFMTU, SIOCGIFINDEX, SIOCGIFNAME, SIOCGIFHWADDR}}});
}

}  // namespace

bool restrictSystemCalls(Work work) {
  const auto self = static_cast<uint32_t>(getpid());
  Filter filter;
  filter.load(offsetof(seccomp_data, arch));
  filter.unless(BPF_JEQ, kArchitecture, SECCOMP_RET_KILL_PROCESS);
  filter.load(offsetof(seccomp_data, nr));
  filter.when(BPF_JGE, kOtherConvention, SECCOMP_RET_KILL_PROCESS);
  for (const uint32_t call : kAllowed) filter.when(BPF_JEQ, call, SECCOMP_RET_ALLOW);
  for (const uint32_t call : kFatal) filter.when(BPF_JEQ, call, SECCOMP_RET_KILL_PROCESS);
  // Its flags stand in memory, where no filter looks: the C library then takes the other one.
  filter.when(BPF_JEQ, __NR_clone3, SECCOMP_RET_ERRNO | ENOSYS);
  if (work == Work::socketsAndKernel) {
    allowKernelsPart(filter);
    filter.allow(__NR_socket, {{0, kAll, {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK}},
                               {1, 0xf, {SOCK_DGRAM, SOCK_RAW}},
                               {2, kAll, {0, IPPROTO_UDP}}});
  }
  filter.allow(__NR_socket, {{0, kAll, {AF_INET, AF_INET6}}, {1, 0xf, {SOCK_DGRAM}}});
  filter.allow(__NR_clone, {{0, CLONE_THREAD, {CLONE_THREAD}}});
  filter.allow(__NR_tgkill, {{0, kAll, {self}}});
  filter.allow(__NR_prlimit64, {{0, kAll, {0}}});
  filter.allow(__NR_prctl, {{0, kAll, {PR_SET_NAME, PR_SET_TIMERSLACK}}});
  filter.answer(kRefuse);
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && filter.install();
}

}  // namespace media
