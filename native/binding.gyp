{
  "targets": [
    {
      "target_name": "media_plane",
      "sources": [
        "src/addon.cc",
        "src/address.cc",
        "src/datagrams.cc",
        "src/figures.cc",
        "src/dtls.cc",
        "src/dtls_identity.cc",
        "src/fingerprint.cc",
        "src/frame.cc",
        "src/ice_agent.cc",
        "src/negotiator.cc",
        "src/plane.cc",
        "src/quality.cc",
        "src/relay.cc",
        "src/rtp.cc",
        "src/secure_end.cc",
        "src/sequence.cc",
        "src/source.cc",
        "src/srtp_cipher.cc",
        "src/srtp_keys.cc",
        "src/srtp_receiver.cc",
        "src/srtp_sender.cc",
        "src/stream.cc",
        "src/stun.cc",
        "src/udp_socket.cc",
      ],
      "defines": ["NAPI_VERSION=9", "NAPI_DISABLE_CPP_EXCEPTIONS", "NODE_ADDON_API_DISABLE_DEPRECATED"],
      "cflags": ["-isystem ../../node_modules/node-addon-api", "-O2", "-Wall", "-Wextra", "-Wshadow", "-Werror", "-fvisibility=hidden"],
      "cflags_cc": ["-std=c++20", "-fno-exceptions", "-fno-rtti"],
      "cflags_cc!": ["-std=gnu++20", "-std=gnu++17", "-frtti"],
    }
  ]
}
