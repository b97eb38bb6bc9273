#include <stdio.h>
#include "house.h"

void hall(void) { puts("  hall"); }
