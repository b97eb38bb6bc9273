#include <stdio.h>
#include "colour.h"
#include "house.h"

void door(void) { puts("The door is " COLOUR "."); }
