#include <stdio.h>
#include "house.h"

void nursery(void) { puts("  nursery"); }
