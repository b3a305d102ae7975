// libsrtp as a party that tests talk to by lines of text:
//
//   libsrtp-peer SUITE INBOUND OUTBOUND [MKI]     keys and name of our key in hexadecimal
//   protect|unprotect rtp|rtcp HEX             one packet
//
// It answers each line with a packet in hexadecimal, or "refused" and libsrtp's reason as a number.
#include <srtp2/srtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PACKET_MAX 4096
#define ROOM (PACKET_MAX + SRTP_MAX_TRAILER_LEN + SRTP_MAX_MKI_LEN)
#define WINDOW 128

typedef void (*Choose)(srtp_crypto_policy_t *);

static void choose80(srtp_crypto_policy_t *policy) { srtp_crypto_policy_set_rtp_default(policy); }

// RTCP keeps the long tag where RTP has the short one (RFC 4568 §6.2, RFC 6188 §4).
static const struct {
  const char *name;
  Choose rtp;
  Choose rtcp;
} suites[] = {
    {"AES_CM_128_HMAC_SHA1_80", choose80, choose80},
    {"AES_CM_128_HMAC_SHA1_32", srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32, choose80},
    {"AES_256_CM_HMAC_SHA1_80", srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80,
     srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80},
    {"AES_256_CM_HMAC_SHA1_32", srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32,
     srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80},
    {"AEAD_AES_128_GCM", srtp_crypto_policy_set_aes_gcm_128_16_auth,
     srtp_crypto_policy_set_aes_gcm_128_16_auth},
    {"AEAD_AES_256_GCM", srtp_crypto_policy_set_aes_gcm_256_16_auth,
     srtp_crypto_policy_set_aes_gcm_256_16_auth},
};

static void fail(const char *why) {
  fprintf(stderr, "libsrtp-peer: %s\n", why);
  exit(EXIT_FAILURE);
}

static int fromHex(const char *text, unsigned char *bytes, int room) {
  int size = 0;
  for (; size < room && text[2 * size] && text[2 * size + 1]; size++) {
    unsigned value;
    if (sscanf(text + 2 * size, "%2x", &value) != 1) fail("not hexadecimal");
    bytes[size] = (unsigned char)value;
  }
  return size;
}

static srtp_t open(const char *suite, srtp_ssrc_type_t way, const char *key, const char *mki) {
  static unsigned char keys[2][SRTP_MAX_KEY_LEN];
  static unsigned char name[SRTP_MAX_MKI_LEN];
  srtp_master_key_t master = {keys[way == ssrc_any_outbound], name, 0};
  srtp_master_key_t *masters[] = {&master};
  srtp_policy_t policy;
  srtp_t session;
  size_t i = 0;
  memset(&policy, 0, sizeof policy);
  while (i < sizeof suites / sizeof *suites && strcmp(suites[i].name, suite) != 0) i++;
  if (i == sizeof suites / sizeof *suites) fail("no such suite");
  suites[i].rtp(&policy.rtp);
  suites[i].rtcp(&policy.rtcp);
  if (fromHex(key, master.key, SRTP_MAX_KEY_LEN) != policy.rtp.cipher_key_len) fail("key length");
  policy.ssrc.type = way;
  policy.window_size = WINDOW;
  if (mki) {
    master.mki_size = (unsigned)fromHex(mki, name, SRTP_MAX_MKI_LEN);
    policy.keys = masters;
    policy.num_master_keys = 1;
  } else {
    policy.key = master.key;
  }
  if (srtp_create(&session, &policy) != srtp_err_status_ok) fail("libsrtp refuses the suite");
  return session;
}

static void take(srtp_t inbound, srtp_t outbound, int named, char *line) {
  // libsrtp wants whole words.
  static _Alignas(uint32_t) unsigned char packet[ROOM];
  const char *what = strtok(line, " \n");
  const char *kind = strtok(NULL, " \n");
  const char *hex = strtok(NULL, " \n");
  srtp_err_status_t status;
  if (!what || !kind || !hex) fail("what is to be done?");
  int size = fromHex(hex, packet, PACKET_MAX);
  const int control = strcmp(kind, "rtcp") == 0;
  if (strcmp(what, "unprotect") == 0) {
    status = control ? srtp_unprotect_rtcp(inbound, packet, &size) : srtp_unprotect(inbound, packet, &size);
  } else {
    status = control ? srtp_protect_rtcp_mki(outbound, packet, &size, named, 0)
                     : srtp_protect_mki(outbound, packet, &size, named, 0);
  }
  if (status == srtp_err_status_ok) {
    for (int i = 0; i < size; i++) printf("%02x", packet[i]);
    printf("\n");
  } else {
    printf("refused %d\n", status);
  }
  fflush(stdout);
}

int main(int count, char **arguments) {
  static char line[2 * PACKET_MAX + 64];
  if (count < 4) fail("SUITE INBOUND OUTBOUND [MKI]");
  if (srtp_init() != srtp_err_status_ok) fail("libsrtp doesn't start");
  const char *mki = count > 4 ? arguments[4] : NULL;
  srtp_t inbound = open(arguments[1], ssrc_any_inbound, arguments[2], NULL);
  srtp_t outbound = open(arguments[1], ssrc_any_outbound, arguments[3], mki);
  while (fgets(line, sizeof line, stdin)) take(inbound, outbound, mki != NULL, line);
  return EXIT_SUCCESS;
}
