#include <stdio.h>
#include "house.h"

void pantry(void) { puts("  pantry"); }
