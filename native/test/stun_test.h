#pragma once

// STUN against the vectors of RFC 5769, and under chance; how many expectations failed.
int stunFailures();
