#pragma once

// DTLS-SRTP between two associations, in virtual time; how many expectations failed.
int dtlsFailures();
