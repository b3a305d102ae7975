#include <napi.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <thread>
#include <utility>

#include "datagrams.h"
#include "plane.h"
#include "process_limits.h"
#include "rendezvous.h"
#include "sandbox.h"
#include "udp_socket.h"
#include "watchdog.h"

// The addon's face to JavaScript; src/io/native.ts has its types. Packets and
// commands don't come by here: the plane reads its control socket itself.

namespace {

// socketPair(): [number, number] — a control socket's two ends.
Napi::Value socketPair(const Napi::CallbackInfo& info) {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) {
    Napi::Error::New(info.Env(), "no socket pair: too many open files?").ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  auto pair = Napi::Array::New(info.Env(), 2);
  pair.Set(0u, fds[0]);
  pair.Set(1u, fds[1]);
  return pair;
}

// What { object, steering, addresses } says; nothing of it: the kernel is left alone.
media::KernelPath::Plan kernelPlan(const Napi::Value& value) {
  media::KernelPath::Plan plan;
  if (!value.IsObject()) return plan;
  const auto wanted = value.As<Napi::Object>();
  plan.object = wanted.Get("object").ToString();
  plan.steering = wanted.Get("steering").ToString();
  const auto addresses = wanted.Get("addresses").As<Napi::Array>();
  for (uint32_t i = 0; i < addresses.Length(); i++) {
    plan.addresses.push_back(addresses.Get(i).ToString());
  }
  plan.streams = media::raiseFileLimit();
  return plan;
}

// listenAt(path: string): number — a Unix socket for `run` to be found at; -1 where none can be.
Napi::Value listenAt(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), media::listenAt(info[0].ToString().Utf8Value()));
}

// serve(control: number, rendezvous: number, kernel?: { object: string, steering: string,
// addresses: string[] }) —
// makes this process a plane, and nothing else any more: it prepares what the kernel is to do, is
// confined, serves the socket here and now, and ends. JavaScript never goes on, since its event
// loop has system calls of its own. Throws what couldn't be confined.
void serve(const Napi::CallbackInfo& info) {
  const int control = info[0].ToNumber().Int32Value();
  const int rendezvous = info[1].ToNumber().Int32Value();
  const auto kernel = kernelPlan(info[2]);
  // Ctrl-C in a terminal is for the gateway, which drains first and then ends the plane.
  signal(SIGINT, SIG_IGN);
  // The batch buffers make it too big for a stack.
  const auto plane = std::make_unique<media::Plane>(control, media::Plane::Clock::real,
                                                    rendezvous, kernel);
  const auto work = plane->usesKernel() ? media::Work::socketsAndKernel : media::Work::sockets;
  if (const char* refused = media::confine(work); refused != nullptr) {
    Napi::Error::New(info.Env(), refused).ThrowAsJavaScriptException();
    return;
  }
  const media::Watchdog watchdog(plane->turns());
  plane->run();
  _exit(0);
}

// run(control: number, manualClock: boolean): Promise<void> — serves the socket on a thread of its
// own until it closes.
Napi::Value run(const Napi::CallbackInfo& info) {
  const int control = info[0].ToNumber().Int32Value();
  const auto clock =
      info[1].ToBoolean().Value() ? media::Plane::Clock::manual : media::Plane::Clock::real;
  auto plane = std::make_unique<media::Plane>(control, clock);
  auto ended = Napi::Promise::Deferred::New(info.Env());
  auto notify = Napi::ThreadSafeFunction::New(
      info.Env(), Napi::Function::New(info.Env(), [](const Napi::CallbackInfo&) {}), "media plane",
      0, 1);
  std::thread([plane = std::move(plane), ended, notify]() mutable {
    plane->run();
    // Its ports are closed before anybody hears of it.
    plane.reset();
    notify.BlockingCall(
        [ended](Napi::Env env, Napi::Function) { ended.Resolve(env.Undefined()); });
    auto last = notify;
    last.Release();
  }).detach();
  return ended.Promise();
}

// setDscp(fd: number, family: 4 | 6, dscp: number): boolean
Napi::Value setDscp(const Napi::CallbackInfo& info) {
  const int family = info[1].ToNumber().Int32Value() == 6 ? AF_INET6 : AF_INET;
  const auto dscp = static_cast<uint8_t>(info[2].ToNumber().Uint32Value());
  return Napi::Boolean::New(info.Env(),
                            media::setDscp(info[0].ToNumber().Int32Value(), family, dscp));
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("socketPair", Napi::Function::New(env, socketPair));
  exports.Set("listenAt", Napi::Function::New(env, listenAt));
  exports.Set("serve", Napi::Function::New(env, serve));
  exports.Set("run", Napi::Function::New(env, run));
  exports.Set("setDscp", Napi::Function::New(env, setDscp));
  exports.Set("Datagrams", sip::Datagrams::define(env));
  return exports;
}

}  // namespace

NODE_API_MODULE(media_plane, init)
