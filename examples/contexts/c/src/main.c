#include <string.h>
#include "house.h"

/* Prints the colour of the door; with --rooms, what is behind it too. */
int main(int count, char **words) {
  door();
  if (count < 2 || strcmp(words[1], "--rooms") != 0) return 0;
  attic();
  cellar();
  garden();
  hall();
  kitchen();
  library();
  nursery();
  parlour();
  pantry();
  stairs();
  return 0;
}
