#include <stdio.h>
#include "house.h"

void cellar(void) { puts("  cellar"); }
