#include <stdio.h>
#include "house.h"

void library(void) { puts("  library"); }
