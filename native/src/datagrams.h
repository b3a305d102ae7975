#pragma once

#include <napi.h>
#include <uv.h>

#include <string>
#include <vector>

namespace sip {

// One UDP socket of SIP on JavaScript's own loop. Node's reads and writes one datagram a system
// call and allocates 64 KiB for each; this takes and gives them in batches, as texts of one
// character a byte. src/io/native.ts has its types.
class Datagrams : public Napi::ObjectWrap<Datagrams> {
 public:
  static Napi::Function define(Napi::Env env);

  // new Datagrams(address, port, bufferBytes, receive, lost); throws the system's word (EADDRINUSE).
  explicit Datagrams(const Napi::CallbackInfo& info);
  ~Datagrams() override;

 private:
  Napi::Value fd(const Napi::CallbackInfo& info);
  Napi::Value port(const Napi::CallbackInfo& info);
  Napi::Value dropped(const Napi::CallbackInfo& info);
  Napi::Value send(const Napi::CallbackInfo& info);
  Napi::Value filter(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);

  const char* open(const std::string& address, uint16_t port, int bufferBytes);
  int listen();
  void recover();
  void makeRoom(int force, int ask, int bytes);
  void receive();
  void tellLost();
  int sendBatch(unsigned count);
  void shut();

  int fd_ = -1;
  int family_ = 0;
  // Freed by the loop once it has let go of it: outlives this object.
  uv_poll_t* poll_ = nullptr;
  Napi::FunctionReference receive_;
  Napi::FunctionReference lost_;
  Napi::AsyncContext context_;
};

}  // namespace sip
