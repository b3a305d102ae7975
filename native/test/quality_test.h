#pragma once

using Check = void (*)(bool holds, const char* what);

// Jitter, round trips, telephone events, late and repeated packets.
void testQuality(Check check);
