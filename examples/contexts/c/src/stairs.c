#include <stdio.h>
#include "house.h"

void stairs(void) { puts("  stairs"); }
