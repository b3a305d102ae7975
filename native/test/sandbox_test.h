#pragma once

bool sandboxHolds();
bool watchdogEndsWhatHangs();
bool watchdogLeavesTheRest();
