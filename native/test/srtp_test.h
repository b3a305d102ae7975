#pragma once

// How many checks of SRTP failed; each is printed by name.
int srtpFailures();
