#pragma once

using Check = void (*)(bool holds, const char* what);

// The kernel's program, run by the kernel on single packets where this process may load it, and
// the reading of its object. `object` is its path, or empty.
void testKernel(Check check, const char* object);
