#pragma once

// Whose packets are whose in a bundle (RFC 9143 §9.2); the name of what doesn't hold, or nullptr.
const char* bundleFailure();
