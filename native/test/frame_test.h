#pragma once

using Check = void (*)(bool, const char*);

// Frames of Ethernet as the plane reads and writes them.
void testEthernetFrames(Check check);
