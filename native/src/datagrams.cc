#include "datagrams.h"

#include "datagram_address.h"
#include "icmp_report.h"

#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace sip {

namespace {

constexpr size_t kDatagramBytes = 65536;
// What the system tells of a failed datagram: its error, and who reported it.
constexpr size_t kControlBytes = 256;
// A report of another datagram that failed meets the next one to be sent; a flood of them ends.
constexpr int kSendsMax = 4;

// One thread, one batch at a time: its buffers serve all sockets.
struct Batch {
  mmsghdr heads[kBatch];
  iovec parts[kBatch];
  sockaddr_storage addresses[kBatch];
  std::vector<char> bytes = std::vector<char>(kBatch * kDatagramBytes);
  alignas(cmsghdr) char controls[kBatch][kControlBytes];

  void prepare(size_t i, size_t length, socklen_t addressLength) {
    parts[i] = {&bytes[i * kDatagramBytes], length};
    heads[i] = {};
    heads[i].msg_hdr.msg_name = &addresses[i];
    heads[i].msg_hdr.msg_namelen = addressLength;
    heads[i].msg_hdr.msg_iov = &parts[i];
    heads[i].msg_hdr.msg_iovlen = 1;
  }
};

Batch& batch() {
  static Batch shared;
  return shared;
}

// Attaches a program, four words an instruction: code, jump if true, jump if false, operand.
bool isAttached(int fd, int option, const Napi::Uint32Array& words) {
  std::vector<sock_filter> program;
  for (size_t i = 0; i + 4 <= words.ElementLength(); i += 4) {
    program.push_back({static_cast<uint16_t>(words[i]), static_cast<uint8_t>(words[i + 1]),
                       static_cast<uint8_t>(words[i + 2]), words[i + 3]});
  }
  if (program.size() > BPF_MAXINSNS) return false;
  const sock_fprog whole{static_cast<unsigned short>(program.size()), program.data()};
  return setsockopt(fd, SOL_SOCKET, option, &whole, sizeof whole) == 0;
}

uint32_t droppedBy(int fd) {
  uint32_t figures[SK_MEMINFO_VARS] = {};
  socklen_t length = sizeof figures;
  getsockopt(fd, SOL_SOCKET, SO_MEMINFO, figures, &length);
  return figures[SK_MEMINFO_DROPS];
}

// Whether what was called has thrown: that is nobody's to catch here.
bool tellFault(Napi::Env env) {
  if (!env.IsExceptionPending()) return false;
  napi_fatal_exception(env, env.GetAndClearPendingException().Value());
  return true;
}

bool isSet(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

}  // namespace

Napi::Function Datagrams::define(Napi::Env env) {
  return DefineClass(env, "Datagrams",
                     {InstanceAccessor<&Datagrams::fd>("fd"),
                      InstanceAccessor<&Datagrams::port>("port"),
                      InstanceAccessor<&Datagrams::dropped>("dropped"),
                      InstanceMethod<&Datagrams::send>("send"),
                      InstanceMethod<&Datagrams::filter>("filter"),
                      InstanceMethod<&Datagrams::steer>("steer"),
                      InstanceMethod<&Datagrams::close>("close")});
}

Datagrams::Datagrams(const Napi::CallbackInfo& info)
    : ObjectWrap(info), context_(info.Env(), "sip::Datagrams") {
  const char* refused = open(info[0].ToString(), static_cast<uint16_t>(info[1].ToNumber().Uint32Value()),
                             info[2].ToNumber().Int32Value());
  if (refused != nullptr) {
    shut();
    Napi::Error::New(info.Env(), refused).ThrowAsJavaScriptException();
    return;
  }
  hosts_ = Napi::Persistent(Napi::Array::New(info.Env(), kBatch).As<Napi::Object>());
  auto ports = Napi::Uint16Array::New(info.Env(), kBatch);
  portWords_ = ports.Data();
  ports_ = Napi::Persistent(ports.As<Napi::Object>());
  admits_ = Napi::Persistent(info[3].As<Napi::Function>());
  receive_ = Napi::Persistent(info[4].As<Napi::Function>());
  lost_ = Napi::Persistent(info[5].As<Napi::Function>());
  // Held until `close`: what the loop still calls may not be collected.
  Ref();
}

Datagrams::~Datagrams() { shut(); }

const char* Datagrams::open(const std::string& address, uint16_t port, int bufferBytes) {
  sockaddr_storage local;
  const socklen_t length = parse(address.c_str(), port, local);
  if (length == 0) return "EINVAL";
  family_ = local.ss_family;
  // Alone at first: who has the port already is found out, and so is this one by who comes later.
  if (const char* refused = bind(strangers_, local, length, bufferBytes); refused != nullptr) {
    return refused;
  }
  openKnown(bufferBytes);
  int error = listen(strangers_);
  if (error == 0 && known_.fd >= 0) error = listen(known_);
  return error == 0 ? nullptr : uv_err_name(error);
}

const char* Datagrams::bind(Ear& ear, const sockaddr_storage& local, socklen_t length, int bufferBytes) {
  ear.owner = this;
  ear.fd = socket(family_, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
  if (ear.fd < 0) return uv_err_name(-errno);
  makeRoom(ear.fd, SO_RCVBUFFORCE, SO_RCVBUF, bufferBytes);
  makeRoom(ear.fd, SO_SNDBUFFORCE, SO_SNDBUF, bufferBytes);
  if (family_ == AF_INET6 && !isSet(ear.fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)) return uv_err_name(-errno);
  // Without the reports a peer that is down is found out by its silence alone.
  if (family_ == AF_INET) isSet(ear.fd, IPPROTO_IP, IP_RECVERR, 1);
  else isSet(ear.fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
  const bool isSecond = &ear == &known_;
  if (isSecond && !isSet(ear.fd, SOL_SOCKET, SO_REUSEPORT, 1)) return uv_err_name(-errno);
  if (::bind(ear.fd, reinterpret_cast<const sockaddr*>(&local), length) != 0) return uv_err_name(-errno);
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(Env(), &loop);
  auto* poll = new uv_poll_t;
  if (const int error = uv_poll_init(loop, poll, ear.fd); error != 0) {
    delete poll;
    return uv_err_name(error);
  }
  ear.poll = poll;
  poll->data = &ear;
  return nullptr;
}

// A second socket at the same place, whose buffer no stranger fills: `steer` says for whom. Without
// it all come by the first.
void Datagrams::openKnown(int bufferBytes) {
  sockaddr_storage local{};
  socklen_t length = sizeof local;
  getsockname(strangers_.fd, reinterpret_cast<sockaddr*>(&local), &length);
  // Both need it, and one alone keeps all others of this user away from the port.
  const bool isShared = isSet(strangers_.fd, SOL_SOCKET, SO_REUSEPORT, 1);
  if (isShared && bind(known_, local, length, bufferBytes) == nullptr && isAllStrangers()) return;
  shut(known_);
  isSet(strangers_.fd, SOL_SOCKET, SO_REUSEPORT, 0);
}

// Nobody is known yet; without a program the system would give each socket a share.
bool Datagrams::isAllStrangers() {
  sock_filter all[] = {{BPF_RET | BPF_K, 0, 0, 0}};
  const sock_fprog whole{1, all};
  return setsockopt(strangers_.fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &whole, sizeof whole) == 0;
}

int Datagrams::listen(Ear& ear) {
  return uv_poll_start(ear.poll, UV_READABLE, [](uv_poll_t* poll, int status, int) {
    auto& heard = *static_cast<Ear*>(poll->data);
    if (status < 0) heard.owner->recover(heard);
    else heard.owner->receive(heard.fd);
  });
}

// The loop stops listening to a socket with an error on it. A socket without a connection has one
// that passes (the administrator cut it with `ss -K`, an ICMP error): reading it takes it away.
// However many errors there are, what came is read too.
void Datagrams::recover(Ear& ear) {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(ear.fd, SOL_SOCKET, SO_ERROR, &error, &length);
  listen(ear);
  Napi::HandleScope scope(Env());
  // Whoever is told may close this socket, and let go of it.
  [[maybe_unused]] const Napi::Value held = Value();
  tellLost(ear.fd);
  if (ear.fd >= 0) receive(ear.fd);
}

// Calls lost(texts, hosts, ports, errors) once for all datagrams, up to a batch, that could not be
// delivered as ICMP tells; the texts are as long as it repeats them.
void Datagrams::tellLost(int fd) {
  Batch& in = batch();
  for (size_t i = 0; i < kBatch; i++) {
    in.prepare(i, kDatagramBytes, sizeof in.addresses[i]);
    in.heads[i].msg_hdr.msg_control = in.controls[i];
    in.heads[i].msg_hdr.msg_controllen = kControlBytes;
  }
  const int count = recvmmsg(fd, in.heads, kBatch, MSG_ERRQUEUE | MSG_DONTWAIT, nullptr);
  Napi::Env env = Env();
  Napi::HandleScope scope(env);
  auto texts = Napi::Array::New(env);
  auto hosts = Napi::Array::New(env);
  auto ports = Napi::Array::New(env);
  auto errors = Napi::Array::New(env);
  uint32_t told = 0;
  for (int i = 0; i < count; i++) {
    const int error = unreachable(in.heads[i].msg_hdr);
    if (error == 0) continue;
    napi_value text;
    napi_create_string_latin1(env, &in.bytes[i * kDatagramBytes], in.heads[i].msg_len, &text);
    texts.Set(told, text);
    hosts.Set(told, hostOf(in.addresses[i]));
    ports.Set(told, portOf(in.addresses[i]));
    errors.Set(told, uv_err_name(-error));
    told++;
  }
  if (told == 0) return;
  lost_.MakeCallback(env.Global(), {texts, hosts, ports, errors}, context_);
  tellFault(env);
}

// With the right to (CAP_NET_ADMIN) beyond net.core.rmem_max, whose default holds a hundred
// messages: less than comes while the heap is collected. A smaller buffer is no reason not to listen.
void Datagrams::makeRoom(int fd, int force, int ask, int bytes) {
  if (!isSet(fd, SOL_SOCKET, force, bytes)) isSet(fd, SOL_SOCKET, ask, bytes);
}

// Asks admits(hosts, ports, count) about all that is waiting, up to a batch, and then calls
// receive(texts, hosts, ports) once, with no text where the answer is no.
void Datagrams::receive(int fd) {
  Batch& in = batch();
  for (size_t i = 0; i < kBatch; i++) in.prepare(i, kDatagramBytes, sizeof in.addresses[i]);
  const int count = recvmmsg(fd, in.heads, kBatch, MSG_DONTWAIT, nullptr);
  if (count <= 0) return;
  Napi::Env env = Env();
  Napi::HandleScope scope(env);
  // What is wanted at the end of the turn is done once, when both calls are over.
  Napi::CallbackScope turn(env, context_);
  const Napi::Value from[] = {hosts_.Value(), ports_.Value(), Napi::Number::New(env, count)};
  tellSources(from[0], count);
  const uint32_t admitted = admittedOf(from);
  if (admitted == 0) return;
  auto texts = Napi::Array::New(env, count);
  for (int i = 0; i < count; i++) {
    if ((admitted >> i & 1) == 0) continue;
    napi_value text;
    napi_create_string_latin1(env, &in.bytes[i * kDatagramBytes], in.heads[i].msg_len, &text);
    napi_set_element(env, texts, i, text);
  }
  receive_.Call({texts, from[0], from[1]});
  tellFault(env);
}

// Writes down where a batch came from. Both arrays stay: where the same host has the same place
// again, as of whoever floods and of a busy peer, nothing is to be made.
void Datagrams::tellSources(napi_value hosts, int count) {
  for (int i = 0; i < count; i++) {
    const sockaddr_storage& address = batch().addresses[i];
    portWords_[i] = portOf(address);
    if (isSameHost(address, told_[i])) continue;
    told_[i] = address;
    napi_set_element(Env(), hosts, i, Napi::String::New(Env(), hostOf(address)));
  }
}

// A bit for each that is to be read. Whoever is asked neither sends nor closes: all share one batch.
uint32_t Datagrams::admittedOf(const Napi::Value (&from)[3]) {
  const Napi::Value answer = admits_.Call({from[0], from[1], from[2]});
  return tellFault(Env()) ? 0 : answer.ToNumber().Uint32Value();
}

// send(texts, hosts, ports, from): [sent, error] — how many of them, from `from` on and a batch at
// most, need nothing more; the last of these failed with the system's word if there is one.
Napi::Value Datagrams::send(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const auto texts = info[0].As<Napi::Array>();
  const auto hosts = info[1].As<Napi::Array>();
  const auto ports = info[2].As<Napi::Array>();
  const uint32_t from = info[3].ToNumber().Uint32Value();
  const uint32_t count = std::min<uint32_t>(texts.Length() - from, kBatch);
  Batch& out = batch();
  uint32_t ready = 0;
  int nowhere = 0;
  for (; ready < count; ready++) {
    char host[INET6_ADDRSTRLEN + IF_NAMESIZE + 1];
    size_t length = 0;
    napi_get_value_string_latin1(env, hosts.Get(from + ready), host, sizeof host, nullptr);
    napi_get_value_string_latin1(env, texts.Get(from + ready), &out.bytes[ready * kDatagramBytes],
                                 kDatagramBytes, &length);
    const auto port = static_cast<uint16_t>(ports.Get(from + ready).ToNumber().Uint32Value());
    const socklen_t addressLength = parse(host, port, out.addresses[ready]);
    if (addressLength == 0) nowhere = EINVAL;
    else if (out.addresses[ready].ss_family != family_) nowhere = EAFNOSUPPORT;
    if (nowhere != 0) break;
    out.prepare(ready, length, addressLength);
  }
  int sent = 0;
  int error = 0;
  if (ready > 0) {
    sent = sendBatch(ready);
    if (sent < 0) {
      error = errno;
      sent = error == EAGAIN || error == ENOBUFS ? 0 : 1;
    }
  } else if (nowhere != 0) {
    error = nowhere;
    sent = 1;
  }
  auto result = Napi::Array::New(env, 2);
  result.Set(0u, sent);
  if (error != 0) result.Set(1u, uv_err_name(-error));
  return result;
}

// A report of a datagram that went before fails the next one that is sent, whoever that is for.
int Datagrams::sendBatch(unsigned count) {
  int sent = -1;
  for (int sends = 0; sends < kSendsMax && sent < 0; sends++) {
    sent = sendmmsg(strangers_.fd, batch().heads, count, MSG_DONTWAIT);
    if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS)) break;
  }
  return sent;
}

// filter(program): boolean — what of strangers' datagrams the system is to keep, by a program of
// classic BPF (four words an instruction; none: all is kept). False when it refuses; the former one
// stays then.
Napi::Value Datagrams::filter(const Napi::CallbackInfo& info) {
  const auto words = info[0].As<Napi::Uint32Array>();
  const bool isTaken = words.ElementLength() > 0
                           ? isAttached(strangers_.fd, SO_ATTACH_FILTER, words)
                           : isSet(strangers_.fd, SOL_SOCKET, SO_DETACH_FILTER, 0) || errno == ENOENT;
  return Napi::Boolean::New(info.Env(), isTaken);
}

// steer(program): boolean — which of both sockets the system is to give a datagram to, by a program
// that says 0 (strangers) or 1 (known). False when it refuses, or there is no second one.
Napi::Value Datagrams::steer(const Napi::CallbackInfo& info) {
  const bool isTaken = known_.fd >= 0 && isAttached(strangers_.fd, SO_ATTACH_REUSEPORT_CBPF,
                                                    info[0].As<Napi::Uint32Array>());
  return Napi::Boolean::New(info.Env(), isTaken);
}

void Datagrams::close(const Napi::CallbackInfo&) {
  if (strangers_.fd < 0) return;
  shut();
  hosts_.Reset();
  ports_.Reset();
  admits_.Reset();
  receive_.Reset();
  lost_.Reset();
  Unref();
}

void Datagrams::shut() {
  shut(known_);
  shut(strangers_);
}

void Datagrams::shut(Ear& ear) {
  if (ear.poll != nullptr) {
    uv_poll_stop(ear.poll);
    uv_close(reinterpret_cast<uv_handle_t*>(ear.poll),
             [](uv_handle_t* handle) { delete reinterpret_cast<uv_poll_t*>(handle); });
  }
  ear.poll = nullptr;
  if (ear.fd >= 0) ::close(ear.fd);
  ear.fd = -1;
}

Napi::Value Datagrams::fd(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), strangers_.fd);
}

// What came and wasn't kept: for want of room, or because the filter says so.
Napi::Value Datagrams::dropped(const Napi::CallbackInfo& info) {
  const uint32_t known = known_.fd < 0 ? 0 : droppedBy(known_.fd);
  return Napi::Number::New(info.Env(), droppedBy(strangers_.fd) + known);
}

Napi::Value Datagrams::port(const Napi::CallbackInfo& info) {
  sockaddr_storage local{};
  socklen_t length = sizeof local;
  getsockname(strangers_.fd, reinterpret_cast<sockaddr*>(&local), &length);
  return Napi::Number::New(info.Env(), portOf(local));
}

}  // namespace sip
