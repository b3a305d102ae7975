#pragma once

using Check = void (*)(bool holds, const char* what);

// The program that steers packets past the network stack, run by the kernel on single ones where
// this process may load it. `object` is its path, or empty.
void testSteering(Check check, const char* object);
