#include <stdio.h>
#include "house.h"

void attic(void) { puts("  attic"); }
