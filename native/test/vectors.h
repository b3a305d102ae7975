#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../src/srtp_keys.h"

// Packets of the RFCs and of libsrtp: what must be understood, and what the fuzzers begin with.
namespace media::vectors {

inline std::vector<uint8_t> hex(std::string_view text) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoul(std::string(text.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

// RFC 5769 §2.1 to §2.4.
constexpr std::string_view kRequest =
    "000100582112a442b7e7a701bc34d686fa87dfae"
    "802200105354554e207465737420636c69656e74"
    "002400046e0001ff"
    "80290008932ff9b151263b36"
    "000600096576746a3a68367659202020"
    "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
    "80280004e57a3bcf";
constexpr std::string_view kResponseV4 =
    "0101003c2112a442b7e7a701bc34d686fa87dfae"
    "8022000b7465737420766563746f7220"
    "002000080001a147e112a643"
    "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7"
    "80280004c07d4c96";
constexpr std::string_view kResponseV6 =
    "010100482112a442b7e7a701bc34d686fa87dfae"
    "8022000b7465737420766563746f7220"
    "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
    "00080014a382954e4be67bf11784c97c8292c275bfe3ed41"
    "80280004c8fb0b4c";
constexpr std::string_view kLongTerm =
    "000100602112a44278ad3433c6ad72c029da412e"
    "00060012e3839ee38388e383aae38383e382afe382b90000"
    "0015001c662f2f3439396b39353464364f4c33346f4c39465354767936347341"
    "0014000b6578616d706c652e6f726700"
    "00080014f67024656dd64a3e02b8e0712e85c9a28ca89666";
inline constexpr std::array kStun = {kRequest, kResponseV4, kResponseV6, kLongTerm};

// RFC 7714 §16: the packet that is protected; and others, with all that a header may have.
inline constexpr std::array<std::string_view, 5> kRtp = {
    "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074"
    "726573",
    "800f1234decafbadcafebabeabababababababababababababababab",
    // Two contributing sources, an extension, padding.
    "b2801235decafc4dcafebabe0000000100000002bede00011064000011223344000000000004",
    // RFC 4733: the digit 5, and its end.
    "80e51236decafcedcafebabe050a00a0",
    "80651237decafcedcafebabe058a0320",
};

// RFC 7714 §17: the packet that is protected, with the length that it has; a sender's report with
// two blocks and a name; a receiver's, of reduced size before it (RFC 5506), and a good-bye.
inline constexpr std::array<std::string_view, 4> kRtcp = {
    "81c8000c4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeef"
    "deadbeef",
    "82c80012cafebabe83aa7e80800000000001f400000000640000fa00"
    "12345678000000000000ffff000000147e8080000001000087654321ff00000a0001000a000000320000000000000000"
    "81ca0003cafebabe0103612e62000000",
    "81c90007123456780abcdef0000000000000271000000014800000000000c000"
    "81cb000112345678",
    "80c9000112345678",
};

constexpr std::string_view kKey128 = "e1f97a0d3e018be0d64fa32c06de4139";
constexpr std::string_view kSalt128 = "0ec675ad498afeebb6960b3aabe6";
constexpr std::string_view kKey256 =
    "f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6";
constexpr std::string_view kSalt256 = "3b04803de51ee7c96423ab5b78d2";
constexpr std::string_view kCount32 =
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
constexpr std::string_view kGcmSalt = "a0a1a2a3a4a5a6a7a8a9aaab";

struct Sealed {
  const char* name;
  SrtpSuite suite;
  std::string_view key;
  std::string_view salt;
  bool control;
  std::string_view packet;
};

// One packet each as libsrtp seals it under the master keys of the RFCs.
constexpr Sealed kSealed[] = {
    {"AES-CM-128 RTP", SrtpSuite::aesCm128Sha1Tag80, kKey128, kSalt128, false,
     "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb"},
    {"AES-CM-256 RTP", SrtpSuite::aesCm256Sha1Tag80, kKey256, kSalt256, false,
     "800f1234decafbadcafebabef1d9de17ff251ff1aa007774b0b4b40da08d9d9a5b3a55d8873b"},
    {"AES-GCM-128 RTP", SrtpSuite::aeadAes128Gcm, kCount32.substr(0, 32), kGcmSalt, false,
     "800f1234decafbadcafebabec5002ede04cfdd2eb91159e0880aa06ed2976826f796b201df3131a127e8a392"},
    {"AES-CM-128 RTCP", SrtpSuite::aesCm128Sha1Tag80, kKey128, kSalt128, true,
     "81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798"},
    {"AES-GCM-128 RTCP", SrtpSuite::aeadAes128Gcm, kCount32.substr(0, 32), kGcmSalt, true,
     "81c8000bcafebabec98b8b5df0392a55852b6c21ac8e7025c52c6fbea2b3b446ea31123ba88ce61e80000001"},
};

}  // namespace media::vectors
