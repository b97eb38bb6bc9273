#include <stdio.h>
#include "house.h"

void kitchen(void) { puts("  kitchen"); }
