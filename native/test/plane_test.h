#pragma once

bool planeSurvivesChance();
bool planeEndsOnNonsense();
