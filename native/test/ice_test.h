#pragma once

// The lite agent as a state machine; how many expectations failed.
int iceFailures();
