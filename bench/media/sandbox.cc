// What the plane's confinement costs a system call: two processes that do the same by turns, on one
// core, one of them confined as the plane is. `sandbox ROUNDS PACKETS`; a line for each round.
#include <arpa/inet.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../../native/src/sandbox.h"

namespace {

constexpr size_t kVoiceBytes = 172;

struct Cost {
  // Nanoseconds of processor time: a packet sent and taken again, and a look that finds none.
  double packet;
  double look;
};

int64_t spentNs() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

// A socket of UDP that sends to itself.
int openSocket() {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  sockaddr_in local{};
  local.sin_family = AF_INET;
  local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof local;
  const bool works = bind(fd, reinterpret_cast<sockaddr*>(&local), size) == 0 &&
                     getsockname(fd, reinterpret_cast<sockaddr*>(&local), &size) == 0 &&
                     connect(fd, reinterpret_cast<sockaddr*>(&local), size) == 0;
  if (!works) exit(1);
  return fd;
}

Cost measure(int fd, int packets) {
  char bytes[kVoiceBytes] = {};
  iovec part{bytes, sizeof bytes};
  mmsghdr message{};
  message.msg_hdr.msg_iov = &part;
  message.msg_hdr.msg_iovlen = 1;
  const int64_t start = spentNs();
  for (int i = 0; i < packets; i++) {
    if (sendmmsg(fd, &message, 1, 0) != 1 || recvmmsg(fd, &message, 1, 0, nullptr) != 1) _exit(1);
  }
  const int64_t middle = spentNs();
  for (int i = 0; i < packets; i++) recvmmsg(fd, &message, 1, 0, nullptr);
  const int64_t end = spentNs();
  return {static_cast<double>(middle - start) / packets, static_cast<double>(end - middle) / packets};
}

// A process that measures once for each byte that it is sent.
class Worker {
 public:
  Worker(bool confined, int packets) {
    int questions[2];
    int answers[2];
    if (pipe(questions) != 0 || pipe(answers) != 0) exit(1);
    if (fork() == 0) {
      close(questions[1]);
      const int fd = openSocket();
      if (confined && media::confine(media::Work::sockets)) _exit(1);
      for (char turn; read(questions[0], &turn, 1) == 1;) {
        const Cost cost = measure(fd, packets);
        if (write(answers[1], &cost, sizeof cost) != sizeof cost) break;
      }
      _exit(0);
    }
    close(questions[0]);
    close(answers[1]);
    questions_ = questions[1];
    answers_ = answers[0];
  }

  Cost turn() {
    Cost cost;
    if (write(questions_, "", 1) != 1 || read(answers_, &cost, sizeof cost) != sizeof cost) exit(1);
    return cost;
  }
  void end() { close(questions_); }

 private:
  int questions_;
  int answers_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  sched_setaffinity(0, sizeof one, &one);
  const int packets = atoi(argv[2]);
  Worker confined(true, packets);
  Worker free(false, packets);
  for (int round = 0; round < atoi(argv[1]); round++) {
    // Who begins has the colder cache: by turns too.
    Cost with{};
    if (round % 2 == 0) with = confined.turn();
    const Cost without = free.turn();
    if (round % 2 != 0) with = confined.turn();
    std::printf("%.1f %.1f %.1f %.1f\n", without.packet, with.packet, without.look, with.look);
  }
  confined.end();
  free.end();
  while (wait(nullptr) > 0) continue;
  return 0;
}
