#include <stdio.h>
#include "house.h"

void garden(void) { puts("  garden"); }
