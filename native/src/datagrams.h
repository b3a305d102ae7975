#pragma once

#include <napi.h>
#include <sys/socket.h>
#include <uv.h>

#include <string>
#include <vector>

namespace sip {

// Datagrams that are taken or given at a time: a word has a bit for each.
constexpr size_t kBatch = 32;

// One UDP place of SIP on JavaScript's own loop. Node's reads and writes one datagram a system
// call and allocates 64 KiB for each; this takes and gives them in batches, as texts of one
// character a byte. src/io/native.ts has its types.
class Datagrams : public Napi::ObjectWrap<Datagrams> {
 public:
  static Napi::Function define(Napi::Env env);

  // new Datagrams(address, port, bufferBytes, admits, receive, lost); throws the system's word (EADDRINUSE).
  explicit Datagrams(const Napi::CallbackInfo& info);
  ~Datagrams() override;

 private:
  Napi::Value fd(const Napi::CallbackInfo& info);
  Napi::Value port(const Napi::CallbackInfo& info);
  Napi::Value dropped(const Napi::CallbackInfo& info);
  Napi::Value send(const Napi::CallbackInfo& info);
  Napi::Value filter(const Napi::CallbackInfo& info);
  Napi::Value steer(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);

  // A socket that is listened to.
  struct Ear {
    int fd = -1;
    // Freed by the loop once it has let go of it: outlives this object.
    uv_poll_t* poll = nullptr;
    Datagrams* owner = nullptr;
  };

  const char* open(const std::string& address, uint16_t port, int bufferBytes);
  const char* bind(Ear& ear, const sockaddr_storage& local, socklen_t length, int bufferBytes);
  void openKnown(int bufferBytes);
  bool isAllStrangers();
  int listen(Ear& ear);
  void recover(Ear& ear);
  void makeRoom(int fd, int force, int ask, int bytes);
  void receive(int fd);
  void tellSources(napi_value hosts, int count);
  uint32_t admittedOf(const Napi::Value (&from)[3]);
  void tellLost(int fd);
  int sendBatch(unsigned count);
  void shut();
  void shut(Ear& ear);

  // All is sent by the first. Both hear what comes to their one place, each of it by one of them;
  // nothing but the room for what waits depends on which.
  Ear strangers_;
  Ear known_;
  int family_ = 0;
  // Where the batch at hand came from; `told_` is what `hosts_` says.
  Napi::ObjectReference hosts_;
  Napi::ObjectReference ports_;
  uint16_t* portWords_ = nullptr;
  sockaddr_storage told_[kBatch] = {};
  Napi::FunctionReference admits_;
  Napi::FunctionReference receive_;
  Napi::FunctionReference lost_;
  Napi::AsyncContext context_;
};

}  // namespace sip
