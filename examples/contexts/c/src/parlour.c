#include <stdio.h>
#include "house.h"

void parlour(void) { puts("  parlour"); }
